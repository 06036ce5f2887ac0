package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/workload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs a test for every backend there is.
func each(t *testing.T, test func(*testing.T, Backend)) {
	for b := Auto + 1; int(b) < len(backendNames); b++ {
		t.Run(b.String(), func(t *testing.T) { test(t, b) })
	}
}

// carryOut runs a job on an engine of its own.
func carryOut(t *testing.T, c Config, job Job) *evidence.Tally {
	t.Helper()
	e, err := Open(c)
	if err != nil {
		t.Skipf("no engine: %v", err)
	}
	defer e.Close()
	tally, err := e.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if c := tally.Connections; c.Opened != c.ClosedByServer+c.ClosedByUs {
		t.Errorf("connections %+v: opened and closed differ", c)
	}
	if tally.Unbalanced > 0 {
		t.Errorf("of %d requests the times or bytes do not add up", tally.Unbalanced)
	}
	return tally
}

// expect compares the outcomes of a tally with those wanted.
func expect(t *testing.T, tally *evidence.Tally, want map[evidence.Outcome]uint64) {
	t.Helper()
	for how, n := range tally.Outcomes {
		if n != want[evidence.Outcome(how)] {
			t.Errorf("%d %v, want %d; all: %v, causes %v", n, evidence.Outcome(how), want[evidence.Outcome(how)], tally.Outcomes, tally.Causes)
		}
	}
}

// On every kind of load and of connection, what the engine counts is what the
// server counted.
func TestCountsAgreeWithTheServer(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		for _, c := range []struct {
			load     load.Load
			loops    int
			requests int64
			accepted int64 // -1: any
		}{
			{load.Closed{Connections: 8}, 1, 1000, 8},
			{load.Closed{Connections: 8}, 3, 1000, 8},
			{load.Closed{Connections: 2}, 5, 100, 2},
			{load.Closed{Connections: 4, Use: load.Use{Pipeline: 8}}, 1, 1001, 4},
			{load.Closed{Connections: 4, Use: load.Use{PerConnection: 1}}, 1, 100, 100},
			{load.Closed{Connections: 4, Use: load.Use{PerConnection: 1, Close: load.ByFIN}}, 1, 100, 100},
			{load.Closed{Connections: 4, Use: load.Use{PerConnection: 1, Close: load.ByReset}}, 1, 100, 100},
			{load.Closed{Connections: 1, Use: load.Use{PerConnection: 10}}, 1, 100, 10},
			{load.Closed{Connections: 1, Use: load.Use{PerConnection: 10, Close: load.ByReset}}, 1, 100, 10},
			{load.Closed{Connections: 1, Use: load.Use{PerConnection: 10, Pipeline: 4}}, 1, 100, 10},
			{load.Open{Rate: 5000, Connections: 20}, 1, 500, 20},
			{load.Open{Rate: 5000, Connections: 20, Arrivals: load.Constant}, 2, 500, 20},
			{load.Open{Rate: 5000}, 1, 500, -1},
			{load.Open{Rate: 5000, Use: load.Use{PerConnection: 1}}, 1, 200, 200},
		} {
			t.Run(fmt.Sprintf("%+v on %d", c.load, c.loops), func(t *testing.T) {
				s := serve(t, answering(hello))
				tally := carryOut(t, Config{Loops: c.loops, Backend: b}, s.job(c.load, count(c.requests)))
				expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: uint64(c.requests)})
				if got := s.requests.Load(); got != c.requests+int64(tally.Connections.Stale) {
					t.Errorf("the server counted %d requests, the engine %d", got, c.requests)
				}
				if got := s.accepted.Load(); c.accepted >= 0 && got != c.accepted || uint64(got) != tally.Connections.Opened {
					t.Errorf("the server accepted %d connections, the engine opened %d; want %d", got, tally.Connections.Opened, c.accepted)
				}
				if tally.Statuses[200] != uint64(c.requests) || tally.Wrong != 0 {
					t.Errorf("statuses %v, %d wrong", tally.Statuses, tally.Wrong)
				}
				if in := uint64(c.requests) * uint64(len(hello)); tally.BytesIn != in {
					t.Errorf("%d bytes in, want %d", tally.BytesIn, in)
				}
			})
		}
	})
}

