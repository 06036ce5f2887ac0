package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A pair is two variants at one setting, with what sets them apart.
type pair struct {
	a, b    *variant
	setting *setting
	metric  plan.Metric
	higher  bool // more of it is better
	speed   bool // it says how fast something is

	// logs holds for each round that has both the logarithm of the ratio of a
	// to b, taken over the blocks that have both, as far as it is known. A trial
	// that is missing or invalid takes its whole block out, so that the two are
	// always compared under the same conditions.
	logs   map[int]stat.Span
	silent int // rounds beside these, that have both and do not tell which is better

	cost float64 // of b: the metric, or its inverse if higher is better; median over rounds

	ratio    stat.Estimate // of a to b, as logarithms; Lo and Hi are infinite where the interval is open
	value    stat.Span     // of which ratio.Value is the end nearest to zero
	narrow   stat.Estimate // like ratio, at the level that equivalence is tested at
	test     stat.RankTest
	adjusted float64 // p, over the pairs of the setting
	family   int     // how many these are
	alpha    float64
	margin   float64        // of the ratio, as a share
	grade    evidence.Grade // worst of the trials on either side
	atLimit  bool           // the instrument was the limit of one side or both
	explores bool
}

// pairs returns all pairs of variants that take part in verdicts, at each
// setting: on the primary metric, and, to explore, on the server's CPU.
func (t *table) pairs() []*pair {
	var all []*pair
	metrics := []plan.Metric{t.primary()}
	if t.primary() != plan.ServerCPU {
		metrics = append(metrics, plan.ServerCPU)
	}
	for _, metric := range metrics {
		for _, s := range t.settings {
			here := t.pairsAt(metric, s)
			adjust(here)
			all = append(all, here...)
		}
	}
	return all
}

func (t *table) pairsAt(metric plan.Metric, s *setting) []*pair {
	var here []*pair
	for i, a := range t.variants {
		for _, b := range t.variants[i+1:] {
			if a.bound || b.bound || a.older || b.older || a.twin || b.twin || a.profiled || b.profiled || t.plan.AA {
				continue
			}
			if p := t.pair(metric, s, a, b); len(p.logs)+p.silent > 0 {
				here = append(here, p)
			}
		}
	}
	return here
}

func (t *table) pair(metric plan.Metric, s *setting, a, b *variant) *pair {
	_, higher := t.metric(metric)
	p := &pair{
		a: a, b: b, setting: s, metric: metric, higher: higher, speed: t.ofSpeed(metric),
		logs:     map[int]stat.Span{},
		alpha:    1 - t.confidence(),
		margin:   t.margin(metric),
		explores: metric != t.primary(),
	}
	ca, cb := t.at(a, s), t.at(b, s)
	timeout := t.timeout(s)
	var costs []float64
	for _, ra := range ca.rounds {
		sa, sb := common(ra, cb.round(ra.number))
		x, y := sa.measure(metric, timeout), sb.measure(metric, timeout)
		if !x.Known() || !y.Known() {
			continue
		}
		d, ok := logRatio(metric, x, y)
		if !ok {
			p.silent++
			continue
		}
		p.logs[ra.number] = d
		if y.Kind == Exactly && y.X > 0 {
			costs = append(costs, cost(higher, y.X))
		}
	}
	p.cost = stat.Median(costs)
	p.atLimit = ofLoad(metric) && (atInstrumentLimit(ca.trials()) || atInstrumentLimit(cb.trials()))
	for _, tr := range append(ca.trials(), cb.trials()...) {
		p.grade = max(p.grade, gradeFor(metric, tr.grade))
	}
	p.conclude()
	return p
}

// logRatio returns the logarithm of x ÷ y as far as it is known; false if the two
// do not tell which is the larger. A value known only from below bounds it on one
// side. Zero against something is the extreme of all ratios. Where both lie
// beyond the timeout, or neither answered anything, which is better is not to be
// told; but of two that failed no request neither is.
func logRatio(metric plan.Metric, x, y Number) (stat.Span, bool) {
	switch {
	case x.Kind == AtLeast && y.Kind == AtLeast:
		return stat.Span{}, false
	case x.X == 0 && y.X == 0:
		return stat.Span{}, metric == plan.Errors
	}
	d := math.Log(x.X) - math.Log(y.X)
	switch {
	case x.Kind == AtLeast:
		return stat.Span{Lo: d, Hi: math.Inf(1)}, true
	case y.Kind == AtLeast:
		return stat.Span{Lo: math.Inf(-1), Hi: d}, true
	}
	return stat.Span{Lo: d, Hi: d}, true
}

