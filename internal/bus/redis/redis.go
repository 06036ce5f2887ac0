// Package redis keeps the bus's events in Redis streams, so that several
// processes, and buses in other languages, can share them.
//
// A channel C is the stream bus:C; an event is an entry with the one field e,
// and its marker is the entry's ID, which Redis assigns. An idempotency key K is
// the string bus-key:C:K, kept for the time to live.
//
// How safe an acknowledged event is, Redis decides (appendfsync). Nothing is
// retried: a request that failed on its way may or may not have been carried
// out, and only a client with an idempotency key can tell.
package redis

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"

	"webdyno/internal/bus"
)

// Config says how to reach Redis.
type Config struct {
	URL         string // redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]; rediss:// over TLS
	TTL         time.Duration
	Connections int // at most, for reads and posts; 64 if zero
	Waiting     int // at most, for reads that wait; 256 if zero. Each takes a connection
	Clock       func() time.Time
}

// A Store is the bus's events in Redis.
type Store struct {
	ttl     time.Duration
	now     func() time.Time
	host    string
	quick   *redis.Pool // for what is answered at once
	patient *redis.Pool // for reads that wait, lest they keep the others waiting
	lines   *lines      // what the patient ones are connected by
	polls   sync.WaitGroup
	once    *redis.Script
	cursor  string // where the next sweep goes on; sweeps do not overlap
}

const (
	// answerWithin is how long Redis may take over an answer if nobody said.
	answerWithin = 10 * time.Second
	// doubtAfter is how long a connection may have been silent before it is
	// tried out: Redis, or something on the way, may have dropped it.
	doubtAfter = 5 * time.Second
)

// Open connects to Redis, and finds out whether it answers.
func Open(ctx context.Context, c Config) (*Store, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" {
		return nil, errors.New("not a Redis URL: want redis://HOST:PORT") // it may hold a password
	}
	if c.Connections == 0 {
		c.Connections = 64
	}
	if c.Waiting == 0 {
		c.Waiting = 256
	}
	s := &Store{
		ttl: c.TTL, now: c.Clock, host: u.Host, cursor: "0",
		quick:   pool(c.URL, c.Connections),
		patient: pool(c.URL, c.Waiting),
		lines:   new(lines),
		once:    redis.NewScript(2, bus.AppendOnce),
	}
	s.patient.Wait = false
	s.patient.DialContext = func(ctx context.Context) (redis.Conn, error) {
		return redis.DialURLContext(ctx, c.URL, redis.DialContextFunc(s.lines.dial))
	}
	if _, err := s.Name(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func pool(url string, size int) *redis.Pool {
	return &redis.Pool{
		MaxIdle: size, MaxActive: size, Wait: true,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialURLContext(ctx, url, redis.DialConnectTimeout(answerWithin), redis.DialWriteTimeout(answerWithin))
		},
		TestOnBorrow: func(c redis.Conn, used time.Time) error {
			if time.Since(used) < doubtAfter {
				return nil
			}
			_, err := redis.DoWithTimeout(c, answerWithin, "PING")
			return err
		},
	}
}

// do sends one command and returns its answer. The driver's own way with a
// context would take a goroutine for each command; a deadline is enough for
// what is answered at once.
func (s *Store) do(ctx context.Context, name string, args ...any) (any, error) {
	var got any
	err := s.with(ctx, func(c redis.Conn, left time.Duration) (err error) {
		got, err = redis.DoWithTimeout(c, left, name, args...)
		return err
	})
	return got, err
}

// with lends a connection to f, which has to be done with it in the time left.
func (s *Store) with(ctx context.Context, f func(c redis.Conn, left time.Duration) error) error {
	left := answerWithin
	if end, ok := ctx.Deadline(); ok {
		left = time.Until(end)
	}
	if left <= 0 {
		return context.DeadlineExceeded
	}
	c, err := s.quick.GetContext(ctx)
	if err == nil {
		defer c.Close()
		err = f(c, left)
	}
	return s.failure(err)
}

// failure says where it went wrong, and gives Redis's own refusals the names
// that the bus has for them.
func (s *Store) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, redis.ErrPoolExhausted):
		return fmt.Errorf("%w: all connections to Redis are taken", bus.ErrBusy)
	case strings.HasPrefix(err.Error(), "OOM "):
		err = fmt.Errorf("%w: %w", bus.ErrFull, err)
	}
	return fmt.Errorf("redis://%s: %w", s.host, err)
}

// Append adds an event; see [bus.Store].
func (s *Store) Append(ctx context.Context, p bus.Post) (bus.Marker, bool, error) {
	if p.Key != "" {
		return s.appendOnce(ctx, p)
	}
	id, err := redis.String(s.do(ctx, "XADD", stream(p.Channel), "*", "e", p.JSON))
	if err != nil {
		return bus.Marker{}, false, err
	}
	m, err := bus.ParseMarker(id)
	return m, false, err
}

func (s *Store) appendOnce(ctx context.Context, p bus.Post) (bus.Marker, bool, error) {
	var got []any
	err := s.with(ctx, func(c redis.Conn, _ time.Duration) (err error) {
		seconds := max(int64(s.ttl/time.Second), 1)
		got, err = redis.Values(s.once.DoContext(ctx, c, stream(p.Channel), "bus-key:"+p.Channel+":"+p.Key, p.JSON, seconds))
		return err
	})
	if err != nil {
		return bus.Marker{}, false, err
	}
	var id string
	var repeated int
	if _, err := redis.Scan(got, &id, &repeated); err != nil {
		return bus.Marker{}, false, fmt.Errorf("%w: the script of a post yields %q", bus.ErrDamaged, got)
	}
	m, err := bus.ParseMarker(id)
	return m, repeated == 1, err
}

// Prime replaces the contents of the given channels; see [bus.Store]. Whoever
// reads meanwhile may see a part.
func (s *Store) Prime(ctx context.Context, channels []bus.Primed) error {
	return s.with(ctx, func(c redis.Conn, left time.Duration) error {
		n := 0
		send := func(name string, args ...any) error {
			n++
			return c.Send(name, args...)
		}
		for _, p := range channels {
			err := send("DEL", stream(p.Channel))
			for i, text := range p.Events {
				err = errors.Join(err, send("XADD", stream(p.Channel), bus.PrimedMarker(i).String(), "e", text))
			}
			if err != nil {
				return err
			}
		}
		if err := c.Flush(); err != nil {
			return err
		}
		for range n {
			if _, err := redis.ReceiveWithTimeout(c, left); err != nil {
				return err
			}
		}
		return nil
	})
}

// Name says what answers; see [bus.Store].
func (s *Store) Name(ctx context.Context) (string, error) {
	info, err := redis.String(s.do(ctx, "INFO", "server"))
	if err != nil {
		return "", err
	}
	name, version := "Redis", "of unknown version"
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch key {
		case "redis_version":
			version = value
		case "server_name": // what is not Redis says so
			name = value + ", as Redis"
		}
	}
	return name + " " + version, nil
}

// Close ends all connections; see [bus.Store].
func (s *Store) Close() error {
	s.lines.cut()
	s.polls.Wait()
	return errors.Join(s.patient.Close(), s.quick.Close())
}

func stream(channel string) string { return "bus:" + channel }
