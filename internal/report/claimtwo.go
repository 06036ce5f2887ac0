package report

import (
	"math"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A region is where a figure must lie for a claim to be true, on the scale that
// it is estimated on.
type region struct {
	lo, hi float64
	open   bool // without its ends
	level  float64
}

// A scale is how figures of a claim are reckoned: as they are, or by their
// logarithms.
type claimScale struct {
	logs bool
	unit string // of what is printed; none of ratios
}

func (s claimScale) in(x float64) float64 {
	if !s.logs {
		return x
	}
	if x <= 0 {
		return math.Inf(-1)
	}
	return math.Log(x)
}

func (s claimScale) out(x float64) float64 {
	if s.logs {
		return math.Exp(x)
	}
	return x
}

// number writes what is known of a figure from one side or both.
func (s claimScale) number(v stat.Span) Number {
	switch {
	case v.Known():
		return exactly(s.out(v.Lo))
	case !math.IsInf(v.Lo, 0) && math.IsInf(v.Hi, 1):
		return atLeast(s.out(v.Lo))
	case !math.IsInf(v.Hi, 0) && math.IsInf(v.Lo, -1):
		return atMost(s.out(v.Hi))
	case !math.IsInf(v.Lo, 0) && !math.IsInf(v.Hi, 0) && v.Lo < v.Hi:
		return exactly(s.out(v.Lo/2 + v.Hi/2))
	}
	return Number{}
}

// related tests a claim about one or two figures at one place.
func (t *table) related(c plan.Claim, at claimPlace, odds chance) finding {
	a, why := t.variantOf(c.A)
	if why != "" {
		return finding{why: why}
	}
	sides := []*cell{t.at(a, at.a)}
	why = t.absent(a, at.a)
	if c.Form != plan.Alone {
		b, no := t.variantOf(c.B)
		if no != "" {
			return finding{why: no}
		}
		sides = append(sides, t.at(b, at.b))
		if why == "" {
			why = t.absent(b, at.b)
		}
	}
	if why != "" {
		return finding{why: why}
	}
	var j judge
	if c.Form == plan.Alone {
		j.scale.unit, _ = t.metric(c.Metric)
		j.spans, j.scale.logs = t.figures(c.Metric, sides[0])
		j.limits(c.Metric, t, sides)
	} else {
		j = t.between(c.Metric, sides[0], sides[1], c.Form == plan.Difference || c.Form == plan.Compared && differs(c.Metric))
	}
	j.want = regionOf(c, j.scale, odds, t.plan.MarginOf(c.Metric))
	return j.finding(odds)
}

// between returns what sets one cell apart from another, round by round: the
// difference, or the ratio.
func (t *table) between(m plan.Metric, a, b *cell, differs bool) judge {
	j := judge{called: "ratio", scale: claimScale{logs: true}}
	apart := logRatio
	if differs {
		unit, _ := t.metric(m)
		if unit == plan.Errors.Unit() {
			unit = "points" // of per cent
		}
		j, apart = judge{called: "difference", scale: claimScale{unit: unit}}, difference
	}
	j.spans, j.silent = t.paired(m, a, b, apart)
	j.limits(m, t, []*cell{a, b})
	return j
}

// differs tells whether a metric is compared by differences: it may be zero, and
// of zero there is no ratio.
func differs(m plan.Metric) bool { return m == plan.Errors }

// regionOf returns where the figure of a claim must lie. Equality is tested as
// verdicts test it, by an interval of twice the error: two one-sided tests.
func regionOf(c plan.Claim, s claimScale, odds chance, usual float64) region {
	if c.Form != plan.Compared {
		return region{lo: s.in(c.In.Lo), hi: s.in(c.In.Hi)}
	}
	margin := c.Within
	if margin == 0 {
		margin = usual
	}
	edge := math.Log1p(margin)
	if !s.logs {
		edge = 100 * margin // of percentages, in points
	}
	inf := math.Inf(1)
	switch c.Is {
	case plan.Less:
		return region{lo: -inf, hi: 0, open: true}
	case plan.AtMost:
		return region{lo: -inf, hi: edge}
	case plan.AtLeast:
		return region{lo: -edge, hi: inf}
	case plan.More:
		return region{lo: 0, hi: inf, open: true}
	}
	return region{lo: -edge, hi: edge, level: 2 * odds.hold}
}

// difference returns x − y as far as it is known; false if both are known from
// below alone.
func difference(_ plan.Metric, x, y Number) (stat.Span, bool) {
	d := x.X - y.X
	switch {
	case x.Kind == AtLeast && y.Kind == AtLeast:
		return stat.Span{}, false
	case x.Kind == AtLeast:
		return stat.Span{Lo: d, Hi: math.Inf(1)}, true
	case y.Kind == AtLeast:
		return stat.Span{Lo: math.Inf(-1), Hi: d}, true
	}
	return stat.Span{Lo: d, Hi: d}, true
}

// paired returns of each round that both cells have what sets them apart, and
// how many rounds do not tell. At the same setting only blocks that both have
// count; at two settings there are no common blocks, and the round is what they
// share.
func (t *table) paired(m plan.Metric, a, b *cell, apart func(plan.Metric, Number, Number) (stat.Span, bool)) (spans []stat.Span, silent int) {
	ta, tb := t.timeout(a.setting), t.timeout(b.setting)
	for _, ra := range a.rounds {
		rb := b.round(ra.number)
		sa, sb := ra.sample(), rb.sample()
		if a.setting == b.setting {
			sa, sb = common(ra, rb)
		}
		x, y := sa.measure(m, ta), sb.measure(m, tb)
		if !x.Known() || !y.Known() {
			continue
		}
		if d, ok := apart(m, x, y); ok {
			spans = append(spans, d)
		} else {
			silent++
		}
	}
	return spans, silent
}

// figures returns the value of each round, and whether by logarithms, as for the
// interval of a figure.
func (t *table) figures(m plan.Metric, c *cell) (spans []stat.Span, logs bool) {
	logs = !differs(m)
	var values []Number
	for _, s := range c.samples() {
		if v := s.measure(m, t.timeout(c.setting)); v.Known() {
			values = append(values, v)
			logs = logs && v.X > 0
		}
	}
	for _, v := range values {
		x := v.X
		if logs {
			x = math.Log(x)
		}
		span := stat.Span{Lo: x, Hi: x}
		if v.Kind == AtLeast {
			span.Hi = math.Inf(1)
		}
		spans = append(spans, span)
	}
	return spans, logs
}

// A judge holds the rounds of a claim against the region that it names.
type judge struct {
	called string // what is estimated: "ratio", "difference"; "" of a figure
	spans  []stat.Span
	silent int // rounds beside these that do not tell
	scale  claimScale
	want   region

	grade          evidence.Grade
	openLo, openHi bool   // the instrument was the limit: the figure may lie beyond the interval's end
	limit          string // whose
}

// limits notes the worst grade of the trials, and opens the interval on the side
// where the instrument hides how good a subject is.
func (j *judge) limits(m plan.Metric, t *table, sides []*cell) {
	for _, c := range sides {
		for _, tr := range c.trials() {
			j.grade = max(j.grade, gradeFor(m, tr.grade))
		}
	}
	if !ofLoad(m) {
		return
	}
	var names []string
	for i, c := range sides {
		if !atInstrumentLimit(c.trials()) {
			continue
		}
		names = appendNew(names, c.variant.name)
		_, higher := t.metric(m)
		if higher == (i == 0) { // a larger numerator, or a smaller denominator
			j.openHi = true
		} else {
			j.openLo = true
		}
	}
	if len(names) > 0 {
		j.limit = "the instrument was the limit of " + list(names)
	}
}

// interval returns the figure's interval at an error of alpha, worst that the
// rounds allow, and whether there is one.
func (j *judge) interval(alpha float64) (e stat.Estimate, value stat.Span, ok bool) {
	e, value = between(j.spans, 1-alpha)
	if j.openLo {
		e.Lo = math.Inf(-1)
	}
	if j.openHi {
		e.Hi = math.Inf(1)
	}
	return e, value, e.HasInterval()
}

// within tells whether the whole interval lies in the region, and beyond whether
// all of it lies outside.
func (r region) within(lo, hi float64) bool {
	if r.open {
		return lo > r.lo && hi < r.hi || math.IsInf(r.lo, -1) && hi < r.hi || math.IsInf(r.hi, 1) && lo > r.lo
	}
	return lo >= r.lo && hi <= r.hi
}

func (r region) beyond(lo, hi float64) bool {
	if r.open {
		return hi <= r.lo || lo >= r.hi
	}
	return hi < r.lo || lo > r.hi
}

// finding decides. A claim that figures lie close together is not borne out by
// rounds that do not tell.
func (j *judge) finding(odds chance) finding {
	hold, fall := odds.hold, odds.fall
	if j.want.level > 0 {
		hold, fall = j.want.level, j.want.level*odds.fall/odds.hold
	}
	e, value, ok := j.interval(hold)
	f := finding{unit: j.scale.unit, n: len(j.spans), grade: j.grade, value: j.scale.number(value)}
	if len(j.spans) == 0 {
		f.why = "no round tells"
		return f
	}
	if !ok {
		f.why = tooFew(f.n, hold)
		f.text = strings.TrimSpace(j.called + " " + f.value.in(f.unit))
		return f
	}
	f.level = 1 - hold
	f.lo, f.hi = exactly(j.scale.out(openEnd(e.Lo))), exactly(j.scale.out(openEnd(e.Hi)))
	closeness := !j.want.open && !(math.IsInf(j.want.lo, -1) && math.IsInf(j.want.hi, 1))
	switch {
	case j.want.within(e.Lo, e.Hi) && (j.silent == 0 || !closeness):
		f.outcome = Holds
	case j.want.beyond(e.Lo, e.Hi):
		f.outcome = DoesNotHold
		strict, _, ok := j.interval(fall)
		f.refuted = ok && j.want.beyond(strict.Lo, strict.Hi)
	}
	f.edge = j.want.margin(e)
	f.text = j.text(f, hold)
	if f.outcome == Undecided {
		f.why, f.needs = j.limit, j.needs(e)
	}
	return f
}

// margin returns how far the interval's nearer end is inside the region, in
// halves of the interval.
func (r region) margin(e stat.Estimate) float64 {
	half := (e.Hi - e.Lo) / 2
	if half == 0 || math.IsInf(half, 0) {
		return math.Inf(1)
	}
	return min(e.Lo-r.lo, r.hi-e.Hi) / half
}

// needs returns about how many rounds would bring the interval to lie on one
// side of the region's nearest end; 0 if that cannot be told.
func (j *judge) needs(e stat.Estimate) int {
	half := (e.Hi - e.Lo) / 2
	if j.limit != "" || j.silent > 0 || math.IsInf(half, 0) || half == 0 {
		return 0
	}
	distance := min(math.Abs(e.Value-j.want.lo), math.Abs(e.Value-j.want.hi))
	n := math.Ceil(float64(len(j.spans)) * (half / distance) * (half / distance))
	if math.IsNaN(n) || n > mostNeeded {
		return 0
	}
	return max(len(j.spans)+1, int(n))
}

// text writes the figure: "ratio 1.52 (1.48 to 1.57), 10 rounds".
func (j *judge) text(f finding, alpha float64) string {
	s := strings.TrimSpace(j.called + " " + f.value.in(f.unit))
	if in := openInterval(f.lo, f.hi, f.unit); in != "" {
		s += " (" + in + ")"
	}
	if alpha != 1-Level && j.want.level > 0 {
		s += " at 90 %"
	}
	s += ", " + plural(f.n, "round")
	if j.silent > 0 {
		s += ", and " + plural(j.silent, "round") + " that do not tell"
	}
	return s
}

// openInterval writes an interval that may be open: "1.48 to 1.57", "1.48 or
// more".
func openInterval(lo, hi Number, unit string) string {
	switch {
	case lo.Known() && hi.Known():
		return span(lo, hi, unit)
	case lo.Known():
		return lo.in(unit) + " or more"
	case hi.Known():
		return hi.in(unit) + " or less"
	}
	return "open at both ends"
}
