package report

import (
	"math"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// secondBySecond returns a tally whose seconds hold so many right answers.
func secondBySecond(window time.Duration, right ...int) *evidence.Tally {
	t := evidence.NewTally()
	t.Window = window
	for _, n := range right {
		h := latency.NewCoarse()
		h.RecordN(1000, uint64(n))
		t.Seconds = append(t.Seconds, evidence.Second{Answered: uint64(n) + 5, Errors: 5, Response: h})
	}
	return t
}

// The deviation of 2, 4, 4, 4, 5, 5, 7, 9 is the root of 32/7; wrong answers
// and a second that was cut short are no part of it. Fewer than three seconds
// have none, which is not the same as none at all.
func TestDeviation(t *testing.T) {
	for _, x := range []struct {
		tally *evidence.Tally
		want  Number
	}{
		{secondBySecond(8*time.Second, 2, 4, 4, 4, 5, 5, 7, 9), exactly(math.Sqrt(32.0 / 7))},
		{secondBySecond(8500*time.Millisecond, 2, 4, 4, 4, 5, 5, 7, 9, 1), exactly(math.Sqrt(32.0 / 7))},
		{secondBySecond(3*time.Second, 7, 7, 7), exactly(0)},
		{secondBySecond(2900*time.Millisecond, 1, 2, 3), Number{}},
		{secondBySecond(5*time.Second, 1, 2, 3), Number{}}, // the rest is not known
	} {
		if got := deviation(x.tally); got.Kind != x.want.Kind || math.Abs(got.X-x.want.X) > 1e-12 {
			t.Errorf("%d seconds of %v: got %v, want %v", len(x.tally.Seconds), x.tally.Window, got, x.want)
		}
	}
	s := &sample{blocks: []*digest{{deviation: exactly(3)}, {deviation: exactly(4)}, {}}}
	if got := s.measure(plan.Deviation, time.Second).X; math.Abs(got-math.Sqrt(12.5)) > 1e-12 {
		t.Errorf("blocks of 3 and 4: got %v, want the root of their mean variance", got)
	}
	if got := (&sample{blocks: []*digest{{}}}).measure(plan.Deviation, time.Second); got.Known() {
		t.Errorf("of nothing: got %v", got)
	}
}

// A server that answers 600 of 1000 in the window, and 300 of the others after
// it, does 600 per second and puts 900 to rights.
func TestGoodputCountsWhatFellDue(t *testing.T) {
	tally := evidence.NewTally()
	tally.Window, tally.InWindow, tally.Wrong = time.Second, 600, 20
	tally.Outcomes[evidence.Answered], tally.Outcomes[evidence.TimedOut] = 920, 80
	m := &evidence.Measurement{Tally: tally}
	if got, _ := Value(plan.Goodput, m); got != 900 {
		t.Errorf("goodput %v, want 900", got)
	}
	if got, _ := Value(plan.Throughput, m); got != 600 {
		t.Errorf("throughput %v, want 600", got)
	}
}
