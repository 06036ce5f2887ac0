package serve

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"webdyno/internal/bus"
	"webdyno/internal/bus/bolt"
	"webdyno/internal/bus/mongo"
	"webdyno/internal/bus/redis"
)

// A busConfig is what the bus is told on its command line.
type busConfig struct {
	store       string
	ttl         time.Duration
	room        int64
	connections int
	waiting     int
	prime       bool
	print       bool
}

func (c *busConfig) define(fs *flag.FlagSet) {
	c.store, c.ttl, c.room = "mem:", time.Hour, 256<<20
	c.connections, c.waiting = 10_000, 1000
	fs.StringVar(&c.store, "store", c.store, "keep events in `URL`: mem:, bolt:FILE, redis://HOST:PORT, mongodb://HOST:PORT")
	fs.DurationVar(&c.ttl, "ttl", c.ttl, "keep events for `TIME`")
	fs.Int64Var(&c.room, "max-memory", c.room, "of mem:, hold at most `BYTES`")
	fs.IntVar(&c.connections, "max-connections", c.connections, "serve at most `N` connections; others wait to be accepted")
	fs.IntVar(&c.waiting, "max-waiting", c.waiting, "let at most `N` reads wait for events at once")
	fs.BoolVar(&c.prime, "prime", false, "write the primed channels to the store, and end (mem: serves them)")
	fs.BoolVar(&c.print, "print-channels", false, "print the primed channels as JSON, and end")
}

func (c *busConfig) check() error {
	switch {
	case c.ttl < time.Second:
		return fmt.Errorf("-ttl %v: want 1s or more", c.ttl)
	case c.room < 1<<20:
		return fmt.Errorf("-max-memory %d: want 1048576 or more", c.room)
	case c.connections < 1 || c.waiting < 1:
		return errors.New("-max-connections, -max-waiting: want 1 or more")
	}
	return nil
}

// beginBus opens the store of a bus. It returns nil if the bus was asked for
// something else than serving, and that is done.
func beginBus(ctx context.Context, name string, opt Options) (*begun, error) {
	var c busConfig
	if err := parseArgs(name, opt.Args, c.define); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, &ArgsError{err}
	}
	if c.print {
		return nil, bus.PrintChannels(opt.Result)
	}
	store, inMemory, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.prime {
		err = store.Prime(ctx, bus.PrimedChannels())
	}
	if err != nil || c.prime && !inMemory {
		return nil, errors.Join(err, store.Close())
	}
	b := &busServer{config: c, store: store}
	return &begun{b.serve, store.Close}, nil
}

// openStore opens the store that a bus was told to use. inMemory tells that
// nobody else can reach it.
func openStore(ctx context.Context, c busConfig) (store bus.Store, inMemory bool, err error) {
	u, err := url.Parse(c.store)
	if err != nil {
		return nil, false, errors.New("-store: not a URL") // which may hold a password
	}
	switch u.Scheme {
	case "mem":
		return bus.NewMemory(c.ttl, c.room, time.Now), true, nil
	case "bolt":
		if boltPath(u) == "" {
			return nil, false, fmt.Errorf("-store %s: no file: want bolt:FILE", c.store)
		}
		store, err = bolt.Open(boltPath(u), c.ttl, time.Now)
	case "mongodb", "mongodb+srv":
		store, err = mongo.Open(ctx, c.store, c.ttl, time.Now)
	case "redis", "rediss":
		store, err = redis.Open(ctx, redis.Config{URL: c.store, TTL: c.ttl, Waiting: c.waiting, Clock: time.Now})
	default:
		err = errors.New("want mem:, bolt:FILE, redis://HOST:PORT or mongodb://HOST:PORT")
	}
	if err != nil {
		return nil, false, fmt.Errorf("-store %s: %w", u.Redacted(), err)
	}
	return store, false, nil
}

// boltPath is the file that bolt:FILE or bolt:///FILE names.
func boltPath(u *url.URL) string {
	if u.Opaque != "" {
		return u.Opaque
	}
	return u.Path
}

// A busServer is a bus behind a listener.
type busServer struct {
	config busConfig
	store  bus.Store

	mu   sync.Mutex
	busy map[net.Conn]bool // connections with a request under way
}

// What the bus allows its clients, beside the limits of single requests.
const (
	// busHeader is how long the head of a request may take to come, counted for
	// the first one from when the connection was opened: so that is also how
	// long a new one may be held silent, as plans do.
	busHeader = time.Minute
	// busAnswer is how long an answer may take to be taken.
	busAnswer = 15 * time.Second
	// busIdle is how long a connection may stay silent between requests.
	busIdle = 5 * time.Minute
	// busDrain is how long requests under way may take to end once the bus has
	// been told to stop. A post is one commit of the store, so it is ample.
	busDrain = 10 * time.Second
	// sweepEvery and sweepLimit bound what forgetting costs: a thousand events
	// a second, in pieces that hold up nobody for long.
	sweepEvery = time.Second
	sweepLimit = 1000
)

// serve serves until ctx is done, finishes what is under way, and closes the
// store.
func (b *busServer) serve(ctx context.Context, ln net.Listener) error {
	service := bus.New(b.store, bus.Limits{Waiting: b.config.waiting})
	b.busy = map[net.Conn]bool{}
	srv := &http.Server{
		Handler:           service,
		ReadHeaderTimeout: busHeader,
		WriteTimeout:      bus.MaxWait + busAnswer,
		IdleTimeout:       busIdle,
		MaxHeaderBytes:    16 << 10,
		ConnState:         b.watch,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	sweeping, stopSweeping := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { service.Sweep(sweeping, sweepEvery, sweepLimit) })

	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		service.Drain()
		b.finish(srv)
	})
	err := srv.Serve(atMost(ln, b.config.connections))
	if !stop() {
		<-stopped
	}
	stopSweeping()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, b.store.Close())
}

// watch keeps count of the connections that have a request under way: until
// the last byte of the answer is with the kernel, and not just until the
// handler has returned.
func (b *busServer) watch(conn net.Conn, state http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if state == http.StateActive {
		b.busy[conn] = true
	} else {
		delete(b.busy, conn)
	}
}

func (b *busServer) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.busy) == 0
}

// finish lets the requests under way end, and then ends the connections.
// Shutdown alone would wait seconds for connections that never asked for
// anything.
func (b *busServer) finish(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), busDrain)
	defer cancel()
	down := make(chan struct{})
	go func() {
		defer close(down)
		srv.Shutdown(ctx)
	}()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for ctx.Err() == nil && !b.idle() {
		<-look.C
	}
	srv.Close()
	cancel()
	<-down
}

// atMost returns a listener that has at most n connections at a time.
func atMost(ln net.Listener, n int) net.Listener {
	return &narrow{Listener: ln, places: make(chan struct{}, n), closed: make(chan struct{})}
}

// A narrow listener accepts a connection when there is a place for it.
type narrow struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *narrow) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &placed{Conn: conn, leave: func() { <-l.places }}, nil
}

func (l *narrow) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// A placed connection gives its place back when it is closed.
type placed struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *placed) Close() error {
	c.once.Do(c.leave)
	return c.Conn.Close()
}
