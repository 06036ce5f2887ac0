package report

import (
	"fmt"
	"math"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// tooCrooked is the distance of a figure from its line, as a share of the line,
// above which the line is said not to describe the figures.
const tooCrooked = 0.05

// fits puts a line through each variant's CPU per request over every numeric
// factor of the workload that has at least three levels.
func (t *table) fits() []Fit {
	all := []Fit{}
	for _, sw := range t.sweeps() {
		if len(sw.points) < 3 || !asksFor(t.plan.Workload, sw.factor) {
			continue
		}
		for _, v := range t.variants {
			if f, ok := t.fit(sw, v); ok {
				all = append(all, f)
			}
		}
	}
	return all
}

// fit puts a line through each round, and takes the centre of the rounds' lines.
// Noise grows with what it disturbs, so points weigh by the inverse square of
// their value; deviations estimated from the few blocks of a round would weigh
// by chance.
func (t *table) fit(sw sweep, v *variant) (Fit, bool) {
	var as, bs, robust []float64
	for _, n := range t.roundNumbers() {
		xs, ys := t.points(sw, v, n)
		if len(xs) < 3 {
			continue
		}
		l, err := stat.FitLine(xs, ys, ys)
		check, err2 := stat.TheilSen(xs, ys)
		if err == nil && err2 == nil {
			as, bs, robust = append(as, l.A), append(bs, l.B), append(robust, check.B)
		}
	}
	if len(as) == 0 {
		return Fit{}, false
	}
	a, _ := stat.HodgesLehmann(as, t.confidence())
	b, _ := stat.HodgesLehmann(bs, t.confidence())
	r, _ := stat.HodgesLehmann(robust, t.confidence())
	f := Fit{
		Who: v.Who, Factors: sw.others, Metric: plan.ServerCPU, Factor: sw.factor, Model: "a+bN",
		A: exactly(a.Value), ALo: exactly(a.Lo), AHi: exactly(a.Hi),
		B: exactly(b.Value), BLo: exactly(b.Lo), BHi: exactly(b.Hi),
		RobustB: exactly(r.Value),
		Unit:    plan.ServerCPU.Unit(), N: len(as),
	}
	f.doubt(t.residual(sw, v, stat.Line{A: a.Value, B: b.Value}))
	f.crossCheck()
	return f, true
}

// slopesDiffer is by how much of itself the slope may differ from that of Theil
// and Sen's line before that is told.
const slopesDiffer = 0.05

// crossCheck holds the slope against one that a few wild points do not move. A
// slope next to nothing differs from another by any share of itself, so that it
// has to lie outside of the interval too. Of figures that are known to lie on no
// line it says nothing more.
func (f *Fit) crossCheck() {
	if len(f.Notes) > 0 {
		return
	}
	b, r := f.B.X, f.RobustB.X
	inside := f.BLo.Known() && f.BHi.Known() && f.BLo.X <= r && r <= f.BHi.X
	if math.Abs(r-b) <= slopesDiffer*math.Abs(b) || inside {
		return
	}
	f.Notes = append(f.Notes, evidence.Note{
		Kind:  "slopes-differ",
		Grade: evidence.B,
		Text: fmt.Sprintf("%s: the slope over %s is %s by least squares and %s by the median of all slopes (Theil–Sen): some levels lie off the line",
			f.name(), f.Factor, f.B.in(f.Unit), f.RobustB.in(f.Unit)),
	})
}

// doubt books how far the figures are from the line, and says so if it is far.
func (f *Fit) doubt(worst float64) {
	f.WorstResidual = tidy(worst)
	if worst <= tooCrooked {
		return
	}
	f.Notes = append(f.Notes, evidence.Note{
		Kind:  "not-a-line",
		Grade: evidence.B,
		Text: fmt.Sprintf("%s: server CPU is not a straight line over %s; a figure lies %s off",
			f.name(), f.Factor, unit.Share(worst)),
	})
}

// points returns a round's CPU per request at each level of a sweep.
func (t *table) points(sw sweep, v *variant, number int) (xs, ys []float64) {
	for _, p := range sw.points {
		y := t.at(v, p.setting).round(number).sample().measure(plan.ServerCPU, 0)
		if y.Known() && y.X > 0 {
			xs, ys = append(xs, p.level), append(ys, y.X)
		}
	}
	return xs, ys
}

// residual returns the largest relative distance of a figure from the line.
func (t *table) residual(sw sweep, v *variant, l stat.Line) float64 {
	var worst float64
	for _, p := range sw.points {
		mid, _, _ := summary(valuesOf(plan.ServerCPU, t.at(v, p.setting).samples(), 0), plan.ServerCPU, t.confidence())
		if at := l.At(p.level); mid.Known() && at > 0 {
			worst = max(worst, math.Abs(mid.X/at-1))
		}
	}
	return worst
}

func (t *table) roundNumbers() []int {
	var all []int
	for _, tr := range t.trials { // by round
		if n := len(all); n == 0 || all[n-1] != tr.Trial.Round {
			all = append(all, tr.Trial.Round)
		}
	}
	return all
}

// inHeaders returns where factors can stand in headers.
func inHeaders(h plan.Headers) []string {
	texts := []string{h.Extra.Count, h.Extra.Bytes}
	for _, v := range h.Add {
		texts = append(texts, v.Value)
	}
	return texts
}

// asksFor tells whether a factor changes what is asked, and not how hard or how
// often.
func asksFor(w plan.Workload, factor string) bool {
	texts := []string{w.Method, w.Path.Literal, w.Path.Prefix, w.Path.Repeat, w.Path.Bytes,
		w.Body.Literal, w.Body.Prefix, w.Body.Repeat, w.Body.Bytes}
	texts = append(texts, inHeaders(w.Headers)...)
	for _, p := range w.Mix {
		for _, x := range []*plan.Text{p.Path, p.Body} {
			if x != nil {
				texts = append(texts, x.Literal, x.Prefix, x.Repeat, x.Bytes)
			}
		}
		if p.Headers != nil {
			texts = append(texts, inHeaders(*p.Headers)...)
		}
	}
	for _, s := range texts {
		if s == factor || strings.Contains(s, "{"+factor+"}") {
			return true
		}
	}
	return false
}
