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

// spoiling has the machine swap during some trials, by number from 1, of
// whichever subject.
func spoiling(th *theatre, when func(trial int) bool) {
	n := 0
	th.lab.Watch = func() func(time.Duration) evidence.Activity {
		n++
		bad := when(n)
		return func(time.Duration) evidence.Activity {
			if bad {
				return evidence.Activity{SwappedIn: 5}
			}
			return evidence.Activity{}
		}
	}
}

func spoilt(th *theatre) (again, left int) {
	for _, e := range th.events {
		if e, ok := e.(BlockSpoilt); ok && e.Again {
			again++
		} else if ok {
			left++
		}
	}
	return again, left
}

// One invalid trial has its whole block repeated, in the same order and under
// the same arrivals, and everything stays on record.
func TestInvalidTrialRepeatsItsBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		spoiling(th, func(n int) bool { return n == 2 })
		if err := th.lab.Run(t.Context(), experiment(t, "a", "b"), rec); err != nil {
			t.Fatal(err)
		}
		if len(rec.lines) != 12+2 {
			t.Fatalf("%d trials on record; want 14", len(rec.lines))
		}
		for i := range 2 {
			first, second := rec.lines[i].Trial, rec.lines[i+2].Trial
			if second.Attempt != 1 || second.ID != first.ID+"-again1" || second.LoadSeed != first.LoadSeed || second.Block != first.Block {
				t.Errorf("%+v was repeated by %+v", first, second)
			}
		}
		if again, left := spoilt(th); again != 1 || left != 0 {
			t.Errorf("%d blocks repeated, %d left as they are; want 1 and 0", again, left)
		}
	})
}

// A block is repeated three times at most; one that stays invalid has those of
// its setting repeated no more.
func TestHopelessBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		spoiling(th, func(int) bool { return true })
		if err := th.lab.Run(t.Context(), experiment(t, "a", "b"), rec); err != nil {
			t.Fatal(err)
		}
		// Two settings in three rounds: six blocks, of which the first of each
		// setting is measured four times.
		if again, left := spoilt(th); again != 6 || left != 6 || len(rec.lines) != 2*(6+6) {
			t.Errorf("%d repeated, %d left, %d trials; want 6, 6, 24", again, left, len(rec.lines))
		}
	})
}

// No block is repeated once the budget is spent.
func TestRepeatsKeepTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		spoiling(th, func(int) bool { return true })
		x := experiment(t, "a", "b")
		x.Plan.Budget = time.Second
		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		if again, _ := spoilt(th); again != 0 || len(rec.lines) != 5 {
			t.Errorf("%d repeated, %d lines; want none, four trials and that the time was up", again, len(rec.lines))
		}
	})
}

// What a subject does wrong itself is no reason to repeat anything.
func TestOwnFaultsAreNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.during = func(_ context.Context, job engine.Job) bool {
			if hostOf(job) == "a" {
				close(th.up[len(th.up)-1].done)
				return true
			}
			return false
		}
		th.wrong = map[string]bool{"b": true}
		x := experiment(t, "b", "a")
		x.Plan.Rounds = plan.Rounds{Min: 1, Max: 1}
		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		for _, m := range rec.lines {
			if strings.Contains(m.Trial.ID, "again") {
				t.Errorf("%s is a repeat", m.Trial.ID)
			}
		}
	})
}

// A superseded attempt counts for nothing in the rule that stops on precision.
func TestPrecisionForgetsSupersededAttempts(t *testing.T) {
	w := newPrecision(&plan.Plan{Compare: plan.Throughput}, time.Second)
	book := func(attempt int, a, b uint64) {
		for r := 1; r <= 8; r++ {
			for name, n := range map[string]uint64{"a": a + uint64(r)*1000*uint64(1-attempt), "b": b} {
				tally := evidence.NewTally()
				tally.Window, tally.InWindow = 1e9, n
				m := &evidence.Measurement{Trial: evidence.Trial{Round: r, Block: 1, Attempt: attempt, Subject: name}, Tally: tally}
				if err := w.add(m); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	book(0, 1000, 1000)
	if w.reached(0.02) {
		t.Error("precise, though the ratio wanders")
	}
	book(1, 1000, 1000)
	if !w.reached(0.02) {
		t.Error("not precise, though the last attempts are all alike")
	}
	book(0, 1000, 1000) // come too late
	if !w.reached(0.02) {
		t.Error("an earlier attempt came back")
	}
}

// The forecast is arithmetic: an interval of half-width h after n rounds takes
// n·(h/target)² of them.
func TestForecast(t *testing.T) {
	p := &plan.Plan{Compare: plan.Throughput, Rounds: plan.Rounds{Min: 10, Max: 40, Until: 0.02}}
	w := newPrecision(p, time.Second)
	rounds(t, w, 2, 0.05)
	if _, ok := w.forecast(p, 2, time.Minute, 2*time.Minute); ok {
		t.Error("two rounds make a forecast")
	}
	rounds(t, w, 8, 0.05)
	f, ok := w.forecast(p, 8, time.Minute, 8*time.Minute)
	h := halfWidth(w.pairs()[0])
	want := int(8*h/0.01980262729617973*h/0.01980262729617973) + 1
	if !ok || f.Rounds != min(want, 40) || f.Left != time.Duration(f.Rounds-8)*time.Minute || f.OutOfTime {
		t.Errorf("%+v, %t; want %d rounds", f, ok, min(want, 40))
	}
	p.Budget = 10 * time.Minute
	if f, _ := w.forecast(p, 8, time.Minute, 8*time.Minute); f.Rounds != 10 || !f.OutOfTime || f.Left != 2*time.Minute {
		t.Errorf("with a budget: %+v", f)
	}
	p.Rounds.Until, p.Budget = 0, 0
	if f, ok := w.forecast(p, 1, time.Minute, time.Minute); !ok || f.Rounds != 40 || f.Left != 39*time.Minute {
		t.Errorf("all rounds: %+v, %t", f, ok)
	}
}
