package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checkClaims reads the plan's claims, holds every name in them against the
// plan, and complains of what there is not.
func (r *reader) checkClaims() {
	loose := r.keptClaims || r.plan.Preset != "" || r.plan.Quick || r.opt.Recorded
	for i := range r.plan.Claims {
		place := item("claims", i)
		if !r.sound(place) {
			continue
		}
		c := &claimChecker{reader: r, claim: &r.plan.Claims[i], place: place, loose: loose}
		if r.written(join(place, "claim")) {
			c.place = join(place, "claim")
		}
		c.check()
	}
}

// A claimChecker makes a Claim of what is written.
type claimChecker struct {
	*reader
	claim *Claim
	place string

	// loose says that a preset may have left out what the claim is about: the
	// plan itself has it, or has been complained of.
	loose bool
}

// fault complains of a character of the claim.
func (c *claimChecker) fault(at int, want, format string, args ...any) {
	n := c.nearest(c.place)
	c.spoilt[c.place] = true
	c.complainAt(n.Line, c.claimColumn(n.Line, n.Column, c.claim.Text, at), want, format, args...)
}

func (c *claimChecker) check() {
	if n := len(c.claim.Text); n > maxClaimText {
		c.complain(c.place, fmt.Sprintf("want %d bytes at most", maxClaimText), "the claim has %d bytes", n)
		return
	}
	known := claimNames{}
	for _, s := range c.plan.Subjects {
		known.subjects = append(known.subjects, s.Name)
	}
	for _, m := range c.plan.OwnMetrics() {
		known.own = append(known.own, string(m.Name))
	}
	known.metrics = append(metricNames(), known.own...)
	t, fault := parseClaim(c.claim.Text, known)
	if fault != nil {
		c.fault(fault.at, fault.want, "%s", fault.what)
		return
	}
	c.claim.Metric = Metric(t.metric.text)
	if c.sound("subjects", "factors", "load") {
		c.fill(t, known.own)
	}
}

// fill makes the claim of a tree.
func (c *claimChecker) fill(t *claimTree, own []string) {
	to := c.claim
	to.Form, to.Is, to.Within, to.In, to.Last = t.form, t.is, t.within, t.in, t.last
	switch t.form {
	case Placed, Crossed:
		t.at = append(t.at, t.a.at...)
		t.a.at = nil
		if t.b != nil {
			t.at = append(t.at, t.b.at...)
			t.b.at = nil
		}
		to.A = c.operand(t.a, t.at)
		if t.b != nil {
			to.B = c.operand(t.b, t.at)
			c.different(t)
		}
		to.At = c.settings(t.at)
	case Spread:
		to.At = c.settings(t.at)
	case Reordered:
		to.At = c.settings(t.at)
		c.sides(t)
	default:
		c.compared(t)
	}
	to.Among = c.selection(t)
	if t.form == Crossed {
		c.crossed(t)
	}
	c.measurable(t, own)
}

// compared makes the one or two sides of a comparison.
func (c *claimChecker) compared(t *claimTree) {
	shareConditions(t)
	c.claim.A = c.operand(t.a, t.a.at)
	c.claim.A.At = c.settings(t.a.at)
	if t.b == nil {
		return
	}
	c.claim.B = c.operand(t.b, t.b.at)
	c.claim.B.At = c.settings(t.b.at)
	c.different(t)
	for _, x := range t.a.at {
		for _, y := range t.b.at {
			if x.factor.text == y.factor.text && (x.is != y.is || x.level.text != y.level.text) &&
				(x.is != Same || y.is != Same) && !hasCondition(t.b.at, x) {
				c.fault(y.factor.at, "want = on both sides, or the same on both", "the two sides have different ranges of %s", y.factor.text)
				return
			}
		}
	}
}