// How a connection ends is as it was asked for.
func TestEndings(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		for _, how := range []load.Close{load.ByServer, load.ByFIN, load.ByReset} {
			t.Run(how.String(), func(t *testing.T) {
				var resets, ends atomic.Int64
				s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
					last, ok := s.read(r)
					if !ok {
						return
					}
					c.Write([]byte(hello))
					if last {
						return
					}
					if _, err := r.ReadByte(); errors.Is(err, io.EOF) {
						ends.Add(1)
					} else {
						resets.Add(1)
					}
				})
				tally := carryOut(t, Config{Backend: b}, s.job(load.Closed{Connections: 2, Use: load.Use{PerConnection: 1, Close: how}}, count(20)))
				c := tally.Connections
				switch how {
				case load.ByServer:
					if c.ClosedByServer != 20 {
						t.Errorf("connections %+v, want 20 ended by the server", c)
					}
				case load.ByFIN, load.ByReset:
					if c.ClosedByUs != 20 {
						t.Errorf("connections %+v, want 20 ended by us", c)
					}
				}
				s.Close()
				if how == load.ByReset && ends.Load() > 0 || how == load.ByFIN && resets.Load() > 0 {
					t.Errorf("the server saw %d ends and %d resets", ends.Load(), resets.Load())
				}
			})
		}
	})
}

// A server that was asked to end a connection and does not is left after 100 ms,
// and in the meantime its connection does not keep the next from opening.
func TestServerThatDoesNotEndItsConnections(t *testing.T) {
	var open, peak atomic.Int64
	s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
		if n := open.Add(1); n > peak.Load() {
			peak.Store(n)
		}
		defer open.Add(-1)
		for {
			if _, ok := s.read(r); !ok {
				return
			}
			c.Write([]byte(hello))
		}
	})
	tally := carryOut(t, Config{}, s.job(load.Closed{Connections: 1, Use: load.Use{PerConnection: 1}}, count(50)))
	expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 50})
	if c := tally.Connections; c.ClosedByUs != 50 {
		t.Errorf("connections %+v, want 50 ended by us", c)
	}
	if peak.Load() < 2 {
		t.Error("each connection waited for the end of the one before")
	}
}

// Each way of not answering has its name.
func TestFailuresHaveTheirNames(t *testing.T) {
	answerThen := func(first string, then func(net.Conn)) func(*server, net.Conn, *bufio.Reader) {
		return func(s *server, c net.Conn, r *bufio.Reader) {
			if _, ok := s.read(r); ok {
				c.Write([]byte(first))
				then(c)
			}
		}
	}
	end := func(net.Conn) {}
	reset := func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }
	hold := func(c net.Conn) { c.Read(make([]byte, 1)) }
	each(t, func(t *testing.T, b Backend) {
		for name, c := range map[string]struct {
			handle func(*server, net.Conn, *bufio.Reader)
			want   evidence.Outcome
			cause  string
		}{
			"reset before the answer": {answerThen("", reset), evidence.Reset, "ECONNRESET"},
			"ended before the answer": {answerThen("", end), evidence.Cut, endedBefore},
			"ended within the answer": {answerThen(hello[:len(hello)-1], end), evidence.Cut, endedWithin},
			"no HTTP":                 {answerThen("220 mail ready\r\n", hold), evidence.Malformed, "bad status line"},
			"silence":                 {answerThen("", hold), evidence.TimedOut, noAnswer},
			"half an answer":          {answerThen(hello[:30], hold), evidence.TimedOut, partAnswer},
		} {
			t.Run(name, func(t *testing.T) {
				s := serve(t, c.handle)
				tally := carryOut(t, Config{Backend: b}, s.job(load.Closed{Connections: 2, Use: load.Use{Timeout: 100 * time.Millisecond}}, count(6)))
				expect(t, tally, map[evidence.Outcome]uint64{c.want: 6})
				if tally.Causes[c.cause] != 6 {
					t.Errorf("causes %v, want 6 of %q", tally.Causes, c.cause)
				}
				if tally.Response.Count() != 0 {
					t.Error("failed requests have response times")
				}
			})
		}
	})
}

