package report

import (
	"cmp"
	"math"
	"slices"

	"webdyno/internal/stat"
)

// A sweep is the settings that differ in one numeric factor alone, ascending.
type sweep struct {
	factor string
	others Factors
	points []point
}

type point struct {
	level   float64
	setting *setting
}

// sweeps returns every way of walking one numeric factor while all others stand
// still, where it has at least two levels.
func (t *table) sweeps() []sweep {
	var all []sweep
	for _, f := range t.factorNames {
		rest := slices.DeleteFunc(slices.Clone(t.factorNames), func(n string) bool { return n == f })
		at := map[string]int{}
		from := len(all)
		for _, s := range t.settings {
			level, ok := s.factors[f].Number()
			if !ok {
				continue
			}
			name := settingName(rest, s.factors)
			if _, ok := at[name]; !ok {
				at[name] = len(all)
				all = append(all, sweep{factor: f, others: pick(s.factors, rest)})
			}
			sw := &all[at[name]]
			sw.points = append(sw.points, point{level, s})
		}
		for i := range all[from:] {
			slices.SortFunc(all[from+i].points, func(a, b point) int { return cmp.Compare(a.level, b.level) })
		}
	}
	return slices.DeleteFunc(all, func(s sweep) bool { return len(s.points) < 2 })
}

func pick(factors Factors, names []string) Factors {
	picked := Factors{}
	for _, n := range names {
		if l, ok := factors[n]; ok {
			picked[n] = l
		}
	}
	return picked
}

// crossings finds where two variants change places on the primary metric.
func (t *table) crossings(pairs []*pair) []Crossing {
	type key struct {
		a, b    *variant
		setting *setting
	}
	at := map[key]*pair{}
	for _, p := range pairs {
		if p.metric == t.primary() {
			at[key{p.a, p.b, p.setting}] = p
		}
	}
	all := []Crossing{}
	for _, sw := range t.sweeps() {
		for i, a := range t.variants {
			for _, b := range t.variants[i+1:] {
				var walk []step
				for _, pt := range sw.points {
					if p := at[key{a, b, pt.setting}]; p != nil && len(p.logs) > 0 {
						walk = append(walk, step{pt.level, p})
					}
				}
				all = append(all, t.crossingsAlong(sw, walk, t.confidence())...)
			}
		}
	}
	return all
}

// A step is a pair at one level of a sweep.
type step struct {
	level float64
	pair  *pair
}

// crossingsAlong walks from one level at which a difference was shown to the
// next. Where the two differ in favour, the variants cross in between. Levels at
// which nothing was shown are passed over, or noise around a tie would make a
// crossing at every step.
func (t *table) crossingsAlong(sw sweep, walk []step, level float64) []Crossing {
	var found []Crossing
	last := -1
	for i, s := range walk {
		sign := s.pair.sign()
		if sign == 0 {
			continue
		}
		if last >= 0 && walk[last].pair.sign() == -sign {
			if c, ok := t.crossing(sw, walk[last:i+1], level); ok {
				found = append(found, c)
			}
		}
		last = i
	}
	return found
}

// crossing locates the change of places within a stretch whose ends differ in
// favour, round by round, between the two levels where the ratio passes one;
// where it passes more than once, at the steepest passage.
//
// Between two levels nothing was measured, and how the curves run there is an
// assumption. If the factor is of the workload, what a request costs is taken to
// grow in a straight line, as handler work does; lines through the logarithms
// would put the crossing of 20+N/50 and 15+N/5, measured at 11 and 101, at 19
// instead of 28. For a factor of the load, where costs are no lines, the logarithm of
// the ratio is drawn over the logarithm of the level. Where a round at either
// level does not tell the whole ratio, no line can be drawn: leaving such rounds
// out would choose them by their values.
func (t *table) crossing(sw sweep, stretch []step, level float64) (Crossing, bool) {
	i := steepest(stretch)
	lo, hi := stretch[i], stretch[i+1]
	passage := logPassage(lo, hi)
	c := Crossing{
		A: lo.pair.a.Who, B: lo.pair.b.Who,
		Factors: sw.others, Factor: sw.factor,
		Between: [2]float64{lo.level, hi.level}, Model: "logarithms",
	}
	if asksFor(t.plan.Workload, sw.factor) {
		passage, c.Model = straightPassage(lo, hi), "straight costs"
	}
	if lo.pair.oneSided()+hi.pair.oneSided() > 0 {
		c.Model, c.N = "none", min(len(lo.pair.logs), len(hi.pair.logs))
		return c, true
	}
	var at []float64
	for n := range lo.pair.logs {
		if x, ok := passage(n); ok {
			at = append(at, x)
		}
	}
	slices.Sort(at) // sums must not depend on the order of a map
	e, _ := stat.HodgesLehmann(at, level)
	if c.Model == "logarithms" && lo.level > 0 {
		e = e.Exp()
	}
	c.At, c.Lo, c.Hi, c.N = exactly(e.Value), exactly(e.Lo), exactly(e.Hi), e.N
	return c, c.At.Known()
}

// logPassage returns where the line through a round's two logarithms of ratios
// passes zero, over the logarithm of the level, or the level if that is not
// above zero; false where the round leads the other way and crosses nowhere near.
func logPassage(lo, hi step) func(round int) (float64, bool) {
	x0, x1 := lo.level, hi.level
	if x0 > 0 {
		x0, x1 = math.Log(x0), math.Log(x1)
	}
	return func(round int) (float64, bool) {
		y0, y1, ok := ends(lo, hi, round)
		if !ok {
			return 0, false
		}
		return x0 - y0*(x1-x0)/(y1-y0), true
	}
}

// straightPassage returns where two straight lines of cost meet. The ratio of
// the two at either end is the round's, in which the weather of a block cancels;
// how b's cost grows between the ends is the median over rounds.
func straightPassage(lo, hi step) func(round int) (float64, bool) {
	growth := hi.pair.cost / lo.pair.cost
	return func(round int) (float64, bool) {
		y0, y1, ok := ends(lo, hi, round)
		if !ok || !(growth > 0) {
			return 0, false
		}
		if lo.pair.higher {
			y0, y1 = -y0, -y1 // a rate is the inverse of a cost
		}
		below, above := math.Expm1(y0), growth*math.Expm1(y1)
		x := lo.level + (hi.level-lo.level)*below/(below-above)
		return x, !math.IsInf(x, 0) && !math.IsNaN(x)
	}
}

// ends returns the logarithms of a round's ratios at two levels; false if the
// round has not both, or its ratio changes in another direction than the
// estimated one.
func ends(lo, hi step, round int) (y0, y1 float64, ok bool) {
	s0, ok0 := lo.pair.logs[round]
	s1, ok1 := hi.pair.logs[round]
	y0, y1 = s0.Lo, s1.Lo
	return y0, y1, ok0 && ok1 && y1 != y0 && (y1 > y0) == (hi.pair.ratio.Value > lo.pair.ratio.Value)
}

// steepest returns the first of the two neighbouring steps between which the
// estimated ratio passes one by the largest leap.
func steepest(stretch []step) int {
	best, leap := 0, -1.0
	for i := range len(stretch) - 1 {
		y0, y1 := stretch[i].pair.ratio.Value, stretch[i+1].pair.ratio.Value
		if (y0 < 0) != (y1 < 0) && math.Abs(y1-y0) > leap {
			best, leap = i, math.Abs(y1-y0)
		}
	}
	return best
}
