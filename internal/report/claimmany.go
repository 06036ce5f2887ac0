package report

import (
	"fmt"
	"math"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A field is the variants that a claim about several of them is about.
type field struct {
	variants []*variant
	without  []string // those that are meant too, and were not measured
}

// fieldOf returns the field of a claim at a place, or why it cannot be tested. Those that
// the claim names must have been measured; of those that it means by a level, or
// as all, those that were are enough, and the others are told.
func (t *table) fieldOf(c plan.Claim, at claimPlace, first *variant) (f field, why string) {
	for _, o := range c.Among.Named {
		if no := t.noneOf(o, at); no != "" {
			return f, no
		}
	}
	for _, v := range t.variants {
		switch {
		case v != first && (v.bound || v.older || !c.Among.Holds(v.Subject, v.Variant)):
		case t.absentAt(v, at) != "":
			f.without = append(f.without, v.name)
		default:
			f.variants = append(f.variants, v)
		}
	}
	for _, s := range t.skipped() {
		if c.Among.Holds(s.Subject, s.Variant) {
			f.without = append(f.without, s.name())
		}
	}
	if len(f.variants) < 2 {
		return f, "fewer than two of them were measured"
	}
	return f, ""
}

// noneOf says why no variant that an operand names was measured at a place; "" if
// one was.
func (t *table) noneOf(o plan.Operand, at claimPlace) string {
	why := ""
	for _, v := range t.variants {
		if !o.Matches(v.Subject, v.Variant) {
			continue
		}
		if why = t.absentAt(v, at); why == "" {
			return ""
		}
	}
	if why == "" {
		_, why = t.variantOf(o)
	}
	return why
}

func (t *table) absentAt(v *variant, at claimPlace) string {
	if why := t.absent(v, at.a); why != "" {
		return why
	}
	return t.absent(v, at.b)
}

// text says of how many a figure is, and who is missing.
func (f field) text() string {
	s := fmt.Sprintf("among %d", len(f.variants))
	if len(f.without) > 0 {
		s += ", without " + list(f.without)
	}
	return s
}

// A rival is one of a field beside the one that the claim is about.
type rival struct {
	*judge
	variant *variant
	sign    float64 // 1 where a larger figure of the claimed one is in favour of the claim
	p       float64 // adjusted over all rivals
	e       stat.Estimate
}

// shown tells whether the claimed one is shown to stand to the rival as the
// claim has it (1), or the other way round (−1).
func (r rival) shown(alpha float64) float64 {
	switch {
	case r.p >= alpha || !r.e.HasInterval():
		return 0
	case r.e.Lo > 0:
		return r.sign
	case r.e.Hi < 0:
		return -r.sign
	}
	return 0
}

// placed tests whether a variant is the best, or the worst, of a field: by
// comparing it with each of the others, the p-values adjusted over them (Holm).
func (t *table) placed(c plan.Claim, at claimPlace, odds chance) finding {
	v, why := t.variantOf(c.A)
	if why == "" {
		why = t.absentAt(v, at)
	}
	if why != "" {
		return finding{why: why}
	}
	among, why := t.fieldOf(c, at, v)
	if why != "" {
		return finding{why: why}
	}
	f := placeOf(t.rivals(c, v, among, at, odds), odds)
	f.text = among.text() + ", " + f.text
	return f
}

// placeOf judges all rivals together. The figure is that of the one that speaks
// least for the claim.
func placeOf(rivals []rival, odds chance) finding {
	worst, fewest := rivals[0], math.MaxInt
	holding, falling, refuting := 0, 0, 0
	var grade evidence.Grade
	for _, r := range rivals {
		fewest, grade = min(fewest, len(r.spans)), max(grade, r.grade)
		switch r.shown(odds.hold) {
		case 1:
			holding++
		case -1:
			falling++
		}
		if r.shown(odds.fall) < 0 {
			refuting++
		}
		if r.sign*r.e.Value < worst.sign*worst.e.Value {
			worst = r
		}
	}
	f := worst.describe(odds)
	f.grade = grade
	word := "against"
	switch each := odds.hold / float64(len(rivals)); {
	case falling > 0:
		f.outcome, f.refuted = DoesNotHold, refuting > 0
	case holding == len(rivals):
		f.outcome, word = Holds, "the nearest is"
	case fewest < stat.MinFor(1-each):
		f.why = tooFew(fewest, each)
	default:
		f.why, f.needs = worst.limit, worst.needs(worst.e)
	}
	f.text = fmt.Sprintf("%s %s: %s", word, worst.variant.name, f.text)
	return f
}

// rivals sets the claimed one against each of the others.
func (t *table) rivals(c plan.Claim, v *variant, among field, at claimPlace, odds chance) []rival {
	_, higher := t.metric(c.Metric)
	sign := 1.0
	if higher == c.Last {
		sign = -1
	}
	var all []rival
	var ps []float64
	for _, o := range among.variants {
		if o == v {
			continue
		}
		j := t.between(c.Metric, t.at(v, at.a), t.at(o, at.a), differs(c.Metric))
		j.want = region{lo: 0, hi: math.Inf(1), open: true}
		if sign < 0 {
			j.want = region{lo: math.Inf(-1), hi: 0, open: true}
		}
		r := rival{judge: &j, variant: o, sign: sign}
		r.e, _, _ = j.interval(odds.hold)
		all = append(all, r)
		ps = append(ps, stat.SignedRankBetween(j.spans).P)
	}
	for i, p := range stat.Holm(ps) {
		all[i].p = p
	}
	return all
}

// describe returns the figure of one comparison, undecided.
func (j *judge) describe(odds chance) finding {
	f := j.finding(odds)
	f.outcome, f.refuted, f.why, f.needs = Undecided, false, "", 0
	return f
}

// A duo is two of a field, and what sets them apart.
type duo struct {
	judge
	a, b *variant
}

func (t *table) duos(m plan.Metric, among field, s *setting) []duo {
	var all []duo
	for i, a := range among.variants {
		for _, b := range among.variants[i+1:] {
			all = append(all, duo{t.between(m, t.at(a, s), t.at(b, s), false), a, b})
		}
	}
	return all
}

// spread tests how far the best and the worst of a field lie apart: the largest
// of all ratios.
//
// Its upper end is the largest upper end over all pairs, and needs no
// correction: it fails to cover only if that of the one pair that really is
// furthest apart does. Its lower end is the largest lower end, and any pair
// might lift it too far: each is therefore taken at an error divided by the
// number of pairs (Bonferroni).
func (t *table) spread(c plan.Claim, at claimPlace, odds chance) finding {
	among, why := t.fieldOf(c, at, nil)
	if why != "" {
		return finding{why: why}
	}
	all := t.duos(c.Metric, among, at.a)
	first := all[0]
	value, fewest, silent := -1.0, math.MaxInt, 0
	var f finding
	for _, d := range all {
		f.grade = max(f.grade, d.grade)
		fewest, silent = min(fewest, len(d.spans)), silent+d.silent
		if e, _, _ := d.interval(odds.hold); math.Abs(e.Value) > value {
			value, first = math.Abs(e.Value), d
		}
	}
	scale := claimScale{logs: true}
	f.n, f.value = fewest, exactly(math.Exp(value))
	names := first.a.name + " and " + first.b.name
	lo, hi, ok := spreadOf(all, odds.hold)
	if !ok {
		f.why = tooFew(fewest, odds.hold)
		f.text = fmt.Sprintf("%s, the largest ratio is that of %s: %s", among.text(), names, f.value.in(""))
		return f
	}
	want := region{lo: scale.in(c.In.Lo), hi: scale.in(c.In.Hi)}
	f.level, f.lo, f.hi = 1-odds.hold, exactly(math.Exp(lo)), exactly(math.Exp(openEnd(hi)))
	switch {
	case want.within(lo, hi) && silent == 0:
		f.outcome = Holds
	case want.beyond(lo, hi):
		f.outcome = DoesNotHold
		lo, hi, _ := spreadOf(all, odds.fall)
		f.refuted = want.beyond(lo, hi)
	default:
		f.why = first.limit
		if fewest < stat.MinFor(1-odds.hold/float64(len(all))) {
			f.why = fmt.Sprintf("of so many pairs %s", tooFew(fewest, odds.hold/float64(len(all))))
		}
	}
	f.edge = want.margin(stat.Estimate{Value: value, Lo: lo, Hi: hi})
	f.text = fmt.Sprintf("%s, the largest ratio is that of %s: %s (%s), %s", among.text(), names, f.value.in(""), openInterval(f.lo, f.hi, ""), plural(f.n, "round"))
	return f
}

// spreadOf returns the interval of the largest logarithm of a ratio; false if a
// pair has too few rounds for an upper end.
func spreadOf(all []duo, alpha float64) (lo, hi float64, ok bool) {
	ok = true
	for _, d := range all {
		e, _, has := d.interval(alpha)
		ok = ok && has
		hi = max(hi, math.Abs(e.Lo), math.Abs(e.Hi))
		if e, _, has := d.interval(alpha / float64(len(all))); has {
			lo = max(lo, e.Lo, -e.Hi)
		}
	}
	return lo, hi, ok
}

// reordered tests whether any two of a field change places between two
// settings: whether one is shown to be the larger at the first and the other at
// the second, each at an error divided by the number of pairs.
func (t *table) reordered(c plan.Claim, at claimPlace, odds chance) finding {
	among, why := t.fieldOf(c, at, nil)
	if why != "" {
		return finding{why: why}
	}
	one, other := t.duos(c.Metric, among, at.a), t.duos(c.Metric, among, at.b)
	pairs := float64(len(one))
	best, swap, fewest := 0, math.Inf(-1), math.MaxInt
	f := finding{level: 1 - odds.hold/pairs}
	kept, keptStrict := 0, 0
	for i := range one {
		f.grade = max(f.grade, one[i].grade, other[i].grade)
		fewest = min(fewest, len(one[i].spans), len(other[i].spans))
		if shownSign(one[i], odds.hold/pairs)*shownSign(other[i], odds.hold/pairs) < 0 {
			f.outcome = Holds
		}
		if shownSign(one[i], odds.hold)*shownSign(other[i], odds.hold) > 0 {
			kept++
		}
		if shownSign(one[i], odds.fall)*shownSign(other[i], odds.fall) > 0 {
			keptStrict++
		}
		if s := swapOf(one[i], other[i], odds.hold); s > swap {
			best, swap = i, s
		}
	}
	f.n, f.edge = fewest, swap
	switch {
	case f.outcome == Holds:
	case kept == len(one):
		f.outcome, f.refuted = DoesNotHold, keptStrict == len(one)
	case fewest < stat.MinFor(1-odds.hold/pairs):
		f.why = tooFew(fewest, odds.hold/pairs)
	}
	odds.hold /= pairs
	a, b := one[best].describe(odds), other[best].describe(odds)
	f.text = fmt.Sprintf("%s to %s: %s: %s; %s: %s", one[best].a.name, one[best].b.name,
		conditionText(c.Sides[0]), a.text, conditionText(c.Sides[1]), b.text)
	if f.outcome == DoesNotHold {
		f.text = "no two change places; the nearest to it, " + f.text
	}
	f.text = among.text() + ", " + f.text
	return f
}

// shownSign returns 1 where the first of the two is shown to have the larger
// figure, −1 where the second is, and 0 where neither.
func shownSign(d duo, alpha float64) float64 {
	switch e, _, ok := d.interval(alpha); {
	case !ok:
		return 0
	case e.Lo > 0:
		return 1
	case e.Hi < 0:
		return -1
	}
	return 0
}

// swapOf returns how far two settings are from showing opposite orders, in
// halves of the interval: the weaker of the two sides, the better way round.
func swapOf(one, other duo, alpha float64) float64 {
	strength := func(d duo) float64 {
		e, _, ok := d.interval(alpha)
		half := (e.Hi - e.Lo) / 2
		if !ok || math.IsInf(half, 0) || half == 0 {
			return 0
		}
		return e.Value / half
	}
	a, b := strength(one), strength(other)
	return max(min(a, -b), min(-a, b))
}
