package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// Costs that bend are told no a and no b: the term of the square is shown, and
// with it why. The other server keeps its line, and no slopes are compared.
func TestBentCostsHaveNoLine(t *testing.T) {
	b := handlerWork()
	b.bytes = []float64{1, 101, 501, 1001}
	b.servers[1].cost = func(n float64) float64 { return 15 + 0.2*n + 1e-5*n*n } // 5 % of the end
	r := build(t, b.input())
	straight, bent := r.Fits[0], r.Fits[1]
	if bent.A.Known() || bent.B.Known() || bent.BLo.Known() || len(bent.Notes) != 1 || bent.Notes[0].Kind != "not-a-line" {
		t.Errorf("got %+v; want no a, no b, and a note", bent)
	}
	if !(bent.BendLo.X > 0 && bent.Bend.X > 0.02) || !strings.Contains(bent.Notes[0].Text, "not linear over path_bytes") {
		t.Errorf("a bend of %v (%v to %v): %v", bent.Bend, bent.BendLo, bent.BendHi, bent.Notes)
	}
	if !straight.A.Known() || len(straight.Notes) != 0 || len(r.Slopes) != 0 {
		t.Errorf("got %+v and %+v", straight, r.Slopes)
	}
	if !bytes.Contains(jsonOf(t, r), []byte(`"a": null`)) {
		t.Error("the JSON tells an a of a curve")
	}
}

// Noise is not taken for a bend, and a bend too small to matter is none.
func TestLinesStayLines(t *testing.T) {
	for seed, noise := range []float64{0.002, 0.01, 0.03} {
		b := handlerWork()
		b.noise = noise
		b.servers[1].cost = func(n float64) float64 { return 15 + 0.2*n + 1e-6*n*n } // half a per cent of the end
		for _, f := range build(t, b.input()).Fits {
			if !f.A.Known() {
				t.Errorf("noise %g (%d): %+v", noise, seed, f.Notes)
			}
		}
	}
}

// The ratio of the slopes, and where the lines meet, hold the truth; where the
// curves cross, found otherwise, is the same place.
func TestSlopesAndMeetings(t *testing.T) {
	b := handlerWork()
	b.noise = 0.003
	r := build(t, b.input())
	if len(r.Slopes) != 1 {
		t.Fatalf("got %+v", r.Slopes)
	}
	s := r.Slopes[0]
	if !(s.Lo.X <= 0.1 && 0.1 <= s.Hi.X) || s.Hi.X/s.Lo.X > 1.1 || s.N != 10 {
		t.Errorf("ratio of b: %v (%v to %v), want 0.1", s.Ratio, s.Lo, s.Hi)
	}
	truth := 5 / 0.18
	if !(s.MeetLo.X <= truth && truth <= s.MeetHi.X) {
		t.Errorf("the lines meet at %v (%v to %v), want %.4g", s.Meet, s.MeetLo, s.MeetHi, truth)
	}
	if c := r.Crossings[0]; s.MeetLo.X > c.Hi.X || c.Lo.X > s.MeetHi.X {
		t.Errorf("the lines meet at %v to %v, the curves cross at %v to %v", s.MeetLo, s.MeetHi, c.Lo, c.Hi)
	}
}

// A cost that does not grow has no slope to be so many times another's.
func TestNoRatioOfFlatCosts(t *testing.T) {
	b := handlerWork()
	b.servers[0].cost = line(20, 0)
	r := build(t, b.input())
	if len(r.Slopes) != 1 || r.Slopes[0].Ratio.Known() || !strings.Contains(r.Slopes[0].WhyNot, "does not grow") {
		t.Errorf("got %+v", r.Slopes)
	}
	if !bytes.Contains(textOf(t, r, TextOptions{}), []byte("no ratio of b")) {
		t.Error("the text does not say why")
	}
}

