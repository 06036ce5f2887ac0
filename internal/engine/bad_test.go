package engine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
)

// A badServer is one way of answering badly, and what each request to it must
// come to, on every backend.
type badServer struct {
	name  string
	serve func(net.Conn) // after the request has been read; the connection is closed when it returns
	want  evidence.Outcome
	cause string
	wrong bool // answered, but not rightly
}

// says answers with a text and keeps the connection until the client leaves.
func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, text)
		c.Read(make([]byte, 1))
	}
}

// endlessly answers with a beginning, and then with the same again and again
// until the client leaves.
func endlessly(beginning, again string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, beginning)
		block := bytes.Repeat([]byte(again), 1+8192/len(again))
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
}

// drips answers byte by byte, far too slowly.
func drips(text string) func(net.Conn) {
	return func(c net.Conn) {
		left := make(chan struct{})
		go func() {
			defer close(left)
			c.Read(make([]byte, 1))
		}()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := range len(text) {
			io.WriteString(c, text[i:i+1])
			select {
			case <-tick.C:
			case <-left:
				return
			}
		}
		<-left
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

func badServers() []badServer {
	malformed := func(name, cause, answer string) badServer {
		return badServer{name: name, serve: says(answer), want: evidence.Malformed, cause: cause}
	}
	return []badServer{
		{name: "drips", serve: drips(hello), want: evidence.TimedOut, cause: partAnswer},
		{name: "silent", serve: says(""), want: evidence.TimedOut, cause: noAnswer},
		{name: "endless body by length", serve: endlessly(ok+"Content-Length: 9000000000000\r\n\r\n", "body"), want: evidence.TimedOut, cause: partAnswer},
		{name: "endless body in chunks", serve: endlessly(ok+"Transfer-Encoding: chunked\r\n\r\n", "4\r\nbody\r\n"), want: evidence.TimedOut, cause: partAnswer},
		{name: "endless body to the end", serve: endlessly(ok+"\r\n", "body"), want: evidence.TimedOut, cause: partAnswer},
		{name: "endless headers", serve: endlessly(ok, "X-More: and more\r\n"), want: evidence.Malformed, cause: "header too large"},
		{name: "one endless header", serve: endlessly(ok+"X-More: ", "more"), want: evidence.Malformed, cause: "header too large"},
		{name: "endless trailers", serve: endlessly(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: and more\r\n"), want: evidence.Malformed, cause: "header too large"},
		{name: "endless interim answers", serve: endlessly("", "HTTP/1.1 100 Continue\r\n\r\n"), want: evidence.Malformed, cause: "too many interim answers"},
		malformed("HTTP/0.9", "bad status line", "<html>hello</html>\r\n"),
		malformed("garbage", "bad status line", "\x00\xff\x16\x03\x01 hello\r\n\r\n"),
		malformed("HTTP/2", "unsupported version", "HTTP/2 200\r\n\r\n"),
		malformed("no colon", "bad header line", ok+"Nonsense\r\n\r\n"),
		malformed("switched", "protocol switched unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
		malformed("negative length", "bad content length", ok+"Content-Length: -5\r\n\r\nhello"),
		malformed("length of letters", "bad content length", ok+"Content-Length: five\r\n\r\nhello"),
		malformed("overflowing length", "bad content length", ok+"Content-Length: 99999999999999999999\r\n\r\nhello"),
		malformed("two lengths", "two content lengths", ok+"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
		malformed("length and coding", "content length and transfer coding", ok+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		malformed("unknown coding", "bad transfer coding", ok+"Transfer-Encoding: chunked, gzip\r\n\r\nhello"),
		malformed("chunk size of letters", "bad chunk size", ok+"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n"),
		malformed("overflowing chunk size", "bad chunk size", ok+"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n"),
		malformed("chunk longer than said", "bad chunk end", ok+"Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n"),
		{name: "shorter than its length", serve: func(c net.Conn) { io.WriteString(c, ok+"Content-Length: 9\r\n\r\nhello") },
			want: evidence.Cut, cause: endedWithin},
		{name: "chunks without an end", serve: func(c net.Conn) { io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n") },
			want: evidence.Cut, cause: endedWithin},
		{name: "ends", serve: func(net.Conn) {}, want: evidence.Cut, cause: endedBefore},
		{name: "half closed", serve: func(c net.Conn) {
			c.(*net.TCPConn).CloseWrite()
			c.Read(make([]byte, 1))
		}, want: evidence.Cut, cause: endedBefore},
		{name: "resets before", serve: func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, want: evidence.Reset, cause: "ECONNRESET"},
		{name: "longer than its length", serve: says(ok + "Content-Length: 5\r\n\r\nhello there"), want: evidence.Answered, wrong: true},
		{name: "two answers at once", serve: says(hello + hello), want: evidence.Answered, wrong: true},
	}
}

// Each ends as the right outcome, with the right name, soon, on every backend;
// and those that come after it are not mistaken for it.
func TestBadServers(t *testing.T) {
	const requests, patience = 4, 100 * time.Millisecond
	each(t, func(t *testing.T, b Backend) {
		for _, bad := range badServers() {
			t.Run(bad.name, func(t *testing.T) {
				s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
					if _, ok := s.read(r); ok {
						bad.serve(c)
					}
				})
				ld := load.Closed{Connections: 2, Use: load.Use{PerConnection: 1, Close: load.ByReset, Timeout: patience}}
				tally := carryOut(t, Config{Backend: b}, s.job(ld, count(requests)))
				expect(t, tally, map[evidence.Outcome]uint64{bad.want: requests})
				if n := tally.Causes[bad.cause] + late(tally, bad); bad.cause != "" && n != requests {
					t.Errorf("causes %v, want %d of %q", tally.Causes, requests, bad.cause)
				}
				if bad.wrong && tally.Wrong != requests {
					t.Errorf("%d of %d answers wrong, want all: %q", tally.Wrong, requests, tally.WrongAnswers)
				}
				if tally.Right() != 0 {
					t.Errorf("%d requests were rightly answered", tally.Right())
				}
			})
		}
	})
}

// late counts the requests of a server that answers without end of which, on a
// machine busy with other things, not even the beginning came in time.
func late(t *evidence.Tally, bad badServer) uint64 {
	if bad.cause != partAnswer {
		return 0
	}
	return t.Causes[noAnswer]
}

// The table that users read names every cause that these tests have seen, and
// has no outcome that they have not.
func TestBadServersAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/answers.md")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, bad := range badServers() {
		if bad.cause == "" {
			continue
		}
		tested[bad.cause] = true
		if !strings.Contains(string(text), "`"+bad.cause+"`") {
			t.Errorf("docs/answers.md says nothing of %q", bad.cause)
		}
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.TrimSpace(cells[2]) != "malformed" {
			continue
		}
		if cause := strings.Trim(cells[3], " `"); !tested[cause] {
			t.Errorf("docs/answers.md promises %q, and no server here provokes it", cause)
		}
	}
}

// An answer that comes before its request is none to it: nobody had asked.
func TestAnswerBeforeTheRequest(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
			io.WriteString(c, hello)
			for {
				if _, ok := s.read(r); !ok {
					return
				}
				io.WriteString(c, hello)
			}
		})
		ld := load.Open{Rate: 100, Connections: 2, Use: load.Use{Timeout: 200 * time.Millisecond}}
		tally := carryOut(t, Config{Backend: b}, s.job(ld, count(20)))
		if tally.Due() != 20 {
			t.Errorf("%d requests due, want 20", tally.Due())
		}
		if tally.Right() == 20 {
			t.Error("answers that nobody had asked for were taken for right ones")
		}
	})
}