// A timeout is real: the connection of the request is closed.
func TestTimedOutRequestsAreAbandoned(t *testing.T) {
	gone := make(chan struct{}, 10)
	s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
		s.read(r)
		r.ReadByte() // returns when the client has left
		gone <- struct{}{}
	})
	tally := carryOut(t, Config{}, s.job(load.Closed{Connections: 1, Use: load.Use{Timeout: 50 * time.Millisecond}}, count(2)))
	expect(t, tally, map[evidence.Outcome]uint64{evidence.TimedOut: 2})
	<-gone
	<-gone
}

// Connections that the server ends while they are idle are replaced, and no
// request suffers from it.
func TestStaleConnectionsAreReplaced(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
			if _, ok := s.read(r); ok {
				c.Write([]byte(hello)) // and ends, which it has not announced
			}
		})
		tally := carryOut(t, Config{Backend: b}, s.job(load.Open{Rate: 500, Connections: 3}, count(100)))
		expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 100})
		if c := tally.Connections; c.Stale < 97 || c.Stale > 100 {
			t.Errorf("connections %+v, want about 100 stale", c)
		}
		tally = carryOut(t, Config{Backend: b}, s.job(load.Closed{Connections: 3}, count(100)))
		expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 100})
	})
}

// Where nothing listens, everything is refused, by attempts that thin out.
func TestNothingListens(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	address := netip.MustParseAddrPort(ln.Addr().String())
	ln.Close()
	each(t, func(t *testing.T, b Backend) {
		for _, ld := range []load.Load{
			load.Closed{Connections: 4}, load.Open{Rate: 200, Connections: 4}, load.Open{Rate: 200},
		} {
			tally := carryOut(t, Config{Backend: b}, Job{Address: address, Requests: get(), Load: ld, Window: lasting(300 * time.Millisecond)})
			if due := tally.Due(); due == 0 || tally.Outcomes[evidence.Refused] != due || tally.Causes["ECONNREFUSED"] != due {
				t.Errorf("%+v: outcomes %v, causes %v; want all refused", ld, tally.Outcomes, tally.Causes)
			}
			if n := tally.Connections.Failed; n == 0 || n > 60 {
				t.Errorf("%+v: %d attempts, want few", ld, n)
			}
		}
	})
}

// What is said of addresses holds for all kinds of them.
func TestAddresses(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		for network, address := range map[string]string{"tcp6": "[::1]:0", "unix": unixPath(t)} {
			t.Run(network, func(t *testing.T) {
				s := serveOn(t, network, address, answering(hello))
				for _, k := range []int{0, 1} {
					tally := carryOut(t, Config{Backend: b}, s.job(load.Closed{Connections: 3, Use: load.Use{PerConnection: k}}, count(60)))
					expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 60})
				}
			})
		}
	})
}

// Requests and answers larger than any buffer arrive whole.
func TestLargeBodies(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 256<<10/16*4)
	head := fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", len(body))
	each(t, func(t *testing.T, b Backend) {
		for _, depth := range []int{1, 3} {
			s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
				got := make([]byte, len(body))
				for {
					if _, ok := s.read(r); !ok {
						return
					}
					if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, body) {
						return
					}
					fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body))
					c.Write(body)
				}
			})
			job := s.job(load.Closed{Connections: 2, Use: load.Use{Pipeline: depth}}, count(12))
			job.Requests = &workload.Set{Requests: []workload.Request{{
				Bytes: append([]byte(head), body...), Expect: workload.Expect{Body: body, Bytes: -1},
			}}}
			tally := carryOut(t, Config{Backend: b}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 12})
			if tally.Wrong != 0 {
				t.Errorf("%d wrong: %q", tally.Wrong, tally.WrongAnswers)
			}
			if want := uint64(12 * (len(head) + len(body))); tally.BytesOut != want {
				t.Errorf("%d bytes out, want %d", tally.BytesOut, want)
			}
		}
	})
}