// shareConditions gives each side the conditions on factors that it says nothing of
// itself: those behind the whole claim, then the other side's.
func shareConditions(t *claimTree) {
	t.a.at = append(t.a.at, missing(t.a.at, t.at)...)
	if t.b == nil {
		return
	}
	t.b.at = append(t.b.at, missing(t.b.at, t.at)...)
	a := missing(t.a.at, t.b.at)
	t.b.at = append(t.b.at, missing(t.b.at, t.a.at)...)
	t.a.at = append(t.a.at, a...)
}

// missing returns the conditions among others whose factors some does not name.
func missing(some, others []conditionTree) []conditionTree {
	var add []conditionTree
	for _, o := range others {
		if !slices.ContainsFunc(some, func(x conditionTree) bool { return x.factor.text == o.factor.text }) {
			add = append(add, o)
		}
	}
	return add
}

func hasCondition(all []conditionTree, x conditionTree) bool {
	return slices.ContainsFunc(all, func(y conditionTree) bool {
		return x.factor.text == y.factor.text && x.is == y.is && x.level.text == y.level.text
	})
}

// different complains of a claim about something and itself.
func (c *claimChecker) different(t *claimTree) {
	a, b := c.claim.A, c.claim.B
	if !c.sound(c.place) || a.Subject != b.Subject || !slices.Equal(a.Variant, b.Variant) || len(t.a.at) != len(t.b.at) {
		return
	}
	for _, x := range t.a.at {
		if !hasCondition(t.b.at, x) {
			return
		}
	}
	c.fault(t.b.name.at, "want another subject, another variant or another setting", "both sides are the same")
}

// operand finds the one variant that a side is about.
func (c *claimChecker) operand(o *operandTree, at []conditionTree) Operand {
	made := c.variants(o, at)
	if s := c.subject(o.name); s != nil {
		c.one(s, made, o.name)
	}
	return made
}

// variants finds the variants that are meant. Conditions on their own factors
// count like levels in brackets.
func (c *claimChecker) variants(o *operandTree, at []conditionTree) Operand {
	made := Operand{Subject: o.name.text}
	s := c.subject(o.name)
	for _, x := range o.pairs {
		made.Variant = append(made.Variant, Choice{x.factor.text, c.variantLevel(s, x)})
	}
	for _, x := range at {
		if s != nil && c.factor(x.factor) == nil && factorCalled(s.Variants, x.factor.text) != nil {
			made.Variant = append(made.Variant, Choice{x.factor.text, c.variantLevel(s, x)})
		}
	}
	if s != nil && s.Bound {
		c.fault(o.name.at, "want it without `bound: true`, or another subject", "%s is shown as a bound, and takes part in no claim", s.Name)
	}
	return made
}

// one complains of an operand that is not exactly one variant.
func (c *claimChecker) one(s *Subject, o Operand, w claimWord) {
	if !c.sound(c.place) || combinations(s.Variants) > maxTrials {
		return
	}
	var fit []string
	for _, choice := range product(s.Variants) {
		if v := (Variant{s, choice}); o.Matches(s.Name, v.Values()) {
			fit = append(fit, v.Name())
		}
	}
	switch {
	case len(fit) == 0 && !c.loose:
		c.fault(w.at, "want levels that go together", "no variant of %s has all of these levels", s.Name)
	case len(fit) > 1:
		c.fault(w.at, "want one of them: "+several(fit), "%s is %d variants", show(o.Subject), len(fit))
	}
}

func (c *claimChecker) subject(w claimWord) *Subject {
	var there []string
	for i := range c.plan.Subjects {
		if c.plan.Subjects[i].Name == w.text {
			return &c.plan.Subjects[i]
		}
		there = append(there, c.plan.Subjects[i].Name)
	}
	if !c.loose {
		c.fault(w.at, meant(w.text, there), "there is no subject %s", show(w.text))
	}
	return nil
}

