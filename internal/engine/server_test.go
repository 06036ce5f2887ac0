package engine

import (
	"bufio"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"webdyno/internal/load"
	"webdyno/internal/workload"
)

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

// A server is a listener whose connections are served by a function of the
// test. Afterwards it tells how much it has served.
type server struct {
	net.Listener
	accepted atomic.Int64
	requests atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// serve starts a server on 127.0.0.1. Handle has a connection of its own and a
// reader of its requests; the connection is closed when it returns.
func serve(t *testing.T, handle func(*server, net.Conn, *bufio.Reader)) *server {
	return serveOn(t, "tcp4", "127.0.0.1:0", handle)
}

func serveOn(t *testing.T, network, address string, handle func(*server, net.Conn, *bufio.Reader)) *server {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", address, err)
	}
	s := &server{Listener: ln, conns: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			s.keep(c)
			wg.Go(func() {
				defer c.Close()
				handle(s, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		s.mu.Lock()
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		wg.Wait()
	})
	return s
}

func (s *server) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
}

// read reads one request without a body. Last tells that the client asked for
// the connection's end.
func (s *server) read(r *bufio.Reader) (last, ok bool) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return last, false
		}
		switch strings.TrimSpace(strings.ToLower(line)) {
		case "connection: close":
			last = true
		case "":
			s.requests.Add(1)
			return last, true
		}
	}
}

// answering serves the same answer to every request, for as long as the client
// wants.
func answering(answer string) func(*server, net.Conn, *bufio.Reader) {
	return func(s *server, c net.Conn, r *bufio.Reader) {
		for {
			last, ok := s.read(r)
			if !ok {
				return
			}
			if _, err := c.Write([]byte(answer)); err != nil || last {
				return
			}
		}
	}
}

// job returns a job against the server: get, whatever else the test adds.
func (s *server) job(ld load.Load, window load.Extent) Job {
	j := Job{Requests: get(), Load: ld, Window: window}
	switch a := s.Addr().(type) {
	case *net.TCPAddr:
		ip, _ := netip.AddrFromSlice(a.IP)
		j.Address = netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
	case *net.UnixAddr:
		j.Unix = a.Name
	}
	return j
}

// get is a workload of one request whose answer may be anything.
func get() *workload.Set {
	return &workload.Set{Requests: []workload.Request{{
		Bytes:  []byte("GET / HTTP/1.1\r\nHost: test\r\n\r\n"),
		Last:   []byte("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"),
		Expect: workload.Expect{Bytes: -1},
	}}}
}

// unixPath returns a path that is short enough for a Unix socket.
func unixPath(t *testing.T) string { return filepath.Join(t.TempDir(), "s") }

func count(n int64) load.Extent           { return load.Extent{Count: n} }
func lasting(d time.Duration) load.Extent { return load.Extent{Time: d} }
