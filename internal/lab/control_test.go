package lab

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// roundsOf is x with so many rounds.
func roundsOf(x Experiment, n int) Experiment {
	x.Plan.Rounds = plan.Rounds{Min: n, Max: n}
	return x
}

// A subject that is skipped by hand is in no further trial, is stopped, and leaves
// one line in the record that says so.
func TestSkipByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.lab.Control = new(Control)
		trials := 0
		th.lab.Observe = func(e Event) {
			if _, ok := e.(TrialDone); ok {
				if trials++; trials == 3 {
					th.lab.Control.Skip("b")
				}
			}
			th.events = append(th.events, e)
		}
		if err := th.lab.Run(t.Context(), roundsOf(experiment(t, "a", "b"), 2), rec); err != nil {
			t.Fatal(err)
		}
		noted := 0
		for _, m := range rec.lines {
			if m.Failure != nil && m.Failure.Kind == evidence.ByHand {
				noted++
				if m.Trial.Block != 0 || !strings.Contains(m.Failure.Text, "by hand") {
					t.Errorf("recorded as %+v: %s", m.Trial, m.Failure.Text)
				}
				continue
			}
			if m.Trial.Subject == "b" && noted > 0 {
				t.Errorf("%s was carried out all the same", m.Trial.ID)
			}
		}
		if noted != 1 {
			t.Errorf("%d lines say that it was skipped, want 1", noted)
		}
	})
}

// While the run is paused no trial begins, and those of the block that was torn
// apart say so.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.lab.Control = new(Control)
		done := 0
		th.lab.Observe = func(e Event) {
			th.events = append(th.events, e)
			if _, ok := e.(TrialDone); !ok {
				return
			}
			if done++; done == 1 {
				th.lab.Control.Pause(true)
				time.AfterFunc(time.Hour, func() { th.lab.Control.Pause(false) })
			}
		}
		if err := th.lab.Run(t.Context(), roundsOf(experiment(t, "a", "b"), 1), rec); err != nil {
			t.Fatal(err)
		}
		noted := 0
		for _, m := range rec.lines {
			for _, n := range m.Notes {
				if n.Kind == "paused" {
					noted++
				}
			}
		}
		if noted != 1 {
			t.Errorf("%d trials say that the run was paused before them, want 1", noted)
		}
		if got := rec.lines[1].Began.Sub(rec.lines[0].Began); got < time.Hour {
			t.Errorf("the second trial began %v after the first, in spite of an hour's pause", got)
		}
	})
}

// Who pauses a run can still end it.
func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre()
		th.lab.Control = new(Control)
		th.lab.Control.Pause(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := th.lab.Run(ctx, roundsOf(experiment(t, "a", "b"), 1), new(paper)); err == nil {
			t.Error("a paused run ended as if nothing had been")
		}
	})
}

// A run that somebody ends after a round says so in its record.
func TestStopAfterRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.lab.Control = new(Control)
		th.lab.Observe = func(e Event) {
			if r, ok := e.(RoundStarted); ok && r.Round == 2 {
				th.lab.Control.StopAfterRound(true)
			}
		}
		if err := th.lab.Run(t.Context(), roundsOf(experiment(t, "a", "b"), 5), rec); err != nil {
			t.Fatal(err)
		}
		last := rec.lines[len(rec.lines)-1]
		if last.Trial.Round != 2 || len(last.Notes) != 1 || last.Notes[0].Kind != "stopped-by-hand" {
			t.Errorf("the last line is %+v, want a note that the run was stopped by hand after round 2", last)
		}
	})
}

// A trial in which webdyno stood still is invalid.
func TestSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.lab.Control = new(Control)
		trials := 0
		th.during = func(context.Context, engine.Job) bool {
			if trials++; trials == 2 {
				th.lab.Control.Suspending()
			}
			return false
		}
		if err := th.lab.Run(t.Context(), roundsOf(experiment(t, "a", "b"), 1), rec); err != nil {
			t.Fatal(err)
		}
		spoilt := 0
		for _, m := range rec.lines {
			if m.Failure != nil && m.Failure.Kind == evidence.Instrument {
				spoilt++
			}
		}
		if spoilt != 1 {
			t.Errorf("%d trials are invalid, want 1", spoilt)
		}
	})
}

// Nobody steers a run without a Control.
func TestNoControl(t *testing.T) {
	var c *Control
	if c.Paused() || c.Stopping() || c.Skipped("a") || c.suspended() != 0 || c.pausedUntil() != nil {
		t.Error("a nil Control asks for something")
	}
}
