package report

import (
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A Claim is a sentence of the plan and what the figures say to it.
type Claim struct {
	Claim   string  `json:"claim"`          // as the plan has it
	Says    string  `json:"says,omitempty"` // the same in words, if the plan has them
	Outcome Outcome `json:"outcome"`
	Figure  string  `json:"figure"` // what the outcome rests on, in words

	Metric plan.Metric `json:"metric"`
	Unit   string      `json:"unit,omitempty"` // of the numbers below; none where they are a ratio

	Value Number  `json:"value"` // of the setting that decides
	Lo    Number  `json:"lo"`    // missing where the rounds are too few, or the interval is open at this end
	Hi    Number  `json:"hi"`
	N     int     `json:"n"`     // rounds
	Level float64 `json:"level"` // that the interval was computed at; 0 without one

	Grade       evidence.Grade `json:"grade"`                  // worst of the trials on all sides, at the setting that decides
	NeedsRounds int            `json:"needs_rounds,omitempty"` // about how many would decide, where undecided
	Settings    []ClaimPlace   `json:"settings,omitempty"`     // each of them, where the claim is about several
}

// A ClaimPlace is what one of several settings says to a claim.
type ClaimPlace struct {
	Factors Factors `json:"factors"`
	Outcome Outcome `json:"outcome"`
	Value   Number  `json:"value"`
	Lo      Number  `json:"lo"`
	Hi      Number  `json:"hi"`
	N       int     `json:"n"`
}

// An Outcome is what becomes of a claim.
type Outcome uint8

const (
	Undecided   Outcome = iota // the data allow either answer, or there are none
	Holds                      // the whole interval says so
	DoesNotHold                // the whole interval says otherwise
)

var outcomeNames = [...]string{"undecided", "holds", "does not hold"}

func (o Outcome) String() string { return outcomeNames[o] }

// MarshalText writes the outcome's words.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads an outcome's words.
func (o *Outcome) UnmarshalText(b []byte) error {
	for i, name := range outcomeNames {
		if name == string(b) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no outcome: want one of %q", b, outcomeNames)
}

// A finding is what one setting says to a claim.
type finding struct {
	factors Factors
	outcome Outcome
	refuted bool // the claim, though it speaks of all settings, falls by this one

	unit          string
	value, lo, hi Number
	n             int
	level         float64
	grade         evidence.Grade
	needs         int

	why  string  // where nothing could be tested: the reason
	text string  // the figure in words; "" if there is none
	edge float64 // how far the interval is from deciding otherwise, in its own halves: the smallest is told
}

// claims puts the plan's claims to the test, in its order.
func (t *table) claims() []Claim {
	all := []Claim{}
	for _, c := range t.plan.Claims {
		all = append(all, t.claim(c))
	}
	return all
}

// A chance is how often a finding may be wrong. At one setting among several a
// claim falls only by what is rarer by their number, since any of them would be
// enough; to hold it needs all of them, and that takes no correction.
type chance struct {
	hold, fall float64
}

// claim tests one claim at every setting that it is about.
func (t *table) claim(c plan.Claim) Claim {
	test := t.testOf(c)
	places, why := t.claimed(c)
	if why != "" {
		return told(c, []finding{{why: why}})
	}
	alpha := 1 - t.confidence()
	odds := chance{alpha, alpha / float64(len(places))}
	var found []finding
	for _, at := range places {
		f := test(at, odds)
		f.factors = at.factors
		found = append(found, f)
	}
	return t.told(c, found)
}

// testOf returns what tests a claim at one setting.
func (t *table) testOf(c plan.Claim) func(claimPlace, chance) finding {
	switch c.Form {
	case plan.Placed:
		return func(at claimPlace, odds chance) finding { return t.placed(c, at, odds) }
	case plan.Spread:
		return func(at claimPlace, odds chance) finding { return t.spread(c, at, odds) }
	case plan.Reordered:
		return func(at claimPlace, odds chance) finding { return t.reordered(c, at, odds) }
	case plan.Crossed:
		return func(at claimPlace, odds chance) finding { return t.crossed(c, at, odds) }
	}
	return func(at claimPlace, odds chance) finding { return t.related(c, at, odds) }
}

// A claimPlace is where a claim is tested: a setting of each side, which are the
// same unless the claim says otherwise. A claim about a crossing has the sweep
// that it is looked for on.
type claimPlace struct {
	a, b    *setting
	sweep   sweep
	factors Factors // what tells this place from others
}

// claimed returns every place that a claim is about, or why there is none.
func (t *table) claimed(c plan.Claim) (places []claimPlace, why string) {
	switch c.Form {
	case plan.Crossed:
		for _, sw := range t.sweeps() {
			if sw.factor == c.Factor && fulfil(c.At, sw.others) {
				places = append(places, claimPlace{sweep: sw, factors: sw.others})
			}
		}
		if places == nil {
			return nil, c.Factor + " had fewer than two levels in this run" + space(conditionText(c.At))
		}
		return places, ""
	case plan.Placed, plan.Spread:
		return t.placesAt(c.At, c.At)
	case plan.Reordered:
		return t.placesAt(slices.Concat(c.At, c.Sides[0]), slices.Concat(c.At, c.Sides[1]))
	}
	if c.Form == plan.Alone {
		return t.placesAt(c.A.At, c.A.At)
	}
	return t.placesAt(c.A.At, c.B.At)
}

// placesAt returns the settings that fulfil the conditions of one side, each
// with its like on the other: the setting that has the other side's levels where
// those are told, and else the same.
func (t *table) placesAt(one, other []plan.Condition) (places []claimPlace, why string) {
	for _, s := range t.settings {
		if !fulfil(one, s.factors) {
			continue
		}
		like := Factors{}
		for f, l := range s.factors {
			like[f] = l
		}
		for _, c := range other {
			if c.Is == plan.Same {
				like[c.Factor] = c.Level
			}
		}
		b := t.settingWith(like)
		if b == nil || !fulfil(other, b.factors) {
			return nil, "nothing was measured " + conditionText(other)
		}
		places = append(places, claimPlace{a: s, b: b, factors: shared(s.factors, b.factors)})
	}
	if places == nil {
		return nil, strings.TrimSpace("nothing was measured " + conditionText(one))
	}
	return places, ""
}

// shared returns the factors that have the same level at both settings.
func shared(a, b Factors) Factors {
	both := Factors{}
	for f, l := range a {
		if b[f].String() == l.String() {
			both[f] = l
		}
	}
	return both
}

// settingWith returns the measured setting that has these levels.
func (t *table) settingWith(levels Factors) *setting {
	for _, s := range t.settings {
		same := len(s.factors) == len(levels)
		for f, l := range s.factors {
			x, isX := l.Number()
			y, isY := levels[f].Number()
			same = same && (l.String() == levels[f].String() || isX && isY && x == y)
		}
		if same {
			return s
		}
	}
	return nil
}

func fulfil(conditions []plan.Condition, levels Factors) bool {
	for _, c := range conditions {
		if l, ok := levels[c.Factor]; !ok || !c.Holds(l) {
			return false
		}
	}
	return true
}

// conditionText writes conditions: "at path_bytes = 11, rate >= 600".
func conditionText(conditions []plan.Condition) string {
	var parts []string
	for _, c := range conditions {
		parts = append(parts, fmt.Sprintf("%s %v %s", c.Factor, c.Is, c.Level))
	}
	if parts == nil {
		return ""
	}
	return "at " + strings.Join(parts, ", ")
}

// variantOf returns the variant that an operand names, or why it was not
// measured.
func (t *table) variantOf(o plan.Operand) (*variant, string) {
	var found *variant
	for _, v := range t.variants {
		if !o.Matches(v.Subject, v.Variant) {
			continue
		}
		if found != nil {
			return nil, fmt.Sprintf("%s and %s are both meant", found.name, v.name)
		}
		found = v
	}
	if found != nil {
		return found, ""
	}
	if t.setup != nil {
		for _, s := range t.setup.Subjects {
			if s.Skipped != "" && o.Matches(s.Name, s.Variant) {
				return nil, fmt.Sprintf("%s could not be run here: %s", plan.VariantName(s.Name, s.Variant), s.Skipped)
			}
		}
	}
	return nil, operandName(o) + " took no part in this run"
}

func operandName(o plan.Operand) string {
	levels := map[string]string{}
	for _, c := range o.Variant {
		levels[c.Factor] = c.Level.String()
	}
	return plan.VariantName(o.Subject, levels)
}

// absent says why a variant has no sound round at a setting; "" if it has one.
func (t *table) absent(v *variant, s *setting) string {
	if len(t.at(v, s).rounds) > 0 {
		return ""
	}
	where := space(phrase(t.factorNames, s.factors))
	tried := false
	for _, tr := range t.trials {
		if tr.variant != v || tr.setting != s {
			continue
		}
		tried = true
		if tr.Failure != nil && blames(tr.Failure) {
			return fmt.Sprintf("%s failed%s: %s", v.name, where, strings.TrimSuffix(tr.Failure.Text, "."))
		}
	}
	if tried {
		return v.name + " left no valid trial" + where
	}
	return v.name + " was never tried" + where
}

// told joins what the settings say. A claim holds if it holds at each of them,
// and falls by any.
func (t *table) told(c plan.Claim, found []finding) Claim {
	to := told(c, found)
	if len(found) == 1 {
		return to
	}
	holding := 0
	for _, f := range found {
		if f.outcome == Holds {
			holding++
		}
		to.Settings = append(to.Settings, ClaimPlace{f.factors, f.outcome, f.value, f.lo, f.hi, f.n})
	}
	decider := deciding(found)
	where := phrase(t.factorNames, decider.factors)
	switch to.Outcome {
	case Holds:
		to.Figure = fmt.Sprintf("at each of %d settings, least clearly %s: %s", len(found), where, decider.said())
	default:
		if decider.outcome == DoesNotHold && !decider.refuted {
			decider.why = fmt.Sprintf("among %d settings that may be chance", len(found))
		}
		to.Figure = fmt.Sprintf("%s: %s; it holds at %d of %d settings", where, decider.said(), holding, len(found))
	}
	return to
}

// told makes a claim of the finding that decides.
func told(c plan.Claim, found []finding) Claim {
	f := deciding(found)
	to := Claim{
		Claim: c.Text, Says: c.Says, Metric: c.Metric, Outcome: f.outcome, Figure: f.said(),
		Unit: f.unit, Value: f.value, Lo: f.lo, Hi: f.hi, N: f.n, Level: tidy(f.level), Grade: f.grade, NeedsRounds: f.needs,
	}
	if len(found) > 1 && f.outcome == DoesNotHold && !f.refuted {
		to.Outcome = Undecided
	}
	if to.Outcome != Undecided {
		to.NeedsRounds = 0
	}
	return to
}

// deciding returns the finding that the outcome rests on: one by which the claim
// falls, else one that leaves it open, else the one that is nearest to that.
func deciding(found []finding) finding {
	rank := func(f finding) int {
		switch {
		case f.refuted:
			return 0
		case f.outcome == DoesNotHold:
			return 1
		case f.outcome == Undecided:
			return 2
		}
		return 3
	}
	best := found[0]
	for _, f := range found[1:] {
		if rank(f) < rank(best) || rank(f) == rank(best) && f.edge < best.edge {
			best = f
		}
	}
	return best
}

// said writes the finding's figure, or why there is none.
func (f finding) said() string {
	var parts []string
	if f.grade > evidence.B && f.text != "" {
		f.text += ", grade " + f.grade.String()
	}
	for _, s := range []string{f.text, f.why} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if f.outcome == Undecided && f.needs > 0 {
		parts = append(parts, fmt.Sprintf("about %s would decide", plural(f.needs, "round")))
	}
	return strings.Join(parts, "; ")
}

// mostNeeded is how many rounds are worth proposing.
const mostNeeded = 2000

// metric returns the unit of a metric of this plan's, and which way is good.
func (t *table) metric(m plan.Metric) (unit string, higher bool) {
	for _, own := range t.plan.OwnMetrics() {
		if own.Name == m {
			return own.Unit, own.Better == plan.Higher
		}
	}
	return m.Unit(), m.HigherIsBetter()
}

// tooFew says how many rounds there are and how many an interval takes.
func tooFew(n int, alpha float64) string {
	return fmt.Sprintf("%s %s too few: %d would do", plural(n, "round"), isAre(n), stat.MinFor(1-alpha))
}