// variantLevel returns a level of a subject's own factor.
func (c *claimChecker) variantLevel(s *Subject, x conditionTree) Level {
	if s == nil {
		return TextLevel(x.level.text)
	}
	f := factorCalled(s.Variants, x.factor.text)
	switch {
	case f == nil && len(s.Variants) == 0:
		c.fault(x.factor.at, "want its name alone", "%s has no variants", s.Name)
	case f == nil:
		c.fault(x.factor.at, meant(x.factor.text, factorNames(s.Variants)), "%s has no factor %s", s.Name, show(x.factor.text))
	case x.is != Same:
		c.fault(x.factor.at, "want = and one level", "%s says which variant is meant", x.factor.text)
	default:
		return c.level(f, x.level)
	}
	return TextLevel(x.level.text)
}

// level finds a level by what is written, or by its number.
func (c *claimChecker) level(f *Factor, w claimWord) Level {
	wanted := writtenLevel(w.text)
	var there []string
	for _, l := range f.Levels {
		if l.String() == w.text || sameLevel(l, wanted) {
			return l
		}
		there = append(there, l.String())
	}
	if !c.loose {
		c.fault(w.at, meant(w.text, there), "%s has no level %s", f.Name, show(w.text))
	}
	return wanted
}

func writtenLevel(s string) Level {
	if x, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpPnN_") {
		return Level{text: s, number: x, isNum: true}
	}
	return TextLevel(s)
}

// settings makes the conditions on the plan's factors, and complains of those on
// factors that nobody has.
func (c *claimChecker) settings(at []conditionTree) []Condition {
	var all []Condition
	for i, x := range at {
		if x.is == Same && slices.ContainsFunc(at[:i], func(y conditionTree) bool { return y.factor.text == x.factor.text }) {
			c.fault(x.factor.at, "want each factor once", "%s is here twice", x.factor.text)
		}
		f := c.factor(x.factor)
		if f == nil {
			c.notASetting(x)
			continue
		}
		cond := Condition{Factor: f.Name, Is: x.is}
		if x.is == Same {
			cond.Level = c.level(f, x.level)
		} else if cond.Level = writtenLevel(x.level.text); !cond.Level.isNum {
			c.fault(x.level.at, levelBound.want, "%s is no number", show(x.level.text))
		}
		all = append(all, cond)
	}
	return all
}

// notASetting complains of a condition on what is neither a factor of the plan
// nor of a subject.
func (c *claimChecker) notASetting(x conditionTree) {
	there := factorNames(c.plan.Factors)
	for _, s := range c.plan.Subjects {
		for _, f := range s.Variants {
			if f.Name == x.factor.text {
				return // it has chosen the variant
			}
			if !slices.Contains(there, f.Name) {
				there = append(there, f.Name)
			}
		}
	}
	if c.loose {
		return
	}
	c.fault(x.factor.at, meant(x.factor.text, there), "there is no factor %s", show(x.factor.text))
}

// sides makes the two settings that an order is compared between.
func (c *claimChecker) sides(t *claimTree) {
	for i, side := range t.sides {
		c.claim.Sides[i] = c.settings(side)
		for _, x := range side {
			if x.is != Same {
				c.fault(x.factor.at, "want = and one level", "the order is compared between two levels")
			}
			if c.factor(x.factor) == nil && !c.loose && c.sound(c.place) {
				c.fault(x.factor.at, "want a factor of the plan", "%s is no factor of the plan's settings", x.factor.text)
			}
		}
	}
	for _, x := range t.sides[1] {
		if hasCondition(t.sides[0], x) && len(t.sides[0]) == len(t.sides[1]) {
			c.fault(x.factor.at, "want two different settings", "both are at %s=%s", x.factor.text, x.level.text)
		}
	}
}

// selection makes whom a claim is among. A condition behind `at` on a factor of
// subjects' own selects likewise.
func (c *claimChecker) selection(t *claimTree) Selection {
	var sel Selection
	for _, p := range t.among {
		if p.operand == nil {
			sel.Where = append(sel.Where, c.common(*p.condition))
			continue
		}
		sel.Named = append(sel.Named, c.variants(p.operand, nil))
	}
	if t.form == Placed || t.form == Spread || t.form == Reordered {
		for _, x := range t.at {
			if c.factor(x.factor) == nil && c.sound(c.place) {
				sel.Where = append(sel.Where, c.common(x))
			}
		}
	}
	return sel
}

