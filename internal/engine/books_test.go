package engine

import (
	"math/rand/v2"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/workload"
)

// moods are the ways in which an unreliable server takes a request. Each gets
// the time its doing takes.
var moods = []func(a ask, takes time.Duration) []event{
	func(a ask, d time.Duration) []event { return answerAt(a.at.Add(d)) },
	func(a ask, d time.Duration) []event { return nil }, // silence
	func(a ask, d time.Duration) []event { return []event{{at: a.at.Add(d), what: ended}} },
	func(a ask, d time.Duration) []event {
		return []event{{at: a.at.Add(d), what: failed, err: syscall.ECONNRESET}}
	},
	func(a ask, d time.Duration) []event { // in two parts
		return []event{{at: a.at.Add(d / 2), what: received, data: hello[:30]}, {at: a.at.Add(d), what: received, data: hello[30:]}}
	},
	func(a ask, d time.Duration) []event { // cut
		return []event{{at: a.at.Add(d), what: received, data: hello[:30]}, {at: a.at.Add(d), what: ended}}
	},
	func(a ask, d time.Duration) []event {
		return []event{{at: a.at.Add(d), what: received, data: "SSH-2.0-OpenSSH_9.2\r\n"}}
	},
	func(a ask, d time.Duration) []event { // asks us to leave, and ends
		return []event{
			{at: a.at.Add(d), what: received, data: "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
			{at: a.at.Add(2 * d), what: ended},
		}
	},
	func(a ask, d time.Duration) []event { // to the connection's end
		return []event{{at: a.at.Add(d), what: received, data: "HTTP/1.0 200 OK\r\n\r\nhello"}, {at: a.at.Add(2 * d), what: ended}}
	},
	func(a ask, d time.Duration) []event { // more than was asked for
		return []event{{at: a.at.Add(d), what: received, data: hello + hello}}
	},
	func(a ask, d time.Duration) []event { // an answer, and a farewell while idle
		return append(answerAt(a.at.Add(d)), event{at: a.at.Add(d + time.Millisecond), what: ended})
	},
}

// unreliable draws a server from a seed: its moods, how long things take, and
// how dials end.
func unreliable(seed uint64, kinds []int) *simulation {
	rng := rand.New(rand.NewPCG(seed, 2))
	takes := func() time.Duration { return time.Duration(rng.ExpFloat64() * float64(5*time.Millisecond)) }
	return &simulation{
		serve: func(a ask) []event { return moods[kinds[rng.IntN(len(kinds))]](a, takes()) },
		dials: func(mono.Time) (time.Duration, syscall.Errno) {
			switch rng.IntN(12) {
			case 0:
				return takes(), syscall.ECONNREFUSED
			case 1:
				return 0, syscall.EADDRNOTAVAIL
			case 2:
				return time.Hour, 0
			}
			return takes() / 4, 0
		},
		jitter: func() time.Duration { return time.Duration(rng.IntN(300)) },
	}
}

func drawLoad(t *rapid.T) load.Load {
	use := load.Use{
		PerConnection: rapid.SampledFrom([]int{0, 0, 1, 2, 7}).Draw(t, "per connection"),
		Pipeline:      rapid.SampledFrom([]int{0, 1, 2, 5}).Draw(t, "pipeline"),
		Close:         load.Close(rapid.IntRange(0, 2).Draw(t, "close")),
		Timeout:       time.Duration(rapid.IntRange(5, 80).Draw(t, "timeout")) * time.Millisecond,
	}
	n := rapid.IntRange(1, 20).Draw(t, "connections")
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		c := load.Closed{Connections: n, Use: use}
		if use.Depth() == 1 {
			c.Think = time.Duration(rapid.SampledFrom([]int{0, 0, 1, 3, 40}).Draw(t, "think")) * time.Millisecond
			c.Thinking = load.Thinking(rapid.IntRange(0, 1).Draw(t, "thinking"))
		}
		return c
	case 1:
		return load.Open{Rate: 2000, Connections: n, Use: use, Arrivals: load.Arrivals(rapid.IntRange(0, 1).Draw(t, "arrivals"))}
	}
	return load.Open{Rate: 2000, MaxConnections: rapid.IntRange(0, 30).Draw(t, "most"), Use: use}
}

