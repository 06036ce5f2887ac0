package engine

import (
	"os"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// A book is where a loop writes down the outcome of every request that fell
// due: exactly one each.
type book struct {
	span   *span
	tally  *evidence.Tally
	series *series

	// Of warm-up and window, for those who look on.
	due, answered, wrong, failed uint64

	atOnce uint64 // requests that had no wait, and are not in the tally's Wait yet

	sent uint64        // of the window's requests, those whose way is booked
	lag  time.Duration // theirs, altogether

	turning mono.Time // when the second being filled ends; 0 before the first

	statuses [1000]uint64 // what tally.Statuses will hold; a map costs more

	openedAt            mono.Time     // when the clocks were read at the window's opening
	loopCPU, processCPU time.Duration // then
	preempted           int64         // likewise

	early   []time.Duration // receive lags that count if no later ones were left out
	thinned bool            // some were

	moments []Moment // its capacity is how many are kept

	// observe, if not nil, is told every outcome. Tests set it.
	observe func(r *request, how evidence.Outcome, at mono.Time, right bool)
}

// sampled is what a time of arrival is worth among all that a driver tells.
type sampled uint8

const (
	even    sampled = iota // one of a sample that is even over the whole load
	early                  // one more, from among a driver's first reads
	thinned                // one of the even sample, when there are no more beside it
)

// mostEarly is how many times of arrival a driver tells as early at most.
const mostEarly = 1000

func newBook(s *span) *book {
	b := &book{span: s, tally: evidence.NewTally(), early: make([]time.Duration, 0, mostEarly)}
	b.tally.Loops = 1
	return b
}

// answer books a complete answer, its last byte read at at by last.
func (b *book) answer(r *request, at mono.Time, last *completion, status int, right bool) {
	b.answered++
	if !right {
		b.wrong++
	}
	if b.span.within(at) {
		sec := b.second(at)
		sec.Answered++
		if right {
			b.tally.InWindow++
			sec.Response.Record(int64(at - r.due))
		} else {
			b.tally.WrongIn++
			sec.Errors++
		}
	}
	b.handed(r)
	if r.counted {
		b.count(r, at, last, status, right)
	}
	if b.observe != nil {
		b.observe(r, evidence.Answered, at, right)
	}
}

// handed books a request that was handed to the kernel: by when that was, and, if
// it fell due on the other side of an edge of the window, whether it had waited
// for a connection across it. That is the server's doing and no lateness of ours.
func (b *book) handed(r *request) {
	in := b.span.within(r.sent)
	if in {
		b.tally.Sent++
	}
	switch {
	case in == r.counted:
	case in && r.ready >= b.span.openAt:
		b.tally.HeldIn++
	case r.counted && r.ready >= b.span.closeAt:
		b.tally.HeldOver++
	}
}

// count books an answer to a request of the window.
func (b *book) count(r *request, at mono.Time, last *completion, status int, right bool) {
	t := b.tally
	t.Outcomes[evidence.Answered]++
	b.statuses[status%len(b.statuses)]++
	if r.ready < r.due || r.sent < r.ready || at < r.sent || r.in < leastAnswer || r.out < leastRequest {
		t.Unbalanced++
	}
	t.BytesIn += uint64(r.in)
	t.BytesOut += uint64(r.out)
	if right {
		t.Response.Record(int64(at - r.due))
	} else {
		t.Wrong++
		t.ResponseWrong.Record(int64(at - r.due))
	}
	t.Service.Record(int64(at - r.sent))
	if last.arrived > 0 {
		b.readLate(at.Sub(last.arrived), last.sampled)
	}
	b.way(r)
}

// The shortest answer and request that there can be, in bytes: a line and the empty
// one behind it.
const (
	leastAnswer  = int64(len("HTTP/1.1 200\r\n\r\n"))
	leastRequest = int64(len("GET / HTTP/1.0\r\n\r\n"))
)

// readLate books how long an answer lay until it was read.
func (b *book) readLate(lag time.Duration, as sampled) {
	if as == early {
		b.early = append(b.early, lag)
		return
	}
	b.thinned = b.thinned || as == thinned
	b.tally.ReceiveLag.Record(int64(lag))
}

// fail books a request that was not answered. Cause is an errno's name or a few
// words, always the same for the same cause.
func (b *book) fail(r *request, how evidence.Outcome, at mono.Time, cause string) {
	b.failed++
	if b.span.within(at) {
		b.second(at).Errors++
	}
	if r.handed {
		b.handed(r)
	}
	if r.counted {
		t := b.tally
		t.Outcomes[how]++
		t.Causes[cause]++
		t.BytesIn += uint64(r.in)
		t.BytesOut += uint64(r.out)
		if r.handed {
			b.way(r)
		}
	}
	if b.observe != nil {
		b.observe(r, how, at, false)
	}
}

// way books how a request came to be sent.
func (b *book) way(r *request) {
	t := b.tally
	if r.ready == r.due {
		b.atOnce++ // nearly all, on a connection that is kept
	} else {
		t.Wait.Record(int64(r.ready - r.due))
	}
	t.Lag.Record(int64(r.sent - r.ready))
	b.keep(r)
	b.sent++
	b.lag += r.sent.Sub(r.ready)
	if r.connect > 0 {
		t.Connect.Record(int64(r.connect))
	}
}

// second returns the second of the window that at falls in.
func (b *book) second(at mono.Time) *evidence.Second {
	if at >= b.turning { // else a division is spared
		index := (at - b.span.openAt) / mono.Time(time.Second)
		b.turning = b.span.openAt + (index+1)*mono.Time(time.Second)
		return b.series.at(int64(index))
	}
	return &b.series.now
}

// open reads the CPU clocks at the window's opening, on the loop's thread, now or
// after.
func (b *book) open(now mono.Time) {
	b.openedAt = now
	b.preempted = sys.ThreadPreempted()
	b.loopCPU, b.processCPU = sys.ThreadCPU(), processCPU()
}

// close reads them at its closing, which a loop notices when its turn is over: later
// than the window was to close, and hence what the loop used is of a span of its
// own. The clock is read outside of the CPU's, so that the span is never the
// shorter.
func (b *book) close(clock func() mono.Time) {
	b.tally.LoopCPU = sys.ThreadCPU() - b.loopCPU
	b.tally.LoopSpan = clock().Sub(b.openedAt)
	b.tally.ClientCPU = processCPU() - b.processCPU
	b.tally.Preempted = sys.ThreadPreempted() - b.preempted
}

func processCPU() time.Duration {
	d, err := sys.ProcessCPU(os.Getpid())
	if err != nil {
		return 0 // of oneself it cannot fail
	}
	return d
}

// finish completes the tally when the loop has stopped.
func (b *book) finish(open bool) {
	t := b.tally
	t.Wait.RecordN(0, b.atOnce)
	b.atOnce = 0
	for status, n := range b.statuses {
		if n > 0 {
			t.Statuses[status] = n
		}
	}
	t.WarmupRequests = uint64(b.span.warmed)
	if !b.span.opened {
		t.WarmupRequests = uint64(b.span.fell)
	}
	if b.span.opened {
		t.Warmup = b.span.openAt.Sub(b.span.start)
		t.Window = b.span.closeAt.Sub(b.span.openAt)
		if open {
			t.Offered = uint64(b.span.fell)
		}
		if last := b.span.closeAt - 1; last >= b.span.openAt {
			b.second(last) // seconds in which nothing ended count too
		}
	}
	if !b.thinned {
		for _, lag := range b.early {
			t.ReceiveLag.Record(int64(lag))
		}
	}
	t.Seconds = b.series.end()
}
