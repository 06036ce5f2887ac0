package engine

import (
	"bytes"
	"container/heap"
	"errors"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/mono"
)

// A simulation is a driver without a kernel: a clock that stands still while
// the loop works and jumps while it waits, and a server that is a function of
// the test. It is exact to the nanosecond, so that what the loop records can be
// compared bit for bit with what must come out.
type simulation struct {
	clock mono.Time
	lines []simLine
	ahead future
	order int

	// dials is asked for each dial: how long it takes and how it ends. If nil,
	// every dial succeeds at once.
	dials func(at mono.Time) (takes time.Duration, err syscall.Errno)

	// serve is asked for each request, in the order sent: what happens on its
	// connection, and when.
	serve func(ask) []event

	// jitter, if not nil, is how long the clock runs on at each reading.
	jitter func() time.Duration

	requests int // sent
	attempts int // dials
	ended    [2]int
	down     bool
}

// An ask is a request as the simulated server sees it.
type ask struct {
	at     mono.Time
	number int // of the request, over all connections, from 0
	conn   int32
	nth    int // on its connection, from 0
	last   bool
}

// An event is something that will happen to a connection.
type event struct {
	at   mono.Time
	what happening
	data string
	err  syscall.Errno

	conn  int32
	life  int
	order int
}

type simLine struct {
	life  int
	live  bool // dialed, and neither closed nor ended
	asked int
	sent  mono.Time
}

// future is the events to come, soonest first.
type future []event

func (f future) Len() int { return len(f) }
func (f future) Less(i, j int) bool {
	if f[i].at != f[j].at {
		return f[i].at < f[j].at
	}
	return f[i].order < f[j].order
}
func (f future) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *future) Push(x any)   { *f = append(*f, x.(event)) }
func (f *future) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

func (s *simulation) name() string { return "simulation" }

func (s *simulation) now() mono.Time {
	if s.jitter != nil {
		s.clock = s.clock.Add(s.jitter())
	}
	return s.clock
}

func (s *simulation) dial(c int32) {
	for int(c) >= len(s.lines) {
		s.lines = append(s.lines, simLine{})
	}
	k := &s.lines[c]
	if k.live {
		panic("dialed a connection that is in use")
	}
	*k = simLine{life: k.life + 1, live: true}
	s.attempts++
	e := event{what: connected}
	if s.dials != nil {
		takes, err := s.dials(s.clock)
		e.at = s.clock.Add(takes)
		if e.err = err; err != 0 {
			e.what = failed
		}
	}
	s.expect(c, e)
}

func (s *simulation) expect(c int32, e event) {
	e.conn, e.life, e.order = c, s.lines[c].life, s.order
	e.at = max(e.at, s.clock)
	s.order++
	heap.Push(&s.ahead, e)
}

func (s *simulation) send(c int32, b []byte) {
	k := &s.lines[c]
	if !k.live {
		panic("sent on a connection that is not open")
	}
	k.sent = s.now()
	for len(b) > 0 {
		end := bytes.Index(b, []byte("\r\n\r\n")) + 4
		a := ask{at: k.sent, number: s.requests, conn: c, nth: k.asked,
			last: bytes.Contains(b[:end], []byte("close"))}
		b = b[end:]
		s.requests++
		k.asked++
		for _, e := range s.serve(a) {
			s.expect(c, e)
		}
	}
}

func (s *simulation) sources() int { return 1 }

func (s *simulation) unsent(int32) int { return 0 }

func (s *simulation) sentAt(c int32) mono.Time { return s.lines[c].sent }

func (s *simulation) close(c int32, how ending) {
	s.lines[c].live = false
	s.lines[c].life++
	s.ended[how]++
}

var errNothing = errors.New("simulation: nothing will ever happen")

func (s *simulation) wait(until mono.Time) error {
	s.skip()
	next := until
	if len(s.ahead) > 0 {
		next = min(next, s.ahead[0].at)
	}
	if next == mono.Never {
		return errNothing
	}
	s.clock = max(s.clock, next)
	return nil
}

