package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/plan"
	"webdyno/internal/workload"
)

// numbered is a workload of posts with blanks, and of some gets without.
func numbered(t testing.TB, gets int, body string) *workload.Set {
	t.Helper()
	build := func(method, path, body string) workload.Request {
		set, err := workload.Build(plan.Exact{
			Method: method, Path: path, Body: []byte(body), Expect: plan.ExactExpect{Bytes: -1},
		}, "test")
		if err != nil {
			t.Fatal(err)
		}
		return set.Requests[0]
	}
	set := &workload.Set{Requests: []workload.Request{build("POST", "/"+load.SeqMark, `{"n":`+load.SeqMark+`,"r":"`+load.RandomMark+`"}`+body)}}
	for range gets {
		set.Requests = append(set.Requests, build("GET", "/same", ""))
	}
	return set
}

// posted is what a server was sent: it checks that a request agrees with itself.
type posted struct {
	mu      sync.Mutex
	numbers []int64
	randoms []string
	faults  []string
	gets    int
}

func (p *posted) take(path string, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if path == "/same" {
		p.gets++
		return
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(path, "/"), 10, 64)
	head := fmt.Sprintf(`{"n":%d,"r":"`, n)
	if err != nil || len(body) < len(head)+18 || !strings.HasPrefix(string(body), head) || bytes.ContainsAny(body[len(head):len(head)+16], "\"~\x00") {
		p.faults = append(p.faults, fmt.Sprintf("%s %.60q", path, body))
		return
	}
	p.numbers = append(p.numbers, n)
	p.randoms = append(p.randoms, string(body[len(head):len(head)+16]))
}

// others returns how many requests without blanks came.
func (p *posted) others() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gets
}

// check wants so many requests, each with values of its own.
func (p *posted) check(t *testing.T, posts int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.faults) > 0 {
		t.Fatalf("%d requests were not what they should be, the first: %s", len(p.faults), p.faults[0])
	}
	slices.Sort(p.numbers)
	slices.Sort(p.randoms)
	if n, r := len(slices.Compact(slices.Clone(p.numbers))), len(slices.Compact(slices.Clone(p.randoms))); len(p.numbers) != posts || n != posts || r != posts {
		t.Errorf("%d posts, with %d different numbers and %d random values; want %d", len(p.numbers), n, r, posts)
	}
	if first := p.numbers[0]; first != 100_000_000_000_000 {
		t.Errorf("numbers from %d on", first)
	}
}

// reading serves posts and gets, and passes on what they say. Before tells that
// the answer is given before the body is read.
func reading(p *posted, before bool) func(*server, net.Conn, *bufio.Reader) {
	return func(s *server, c net.Conn, r *bufio.Reader) {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			length, last := 0, false
			for {
				h, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if h = strings.TrimSpace(strings.ToLower(h)); h == "" {
					break
				}
				if v, ok := strings.CutPrefix(h, "content-length: "); ok {
					length, _ = strconv.Atoi(v)
				}
				last = last || h == "connection: close"
			}
			if before {
				c.Write([]byte(hello))
				time.Sleep(time.Millisecond)
			}
			body := make([]byte, length)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			p.take(strings.Fields(line)[1], body)
			s.requests.Add(1)
			if !before {
				c.Write([]byte(hello))
			}
			if last {
				return
			}
		}
	}
}

// On every backend, with every way of using connections and over several loops,
// the server gets each number and each random value once, in requests that are
// whole.
func TestBlanksAreFilledInOnEveryBackend(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		for name, c := range map[string]struct {
			load  load.Load
			loops int
			gets  int
		}{
			"closed":            {load.Closed{Connections: 8}, 1, 0},
			"three loops":       {load.Closed{Connections: 8}, 3, 0},
			"among others":      {load.Closed{Connections: 8}, 2, 2},
			"pipelined":         {load.Closed{Connections: 3, Use: load.Use{Pipeline: 8}}, 1, 0},
			"pipelined, others": {load.Closed{Connections: 3, Use: load.Use{Pipeline: 8}}, 1, 2},
			"a connection each": {load.Closed{Connections: 4, Use: load.Use{PerConnection: 1}}, 1, 0},
			"three and a reset": {load.Closed{Connections: 4, Use: load.Use{PerConnection: 3, Close: load.ByReset}}, 1, 0},
			"open, on demand":   {load.Open{Rate: 5000}, 2, 0},
			"thinking":          {load.Closed{Connections: 8, Think: time.Millisecond}, 1, 0},
		} {
			t.Run(name, func(t *testing.T) {
				var p posted
				s := serve(t, reading(&p, false))
				const n = 600
				job := s.job(c.load, count(n))
				job.Requests, job.Seed = numbered(t, c.gets, ""), 5
				tally := carryOut(t, Config{Loops: c.loops, Backend: b}, job)
				expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: n})
				s.Close()
				gets := p.others()
				p.check(t, n-gets)
				if (c.gets == 0) != (gets == 0) {
					t.Errorf("%d gets", gets)
				}
			})
		}
	})
}

