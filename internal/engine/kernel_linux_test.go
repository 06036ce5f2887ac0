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
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/sys"
	"webdyno/internal/workload"
)

// frugally answers without allocating anything.
func frugally(_ *server, c net.Conn, _ *bufio.Reader) {
	in := make([]byte, 64<<10)
	out := bytes.Repeat([]byte(hello), len(in)/16)
	end := []byte("\r\n\r\n")
	for {
		n, err := c.Read(in)
		if err != nil {
			return
		}
		// A request is never cut here: it is shorter than what is sent at once.
		if _, err := c.Write(out[:bytes.Count(in[:n], end)*len(hello)]); err != nil {
			return
		}
	}
}

// The drivers on the kernel's own interfaces take no memory for a request.
func TestDriversAllocateNothingPerRequest(t *testing.T) {
	for _, b := range []Backend{Uring, Epoll} {
		for _, depth := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s, %d deep", b, depth), func(t *testing.T) {
				s := serve(t, frugally)
				var few, many uint64
				for _, n := range []int64{2_000, 22_000} {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					tally := carryOut(t, Config{Backend: b}, s.job(load.Closed{Connections: 16, Use: load.Use{Pipeline: depth}}, count(n)))
					runtime.ReadMemStats(&after)
					expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: uint64(n)})
					few, many = many, after.Mallocs-before.Mallocs
				}
				if many > few+500 {
					t.Errorf("%d allocations for 2,000 requests, %d for 22,000", few, many)
				}
			})
		}
	}
}

// Whatever becomes of a job, no descriptor is left of it.
func TestJobsLeaveNoDescriptors(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	nobody := netip.MustParseAddrPort(ln.Addr().String())
	ln.Close()
	each(t, func(t *testing.T, b Backend) {
		s := serve(t, answering(hello))
		before := descriptors(t)
		for _, use := range []load.Use{{}, {PerConnection: 1}, {PerConnection: 1, Close: load.ByReset}, {Pipeline: 4}} {
			carryOut(t, Config{Backend: b, Loops: 2}, s.job(load.Closed{Connections: 8, Use: use}, count(200)))
		}
		carryOut(t, Config{Backend: b}, Job{Address: nobody, Requests: get(), Load: load.Closed{Connections: 4}, Window: lasting(50 * time.Millisecond)})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		e, err := Open(Config{Backend: b})
		if err != nil {
			t.Skip(err)
		}
		if _, err := e.Run(ctx, s.job(load.Closed{Connections: 8}, lasting(time.Minute))); err == nil {
			t.Error("an interrupted job says nothing of it")
		}
		// The server's own connections end when it has seen ours end.
		after := descriptors(t)
		for deadline := time.Now().Add(2 * time.Second); after > before && time.Now().Before(deadline); after = descriptors(t) {
			time.Sleep(5 * time.Millisecond)
		}
		if after > before {
			t.Errorf("%d descriptors are open, there were %d", after, before)
		}
	})
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(names)
}

// More answers than a ring has buffers arrive all the same.
func TestAnswersBeyondAllBuffers(t *testing.T) {
	body := strings.Repeat("x", 8<<20)
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n" + body
	each(t, func(t *testing.T, b Backend) {
		s := serve(t, answering(answer))
		job := s.job(load.Closed{Connections: 12}, count(24))
		job.Requests.Requests[0].Expect.Body = []byte(body)
		tally := carryOut(t, Config{Backend: b}, job)
		expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 24})
		if tally.Wrong != 0 {
			t.Errorf("%d wrong: %q", tally.Wrong, tally.WrongAnswers)
		}
	})
}

// A server may answer a large request while it is still being sent, read the
// rest, and get the next one: it must not begin in the middle of the first.
func TestLargeRequestsAnsweredEarly(t *testing.T) {
	const size = 4 << 20
	head := "POST / HTTP/1.1\r\nContent-Length: 4194304\r\n\r\n"
	request := append([]byte(head), bytes.Repeat([]byte("0123456789abcdef"), size/16)...)
	each(t, func(t *testing.T, b Backend) {
		s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
			got := make([]byte, len(request))
			for {
				if _, err := io.ReadFull(r, got[:1]); err != nil {
					return
				}
				c.Write([]byte(hello))
				time.Sleep(5 * time.Millisecond)
				if _, err := io.ReadFull(r, got[1:]); err != nil {
					return
				}
				if !bytes.Equal(got, request) {
					t.Error("a request arrived in disorder")
					return
				}
			}
		})
		job := s.job(load.Closed{Connections: 2}, count(10))
		job.Requests = &workload.Set{Requests: []workload.Request{{Bytes: request, Expect: workload.Expect{Bytes: -1}}}}
		expect(t, carryOut(t, Config{Backend: b}, job), map[evidence.Outcome]uint64{evidence.Answered: 10})
	})
}

// On a kernel that completes operations whenever it likes, and not only while
// the loop waits, nothing of one connection is taken for the next one's on the
// same socket.
func TestUringOnOldKernels(t *testing.T) {
	if err := sys.TryRing(); err != nil {
		t.Skip(err)
	}
	for _, use := range []load.Use{
		{}, {Pipeline: 8}, {PerConnection: 1}, {PerConnection: 3, Pipeline: 2},
		{PerConnection: 1, Close: load.ByReset}, {PerConnection: 10, Close: load.ByReset}, {PerConnection: 1, Close: load.ByFIN},
	} {
		use.Timeout = 2 * time.Second
		for _, ld := range []load.Load{load.Closed{Connections: 4, Use: use}, load.Open{Rate: 5000, Use: use}} {
			t.Run(fmt.Sprintf("%+v", ld), func(t *testing.T) {
				s := serve(t, answering(hello))
				job := s.job(ld, count(200))
				size := uringSize(4)
				size.Plain, size.Buffers, size.BufferSize = true, 2, 64 // which run out all the time
				d, err := newUring(mono.Start(), &job, sources{most: 1, used: 1}, size)
				if err != nil {
					t.Fatal(err)
				}
				l := newLoop(d, &job, 0, 1, newGate([]driver{d}), newWatch(1))
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				if err := errors.Join(l.run(), d.shutdown()); err != nil {
					t.Fatal(err)
				}
				expect(t, l.book.tally, map[evidence.Outcome]uint64{evidence.Answered: 200})
			})
		}
	}
}
