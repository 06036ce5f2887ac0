package engine

import (
	"cmp"
	"slices"
	"time"
)

// A Trace keeps when requests were due and when they were sent, one by one: what
// distributions cannot tell, and what a test of the arrivals has to know.
type Trace struct {
	Most    int      // requests of the window that each loop keeps: its first; set by the caller
	Moments []Moment // filled in by Run, in the order in which they were due
}

// A Moment is when one request was due, and when it was handed to the kernel,
// both from the window's opening.
type Moment struct{ Due, Sent time.Duration }

// trace has the book keep moments.
func (b *book) trace(t *Trace) {
	if t != nil {
		b.moments = make([]Moment, 0, max(t.Most, 0))
	}
}

// keep adds a request of the window that was sent. It does not allocate.
func (b *book) keep(r *request) {
	if len(b.moments) < cap(b.moments) {
		b.moments = append(b.moments, Moment{r.due.Sub(b.span.openAt), r.sent.Sub(b.span.openAt)})
	}
}

// collect brings the loops' moments together.
func (t *Trace) collect(loops []*loop) {
	if t == nil {
		return
	}
	t.Moments = nil
	for _, l := range loops {
		t.Moments = append(t.Moments, l.book.moments...)
	}
	slices.SortStableFunc(t.Moments, func(a, b Moment) int { return cmp.Compare(a.Due, b.Due) })
}
