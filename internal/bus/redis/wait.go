package redis

import (
	"context"
	"errors"
	"math"
	"net"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"

	"webdyno/internal/bus"
)

// patience is how long one waiting query lasts. A query cannot be called back,
// so that is also how long a connection stays taken after its reader has left.
const patience = 2 * time.Second

// wait reads with XREAD, which waits in Redis: an event that any process posts
// ends it at once. It is one query if an event is there, and one more for every
// two seconds that it waits.
func (s *Store) wait(ctx context.Context, q bus.Query) ([]bus.Event, error) {
	c, err := s.patient.GetContext(ctx)
	if err != nil {
		return nil, s.failure(err)
	}
	found := make(chan waited, 1)
	s.polls.Go(func() {
		defer c.Close()
		events, err := s.poll(ctx, c, q)
		found <- waited{events, err}
	})
	select {
	case w := <-found:
		return w.events, s.failure(w.err)
	case <-ctx.Done():
		return nil, nil
	}
}

// waited is what a waiting read has come to.
type waited struct {
	events []bus.Event
	err    error
}

// poll asks until there are events or the wait is over.
func (s *Store) poll(ctx context.Context, c redis.Conn, q bus.Query) ([]bus.Event, error) {
	end := time.Now().Add(q.Wait)
	for {
		left := min(time.Until(end), patience)
		if left < time.Millisecond || ctx.Err() != nil {
			return nil, nil
		}
		cutoff := bus.Cutoff(s.now(), s.ttl)
		if q.After.MS < cutoff && !q.After.IsPrimed() {
			q.After = bus.Marker{MS: cutoff - 1, Seq: math.MaxUint64}
		}
		got, err := redis.Values(redis.DoWithTimeout(c, left+answerWithin, "XREAD",
			"COUNT", q.Limit, "BLOCK", left.Milliseconds(), "STREAMS", stream(q.Channel), q.After.String()))
		if errors.Is(err, redis.ErrNil) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var of []any // one pair, of the stream's name and its entries
		var name string
		var entries []any
		if _, err = redis.Scan(got, &of); err == nil {
			_, err = redis.Scan(of, &name, &entries)
		}
		if err != nil {
			return nil, errors.Join(bus.ErrDamaged, err)
		}
		events, err := live(entries, cutoff)
		if len(events) > 0 || err != nil {
			return events, err
		}
		q.After = bus.Marker{MS: cutoff - 1, Seq: math.MaxUint64} // all had expired
	}
}

// lines are the connections of reads that wait, so that they can be cut off
// when the store is closed.
type lines struct {
	mu   sync.Mutex
	open map[*line]bool
	down bool
}

// A line is one connection.
type line struct {
	net.Conn
	of *lines
}

// dial connects, unless the lines are cut.
func (l *lines) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: answerWithin}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		conn.Close()
		return nil, net.ErrClosed
	}
	if l.open == nil {
		l.open = map[*line]bool{}
	}
	one := &line{conn, l}
	l.open[one] = true
	return one, nil
}

// Close ends a line.
func (l *line) Close() error {
	l.of.mu.Lock()
	delete(l.of.open, l)
	l.of.mu.Unlock()
	return l.Conn.Close()
}

// cut ends all lines, whatever they wait for.
func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for one := range l.open {
		one.Conn.Close()
	}
}