// Where a closed load keeps a subject's processors busy, one over its throughput
// is a cost, and lies on the same line; where it does not, or nobody knows how many
// processors there were, it is none.
func TestCapacityIsACost(t *testing.T) {
	b := handlerWork()
	b.noise = 0.003
	in := b.input()
	if fits := build(t, in).Fits; len(fits) != 2 {
		t.Fatalf("processors unknown: got %d fits, want 2", len(fits))
	}
	for i := range in.Setup.Subjects {
		in.Setup.Subjects[i].CPUs = []int{0}
	}
	in.Measurements[0].Server.CPU /= 2 // one trial is not the median
	fits := build(t, in).Fits
	if len(fits) != 4 || fits[1].Metric != plan.Throughput || fits[1].Response != capacitySays || fits[1].Unit != "us" {
		t.Fatalf("got %+v", fits)
	}
	if f := fits[3]; !(f.ALo.X <= 15 && 15 <= f.AHi.X) || math.Abs(f.B.X/0.2-1) > 0.01 {
		t.Errorf("uvloop: %v + %v × N, want 15 + 0.2 × N", f.A, f.B)
	}
	if text := string(textOf(t, build(t, in), TextOptions{})); !strings.Contains(text, "Processors ÷ throughput, as a line") {
		t.Error("the text does not tell of it")
	}
	for _, m := range in.Measurements {
		m.Server.CPU /= 2
	}
	if fits := build(t, in).Fits; len(fits) != 2 {
		t.Errorf("half idle: got %d fits, want 2", len(fits))
	}
}

// Levels whose blocks scatter more count for less; of blocks that are too few to
// tell, cost decides.
func TestWeightsOfPoints(t *testing.T) {
	b := handlerWork()
	if w := build(t, b.input()).Fits[0].Weights; w != "spread of blocks" {
		t.Errorf("of 10 rounds of 2 blocks: %q", w)
	}
	b.blocks = 1
	if w := build(t, b.input()).Fits[0].Weights; w != "cost" {
		t.Errorf("of one block: %q", w)
	}
}

// One level that lies off pulls the line of least squares and not Theil and Sen's,
// and the note says so.
func TestWildLevelIsTold(t *testing.T) {
	f := Fit{Who: Who{Subject: "go"}, Response: costSays, Factor: "n", Unit: "us",
		A: exactly(20), ALo: exactly(19), AHi: exactly(21), RobustA: exactly(20.5),
		B: exactly(0.2), BLo: exactly(0.195), BHi: exactly(0.205), RobustB: exactly(0.18)}
	f.crossCheck()
	if len(f.Notes) != 1 || f.Notes[0].Kind != "slopes-differ" {
		t.Errorf("got %+v", f.Notes)
	}
	f.Notes, f.RobustB, f.RobustA = nil, exactly(0.204), exactly(17)
	f.crossCheck()
	if len(f.Notes) != 1 || f.Notes[0].Kind != "intercepts-differ" {
		t.Errorf("got %+v", f.Notes)
	}
}

// Repeated medians, which half of the points cannot move, agree with the lines of
// a report that says nothing against them.
func TestSiegelAgrees(t *testing.T) {
	b := handlerWork()
	b.noise = 0.002
	in := b.input()
	tab, err := arrange(in)
	if err != nil {
		t.Fatal(err)
	}
	sw := tab.sweeps()[0]
	for i, f := range build(t, in).Fits {
		var slopes []float64
		for _, n := range tab.roundNumbers() {
			xs, ys, _ := tab.points(sw, tab.variants[i], tab.costKinds(sw, tab.variants[i])[0], n, nil)
			l, err := stat.Siegel(xs, ys)
			if err != nil {
				t.Fatal(err)
			}
			slopes = append(slopes, l.B)
		}
		if m := stat.Median(slopes); math.Abs(m/f.B.X-1) > 0.05 {
			t.Errorf("%s: b %v, by repeated medians %g", f.name(), f.B, m)
		}
	}
}