func drawExtent(t *rapid.T, name string, least int) load.Extent {
	e := load.Extent{}
	if rapid.Bool().Draw(t, name+" by time") {
		e.Time = time.Duration(rapid.IntRange(least, 300).Draw(t, name)) * time.Millisecond
	}
	if e.Time == 0 || rapid.Bool().Draw(t, name+" by count") {
		e.Count = int64(rapid.IntRange(least, 400).Draw(t, name+" count"))
	}
	return e
}

// Whatever a server does, every request that fell due has one outcome, its
// times are in order, every connection that was opened was closed, and the
// trial comes to its end.
func TestBooksBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfN(rapid.IntRange(0, len(moods)-1), 1, 8).Draw(t, "moods")
		s := unreliable(rapid.Uint64().Draw(t, "seed"), kinds)
		job := Job{Load: drawLoad(t), Warmup: drawExtent(t, "warm-up", 0), Window: drawExtent(t, "window", 1), Requests: get(), Seed: 3}
		if rapid.Bool().Draw(t, "two requests") {
			job.Requests.Requests = append(job.Requests.Requests, workload.Request{
				Bytes: []byte("HEAD /a HTTP/1.1\r\n\r\n"), Expect: workload.Expect{Bytes: -1}, Head: true,
			})
		}
		l := simulated(s, &job)
		tell := books{l: l}
		l.book.observe = tell.outcome
		done := make(chan error, 1)
		go func() { done <- l.run() }()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		tell.check(t)
		if e := job.Window; e.Time == 0 && l.book.tally.Due() != uint64(e.Count) {
			t.Errorf("%d due, want %d", l.book.tally.Due(), e.Count)
		}
		for i := range s.lines {
			if s.lines[i].live {
				t.Errorf("connection %d was left open", i)
			}
		}
	})
}

// books keeps a second account of a loop's outcomes.
type books struct {
	l      *loop
	all    uint64
	by     [evidence.NumOutcomes]uint64
	wrong  uint64
	inside uint64
	faults []string
}

func (b *books) outcome(r *request, how evidence.Outcome, at mono.Time, right bool) {
	b.all++
	if b.l.span.opened && how == evidence.Answered && right && at >= b.l.span.openAt && at < b.l.span.closeAt {
		b.inside++
	}
	if at < r.due {
		b.faults = append(b.faults, "done before due")
	}
	if r.handed && (r.ready < r.due || r.sent < r.ready || at < r.sent) {
		b.faults = append(b.faults, "times out of order")
	}
	if how == evidence.Answered && at.Sub(r.due) > b.l.limit {
		b.faults = append(b.faults, "answered after its timeout")
	}
	if r.connect > r.ready.Sub(r.due) && r.handed {
		b.faults = append(b.faults, "connecting took longer than waiting")
	}
	if r.counted {
		b.by[how]++
		if how == evidence.Answered && !right {
			b.wrong++
		}
	}
}

func (b *books) check(t rapid.TB) {
	tally := b.l.book.tally
	if len(b.faults) > 0 {
		t.Fatalf("%d faults, the first: %s", len(b.faults), b.faults[0])
	}
	if tally.Outcomes != b.by || tally.Wrong != b.wrong {
		t.Errorf("outcomes %v, wrong %d; want %v, %d", tally.Outcomes, tally.Wrong, b.by, b.wrong)
	}
	if b.all != tally.Due()+tally.WarmupRequests || b.l.book.due != b.all {
		t.Errorf("%d outcomes for %d due in the window, %d in the warm-up; %d were shown", b.all, tally.Due(), tally.WarmupRequests, b.l.book.due)
	}
	if _, ok := b.l.job.Load.(load.Open); ok && tally.Offered != tally.Due() {
		t.Errorf("%d offered, %d due", tally.Offered, tally.Due())
	}
	if tally.Unbalanced > 0 {
		t.Errorf("of %d requests the times or bytes do not add up", tally.Unbalanced)
	}
	if tally.InWindow != b.inside {
		t.Errorf("%d right answers in the window, want %d", tally.InWindow, b.inside)
	}
	var causes, answered, errors uint64
	for _, n := range tally.Causes {
		causes += n
	}
	if causes != tally.Due()-tally.Outcomes[evidence.Answered] {
		t.Errorf("causes %v of outcomes %v", tally.Causes, tally.Outcomes)
	}
	for _, s := range tally.Seconds {
		answered += s.Answered
		errors += s.Errors
	}
	if answered != tally.InWindow+tally.WrongIn {
		t.Errorf("seconds add up to %d answers, want %d + %d", answered, tally.InWindow, tally.WrongIn)
	}
	if c := tally.Connections; c.Opened != c.ClosedByServer+c.ClosedByUs {
		t.Errorf("connections %+v: opened and closed differ", c)
	}
	if n := tally.Response.Count() + tally.ResponseWrong.Count(); n != tally.Outcomes[evidence.Answered] {
		t.Errorf("%d responses recorded of %d answered", n, tally.Outcomes[evidence.Answered])
	}
}