// Wrong answers are answered, counted and put into words.
func TestWrongAnswersAreToldApart(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nhello":   "status 500",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo":   "body differs at byte 1",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell":    "body has 4 bytes, want 5",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!":  "bytes after the answer",
		"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nhello, ": "body goes on",
	} {
		s := serve(t, answering(answer))
		job := s.job(load.Closed{Connections: 1}, count(10))
		job.Requests.Requests[0].Expect.Body = []byte("hello")
		tally := carryOut(t, Config{}, job)
		expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 10})
		if tally.Wrong != 10 || tally.ResponseWrong.Count() != 10 || tally.Response.Count() != 0 || tally.WrongIn != 10 {
			t.Errorf("%q: %d wrong, %d of them in the window", answer, tally.Wrong, tally.WrongIn)
		}
		if other := strings.HasPrefix(want, "body"); (tally.WrongBytes == 10) != other || !other && tally.WrongBytes != 0 {
			t.Errorf("%q: %d of other bytes; only a body, under a right status, is", answer, tally.WrongBytes)
		}
		if len(tally.WrongAnswers) != wrongDescribed || !strings.Contains(tally.WrongAnswers[0], want) {
			t.Errorf("%q: described as %q, want %q", answer, tally.WrongAnswers, want)
		}
	}
}

// An answer may end with its connection; the next request gets another one.
func TestAnswersThatEndWithTheConnection(t *testing.T) {
	s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
		if _, ok := s.read(r); ok {
			c.Write([]byte("HTTP/1.0 200 OK\r\n\r\nhello"))
		}
	})
	job := s.job(load.Closed{Connections: 2}, count(40))
	job.Requests.Requests[0].Expect.Body = []byte("hello")
	tally := carryOut(t, Config{}, job)
	expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 40})
	if c := tally.Connections; tally.Wrong != 0 || c.Stale != 0 || c.ClosedByServer != 40 {
		t.Errorf("%d wrong, connections %+v; want 40 ended by the server, none stale", tally.Wrong, c)
	}
}

// A job that is cancelled returns what it has, and the cause.
func TestCancelledJobIsEvidence(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
			for {
				if _, ok := s.read(r); !ok {
					return
				}
				if s.requests.Load() > 30 {
					cancel(cause)
					continue
				}
				c.Write([]byte(hello))
			}
		})
		e, err := Open(Config{Loops: 2, Backend: b})
		if err != nil {
			t.Skip(err)
		}
		defer e.Close()
		tally, err := e.Run(ctx, s.job(load.Closed{Connections: 6}, lasting(time.Minute)))
		if !errors.Is(err, cause) || tally == nil {
			t.Fatalf("tally %v, error %v; want one, and %v", tally, err, cause)
		}
		if tally.Outcomes[evidence.Answered] == 0 || tally.Outcomes[evidence.Unfinished] == 0 {
			t.Errorf("outcomes %v, want some answered and some unfinished", tally.Outcomes)
		}
	})
}

