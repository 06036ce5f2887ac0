package report

import (
	"math"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// An effect is how far the new build lies above the old one in one metric: as a
// logarithm of the ratio, or, if points, as a difference.
type effect struct {
	points bool

	before, after []Number      // round by round
	value         stat.Estimate // Lo and Hi are infinite where the interval is open
	span          stat.Span     // of which value.Value is the end nearest to zero
	narrow        stat.Estimate // at the level that equivalence is tested at
	p             float64
	n, m          int // rounds before and after
	silent        int // rounds that have both and do not tell which is higher

	means *stat.Estimate // after ÷ before, of the means; nil where there is no interval
}

// effectOf compares two cells; false if there is nothing to compare.
func (c *comparison) effectOf(m plan.Metric, j twin) (effect, bool) {
	e := effect{
		points: differs(m),
		before: valuesOf(m, j.old.samples(), c.old.timeout(j.old.setting)),
		after:  valuesOf(m, j.fresh.samples(), c.fresh.timeout(j.fresh.setting)),
	}
	if known(e.before) == 0 || known(e.after) == 0 {
		return e, false
	}
	if c.paired() {
		c.pairs(&e, m, j)
	} else {
		c.samples(&e)
	}
	return e, e.n > 0 || e.silent > 0
}

// pairs compares round by round.
func (c *comparison) pairs(e *effect, m plan.Metric, j twin) {
	apart := logRatio
	if e.points {
		apart = difference
	}
	logs, silent := c.fresh.paired(m, j.fresh, j.old, apart)
	e.silent, e.n, e.m = silent, len(logs), len(logs)
	e.value, e.span = between(logs, 1-c.alpha)
	e.narrow, _ = between(logs, 1-2*c.alpha)
	e.p = stat.SignedRankBetween(logs).P
}

// samples compares the rounds of two records.
func (c *comparison) samples(e *effect) {
	xs, ys := e.scaled(e.after), e.scaled(e.before)
	e.n, e.m = len(ys), len(xs)
	e.value, e.span = apartBetween(xs, ys, 1-c.alpha)
	e.narrow, _ = apartBetween(xs, ys, 1-2*c.alpha)
	e.p = stat.RankSumBetween(xs, ys).P
	if e.points {
		return
	}
	after, okA := numbersOf(e.after)
	before, okB := numbersOf(e.before)
	if means, err := stat.RatioOfMeans(after, before, 1-c.alpha); err == nil && okA && okB {
		e.means = &means
	}
}

// scaled returns the values on the scale of the effect.
func (e *effect) scaled(values []Number) []stat.Span {
	var all []stat.Span
	for _, v := range values {
		if !v.Known() {
			continue
		}
		x := v.X
		if !e.points {
			x = math.Log(x)
		}
		s := stat.Span{Lo: x, Hi: x}
		if v.Kind == AtLeast {
			s.Hi = math.Inf(1)
		}
		all = append(all, s)
	}
	return all
}

// numbersOf returns the values that are known; false if one is only bounded.
func numbersOf(values []Number) (xs []float64, all bool) {
	for _, v := range values {
		if v.Kind == AtLeast {
			return nil, false
		}
		if v.Known() {
			xs = append(xs, v.X)
		}
	}
	return xs, true
}

// apartBetween is between, of two samples.
func apartBetween(xs, ys []stat.Span, level float64) (stat.Estimate, stat.Span) {
	below, above, _ := stat.ShiftBetween(xs, ys, level)
	return nearestToZero(below, above)
}

// numbers returns the effect as it is written down: ratios, or differences.
func (e *effect) numbers() (value, lo, hi Number) {
	lo, hi = exactly(e.written(openEnd(e.value.Lo))), exactly(e.written(openEnd(e.value.Hi)))
	switch v := e.span; {
	case v.Known():
		value = exactly(e.written(v.Lo))
	case v.Lo >= 0 && v.Lo < v.Hi:
		value = atLeast(e.written(v.Lo))
	case v.Hi <= 0 && v.Lo < v.Hi:
		value = atMost(e.written(v.Hi))
	}
	return value, lo, hi
}

func (e *effect) written(x float64) float64 {
	if e.points {
		return x
	}
	return math.Exp(x)
}

func (e *effect) meansRatio() *Ratio {
	if e.means == nil {
		return nil
	}
	return &Ratio{exactly(e.means.Value), exactly(e.means.Lo), exactly(e.means.Hi)}
}
