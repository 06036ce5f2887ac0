// Package store is a store in memory that speaks Redis's protocol: streams, a
// few commands on texts, and the counts by which one can tell how often it was
// asked. It stands in for Redis where there is none, and can hold back its
// answers, which Redis cannot.
//
// A [Server] owns its connections; each has a goroutine that reads requests and
// carries them out, and, where answers are held back, one more that sends them
// when they are due. What is stored lies under one lock.
//
// Nothing is kept on disk. There are no transactions, no scripts but one, no
// databases but the first, and no passwords: what it is for runs on one machine
// and for as long as a trial.
package store

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a store behaves.
type Config struct {
	// Delay holds back each answer for that long after its request has been
	// read. Requests behind it are carried out meanwhile, and their answers are
	// held back from when they were read themselves, as by a longer way.
	Delay time.Duration

	Memory      int64 // bytes that keys may take, about; 256 MiB if zero
	Connections int   // at most; 10,000 if zero
	Clock       func() time.Time
}

// A Server is the store behind a listener.
type Server struct {
	config Config
	data   *database
	known  map[string]*known
	began  time.Time

	connected, accepted, turnedAway, commands, ids atomic.Int64

	mu       sync.Mutex
	conns    map[net.Conn]bool
	stopping chan struct{} // closed when the store is to end
	once     sync.Once
}

// New makes an empty store.
func New(c Config) *Server {
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	if c.Connections == 0 {
		c.Connections = 10_000
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	s := &Server{
		config: c, data: newDatabase(c.Memory, c.Clock), known: map[string]*known{},
		began: time.Now(), conns: map[net.Conn]bool{}, stopping: make(chan struct{}),
	}
	for _, cmd := range commands() {
		s.known[cmd.name] = &known{command: cmd}
	}
	return s
}

// lastWords is how long answers may take to leave once the store has been told
// to stop.
const lastWords = time.Second

// Serve serves the connections of a listener until ctx is done, and closes it.
// Requests that have been read are answered. A Server serves once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	var wg sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { s.stop(ln) })
	defer stop()
	var err error
	for {
		var conn net.Conn
		if conn, err = s.accept(ln); err != nil {
			break
		}
		if !s.enter(conn) {
			continue
		}
		wg.Go(func() {
			defer s.leave(conn)
			s.serve(conn)
		})
	}
	s.stop(ln)
	wg.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// accept waits out what passes, such as a lack of descriptors.
func (s *Server) accept(ln net.Listener) (net.Conn, error) {
	for {
		conn, err := ln.Accept()
		if passing := net.Error(nil); err == nil || !errors.As(err, &passing) || errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		select {
		case <-s.stopping:
			return nil, err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// enter takes a connection in, or turns it away.
func (s *Server) enter(conn net.Conn) bool {
	s.accepted.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.config.Connections {
		s.turnedAway.Add(1)
		conn.SetWriteDeadline(time.Now().Add(lastWords))
		conn.Write([]byte("-ERR max number of clients reached\r\n"))
		conn.Close()
		return false
	}
	s.conns[conn] = true
	s.connected.Add(1)
	if s.isStopping() { // it may have come after hurry
		conn.SetReadDeadline(time.Now())
	}
	return true
}

func (s *Server) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn.Close()
	delete(s.conns, conn)
	s.connected.Add(-1)
}

// stop ends the accepting, the waiting and the reading, in this order.
func (s *Server) stop(ln net.Listener) {
	s.once.Do(func() { close(s.stopping) })
	ln.Close()
	s.hurry()
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// hurry has every connection end when its answers have left.
func (s *Server) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.SetReadDeadline(time.Now())
		conn.SetWriteDeadline(time.Now().Add(lastWords + s.config.Delay))
	}
}