// cost returns a metric as something of which less is better.
func cost(higher bool, x float64) float64 {
	if higher {
		return 1 / x
	}
	return x
}

// common returns the blocks that both rounds have.
func common(a, b round) (*sample, *sample) {
	inA, inB := a.blocks(), b.blocks()
	keep := func(r round) *sample {
		s := &sample{}
		for _, tr := range r.trials {
			if inA[tr.Trial.Block] && inB[tr.Trial.Block] {
				s.blocks = append(s.blocks, tr.digest)
			}
		}
		return s
	}
	return keep(a), keep(b)
}

// blocks returns the numbers of the round's blocks.
func (r round) blocks() map[int]bool {
	has := map[int]bool{}
	for _, tr := range r.trials {
		has[tr.Trial.Block] = true
	}
	return has
}

// round returns the cell's trials of one round; an empty round if it has none.
func (c *cell) round(number int) round {
	i, ok := slices.BinarySearchFunc(c.rounds, number, func(r round, n int) int { return r.number - n })
	if !ok {
		return round{number: number}
	}
	return c.rounds[i]
}

// conclude estimates the ratio and tests it. Without enough rounds the estimate
// has no interval, and the pair stays undetermined.
func (p *pair) conclude() {
	logs := p.differences()
	p.ratio, p.value = between(logs, 1-p.alpha)
	p.narrow, _ = between(logs, 1-2*p.alpha)
	p.test = stat.SignedRankBetween(logs)
	p.adjusted = p.test.P
}

// between estimates the centre of what is known within bounds: the interval holds
// every one that the bounds allow, and the value is the one nearest to zero, a
// ratio of one, of all that they allow.
func between(logs []stat.Span, level float64) (stat.Estimate, stat.Span) {
	below, above, _ := stat.HodgesLehmannBetween(logs, level)
	return nearestToZero(below, above)
}

// nearestToZero joins what an estimate is at the least and at the most.
func nearestToZero(below, above stat.Estimate) (stat.Estimate, stat.Span) {
	e := below
	e.Hi = above.Hi
	switch {
	case below.Value < 0 && above.Value > 0:
		e.Value = 0
	case above.Value <= 0:
		e.Value = above.Value
	}
	return e, stat.Span{Lo: below.Value, Hi: above.Value}
}

// differences returns the logarithms in the order of the rounds.
func (p *pair) differences() []stat.Span {
	var d []stat.Span
	for _, n := range slices.Sorted(maps.Keys(p.logs)) {
		d = append(d, p.logs[n])
	}
	return d
}

// oneSided returns how many rounds do not tell the whole ratio.
func (p *pair) oneSided() int {
	n := 0
	for _, d := range p.logs {
		if !d.Known() {
			n++
		}
	}
	return n
}

// adjust corrects the p-values of pairs that were compared together.
func adjust(pairs []*pair) {
	var ps []float64
	for _, p := range pairs {
		ps = append(ps, p.test.P)
	}
	for i, q := range stat.Holm(ps) {
		pairs[i].adjusted, pairs[i].family = q, len(pairs)
	}
}

// sign returns 1 if a was shown to be better, −1 if b was, and 0 if neither.
func (p *pair) sign() int {
	if !p.ratio.HasInterval() || p.adjusted >= p.alpha {
		return 0
	}
	better := 1
	if !p.higher {
		better = -1
	}
	switch {
	case p.ratio.Lo > 0:
		return better
	case p.ratio.Hi < 0:
		return -better
	}
	return 0
}

// margin returns how far a ratio may be from one not to matter. That of errors
// is of their difference, and no help where it is ratios that are compared.
func (t *table) margin(metric plan.Metric) float64 {
	if differs(metric) {
		return plan.DefaultMargin
	}
	return t.plan.MarginOf(metric)
}

// equivalent tells whether the ratio was shown to lie within the margin of one (two
// one-sided tests). Two that were both measured at the instrument's own limit
// are alike for that reason, and nothing is shown; neither is it by rounds that do
// not tell the whole ratio.
func (p *pair) equivalent() bool {
	edge := math.Log1p(p.margin)
	return p.ratio.HasInterval() && !p.atLimit && p.oneSided()+p.silent == 0 && p.narrow.Within(-edge, edge)
}

func (p *pair) verdict() Verdict {
	switch {
	case p.equivalent():
		return Equivalent
	case p.sign() > 0:
		return Faster
	case p.sign() < 0:
		return Slower
	}
	return Undetermined
}

