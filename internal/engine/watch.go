package engine

import (
	"sync/atomic"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// A Snapshot is how far a job has come, warm-up included.
type Snapshot struct {
	Due      uint64 // requests that fell due
	Answered uint64 // of these: answered, rightly or wrongly
	Wrong    uint64 // of the answered: other than expected
	Failed   uint64 // not answered, for whatever reason
	Window   bool   // the window is open

	Sent uint64        // of the window's requests: handed to the kernel, their outcome known
	Lag  time.Duration // of these, altogether
}

// Progress tells how far the job under way has come, or the last one if none
// is. It may be called from any goroutine at any time, and is never behind by
// more than the turn a loop is in. The number of answers between two moments is
// the difference of two snapshots.
func (e *Engine) Progress() Snapshot {
	var s Snapshot
	w := e.watched.Load()
	for i := range w.loops {
		p := &w.loops[i]
		s.Due += p.due.Load()
		s.Answered += p.answered.Load()
		s.Wrong += p.wrong.Load()
		s.Failed += p.failed.Load()
		s.Sent += p.sent.Load()
		s.Lag += time.Duration(p.lag.Load())
	}
	s.Window = w.open.Load() > 0
	return s
}

// LastSecond returns what ended in the newest second of the window that is over,
// on all loops together; it says false if there is none yet. It may be called as
// [Engine.Progress] may. A loop that ended nothing in that second is a second
// behind with what it says.
func (e *Engine) LastSecond() (sec evidence.Second, ok bool) {
	sec.Response = latency.NewCoarse()
	w := e.watched.Load()
	for i := range w.loops {
		s := w.loops[i].second.Load()
		if s == nil {
			continue
		}
		ok = true
		sec.Answered += s.Answered
		sec.Errors += s.Errors
		sec.Response.Merge(s.Response)
	}
	return sec, ok
}

// A watch is what loops show to others while they run. Nothing of a loop's own
// is shared: it copies its counters there once a turn.
type watch struct {
	loops []published
	open  atomic.Int32 // loops whose window is open

	// edges takes each loop's two edges; it has room for all of them, so that a
	// loop never waits. The last loop to have stopped closes it, by way of follow.
	edges chan Edge
}

// published is the counters of one loop, on cache lines of their own.
type published struct {
	due, answered, wrong, failed, sent, lag atomic.Uint64

	second atomic.Pointer[evidence.Second] // the newest that is over; its keeper shows it, and nobody changes it again

	_ [72]byte
}

func newWatch(loops int) *watch {
	return &watch{loops: make([]published, loops), edges: make(chan Edge, 2*loops)}
}

// publish shows a loop's counters.
func (p *published) publish(b *book) {
	put := func(to *atomic.Uint64, v uint64) {
		// A load is free where a store costs a locked instruction.
		if to.Load() != v {
			to.Store(v)
		}
	}
	put(&p.due, b.due)
	put(&p.answered, b.answered)
	put(&p.wrong, b.wrong)
	put(&p.failed, b.failed)
	put(&p.sent, b.sent)
	put(&p.lag, uint64(b.lag))
}

// pass tells that a loop's window has opened or closed.
func (w *watch) pass(e Edge) {
	if e == WindowOpened {
		w.open.Add(1)
	} else {
		w.open.Add(-1)
	}
	w.edges <- e
}

// follow calls tell at the edges of the job: the first opening, the last
// closing. The returned function, called when all loops have stopped, waits
// until everything has been told.
func (w *watch) follow(tell func(Edge)) (finish func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.relay(tell)
	}()
	return func() {
		close(w.edges)
		<-done
	}
}

func (w *watch) relay(tell func(Edge)) {
	if tell == nil {
		tell = func(Edge) {}
	}
	opened, closed := 0, 0
	for e := range w.edges {
		if e == WindowClosed {
			closed++
		} else {
			opened++
		}
		if e == WindowOpened && opened == 1 {
			tell(WindowOpened)
		}
		if closed == len(w.loops) {
			tell(WindowClosed)
		}
	}
	if opened > 0 && closed < len(w.loops) {
		tell(WindowClosed) // the job was cut short
	}
}

// A series is the window second by second. The loop fills one second at a time
// and hands it over; a keeper, on a goroutine of its own, keeps what is in it
// and gives the histogram back, so that an hour's window takes neither the
// loop's time nor 36 KiB a second.
type series struct {
	full  chan evidence.Second
	spare chan *latency.Histogram
	kept  chan []evidence.Second // one message: everything

	index int64 // of the second being filled
	now   evidence.Second
	begun bool
}

// spareSeconds is how many seconds the keeper may be behind before the loop has
// to make histograms itself.
const spareSeconds = 4

func startSeries(shown *published) *series {
	s := &series{
		full:  make(chan evidence.Second, spareSeconds),
		spare: make(chan *latency.Histogram, spareSeconds),
		kept:  make(chan []evidence.Second, 1),
	}
	for range spareSeconds {
		s.spare <- latency.NewCoarse()
	}
	go s.keep(shown)
	return s
}

// keep runs until the loop closes full.
func (s *series) keep(shown *published) {
	var kept []evidence.Second
	for sec := range s.full {
		dense := sec.Response
		sec.Response = dense.Clone()
		kept = append(kept, sec)
		shown.second.Store(&sec)
		dense.Reset()
		select {
		case s.spare <- dense:
		default:
		}
	}
	s.kept <- kept
}

// at returns the second with that index, counted from the window's opening.
// Indices do not decrease.
func (s *series) at(index int64) *evidence.Second {
	if !s.begun {
		s.begun = true
		s.now = evidence.Second{Response: s.histogram()}
	}
	for ; s.index < index; s.index++ {
		s.full <- s.now
		s.now = evidence.Second{Response: s.histogram()}
	}
	return &s.now
}

func (s *series) histogram() *latency.Histogram {
	select {
	case h := <-s.spare:
		return h
	default:
		return latency.NewCoarse()
	}
}

// end returns all seconds and ends the keeper.
func (s *series) end() []evidence.Second {
	if s.begun {
		s.full <- s.now
	}
	close(s.full)
	return <-s.kept
}
