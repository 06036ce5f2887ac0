package report

import (
	"math"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A costKind is something that a request takes of a subject, in us, which may grow in
// a straight line over a factor of the workload.
type costKind struct {
	metric plan.Metric // that it is told by
	says   string
	of     func(*digest) Number
}

// costKinds returns the costs that lines are put through: what the process tree used,
// and, where it is the processors that ran out, the time that they had for each
// answer.
func (t *table) costKinds(sw sweep, v *variant) []costKind {
	kinds := []costKind{{plan.ServerCPU, costSays, func(d *digest) Number { return d.serverCPU }}}
	if n := t.processors(v); n > 0 && t.saturated(sw, v, n) {
		kinds = append(kinds, costKind{plan.Throughput, capacitySays, func(d *digest) Number {
			return share(1e6*float64(n), d.throughput.X)
		}})
	}
	return kinds
}

const (
	costSays     = "server CPU per request"
	capacitySays = "processors ÷ throughput"
)

// processors returns how many processors a variant was given; 0 if that is not
// known.
func (t *table) processors(v *variant) int {
	if t.setup == nil {
		return 0
	}
	for _, s := range t.setup.Subjects {
		if plan.VariantName(s.Name, s.Variant) == v.name {
			return len(s.CPUs)
		}
	}
	return 0
}

// busyEnough is the share of its processors that a subject has to use for its
// throughput to be its capacity. Beyond it, one over the throughput is a cost.
const busyEnough = 0.9

// saturated tells whether a closed load kept all processors of a variant busy at
// every point of a sweep, and the instrument was not the limit at any.
func (t *table) saturated(sw sweep, v *variant, processors int) bool {
	if t.plan.Load.Open {
		return false
	}
	for _, p := range sw.points {
		trials := t.at(v, p.setting).trials()
		var busy []float64
		for _, tr := range trials {
			if tr.busy.Known() {
				busy = append(busy, tr.busy.X)
			}
		}
		if len(busy) == 0 || atInstrumentLimit(trials) || stat.Median(busy) < busyEnough*float64(processors) {
			return false
		}
	}
	return true
}

// fits puts lines through each variant's costs over every numeric factor of the
// workload that has at least three levels.
func (t *table) fits() ([]Fit, []Slope) {
	all, slopes := []Fit{}, []Slope{}
	for _, sw := range t.sweeps() {
		if len(sw.points) < 3 || !asksFor(t.plan.Workload, sw.factor) {
			continue
		}
		var lines []*lines
		for _, v := range t.variants {
			for _, kind := range t.costKinds(sw, v) {
				if l := t.linesOf(sw, v, kind); len(l.rounds) > 0 {
					lines = append(lines, l)
					all = append(all, t.fit(l))
				}
			}
		}
		slopes = append(slopes, t.slopes(lines)...)
	}
	return all, slopes
}

// A lines is one line for each round, of one cost of one variant.
type lines struct {
	sweep   sweep
	variant *variant
	kind    costKind
	spread  bool // points weighed by the spread of their blocks
	rounds  []roundLine
	crooked bool // shown to lie on no line
}

type roundLine struct {
	round  int
	line   stat.Line
	robust stat.Line // Theil and Sen's
	bend   float64   // that a square adds at the end, as a share of the line
}

// linesOf puts a line through each round that has three levels.
func (t *table) linesOf(sw sweep, v *variant, kind costKind) *lines {
	l := &lines{sweep: sw, variant: v, kind: kind}
	spreads := t.spreads(sw, v, kind)
	l.spread = spreads != nil
	for _, n := range t.roundNumbers() {
		xs, ys, sds := t.points(sw, v, kind, n, spreads)
		if len(xs) < 3 {
			continue
		}
		line, err := stat.FitLine(xs, ys, sds)
		robust, err2 := stat.TheilSen(xs, ys)
		bend, err3 := stat.LackOfFit(xs, ys, sds)
		if err == nil && err2 == nil && err3 == nil {
			l.rounds = append(l.rounds, roundLine{n, line, robust, bend.Share})
		}
	}
	return l
}

// centre summarises over rounds what is taken of each round's line.
func (l *lines) centre(of func(roundLine) float64, level float64) stat.Estimate {
	var xs []float64
	for _, r := range l.rounds {
		xs = append(xs, of(r))
	}
	e, _ := stat.HodgesLehmann(xs, level)
	return e
}

// fit takes the centre of the rounds' lines.
func (t *table) fit(l *lines) Fit {
	level := t.confidence()
	a := l.centre(func(r roundLine) float64 { return r.line.A }, level)
	b := l.centre(func(r roundLine) float64 { return r.line.B }, level)
	bend := l.centre(func(r roundLine) float64 { return r.bend }, level)
	f := Fit{
		Who: l.variant.Who, Factors: l.sweep.others, Metric: l.kind.metric, Response: l.kind.says, Factor: l.sweep.factor,
		Model: "a+bN", Weights: weightsBy(l.spread),
		A: exactly(a.Value), ALo: exactly(a.Lo), AHi: exactly(a.Hi),
		B: exactly(b.Value), BLo: exactly(b.Lo), BHi: exactly(b.Hi),
		RobustA: exactly(l.centre(func(r roundLine) float64 { return r.robust.A }, level).Value),
		RobustB: exactly(l.centre(func(r roundLine) float64 { return r.robust.B }, level).Value),
		Bend:    exactly(bend.Value), BendLo: exactly(bend.Lo), BendHi: exactly(bend.Hi),
		Unit: plan.ServerCPU.Unit(), N: len(l.rounds),
	}
	worst := t.residual(l, stat.Line{A: a.Value, B: b.Value})
	f.WorstResidual = tidy(worst)
	l.crooked = bend.HasInterval() && math.Abs(bend.Value) > bendAllowed && (bend.Lo > 0 || bend.Hi < 0)
	switch {
	case l.crooked:
		f.refuse()
	case worst > tooCrooked:
		f.doubt(worst)
	default:
		f.crossCheck()
	}
	return f
}

func weightsBy(spread bool) string {
	if spread {
		return "spread of blocks"
	}
	return "cost"
}

// fewestSpreads is how many degrees of freedom the spread of a level takes before
// points are weighed by it: of fewer it would be chance that weighs.
const fewestSpreads = 8

// spreads returns the relative deviation of each level's blocks within a round,
// pooled over the rounds: of the two or three blocks of one round it would say
// little. None is taken for less than a quarter of the median one, as where blocks
// were alike by luck. It returns nil where blocks are too few; points then weigh by
// the inverse square of their cost, for noise grows with what it disturbs.
func (t *table) spreads(sw sweep, v *variant, kind costKind) []float64 {
	var all []float64
	for _, p := range sw.points {
		var squares, df float64
		for _, r := range t.at(v, p.setting).rounds {
			var logs []float64
			for _, tr := range r.trials {
				if y := kind.of(tr.digest); y.Known() && y.X > 0 {
					logs = append(logs, math.Log(y.X))
				}
			}
			if len(logs) > 1 {
				s := stat.StdDev(logs)
				squares, df = squares+s*s*float64(len(logs)-1), df+float64(len(logs)-1)
			}
		}
		if df < fewestSpreads {
			return nil
		}
		all = append(all, math.Sqrt(squares/df))
	}
	least := stat.Median(all) / 4
	if !(least > 0) {
		return nil
	}
	for i := range all {
		all[i] = max(all[i], least)
	}
	return all
}

// points returns a round's cost at each level of a sweep, and how far each may be
// off, of which only the proportions matter.
func (t *table) points(sw sweep, v *variant, kind costKind, number int, spreads []float64) (xs, ys, sds []float64) {
	for i, p := range sw.points {
		y := meanLog(t.at(v, p.setting).round(number).sample().blocks, kind.of)
		if !y.Known() || y.X <= 0 {
			continue
		}
		sd := y.X
		if spreads != nil {
			sd *= spreads[i]
		}
		xs, ys, sds = append(xs, p.level), append(ys, y.X), append(sds, sd)
	}
	return xs, ys, sds
}

// residual returns the largest relative distance of a figure from the line.
func (t *table) residual(l *lines, line stat.Line) float64 {
	var worst float64
	for _, p := range l.sweep.points {
		var values []float64
		for _, s := range t.at(l.variant, p.setting).samples() {
			if y := meanLog(s.blocks, l.kind.of); y.Known() {
				values = append(values, y.X)
			}
		}
		if at := line.At(p.level); len(values) > 0 && at > 0 {
			worst = max(worst, math.Abs(stat.Median(values)/at-1))
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
