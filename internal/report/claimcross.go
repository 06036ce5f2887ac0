package report

import (
	"fmt"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// crossed tests where two variants change places along a factor.
func (t *table) crossed(c plan.Claim, at claimPlace, odds chance) finding {
	a, why := t.variantOf(c.A)
	if why != "" {
		return finding{why: why}
	}
	b, why := t.variantOf(c.B)
	if why != "" {
		return finding{why: why}
	}
	if b.index < a.index {
		a, b = b, a
	}
	walk := t.walk(c.Metric, at.sweep, a, b, odds.hold)
	if len(walk) < 2 {
		return finding{why: fmt.Sprintf("%s and %s were measured together at fewer than two levels", a.name, b.name)}
	}
	f := t.crossedAlong(c, at.sweep, walk, odds.hold)
	for _, s := range walk {
		f.grade = max(f.grade, s.pair.grade)
	}
	if f.outcome == DoesNotHold {
		strict := t.walk(c.Metric, at.sweep, a, b, odds.fall)
		f.refuted = t.crossedAlong(c, at.sweep, strict, odds.fall).outcome == DoesNotHold
	}
	return f
}

// walk sets the two against each other at each level, at an error of alpha of
// its own.
func (t *table) walk(m plan.Metric, sw sweep, a, b *variant, alpha float64) []step {
	var walk []step
	for _, pt := range sw.points {
		p := t.pair(m, pt.setting, a, b)
		if len(p.logs) == 0 {
			continue
		}
		p.alpha = alpha
		p.conclude()
		walk = append(walk, step{pt.level, p})
	}
	return walk
}

func (t *table) crossedAlong(c plan.Claim, sw sweep, walk []step, alpha float64) finding {
	found := t.crossingsAlong(sw, walk, 1-alpha)
	if len(found) == 0 {
		return uncrossed(walk, alpha)
	}
	want := region{lo: c.In.Lo, hi: c.In.Hi}
	var all []finding
	for _, x := range found {
		f := finding{value: x.At, lo: x.Lo, hi: x.Hi, n: x.N, level: 1 - alpha}
		f.text = fmt.Sprintf("they cross near %s (%s), %s", x.At.in(""), openInterval(x.Lo, x.Hi, ""), plural(x.N, "round"))
		switch {
		case !x.Lo.Known() || !x.Hi.Known():
			f.text = fmt.Sprintf("they cross between %s and %s, and no line tells where", plainNumber(x.Between[0]), plainNumber(x.Between[1]))
		case want.within(x.Lo.X, x.Hi.X):
			f.outcome = Holds
		case want.beyond(x.Lo.X, x.Hi.X):
			f.outcome = DoesNotHold
		}
		f.edge = want.margin(stat.Estimate{Value: x.At.X, Lo: x.Lo.X, Hi: x.Hi.X})
		all = append(all, f)
	}
	best := all[0]
	for _, f := range all[1:] {
		if betterFor(f.outcome, best.outcome) {
			best = f
		}
	}
	return best
}

// betterFor tells whether one crossing speaks for the claim more than another:
// one in the range is enough, and it takes all of them outside to refute it.
func betterFor(a, b Outcome) bool {
	order := [...]int{Undecided: 1, Holds: 2, DoesNotHold: 0}
	return order[a] > order[b]
}

// uncrossed is what becomes of the claim where no change of places was shown:
// it falls if the same one is ahead at every level.
func uncrossed(walk []step, alpha float64) finding {
	f := finding{n: len(walk[0].pair.logs)}
	signs := 0
	for _, s := range walk {
		f.n = min(f.n, len(s.pair.logs))
		signs += s.pair.sign()
	}
	first, last := plainNumber(walk[0].level), plainNumber(walk[len(walk)-1].level)
	switch {
	case f.n < stat.MinFor(1-alpha):
		f.why = tooFew(f.n, alpha)
	case signs == len(walk) || signs == -len(walk):
		ahead, _, _ := walk[0].pair.better()
		f.outcome = DoesNotHold
		f.text = fmt.Sprintf("%s is ahead at every level from %s to %s, %s", ahead.name, first, last, plural(f.n, "round"))
	default:
		f.why = fmt.Sprintf("no change of places was shown from %s to %s", first, last)
	}
	return f
}
