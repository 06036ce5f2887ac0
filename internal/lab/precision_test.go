package lab

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// rounds feeds w the throughput of two subjects for n rounds, b being slower by
// a fifth, with relative noise of sd.
func rounds(t *testing.T, w *precision, n int, sd float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for r := 1; r <= n; r++ {
		for i, name := range []string{"a", "b"} {
			tally := evidence.NewTally()
			tally.Window = 1e9
			tally.InWindow = uint64(100_000 * math.Pow(0.8, float64(i)) * math.Exp(sd*rng.NormFloat64()))
			m := &evidence.Measurement{Trial: evidence.Trial{Round: r, Block: 1, Subject: name}, Tally: tally}
			if err := w.add(m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Precision is reached once the interval is narrow, and never before there can
// be one. That the subjects clearly differ plays no part.
func TestPrecision(t *testing.T) {
	for _, c := range []struct {
		n    int
		sd   float64
		want bool
	}{
		{5, 0.0001, false}, // too few rounds for an interval
		{10, 0.005, true},
		{10, 0.2, false},
	} {
		w := newPrecision(&plan.Plan{Compare: plan.Throughput}, time.Second)
		rounds(t, w, c.n, c.sd)
		if got := w.reached(0.02); got != c.want {
			t.Errorf("%d rounds of noise %v: reached %v, want %v", c.n, c.sd, got, c.want)
		}
	}
}

// Nothing on record is no precision.
func TestNoPrecision(t *testing.T) {
	if newPrecision(&plan.Plan{Compare: plan.Throughput}, time.Second).reached(1) {
		t.Error("precise without a single trial")
	}
}

// A plan that asks for precision stops at the first round after the smallest
// number at which it is there: here every trial is alike.
func TestStopsWhenPrecise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		x.Plan.Rounds = plan.Rounds{Min: 8, Max: 40, Until: 0.02}
		x.Plan.Budget = 0

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		if last := rec.lines[len(rec.lines)-1].Trial.Round; last != 8 {
			t.Errorf("stopped after round %d; want 8", last)
		}
	})
}