// A backward driver says that everything was sent before it was due.
type backward struct{ frugal }

func (*backward) sentAt(int32) mono.Time { return -1 }

// Times that do not follow one another cannot add up to the response time: the
// engine says of how many requests they do not.
func TestUnbalancedTimesAreCounted(t *testing.T) {
	s := &backward{frugal{reply: []event{{what: received, data: hello}}}}
	job := Job{Load: load.Closed{Connections: 2}, Window: count(100), Requests: get()}
	l := newLoop(s, &job, 0, 1, newGate([]driver{s}), newWatch(1))
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if got := l.book.tally; got.Unbalanced != 100 || got.Right() != 100 {
		t.Errorf("%d of %d right answers are unbalanced, want all 100", got.Unbalanced, got.Right())
	}
}

// A loop that is told to stop leaves nothing without an outcome.
func TestStoppedLoopBooksTheRestAsUnfinished(t *testing.T) {
	for name, ld := range map[string]load.Load{
		"closed":    load.Closed{Connections: 5},
		"a pool":    load.Open{Rate: 1000, Connections: 5},
		"on demand": load.Open{Rate: 1000, MaxConnections: 5},
	} {
		t.Run(name, func(t *testing.T) {
			var l *loop
			s := &simulation{}
			s.serve = func(a ask) []event {
				if a.number < 50 {
					return answerAt(a.at.Add(time.Millisecond))
				}
				l.stop.Store(true)
				return nil
			}
			job := Job{Load: ld, Window: lasting(time.Minute), Warmup: count(10)}
			l = simulated(s, &job)
			if err := l.run(); err != nil {
				t.Fatal(err)
			}
			tally := l.book.tally
			if !l.cut || tally.Outcomes[evidence.Unfinished] == 0 {
				t.Errorf("cut %v, outcomes %v; want some unfinished", l.cut, tally.Outcomes)
			}
			if tally.Due()+tally.WarmupRequests != l.book.answered+tally.Outcomes[evidence.Unfinished] {
				t.Errorf("outcomes %v after a warm-up of %d", tally.Outcomes, tally.WarmupRequests)
			}
			if tally.Window <= 0 || tally.Window > time.Second {
				t.Errorf("window of %v, want what it had lasted", tally.Window)
			}
		})
	}
}

// The path of a request allocates nothing, on any kind of load: with the
// collector off, garbage would grow with the number of requests.
func TestRequestsAllocateNothing(t *testing.T) {
	reply := []event{{what: received, data: hello}}
	for name, ld := range map[string]load.Load{
		"closed":            load.Closed{Connections: 8},
		"with think times":  load.Closed{Connections: 8, Think: 100 * time.Microsecond},
		"pipelined":         load.Closed{Connections: 8, Use: load.Use{Pipeline: 8}},
		"a connection each": load.Closed{Connections: 8, Use: load.Use{PerConnection: 1, Close: load.ByFIN}},
		"a pool":            load.Open{Rate: 1e5, Connections: 8},
		"on demand":         load.Open{Rate: 1e5},
	} {
		t.Run(name, func(t *testing.T) {
			few, many := uint64(0), uint64(0)
			for _, n := range []int64{20000, 120000} {
				s := &frugal{simulation: simulation{ahead: make(future, 0, 1000)}, reply: reply}
				job := Job{Load: ld, Window: count(n), Requests: get()}
				l := newLoop(s, &job, 0, 1, newGate([]driver{s}), newWatch(1))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if err := l.run(); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				if got := l.book.tally.Right(); got != uint64(n) {
					t.Fatalf("%d right, want %d", got, n)
				}
				few, many = many, after.Mallocs-before.Mallocs
			}
			// What is left is what the series takes: a few allocations a second.
			if many > few+500 {
				t.Errorf("%d allocations for 20,000 requests, %d for 120,000", few, many)
			}
		})
	}
}

// frugal is a simulation that allocates nothing itself: connections succeed at
// once and every answer comes after 50 µs.
type frugal struct {
	simulation
	reply []event
	fifo  [4096]completion
	in    int
	out   int
}

