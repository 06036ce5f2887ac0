package report

import (
	"math"
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A pair is two variants at one setting, with what sets them apart.
type pair struct {
	a, b    *variant
	setting *setting
	metric  plan.Metric

	// logs holds for each round that has both the logarithm of the ratio of a
	// to b, taken over the blocks that have both. A trial that is missing or
	// invalid takes its whole block out, so that the two are always compared
	// under the same conditions.
	logs map[int]float64

	cost float64 // of b: the metric, or its inverse if higher is better; median over rounds

	ratio    stat.Estimate // of a to b, as logarithms
	narrow   stat.Estimate // likewise, at the level that equivalence is tested at
	test     stat.RankTest
	adjusted float64 // p, over the pairs of the setting
	alpha    float64
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
			if a.bound || b.bound {
				continue
			}
			if p := t.pair(metric, s, a, b); len(p.logs) > 0 {
				here = append(here, p)
			}
		}
	}
	return here
}

func (t *table) pair(metric plan.Metric, s *setting, a, b *variant) *pair {
	p := &pair{
		a: a, b: b, setting: s, metric: metric,
		logs:     map[int]float64{},
		alpha:    1 - t.confidence(),
		explores: metric != t.primary(),
	}
	ca, cb := t.at(a, s), t.at(b, s)
	timeout := t.timeout(s)
	var costs []float64
	for _, ra := range ca.rounds {
		sa, sb := common(ra, cb.round(ra.number))
		x, y := sa.measure(metric, timeout), sb.measure(metric, timeout)
		if x.Known() && y.Known() && x.X > 0 && y.X > 0 {
			p.logs[ra.number] = math.Log(x.X) - math.Log(y.X)
			costs = append(costs, cost(metric, y.X))
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

// cost returns a metric as something of which less is better.
func cost(m plan.Metric, x float64) float64 {
	if m.HigherIsBetter() {
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
				s.blocks = append(s.blocks, tr.Measurement)
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
	p.ratio, _ = stat.HodgesLehmann(logs, 1-p.alpha)
	p.narrow, _ = stat.HodgesLehmann(logs, 1-2*p.alpha)
	p.test = stat.SignedRank(logs)
	p.adjusted = p.test.P
}

// differences returns the logarithms in the order of the rounds.
func (p *pair) differences() []float64 {
	var rounds []int
	for n := range p.logs {
		rounds = append(rounds, n)
	}
	slices.Sort(rounds)
	var d []float64
	for _, n := range rounds {
		d = append(d, p.logs[n])
	}
	return d
}

// adjust corrects the p-values of pairs that were compared together.
func adjust(pairs []*pair) {
	var ps []float64
	for _, p := range pairs {
		ps = append(ps, p.test.P)
	}
	for i, q := range stat.Holm(ps) {
		pairs[i].adjusted = q
	}
}

// sign returns 1 if a was shown to be better, −1 if b was, and 0 if neither.
func (p *pair) sign() int {
	if !p.ratio.HasInterval() || p.adjusted >= p.alpha {
		return 0
	}
	better := 1
	if !p.metric.HigherIsBetter() {
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

// equivalent tells whether the ratio was shown to lie within Margin of one (two
// one-sided tests). Two that were both measured at the instrument's own limit
// are alike for that reason, and nothing is shown.
func (p *pair) equivalent() bool {
	edge := math.Log1p(Margin)
	return p.ratio.HasInterval() && p.narrow.HasInterval() && !p.atLimit &&
		p.narrow.Lo >= -edge && p.narrow.Hi <= edge
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

// needs returns about how many rounds would decide, by the width that the
// interval has now; 0 if that cannot be told. An interval shrinks with the root
// of the rounds; it decides once its half is no wider than the difference that
// the estimate shows, or, where that is next to nothing, than the margin of
// equivalence.
func (p *pair) needs() int {
	if p.verdict() != Undetermined || p.atLimit {
		return 0
	}
	if !p.ratio.HasInterval() {
		return stat.MinFor(1 - p.alpha)
	}
	half := (p.ratio.Hi - p.ratio.Lo) / 2 / max(math.Log1p(Margin), math.Abs(p.ratio.Value))
	return max(p.ratio.N+1, stat.MinFor(1-p.alpha), int(math.Ceil(float64(p.ratio.N)*half*half)))
}

func comparisons(pairs []*pair) []Comparison {
	all := []Comparison{}
	for _, p := range pairs {
		all = append(all, p.comparison())
	}
	return all
}

func (p *pair) comparison() Comparison {
	ratio := p.ratio.Exp()
	return Comparison{
		A: p.a.Who, B: p.b.Who,
		Factors:     p.setting.factors,
		Metric:      p.metric,
		Ratio:       exactly(ratio.Value),
		Lo:          exactly(ratio.Lo),
		Hi:          exactly(ratio.Hi),
		N:           ratio.N,
		Level:       Level,
		P:           exactly(p.test.P),
		PAdjusted:   exactly(p.adjusted),
		Verdict:     p.verdict(),
		Measurable:  p.equivalent() && p.sign() != 0,
		NeedsRounds: p.needs(),
		Grade:       p.grade,
		Exploratory: p.explores,
		AtLimit:     p.atLimit,
	}
}

// better returns the two variants, the one that the estimate prefers first, and
// the ratio of that one to the other.
func (p *pair) better() (first, second *variant, ratio stat.Estimate) {
	e := p.ratio
	aFirst := e.Value >= 0
	if !p.metric.HigherIsBetter() {
		aFirst = e.Value <= 0
	}
	if !aFirst {
		e.Value, e.Lo, e.Hi = -e.Value, -e.Hi, -e.Lo
		return p.b, p.a, e.Exp()
	}
	return p.a, p.b, e.Exp()
}
