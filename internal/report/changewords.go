package report

import (
	"fmt"
	"math"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// mostWorse is how many changes are told in sentences; the table has all.
const mostWorse = 6

// unpairedWarning is said wherever two records are compared.
const unpairedWarning = "Unpaired: the two records were measured at different times, and drift of the machine is not controlled: it is in the difference. `webdyno run PLAN --against RECORD --old FOLDER` measures both builds in the same rounds."

// answer says what changed: what works no longer, what got worse, how the rest of
// what is held stands, and what got better.
func (c *Changes) answer() []string {
	answer := []string{}
	for _, l := range c.Lost {
		answer = append(answer, fmt.Sprintf("%s works no longer%s: %s.", l.name(), space(phrase(c.factors, l.Factors)), strings.TrimSuffix(l.What, ".")))
	}
	held := c.held()
	if len(held) == 0 && len(c.Lost) == 0 && c.searched {
		return append(answer, "Nothing can be compared: a record is of a search for capacities, and those of two records are not set against each other. Make both builds subjects of one plan: their capacities are compared round by round.")
	}
	if len(held) == 0 && len(c.Lost) == 0 {
		return append(answer, "Nothing can be compared: no subject has a figure on both sides.")
	}
	worse := c.sentences(held, func(x *Change) bool { return x.Worse })
	better := c.sentences(held, func(x *Change) bool { return x.Verdict == Faster && x.matters() })
	within := c.sentences(held, func(x *Change) bool { return !x.Worse && (x.Verdict != Faster || !x.matters()) && !x.dull() })
	if len(worse) == 0 && len(c.Lost) == 0 {
		answer = append(answer, "Nothing was shown to have got worse by more than its margin.")
	}
	for _, group := range [][]string{worse, better, within} {
		shown := min(len(group), mostWorse)
		answer = append(answer, group[:shown]...)
		if more := len(group) - shown; more > 0 {
			answer = append(answer, fmt.Sprintf("Of %d more the table tells.", more))
		}
	}
	for _, m := range c.Untold {
		answer = append(answer, capitalized(metricName(m))+" was to decide, and has no figure on both sides: too few requests, or none.")
	}
	if !c.Paired {
		answer = append(answer, unpairedWarning)
	}
	return answer
}

func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// settled tells whether of everything that decides something was shown.
func (c *Changes) settled() bool {
	for _, x := range c.held() {
		if x.Verdict == Undetermined && !x.dull() {
			return false
		}
	}
	return len(c.Untold) == 0 && c.Held()
}

// Held tells whether there is a figure on both sides that decides.
func (c *Changes) Held() bool { return len(c.held()) > 0 }

func (c *Changes) held() []*Change {
	var all []*Change
	for i := range c.Changes {
		if c.Changes[i].Held {
			all = append(all, &c.Changes[i])
		}
	}
	return all
}

func (c *Changes) sentences(rows []*Change, which func(*Change) bool) []string {
	var all []string
	for _, x := range rows {
		if which(x) {
			all = append(all, x.sentence(c.factors))
		}
	}
	return all
}

// dull tells whether a row needs no sentence: no request failed before, and none
// does now.
func (x *Change) dull() bool {
	return x.Metric == plan.Errors && x.Before == exactly(0) && x.After == exactly(0)
}

// matters tells whether the change is larger than the margin.
func (x *Change) matters() bool { return math.Abs(x.effect.value.Value) > x.edge() }

// sentence says what became of the figure.
func (x *Change) sentence(factors []string) string {
	who := x.name() + space(phrase(factors, x.Factors))
	what, by := metricName(x.Metric), x.by()
	e := x.effect
	switch {
	case !e.value.HasInterval():
		return fmt.Sprintf("%s: %s %s too few to tell whether %s changed: %d of each would do.",
			who, x.rounds(), isAre(min(e.n, e.m)), what, max(x.NeedsRounds, 1))
	case x.Verdict == Equivalent:
		return fmt.Sprintf("%s: %s is the same within %s (%s).", who, what, x.marginText(), by)
	case x.Verdict == Undetermined && x.AtLimit:
		return fmt.Sprintf("%s: whether %s changed cannot be told: the instrument was the limit.", who, what)
	case x.Verdict == Undetermined:
		more := ""
		if x.NeedsRounds > 0 {
			more = fmt.Sprintf("; about %s of each would tell", plural(x.NeedsRounds, "round"))
		}
		return fmt.Sprintf("%s: whether %s changed cannot be told (%s%s).", who, what, by, more)
	}
	tail := fmt.Sprintf("less than the margin of %s", x.marginText())
	if x.matters() {
		tail = fmt.Sprintf("the margin is %s", x.marginText())
	}
	return fmt.Sprintf("%s got %s: %s %s by %s; %s.", who, x.word(), what, x.way(), x.size(), tail)
}

// word is what the change is called: "slower", "better".
func (x *Change) word() string {
	fast := x.ofSpeed()
	switch {
	case x.Verdict == Faster && fast:
		return "faster"
	case x.Verdict == Slower && fast:
		return "slower"
	case x.Verdict == Faster:
		return "better"
	case x.Verdict == Slower:
		return "worse"
	}
	return x.Verdict.String()
}

// ofSpeed tells whether better means faster.
func (x *Change) ofSpeed() bool {
	switch x.Metric {
	case plan.Throughput, plan.Goodput, plan.StartUp:
		return true
	}
	return ofTimes(x.Metric)
}

func (x *Change) way() string {
	if x.effect.value.Value < 0 {
		return "fell"
	}
	return "rose"
}

// size is how large a change is that has a direction: "9.8% (8.5% to 11.3%)".
func (x *Change) size() string {
	e := x.effect.value
	far, near := x.part(e.Lo), x.part(e.Hi)
	if e.Value > 0 {
		far, near = near, far
	}
	value := x.part(e.Value)
	unsigned := func(v float64) string { return strings.TrimLeft(x.change(v), "+−") }
	switch {
	case math.IsInf(value, 0):
		return "more than any ratio"
	case math.IsInf(far, 0):
		return fmt.Sprintf("at least %s", unsigned(near))
	}
	return fmt.Sprintf("%s (%s to %s)", unsigned(value), unsigned(near), unsigned(far))
}

// by is the interval of a change, with its signs: "−0.4% to +0.6%".
func (x *Change) by() string {
	e := x.effect.value
	if !e.HasInterval() {
		return "–"
	}
	return x.change(x.part(e.Lo)) + " to " + x.change(x.part(e.Hi))
}

// part makes of an effect a change in per cent, or in points of it.
func (x *Change) part(v float64) float64 {
	if x.Difference {
		return v
	}
	return 100 * math.Expm1(v)
}

// change writes a change with its sign: "−9.83%", "+1.20 points".
func (x *Change) change(v float64) string {
	sign := "+"
	if v < 0 {
		sign = "−"
	}
	mark := "%"
	if x.Difference {
		mark = " points"
	}
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return sign + "∞"
	case tiny(v):
		return "±0" + mark
	}
	return sign + shortNumber(math.Abs(v)) + mark
}

