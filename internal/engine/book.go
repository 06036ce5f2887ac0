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

	turning mono.Time // when the second being filled ends; 0 before the first

	statuses [1000]uint64 // what tally.Statuses will hold; a map costs more

	loopCPU, processCPU time.Duration // at the window's opening

	// observe, if not nil, is told every outcome. Tests set it.
	observe func(r *request, how evidence.Outcome, at mono.Time, right bool)
}

func newBook(s *span) *book {
	b := &book{span: s, tally: evidence.NewTally()}
	b.tally.Loops = 1
	return b
}

// answer books a complete answer, its last byte read at at.
func (b *book) answer(r *request, at mono.Time, status int, right bool) {
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
	if b.span.within(r.sent) {
		b.tally.Sent++
	}
	if r.counted {
		b.count(r, at, status, right)
	}
	if b.observe != nil {
		b.observe(r, evidence.Answered, at, right)
	}
}

// count books an answer to a request of the window.
func (b *book) count(r *request, at mono.Time, status int, right bool) {
	t := b.tally
	t.Outcomes[evidence.Answered]++
	b.statuses[status%len(b.statuses)]++
	t.BytesIn += uint64(r.in)
	t.BytesOut += uint64(r.out)
	if right {
		t.Response.Record(int64(at - r.due))
	} else {
		t.Wrong++
		t.ResponseWrong.Record(int64(at - r.due))
	}
	t.Service.Record(int64(at - r.sent))
	b.way(r)
}

// fail books a request that was not answered. Cause is an errno's name or a few
// words, always the same for the same cause.
func (b *book) fail(r *request, how evidence.Outcome, at mono.Time, cause string) {
	b.failed++
	if b.span.within(at) {
		b.second(at).Errors++
	}
	if r.handed && b.span.within(r.sent) {
		b.tally.Sent++
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
	t.Wait.Record(int64(r.ready - r.due))
	t.Lag.Record(int64(r.sent - r.ready))
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

// open reads the CPU clocks at the window's opening, on the loop's thread.
func (b *book) open() {
	b.loopCPU, b.processCPU = sys.ThreadCPU(), processCPU()
}

// close reads them at its closing.
func (b *book) close() {
	b.tally.LoopCPU = sys.ThreadCPU() - b.loopCPU
	b.tally.ClientCPU = processCPU() - b.processCPU
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
	t.Seconds = b.series.end()
}
