package lab

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/unit"
)

// A Control is how somebody steers a run that is under way. What is asked of it
// is honoured between trials, never within one. The zero Control asks for
// nothing; all methods may be called from any goroutine, and of a nil Control
// those that only ask.
type Control struct {
	mu      sync.Mutex
	paused  bool
	stop    bool
	skipped []string      // names of entries, in the order in which they were named
	noted   []string      // those of which that is on record
	away    int           // how often webdyno has been suspended
	changed chan struct{} // closed at the next change; nil while nobody waits for one
}

// Pause has no further trial begin until Pause(false).
func (c *Control) Pause(on bool) { c.change(func() { c.paused = on }) }

// Paused tells whether a pause is asked for.
func (c *Control) Paused() bool {
	return c.ask(func() bool { return c.paused })
}

// StopAfterRound has the run end after the round under way, as if it had been
// the last; StopAfterRound(false) takes that back.
func (c *Control) StopAfterRound(on bool) { c.change(func() { c.stop = on }) }

// Stopping tells whether the round under way is to be the last.
func (c *Control) Stopping() bool {
	return c.ask(func() bool { return c.stop })
}

// Skip has no further trial of an entry begin for the rest of the run.
func (c *Control) Skip(name string) {
	c.change(func() {
		if !slices.Contains(c.skipped, name) {
			c.skipped = append(c.skipped, name)
		}
	})
}

// Skipped tells whether an entry is to be skipped.
func (c *Control) Skipped(name string) bool {
	return c.ask(func() bool { return slices.Contains(c.skipped, name) })
}

// note tells whether it is still to be recorded that an entry is skipped, the
// first time that it is asked.
func (c *Control) note(name string) (first bool) {
	c.change(func() {
		if first = !slices.Contains(c.noted, name); first {
			c.noted = append(c.noted, name)
		}
	})
	return first
}

// Suspending tells that the whole of webdyno is about to stand still: what is
// being measured is spoilt.
func (c *Control) Suspending() { c.change(func() { c.away++ }) }

// suspended is how often webdyno has stood still so far.
func (c *Control) suspended() (n int) {
	c.ask(func() bool { n = c.away; return true })
	return n
}

func (c *Control) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

func (c *Control) ask(f func() bool) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return f()
}

// pausedUntil returns a channel that is closed when something changes, or nil if
// no pause is asked for.
func (c *Control) pausedUntil() <-chan struct{} {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paused {
		return nil
	}
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// pause waits for as long as a pause is asked for, and returns how long that was.
func (r *round) pause(ctx context.Context) (time.Duration, error) {
	changed := r.lab.Control.pausedUntil()
	if changed == nil {
		return 0, nil
	}
	began := time.Now()
	r.lab.observe(Paused{})
	for ; changed != nil; changed = r.lab.Control.pausedUntil() {
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Since(began), context.Cause(ctx)
		}
	}
	r.lab.observe(Resumed{After: time.Since(began)})
	return time.Since(began), nil
}

// pausedNote says that a trial is farther from those of its block than it was to
// be.
func pausedNote(d time.Duration) evidence.Note {
	return evidence.Note{Kind: "paused", Grade: evidence.B, Text: fmt.Sprintf(
		"the run was paused by hand for %.0f s before it: the trials of its block are not close together in time", d.Seconds())}
}

// suspension is what became of a trial in which webdyno stood still.
func suspension() *evidence.Failure {
	return &evidence.Failure{Kind: evidence.Instrument, Text: "webdyno was suspended meanwhile (Ctrl-Z)"}
}

// excuse takes the subject of s out of the run for good where that was asked
// for, and records it once. It tells whether there is to be no trial.
func (r *round) excuse(s *seat) (bool, error) {
	if !r.lab.Control.Skipped(s.entry.Name) {
		return false, nil
	}
	if !r.lab.Control.note(s.entry.Name) || slices.Contains(r.x.Skipped, s.entry.Name) {
		return true, nil
	}
	f := evidence.Failure{Kind: evidence.ByHand, Text: fmt.Sprintf("skipped by hand in round %d", r.n)}
	m := &evidence.Measurement{Trial: r.identify(s.entry), Began: time.Now(), Host: unwatched, Failure: &f}
	m.Trial.ID = fmt.Sprintf("r%02d-skipped-%s", r.n, s.entry.Name)
	if err := r.rec.Append(m); err != nil {
		return true, err
	}
	r.lab.observe(SubjectSkipped{Name: s.entry.Name})
	return true, r.takeDown(s)
}

// stoppedByHand records that somebody ended the run after so many rounds. Who
// looks at intervals and then stops may have waited for the answer he likes: the
// reader must be told.
func (x *Experiment) stoppedByHand(rec Record, rounds int) error {
	return x.ended(rec, rounds, "stopped", evidence.Note{Kind: "stopped-by-hand", Grade: evidence.B, Text: fmt.Sprintf(
		"the run was ended by hand after round %d of at most %d, while its figures were to be seen", rounds, x.Plan.Rounds.Max)})
}

// outOfTime records that the budget ended the run after so many rounds. Time does
// not look at figures: it costs no grade.
func (x *Experiment) outOfTime(rec Record, rounds int) error {
	return x.ended(rec, rounds, "out-of-time", evidence.Note{Kind: evidence.BudgetSpent, Text: fmt.Sprintf(
		"the run was ended by its budget of %s after round %d of at most %d", unit.Duration(x.Plan.Budget), rounds, x.Plan.Rounds.Max)})
}

// ended records why there is no further round: a line that is of no subject. IDs are
// not written twice, though the run may end there more than once.
func (x *Experiment) ended(rec Record, rounds int, what string, why evidence.Note) error {
	m := &evidence.Measurement{
		Trial: evidence.Trial{ID: fmt.Sprintf("r%02d-%s", rounds, what), Round: rounds},
		Began: time.Now(), Host: unwatched,
		Notes: []evidence.Note{why},
	}
	for n := 1; slices.ContainsFunc(x.Past, func(p Past) bool { return p.Trial.ID == m.Trial.ID }); n++ {
		m.Trial.ID = fmt.Sprintf("r%02d-%s-again%d", rounds, what, n)
	}
	return rec.Append(m)
}