// skip forgets what would have happened to connections that are no more.
func (s *simulation) skip() {
	for len(s.ahead) > 0 && s.lines[s.ahead[0].conn].life != s.ahead[0].life {
		heap.Pop(&s.ahead)
	}
}

func (s *simulation) next(c *completion) bool {
	s.skip()
	if len(s.ahead) == 0 || s.ahead[0].at > s.clock {
		return false
	}
	e := heap.Pop(&s.ahead).(event)
	*c = completion{conn: e.conn, what: e.what, err: e.err, at: s.now()}
	if e.what == received {
		c.data = []byte(e.data)
	}
	if e.what == failed || e.what == ended {
		s.lines[e.conn].life++ // nothing more comes
	}
	return true
}

func (s *simulation) wake() {}

func (s *simulation) shutdown() error { s.down = true; return nil }

// An end is how the loop booked one request.
type end struct {
	due, ready, sent, done mono.Time
	how                    evidence.Outcome
	right, counted, again  bool
}

func (e end) response() time.Duration { return e.done.Sub(e.due) }

// simulate carries out a job, with one loop, and returns all that was booked,
// in the order of outcomes.
func simulate(t testing.TB, s *simulation, job Job) (*evidence.Tally, []end) {
	t.Helper()
	var ends []end
	l := simulated(s, &job)
	l.book.observe = func(r *request, how evidence.Outcome, at mono.Time, right bool) {
		ends = append(ends, end{r.due, r.ready, r.sent, at, how, right, r.counted, r.again})
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	return l.book.tally, ends
}

func simulated(s *simulation, job *Job) *loop {
	if job.Requests == nil {
		job.Requests = get()
	}
	return newLoop(s, job, 0, 1, newGate([]driver{s}), newWatch(1))
}

// answerAt is a whole answer that arrives in one piece.
func answerAt(at mono.Time) []event { return []event{{at: at, what: received, data: hello}} }

// fifo is a server that serves one request after the other, number i taking
// takes(i).
func fifo(takes func(i int) time.Duration) func(ask) []event {
	var free mono.Time
	return func(a ask) []event {
		free = max(free, a.at).Add(takes(a.number))
		return answerAt(free)
	}
}

// infinite is a server that serves all requests at once.
func infinite(takes func(i int) time.Duration) func(ask) []event {
	return func(a ask) []event { return answerAt(a.at.Add(takes(a.number))) }
}

// several is a server of n hands, which take requests in the order they come.
func several(n int, takes func(i int) time.Duration) func(ask) []event {
	free := make([]mono.Time, n)
	return func(a ask) []event {
		h := soonest(free)
		free[h] = max(free[h], a.at).Add(takes(a.number))
		return answerAt(free[h])
	}
}

func soonest(free []mono.Time) int {
	h := 0
	for i := range free {
		if free[i] < free[h] {
			h = i
		}
	}
	return h
}

// stalling is a FIFO server that takes the same time for each request and does
// nothing for the first stall of every period.
func stalling(takes, stall, period time.Duration) func(ask) []event {
	var free mono.Time
	return func(a ask) []event {
		free = awake(max(free, a.at), stall, period)
		for left := takes; left > 0; {
			// Work stops when the next stall begins, and goes on after it.
			till := (free/mono.Time(period) + 1) * mono.Time(period)
			work := min(left, till.Sub(free))
			left -= work
			if free = free.Add(work); left > 0 {
				free = awake(free, stall, period)
			}
		}
		return answerAt(free)
	}
}

// awake returns at, or the end of the stall it falls in.
func awake(at mono.Time, stall, period time.Duration) mono.Time {
	into := at % mono.Time(period)
	if into < mono.Time(stall) {
		return at - into + mono.Time(stall)
	}
	return at
}