func (f *frugal) put(c completion) {
	f.fifo[f.in%len(f.fifo)] = c
	f.in++
}

func (f *frugal) dial(c int32)           { f.put(completion{conn: c, what: connected, at: f.clock}) }
func (f *frugal) sentAt(int32) mono.Time { return f.clock }
func (f *frugal) close(int32, ending)    {}

var helloBytes = []byte(hello)

func (f *frugal) send(c int32, b []byte) {
	for n := 0; n < len(b); n += len("GET / HTTP/1.1\r\nHost: test\r\n\r\n") {
		f.put(completion{conn: c, what: received, data: helloBytes, at: f.clock.Add(50 * time.Microsecond)})
	}
}

func (f *frugal) wait(until mono.Time) error {
	if f.in > f.out {
		until = min(until, f.fifo[f.out%len(f.fifo)].at)
	}
	f.clock = max(f.clock, until)
	return nil
}

func (f *frugal) next(c *completion) bool {
	if f.in == f.out || f.fifo[f.out%len(f.fifo)].at > f.clock {
		return false
	}
	*c = f.fifo[f.out%len(f.fifo)]
	f.out++
	return true
}

// What a request costs besides the kernel: scheduling, parsing, checking and
// recording.
func BenchmarkRequest(b *testing.B) {
	for name, ld := range map[string]load.Load{
		"closed":    load.Closed{Connections: 64},
		"pipelined": load.Closed{Connections: 64, Use: load.Use{Pipeline: 16}},
		"thinking":  load.Closed{Connections: 64, Think: 100 * time.Microsecond},
		"open":      load.Open{Rate: 1e5, Connections: 64},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := &frugal{}
			job := Job{Load: ld, Window: count(int64(b.N)), Requests: get()}
			l := newLoop(s, &job, 0, 1, newGate([]driver{s}), newWatch(1))
			b.ResetTimer()
			if err := l.run(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// varied is a frugal one whose answers differ.
type varied struct {
	frugal
	answers []string
	sent    int
}

func (v *varied) send(c int32, _ []byte) {
	v.put(completion{conn: c, what: received, data: []byte(v.answers[v.sent]), at: v.clock.Add(50 * time.Microsecond)})
	v.sent++
}

// An answer that need not be read, because one like it was right, is told from
// all others: however often it has come before them, and whatever comes after.
func TestRepeatedAnswersAreAsRead(t *testing.T) {
	kinds := []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", // the right ones
		"HTTP/1.1 201 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo", // the wrong ones
		"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell",
	}
	rapid.Check(t, func(t *rapid.T) {
		v := &varied{}
		statuses := map[int]uint64{}
		var wrong, otherBytes, bytes uint64
		for len(v.answers) < 60 {
			kind := rapid.IntRange(-3, len(kinds)-1).Draw(t, "kind")
			for range rapid.IntRange(1, 4).Draw(t, "times") {
				k := max(kind, 0)
				v.answers = append(v.answers, kinds[k])
				status, _ := strconv.Atoi(kinds[k][len("HTTP/1.1 "):][:3])
				statuses[status]++
				bytes += uint64(len(strings.TrimSuffix(kinds[k], "!")))
				if k >= 3 {
					wrong++
				}
				if k == 3 || k == 6 {
					otherBytes++
				}
			}
		}
		n := len(v.answers)
		job := Job{Load: load.Closed{Connections: 1}, Window: count(int64(n)), Requests: get()}
		job.Requests.Requests[0].Expect.Body = []byte("hello")
		l := newLoop(v, &job, 0, 1, newGate([]driver{v}), newWatch(1))
		if err := l.run(); err != nil {
			t.Fatal(err)
		}
		got := l.book.tally
		if got.Outcomes[evidence.Answered] != uint64(n) || got.Wrong != wrong || got.WrongBytes != otherBytes || got.BytesIn != bytes {
			t.Errorf("%d answers, %d wrong, %d of other bytes, %d bytes; want %d, %d, %d, %d",
				got.Outcomes[evidence.Answered], got.Wrong, got.WrongBytes, got.BytesIn, n, wrong, otherBytes, bytes)
		}
		if !reflect.DeepEqual(got.Statuses, statuses) {
			t.Errorf("statuses %v, want %v", got.Statuses, statuses)
		}
		if got.Wait.Count() != uint64(n) {
			t.Errorf("%d waits, want %d", got.Wait.Count(), n)
		}
	})
}