// common returns a level that at least one subject has of a factor of its own.
func (c *claimChecker) common(x conditionTree) Choice {
	there := Factor{Name: x.factor.text}
	var names []string
	for _, s := range c.plan.Subjects {
		names = append(names, factorNames(s.Variants)...)
		if f := factorCalled(s.Variants, x.factor.text); f != nil {
			there.Levels = append(there.Levels, f.Levels...)
		}
	}
	slices.Sort(names)
	if len(there.Levels) == 0 {
		if !c.loose {
			c.fault(x.factor.at, meant(x.factor.text, slices.Compact(names)), "no subject has a factor %s of its own", show(x.factor.text))
		}
		return Choice{x.factor.text, TextLevel(x.level.text)}
	}
	if x.is != Same {
		c.fault(x.factor.at, "want = and one level", "%s says which variants are meant", x.factor.text)
	}
	return Choice{x.factor.text, c.level(&there, x.level)}
}

// crossed complains of a factor along which nothing can cross.
func (c *claimChecker) crossed(t *claimTree) {
	c.claim.Factor = t.factor.text
	f := c.factor(t.factor)
	switch {
	case c.loose:
	case f == nil:
		c.fault(t.factor.at, meant(t.factor.text, factorNames(c.plan.Factors)), "there is no factor %s", show(t.factor.text))
	case slices.ContainsFunc(f.Levels, func(l Level) bool { return !l.isNum }), len(f.Levels) < 2:
		c.fault(t.factor.at, "want a factor that has several levels, all numbers", "two curves cannot cross on %s", f.Name)
	}
	if slices.ContainsFunc(t.at, func(x conditionTree) bool { return x.factor.text == t.factor.text }) {
		c.fault(t.factor.at, "want it left out behind `at`", "%s is what the curves are drawn over", t.factor.text)
	}
}

// measurable complains of a metric that an operand does not have.
func (c *claimChecker) measurable(t *claimTree, own []string) {
	isOwn := slices.Contains(own, t.metric.text)
	for _, o := range []*operandTree{t.a, t.b} {
		if o == nil {
			continue
		}
		for _, s := range c.plan.Subjects {
			if s.Name != o.name.text {
				continue
			}
			if s.Measures() != isOwn || isOwn && s.Metric.Name != c.claim.Metric {
				c.fault(o.name.at, "want a subject that has it", "%s has no %s", s.Name, t.metric.text)
			}
		}
	}
}

// factor returns the plan's factor of that name; nil if there is none.
func (c *claimChecker) factor(w claimWord) *Factor { return factorCalled(c.plan.Factors, w.text) }

func factorCalled(fs []Factor, name string) *Factor {
	for i := range fs {
		if fs[i].Name == name {
			return &fs[i]
		}
	}
	return nil
}

// meant says which names there are, and first which one was most likely meant.
func meant(name string, there []string) string {
	if len(there) == 0 {
		return "there are none"
	}
	best, distance := "", 3
	for _, t := range there {
		if d := edits(name, t); d < distance && d < len(name) {
			best, distance = t, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %s? There are %s", best, several(there))
	}
	return "want one of " + several(there)
}

// mostNamed is how many names a complaint lists.
const mostNamed = 20

func several(names []string) string {
	if n := len(names); n > mostNamed {
		return strings.Join(names[:mostNamed], ", ") + fmt.Sprintf(" and %d more", n-mostNamed)
	}
	return strings.Join(names, ", ")
}

func factorNames(factors []Factor) []string {
	var names []string
	for _, f := range factors {
		names = append(names, f.Name)
	}
	return names
}
