package report

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"

	"webdyno/internal/plan"
)

// scales is a subject on several numbers of processors, each as fast as a law says.
func scales(law func(n float64) float64, processors ...int) Input {
	b := bench{bytes: []float64{1}, rounds: 10, blocks: 2, noise: 0.002}
	for _, n := range processors {
		us := 1e6 / law(float64(n))
		b.servers = append(b.servers, server{name: "go", variant: map[string]string{"cores": strconv.Itoa(n)}, cost: line(us, 0)})
	}
	in := b.input()
	in.Plan.Subjects[0].CPUs = plan.CPUs{Factor: "cores"}
	for i, n := range processors {
		for c := range n {
			in.Setup.Subjects[i].CPUs = append(in.Setup.Subjects[i].CPUs, c)
		}
	}
	for i, m := range in.Measurements {
		m.Trial.ID += "-" + strconv.Itoa(processors[i%len(processors)])
	}
	return in
}

func universal(gamma, alpha, beta float64) func(float64) float64 {
	return func(n float64) float64 { return gamma * n / (1 + alpha*(n-1) + beta*n*(n-1)) }
}

// Of six numbers of processors the law is found, with its peak; speed-up and
// efficiency are against the fewest.
func TestScalingFindsTheLaw(t *testing.T) {
	truth := universal(10_000, 0.05, 0.01)
	r := build(t, scales(truth, 1, 2, 4, 6, 8, 12))
	if len(r.Scaling) != 1 || len(r.Scaling[0].Points) != 6 || r.Scaling[0].Law == nil {
		t.Fatalf("got %+v", r.Scaling)
	}
	s := r.Scaling[0]
	for _, p := range s.Points {
		n := float64(p.Processors)
		want := truth(n) / truth(1)
		if math.Abs(p.SpeedUp.X/want-1) > 0.01 || math.Abs(p.Efficiency.X/(want/n)-1) > 0.01 || !p.PerCPU.Known() {
			t.Errorf("on %d: %+v, want %.4g times as much", p.Processors, p, want)
		}
	}
	w := s.Law
	holds := func(what string, lo, hi Number, truth float64) {
		t.Helper()
		if !lo.Known() || lo.X > truth || hi.X < truth {
			t.Errorf("%s: %v to %v does not hold %g", what, lo, hi, truth)
		}
	}
	holds("γ", w.GammaLo, w.GammaHi, 10_000)
	holds("α", w.AlphaLo, w.AlphaHi, 0.05)
	holds("β", w.BetaLo, w.BetaHi, 0.01)
	holds("peak", w.PeakLo, w.PeakHi, math.Sqrt(0.95/0.01))
	if w.N != 10 || s.WhyNot != "" {
		t.Errorf("got %d rounds, %q", w.N, s.WhyNot)
	}
	if text := string(textOf(t, r, TextOptions{})); !strings.Contains(text, "Universal Scalability Law: one processor does 10") {
		t.Error("the text does not tell the law")
	}
}

// Two processors identify no law of three parameters: the report says so, and
// tells speed-up and efficiency all the same.
func TestScalingOnTwoProcessors(t *testing.T) {
	r := build(t, scales(universal(10_000, 0.2, 0), 1, 2))
	if len(r.Scaling) != 1 {
		t.Fatalf("got %+v", r.Scaling)
	}
	s := r.Scaling[0]
	if s.Law != nil || !strings.Contains(s.WhyNot, "2 different numbers of processors were measured; it takes 6") {
		t.Errorf("got %+v, %q; want a refusal", s.Law, s.WhyNot)
	}
	if p := s.Points[1]; math.Abs(p.SpeedUp.X-2/1.2) > 0.02 || !(p.SpeedUpLo.X < 2/1.2 && 2/1.2 < p.SpeedUpHi.X) {
		t.Errorf("got %+v, want 1.667 times as much", p)
	}
	if !bytes.Contains(textOf(t, r, TextOptions{Width: 100}), []byte("not identifiable")) {
		t.Error("the text does not tell why there is no law")
	}
}

// A server that scales perfectly has no peak, and none is made up. Where the
// instrument was the limit there is no law at all.
func TestScalingWithoutPeak(t *testing.T) {
	perfect := func(n float64) float64 { return 5000 * n }
	in := scales(perfect, 1, 2, 3, 4, 5, 6)
	w := build(t, in).Scaling[0].Law
	if w == nil || w.Bound == 0 || w.Peak.Known() {
		t.Errorf("got %+v; want bounds and no peak", w)
	}
	for _, m := range in.Measurements {
		if m.Trial.Variant["cores"] == "6" {
			m.Tally.LoopCPU = m.Tally.Window * 99 / 100
		}
	}
	s := build(t, in).Scaling[0]
	if s.Law != nil || !strings.Contains(s.WhyNot, "on 6 processors the instrument was the limit") || !s.Points[5].LowerBound {
		t.Errorf("got %+v, %q", s.Law, s.WhyNot)
	}
}

func TestNothingToScale(t *testing.T) {
	if got := build(t, handlerWork().input()).Scaling; got != nil {
		t.Errorf("got %+v of subjects whose processors stand still", got)
	}
	if got := build(t, scales(universal(1e4, 0, 0), 4)).Scaling; got != nil {
		t.Errorf("got %+v of one number of processors", got)
	}
}