// A server that answers before it has read a request gets it as it was, though
// the next has been written by then.
func TestEarlyAnswersLeaveRequestsAlone(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		for _, depth := range []int{1, 3} {
			p := new(posted)
			s := serve(t, reading(p, true))
			job := s.job(load.Closed{Connections: 2, Use: load.Use{Pipeline: depth}}, count(12))
			job.Requests = numbered(t, 0, strings.Repeat("0123456789abcdef", 1<<18)) // 4 MiB, more than the kernel takes at once
			tally := carryOut(t, Config{Backend: b}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 12})
			s.Close()
			p.mu.Lock() // the server may not have read everything by now
			defer p.mu.Unlock()
			if len(p.faults) > 0 {
				t.Fatalf("depth %d: %d requests were changed on their way, the first: %s", depth, len(p.faults), p.faults[0])
			}
			if n := len(slices.Compact(slices.Sorted(slices.Values(p.numbers)))); n != len(p.numbers) || n < 6 {
				t.Errorf("depth %d: %d requests arrived, %d different; connections %+v", depth, len(p.numbers), n, tally.Connections)
			}
		}
	})
}

// Sheets that are still being read are not written on.
func TestSheetsInUseAreNotWrittenOn(t *testing.T) {
	s := &holding{simulation: simulation{serve: infinite(func(int) time.Duration { return time.Millisecond })}}
	job := Job{Load: load.Closed{Connections: 1}, Window: count(20), Requests: numbered(t, 0, "")}
	l := newLoop(s, &job, 0, 1, newGate([]driver{s}), newWatch(1))
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if got := len(l.slots[0].sheets.spares); s.worst != "" || got != holdingBack {
		t.Errorf("%d spares, want %d; %s", got, holdingBack, s.worst)
	}
}

// holding is a simulation that goes on reading its last few sends.
type holding struct {
	simulation
	held  [][]byte
	as    []string
	worst string
}

const holdingBack = 3

func (h *holding) unsent(int32) int { return len(h.held) }

func (h *holding) send(c int32, b []byte) {
	for i, k := range h.held {
		if string(k) != h.as[i] {
			h.worst = fmt.Sprintf("%q became %q", h.as[i], k)
		}
	}
	h.held, h.as = append(h.held, b), append(h.as, string(b))
	if len(h.held) > holdingBack {
		h.held, h.as = h.held[1:], h.as[1:]
	}
	h.simulation.send(c, []byte("GET / HTTP/1.1\r\n\r\n"))
}

// Requests that got no connection in time keep their values: those that others
// have do not depend on it.
func TestValuesBelongToArrivals(t *testing.T) {
	values := func(takes time.Duration) map[mono.Time]int64 {
		got := map[mono.Time]int64{}
		s := &simulation{
			serve: infinite(func(int) time.Duration { return takes }),
			dials: func(mono.Time) (time.Duration, syscall.Errno) { return 2 * takes, 0 },
		}
		job := Job{
			Load:   load.Open{Rate: 300, Connections: 1, Use: load.Use{Timeout: 50 * time.Millisecond}},
			Window: count(500), Requests: get(), Seed: 1,
		}
		l := simulated(s, &job)
		l.book.observe = func(r *request, how evidence.Outcome, _ mono.Time, _ bool) {
			if how != evidence.Unsent {
				got[r.due] = r.number
			}
		}
		if err := l.run(); err != nil {
			t.Fatal(err)
		}
		return got
	}
	all, some := values(100*time.Microsecond), values(40*time.Millisecond)
	if len(all) != 500 || len(some) > 450 {
		t.Fatalf("%d and %d were sent, want 500 and fewer", len(all), len(some))
	}
	for due, n := range some {
		if all[due] != n {
			t.Fatalf("the arrival at %d is number %d, and %d where some were not sent", due, all[due], n)
		}
	}
}

// Jobs of one engine have no number in common.
func TestJobsHaveNumbersOfTheirOwn(t *testing.T) {
	var p posted
	s := serve(t, reading(&p, false))
	e, err := Open(Config{Loops: 2})
	if err != nil {
		t.Skip(err)
	}
	defer e.Close()
	job := s.job(load.Closed{Connections: 4}, count(50))
	job.Requests = numbered(t, 0, "")
	for k := range uint64(3) {
		job.Seed = k
		if _, err := e.Run(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	p.check(t, 150)
}