// enough returns the fewest rounds by which the pair can be told apart at all:
// with fewer the least p there is, after Holm's correction, is not below alpha.
func (p *pair) enough() int { return roundsToShow(p.family, p.alpha) }

// needs returns about how many rounds would decide, by the width that the
// interval has now; 0 if that cannot be told, as where it is open at an end. An interval shrinks with the root
// of the rounds; it decides once its half is no wider than the difference that
// the estimate shows, or, where that is next to nothing, than the margin of
// equivalence. A difference is shown at the level that Holm leaves the pair, and
// the half is taken as wide as it would be there.
func (p *pair) needs() int {
	if p.verdict() != Undetermined || p.atLimit || len(p.logs) == 0 {
		return 0
	}
	if !p.ratio.HasInterval() {
		return p.enough()
	}
	if math.IsInf(p.ratio.Hi-p.ratio.Lo, 0) {
		return 0
	}
	half, margin := (p.ratio.Hi-p.ratio.Lo)/2, math.Log1p(p.margin)
	if away := math.Abs(p.ratio.Value); away > margin {
		margin = away
		half *= math.Erfinv(1-p.alpha/float64(max(p.family, 1))) / math.Erfinv(1-p.alpha)
	}
	return max(p.ratio.N+1, p.enough(), int(math.Ceil(float64(p.ratio.N)*half*half/margin/margin)))
}

func comparisons(pairs []*pair) []Comparison {
	all := []Comparison{}
	for _, p := range pairs {
		all = append(all, p.comparison())
	}
	return all
}

func (p *pair) comparison() Comparison {
	return Comparison{
		A: p.a.Who, B: p.b.Who,
		Factors:     p.setting.factors,
		Metric:      p.metric,
		Ratio:       p.ratioNumber(),
		Lo:          exactly(math.Exp(openEnd(p.ratio.Lo))),
		Hi:          exactly(math.Exp(openEnd(p.ratio.Hi))),
		N:           p.ratio.N,
		Level:       tidy(1 - p.alpha),
		OneSided:    p.oneSided(),
		Silent:      p.silent,
		Note:        p.note(),
		P:           exactly(p.test.P),
		PAdjusted:   exactly(p.adjusted),
		Student:     p.student(),
		Verdict:     p.verdict(),
		Measurable:  p.equivalent() && p.sign() != 0,
		NeedsRounds: p.needs(),
		Grade:       p.grade,
		Exploratory: p.explores,
		AtLimit:     p.atLimit,
		speed:       p.speed,
	}
}

// openEnd returns NaN for the end of an interval that is open there.
func openEnd(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

// ratioNumber returns the ratio of a to b, or the bound of it that is nearest to
// one.
func (p *pair) ratioNumber() Number {
	v := p.value
	switch {
	case v.Known():
		return exactly(math.Exp(v.Lo))
	case v.Lo >= 0 && v.Lo < v.Hi:
		return atLeast(math.Exp(v.Lo))
	case v.Hi <= 0 && v.Lo < v.Hi:
		return atMost(math.Exp(v.Hi))
	}
	return Number{}
}

// note says which rounds do not tell the whole ratio; "" if all do.
func (p *pair) note() string {
	all := len(p.logs) + p.silent
	var parts []string
	if n := p.oneSided(); n > 0 {
		what := "one of the two is zero"
		if ofTimes(p.metric) {
			what = "one of the two lies beyond the timeout"
		}
		parts = append(parts, fmt.Sprintf("in %d of %s %s", n, plural(all, "round"), what))
	}
	if p.silent > 0 {
		parts = append(parts, fmt.Sprintf("in %d of %s %s", p.silent, plural(all, "round"), p.silence()))
	}
	return strings.Join(parts, ", ")
}

// silence says what both sides have in common that forbids a ratio.
func (p *pair) silence() string {
	switch {
	case ofTimes(p.metric):
		return "both lie beyond the timeout"
	case p.metric == plan.Throughput:
		return "neither answered anything rightly"
	}
	return "both are zero"
}

// better returns the two variants, the one that the estimate prefers first, and
// how many times the better that one is: its rate divided by the other's, or the
// other's cost divided by its own.
func (p *pair) better() (first, second *variant, ratio stat.Estimate) {
	e := p.ratio
	higher := p.higher
	first, second = p.a, p.b
	if e.Value < 0 && higher || e.Value > 0 && !higher {
		first, second = p.b, p.a
	}
	if e.Value < 0 || e.Value == 0 && !higher {
		e.Value, e.Lo, e.Hi = -e.Value, -e.Hi, -e.Lo
	}
	return first, second, e.Exp()
}