// A listener that is full takes nobody in: requests find no connection in time,
// and wait no longer than that.
func TestAcceptQueueOverflow(t *testing.T) {
	address := fullListener(t)
	each(t, func(t *testing.T, b Backend) {
		ld := load.Open{Rate: 100, Connections: 8, Arrivals: load.Constant, Use: load.Use{Timeout: 150 * time.Millisecond}}
		tally := carryOut(t, Config{Backend: b}, Job{Requests: get(), Load: ld, Window: count(20), Address: address})
		if n := tally.Causes["ETIMEDOUT"] + tally.Causes["no connection in time"]; n != 20 || tally.Due() != 20 {
			t.Errorf("outcomes %v, causes %v; want 20 for want of a connection", tally.Outcomes, tally.Causes)
		}
	})
}

// fullListener is one whose queue is full, and that nobody accepts from.
func fullListener(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	err = errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0))
	if err != nil {
		t.Skip(err)
	}
	own, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(own.(*syscall.SockaddrInet4).Port))
	for range 4 {
		if c, err := net.DialTimeout("tcp", address.String(), 50*time.Millisecond); err == nil {
			t.Cleanup(func() { c.Close() })
		}
	}
	return address
}

// A server that goes away in the middle of a load and comes back is missed for
// that time, and found again.
func TestServerGoneAndBack(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		first := serve(t, answering(hello))
		address := first.Addr().String()
		var back atomic.Pointer[server]
		var stage atomic.Int32
		job := first.job(load.Open{Rate: 500, Connections: 4, Arrivals: load.Constant, Use: load.Use{Timeout: 5 * time.Second}}, count(400))
		e, err := Open(Config{Backend: b})
		if err != nil {
			t.Skip(err)
		}
		defer e.Close()
		job.Edge = func(edge Edge) {
			if edge != WindowOpened {
				return
			}
			awaitProgress(e, 50)
			first.Close()
			first.mu.Lock()
			for c := range first.conns {
				c.Close()
			}
			first.mu.Unlock()
			stage.Store(1)
			awaitDue(e, 200)
			back.Store(serveOn(t, "tcp4", address, answering(hello)))
			stage.Store(2)
		}
		tally, err := e.Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		refused := tally.Outcomes[evidence.Refused]
		if tally.Due() != 400 || stage.Load() != 2 {
			t.Fatalf("%d due, stage %d; want 400, 2", tally.Due(), stage.Load())
		}
		if refused == 0 || tally.Causes["ECONNREFUSED"] == 0 {
			t.Errorf("outcomes %v, causes %v; want some refused", tally.Outcomes, tally.Causes)
		}
		if s := back.Load(); s == nil || s.requests.Load() == 0 {
			t.Error("the server that came back was never asked")
		}
	})
}

// awaitProgress and awaitDue wait until so many requests have been answered, or
// have fallen due. They ask no clock: the load itself is what passes.
func awaitProgress(e *Engine, answered uint64) {
	for e.Progress().Answered < answered {
		time.Sleep(time.Millisecond)
	}
}

func awaitDue(e *Engine, due uint64) {
	for e.Progress().Due < due {
		time.Sleep(time.Millisecond)
	}
}
