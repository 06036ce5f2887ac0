package evidence

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"webdyno/internal/latency"
)

// Tallies come together the same way however they are grouped and ordered: that
// is what lets loops, engines and rounds be added up.
func TestMergeIsAssociativeAndCommutative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := tallies(t)
		left := sum(sum(a, b), c)
		right := sum(a, sum(c, b))
		if d := cmp.Diff(left, right, cmp.Comparer(sameHistogram)); d != "" {
			t.Errorf("(a+b)+c and a+(c+b) differ:\n%s", d)
		}
		if left.Due() != a.Due()+b.Due()+c.Due() || left.Failed() != a.Failed()+b.Failed()+c.Failed() {
			t.Errorf("%d due, %d failed; want the sums", left.Due(), left.Failed())
		}
	})
}

// Merging with nothing changes nothing.
func TestMergeWithNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _, _ := tallies(t)
		if d := cmp.Diff(a, sum(a, NewTally()), cmp.Comparer(sameHistogram)); d != "" {
			t.Error(d)
		}
	})
}

// What loops used is of the time between the readings of their clocks, and, in
// tallies that know nothing of that, of the window; it is never more than all.
func TestLoopShare(t *testing.T) {
	for _, c := range []struct {
		cpu, span, window time.Duration
		loops             int
		want              float64
	}{
		{0, 0, 0, 0, 0},
		{1160, 1200, 1000, 1, 1160. / 1200},
		{500, 0, 1000, 1, 0.5},
		{500, 0, 1000, 2, 0.25},
		{1160, 0, 1000, 1, 1},
	} {
		ta := Tally{LoopCPU: c.cpu, LoopSpan: c.span, Window: c.window, Loops: c.loops}
		if got := ta.LoopShare(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func tallies(t *rapid.T) (a, b, c *Tally) {
	gen := rapid.Custom(func(t *rapid.T) *Tally {
		ta := NewTally()
		count := rapid.Uint64Range(0, 1000)
		for i := range ta.Outcomes {
			ta.Outcomes[i] = count.Draw(t, "outcome")
		}
		ta.Wrong = rapid.Uint64Range(0, ta.Outcomes[Answered]).Draw(t, "wrong")
		ta.WrongBytes = rapid.Uint64Range(0, ta.Wrong).Draw(t, "wrong bytes")
		ta.Statuses[rapid.IntRange(100, 102).Draw(t, "status")] = count.Draw(t, "statuses")
		ta.Causes[rapid.SampledFrom([]string{"EPIPE", "ECONNREFUSED"}).Draw(t, "cause")] = count.Draw(t, "causes")
		ta.Connections = Connections{Opened: count.Draw(t, "opened"), Stale: count.Draw(t, "stale")}
		ta.BytesIn, ta.Sent, ta.InWindow = count.Draw(t, "in"), count.Draw(t, "sent"), count.Draw(t, "in window")
		ta.Loops = rapid.IntRange(0, 3).Draw(t, "loops")
		ta.LoopSpan = time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "loop span"))
		for _, h := range []*latency.Histogram{ta.Response, ta.ResponseWrong, ta.Service, ta.Wait, ta.Connect, ta.Lag, ta.ReceiveLag} {
			h.Record(rapid.Int64Range(1, 1e12).Draw(t, "ns"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "seconds") {
			s := Second{Answered: count.Draw(t, "answered"), Response: latency.NewCoarse()}
			s.Response.Record(rapid.Int64Range(1, 1e10).Draw(t, "ns"))
			ta.Seconds = append(ta.Seconds, s)
		}
		return ta
	})
	return gen.Draw(t, "a"), gen.Draw(t, "b"), gen.Draw(t, "c")
}

func sum(ts ...*Tally) *Tally {
	total := NewTally()
	for _, t := range ts {
		total.Merge(t)
	}
	return total
}

func sameHistogram(a, b *latency.Histogram) bool { return a.Equal(b) }

// Grades order from clean to invalid, and read back as they are written.
func TestGrades(t *testing.T) {
	for i, want := range []string{`"A"`, `"B"`, `"L"`, `"X"`} {
		b, err := json.Marshal(Grade(i))
		var back Grade
		if err != nil || string(b) != want || json.Unmarshal(b, &back) != nil || back != Grade(i) {
			t.Errorf("grade %d is written %s (%v) and read back as %v", i, b, err, back)
		}
	}
	if err := new(Grade).UnmarshalText([]byte("C")); err == nil {
		t.Error("grade C is none, and was read")
	}
	if got := Worst([]Note{{Grade: B}, {Grade: L}, {Grade: A}}); got != L {
		t.Errorf("worst of B, L and A is %v", got)
	}
}