// The edges of the window are told in order, once each, and what Progress
// shows between them is what was answered in the meantime.
func TestEdgesAndProgress(t *testing.T) {
	s := serve(t, answering(hello))
	e, err := Open(Config{Loops: 2})
	if err != nil {
		t.Skip(err)
	}
	defer e.Close()
	var edges []Edge
	var seen []Snapshot
	job := s.job(load.Open{Rate: 2000, Connections: 10, Arrivals: load.Constant}, lasting(200*time.Millisecond))
	job.Warmup = lasting(100 * time.Millisecond)
	job.Edge = func(edge Edge) {
		edges = append(edges, edge)
		seen = append(seen, e.Progress())
	}
	tally, err := e.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	whole := tally.Seconds[len(tally.Seconds)-1]
	if sec, ok := e.LastSecond(); !ok || sec.Answered != whole.Answered || sec.Response.Count() != whole.Response.Count() {
		t.Errorf("the last second: %d answers (%v), want the tally's %d", sec.Answered, ok, whole.Answered)
	}
	if len(edges) != 2 || edges[0] != WindowOpened || edges[1] != WindowClosed {
		t.Fatalf("edges %v, want one opening and one closing", edges)
	}
	if !seen[0].Window && !seen[1].Window && seen[0] == seen[1] {
		t.Error("progress did not move between the edges")
	}
	last := e.Progress()
	if last.Sent != 400 || last.Lag <= 0 || last.Lag > time.Second {
		t.Errorf("%d requests sent with a lag of %v altogether, want 400 with some", last.Sent, last.Lag)
	}
	if want := uint64(600); last.Due != want || last.Answered != want || tally.WarmupRequests != 200 || tally.Due() != 400 {
		t.Errorf("progress %+v, %d in the warm-up, %d in the window; want 600, 200, 400", last, tally.WarmupRequests, tally.Due())
	}
	if tally.Window != 200*time.Millisecond || tally.Warmup != 100*time.Millisecond || tally.Loops != 2 || tally.Backend != best().String() {
		t.Errorf("window %v, warm-up %v, %d loops on %s", tally.Window, tally.Warmup, tally.Loops, tally.Backend)
	}
	if tally.LoopCPU > tally.LoopSpan || tally.LoopSpan > 2*(tally.Window+time.Minute) {
		t.Errorf("loops used %v of CPU in %v", tally.LoopCPU, tally.LoopSpan)
	}
	if tally.LoopCPU <= 0 || tally.ClientCPU < tally.LoopCPU/2 {
		t.Errorf("CPU of loops %v, of the process %v", tally.LoopCPU, tally.ClientCPU)
	}
}

// Garbage that is collected while a job is under way is counted; left alone,
// there is none.
func TestCollectionsAreCounted(t *testing.T) {
	for _, provoked := range []bool{false, true} {
		s := serve(t, answering(hello))
		job := s.job(load.Closed{Connections: 4}, count(2000))
		job.Edge = func(e Edge) {
			if provoked && e == WindowOpened {
				runtime.GC()
			}
		}
		tally := carryOut(t, Config{Loops: 1}, job)
		if got := tally.Collections > 0; got != provoked {
			t.Errorf("provoked %v: %d collections", provoked, tally.Collections)
		}
	}
}

// A job that cannot be carried out is refused with every reason at once.
func TestImpossibleJobsAreRefused(t *testing.T) {
	e, err := Open(Config{})
	if err != nil {
		t.Skip(err)
	}
	_, err = e.Run(t.Context(), Job{Load: load.Open{Rate: -1, Connections: -1}, Share: load.Share{Nth: 3, Of: 2}})
	for _, want := range []string{"address", "no request", "window is empty", "share 3 of 2", "rate of -1", "fewer than no"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	here := netip.MustParseAddrPort("127.0.0.1:1")
	_, err = e.Run(t.Context(), Job{
		Address: here, Requests: get(), Load: load.Closed{Connections: 2}, Window: count(1), Share: load.Share{Nth: 2, Of: 3},
	})
	if err == nil || !strings.Contains(err.Error(), "carries none of 2 connections") {
		t.Errorf("error %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = e.Run(t.Context(), Job{Address: here, Requests: get(), Load: load.Closed{Connections: 2}, Window: count(1)}); err == nil {
		t.Error("a closed engine took a job")
	}
	if _, err := ParseBackend("carrier pigeon"); err == nil {
		t.Error("a backend called carrier pigeon")
	}
}