// tiny tells whether a change is too small to be written with its sign.
func tiny(v float64) bool { return math.Abs(v) < 0.005 }

// shortNumber writes a per cent: two decimals at the most, for nobody reads the
// third digit of a small change.
func shortNumber(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.2f", v)
	}
	return unit.Number(v)
}

func (x *Change) marginText() string {
	if x.Difference {
		return unit.ExactShare(x.Margin) + " of the requests"
	}
	return unit.ExactShare(x.Margin)
}

// estimate is the estimate of a change, with its sign.
func (x *Change) estimate() string { return x.change(x.part(x.effect.value.Value)) }

// outcome is a row's word in tables, "!" before what fails the gate.
func (x *Change) outcome() string {
	switch {
	case !x.effect.value.HasInterval():
		return "too few rounds"
	case x.Worse || x.Verdict == Faster && x.matters():
		return x.word()
	case x.Verdict == Equivalent:
		return "same"
	case x.Verdict == Undetermined:
		return "cannot be told"
	}
	return x.word() + ", within the margin"
}

// remarkable returns the rows that are not held and were shown to have changed by
// more than their margin, and how many were not.
func (c *Changes) remarkable() (shown []*Change, others int) {
	for i := range c.Changes {
		x := &c.Changes[i]
		switch {
		case x.Held:
		case x.Worse || x.Verdict == Faster && x.matters():
			shown = append(shown, x)
		default:
			others++
		}
	}
	return shown, others
}

// standing says how the comparison was made, in one sentence.
func (c *Changes) standing() string {
	var held []string
	for _, x := range c.held() {
		held = appendNew(held, fmt.Sprintf("%s %s", x.Metric, x.marginText()))
	}
	how := "ratios inside blocks, one per round, exact signed-rank test"
	if !c.Paired {
		how = "rounds of two records, exact test of two samples (Mann–Whitney) and the interval that belongs to it; means by Fieller are in the JSON"
	}
	what := "Nothing is held: no figure that decides is there on both sides."
	if len(held) > 0 {
		what = "Held, with its margin: " + strings.Join(held, ", ") + "."
	}
	return fmt.Sprintf("%s Method: %s; p adjusted over the rows of a metric (Holm); intervals at %s. "+
		"A change is the middle of what the %s say (Hodges–Lehmann), with the interval and the p that belong to it. It is not the quotient of the medians before and after, and may differ from that.",
		what, how, unit.ExactShare(c.Level), c.voters())
}

// voters are what a change is the middle of.
func (c *Changes) voters() string {
	if c.Paired {
		return "rounds"
	}
	return "pairs of an old round and a new one"
}

// said writes what a difference says: of long texts the part that differs.
func (d Difference) said(width int) (old, fresh string) {
	from := 0
	if len(d.Old) > width || len(d.New) > width {
		from = inCommon(d.Old, d.New)
	}
	show := func(s string) string {
		switch {
		case s == "":
			return "(not there)"
		case from > 0:
			return shorten("…"+s[from:], width)
		}
		return shorten(s, width)
	}
	return show(d.Old), show(d.New)
}

// inCommon returns how many bytes two texts begin with in common, up to the end of a
// word.
func inCommon(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return max(0, strings.LastIndexAny(a[:n], " ,:"))
}

// sides says which records are compared, each in a line.
func (c *Changes) sides() []string {
	say := func(what string, s Side) string {
		parts := []string{}
		if s.Record != "" {
			parts = append(parts, s.Record)
		}
		if !s.Began.IsZero() {
			parts = append(parts, s.Began.Format("2006-01-02 15:04 UTC"))
		}
		parts = append(parts, plural(s.Rounds, "round"))
		return what + ": " + strings.Join(parts, ", ")
	}
	if c.Paired {
		return []string{say("old and new in the same rounds", c.New)}
	}
	return []string{say("old", c.Old), say("new", c.New)}
}

// called writes who a row is about: its name, and what it was called before where
// that is another.
func (x *Change) called() string {
	if old := x.Old.name(); !x.Paired && old != x.name() {
		return old + " → " + x.name()
	}
	return x.name()
}
