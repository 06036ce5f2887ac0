package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/unit"
)

// goalWords say a goal as a sentence does: "p99 under 10ms and errors under 1%".
func goalWords(goal string) string {
	var parts []string
	for part := range strings.SplitSeq(goal, ",") {
		parts = append(parts, strings.Replace(part, "<", " under ", 1))
	}
	return list(parts)
}

// capacitySentences say how much each subject can take: a sentence for each goal
// and setting, the most first, and one for how the best compares.
func (r *Report) capacitySentences() []string {
	var all []string
	for i := 0; i < len(r.Capacities); {
		c := &r.Capacities[i]
		j := i
		for j < len(r.Capacities) && r.Capacities[j].Goal == c.Goal &&
			settingName(r.factors, r.Capacities[j].Factors) == settingName(r.factors, c.Factors) {
			j++
		}
		all = append(all, r.capacitySentence(r.Capacities[i:j]))
		all = append(all, r.aheadInCapacity(r.Capacities[i:j])...)
		i = j
	}
	return all
}

func (r *Report) capacitySentence(here []Capacity) string {
	here = slices.Clone(here)
	slices.SortStableFunc(here, func(a, b Capacity) int { return cmp.Compare(b.Value.X, a.Value.X) })
	var parts []string
	for i := range here {
		c := &here[i]
		verb := ""
		if i == 0 {
			verb = " keeps " + goalWords(c.Goal)
		}
		parts = append(parts, c.name()+verb+" "+c.upTo())
	}
	return capital(comma(phrase(r.factors, here[0].Factors)) + strings.Join(parts, ", ") + ".")
}

// upTo says up to which rate: "up to 1.84k req/s (1.79k to 1.88k req/s)".
func (c *Capacity) upTo() string {
	switch {
	case c.Value.Known():
		s := "up to " + c.text()
		if c.Lo.Known() && c.Hi.Known() {
			return s + " (" + span(c.Lo, c.Hi, "req/s") + ")"
		}
		return s + fmt.Sprintf(" (%s, too few for an interval)", plural(c.N, "round"))
	case c.Lower.Known() && !c.Upper.Known():
		return "at every rate tried, up to " + c.Lower.in("req/s")
	case c.Upper.Known() && !c.Lower.Known():
		return "at no rate tried, down to " + c.Upper.in("req/s")
	}
	return "up to a rate that could not be told"
}

func (c *Capacity) text() string {
	if c.LowerBound || c.Bound {
		return "≥ " + c.Value.in("req/s")
	}
	return c.Value.in("req/s")
}

// aheadInCapacity says how the best of them compares with the others, or that it
// cannot be told.
func (r *Report) aheadInCapacity(here []Capacity) []string {
	if len(here) < 2 {
		return nil
	}
	best := slices.MaxFunc(here, func(a, b Capacity) int { return cmp.Compare(a.Value.X, b.Value.X) })
	var clear, unclear []string
	for i, p := range r.capacityPairs {
		if r.CapacityComparisons[i].Goal != best.Goal || p.a.name != best.name() && p.b.name != best.name() ||
			settingName(r.factors, p.setting.factors) != settingName(r.factors, best.Factors) {
			continue
		}
		first, second, ratio := p.better()
		switch v := p.verdict(); {
		case first.name == best.name() && (v == Faster || v == Slower):
			clear = append(clear, times(ratio)+" that of "+second.name)
		case first.name == best.name() && v == Equivalent:
			unclear = append(unclear, "equivalent to that of "+second.name)
		default:
			other := second.name
			if other == best.name() {
				other = first.name
			}
			unclear = append(unclear, "not told apart from that of "+other)
		}
	}
	if len(clear)+len(unclear) == 0 {
		return nil
	}
	the := "The"
	if where := phrase(r.factors, best.Factors); where != "" {
		the = capital(where) + ", the"
	}
	return []string{the + " capacity of " + best.name() + " is " + list(append(clear, unclear...)) + "."}
}

// overloadSentences say in one sentence for each multiple what is left.
func (r *Report) overloadSentences() []string {
	if len(r.Overloads) == 0 {
		return nil
	}
	worst := slices.MaxFunc(r.Overloads, func(a, b Overload) int { return cmp.Compare(a.Times, b.Times) }).Times
	var parts []string
	for i := range r.Overloads {
		o := &r.Overloads[i]
		if o.Times != worst {
			continue
		}
		s := o.name() + space(phrase(r.factors, o.Factors)) + " answers " + ofOne(o.Share) + " of its capacity and is itself again "
		switch {
		case o.Fell > 0:
			s = o.name() + space(phrase(r.factors, o.Factors)) + " ends in " + fmt.Sprintf("%d of %s", o.Fell, plural(o.N, "round"))
		case o.Recovery.Kind == AtLeast:
			s += "not within " + unit.Number(o.Recovery.X) + " s"
		case o.Recovery.X < 1:
			s += "within a second"
		default:
			s += "after " + unit.Number(o.Recovery.X) + " s"
		}
		parts = append(parts, s)
	}
	return []string{fmt.Sprintf("Asked for %s times its capacity for %s s, %s.",
		plainNumber(worst), plainNumber(r.Overloads[0].LastedS), strings.Join(parts, "; "))}
}

func ofOne(v Number) string {
	if !v.Known() {
		return "–"
	}
	return unit.Share(v.X)
}

// capacityTables write what a search found.
func (r *Report) capacityTables(p *page, short bool) {
	if len(r.Capacities) == 0 {
		return
	}
	p.title("Capacity: the highest rate that keeps a goal, more is better")
	rows := [][]string{{"", "capacity", "95 % interval", "bracket", "rounds", "grade"}}
	last := ""
	for i := range r.Capacities {
		c := &r.Capacities[i]
		at := c.Goal
		if s := settingName(r.factors, c.Factors); s != "" {
			at += ", " + s
		}
		if at != last {
			rows, last = append(rows, []string{at}), at
		}
		mark := c.Grade.String()
		if c.Bound {
			mark += ", a bound"
		}
		rows = append(rows, []string{c.name(), c.text(), interval(c.Lo, c.Hi, "req/s"), c.bracketText(), fmt.Sprint(c.N), mark})
	}
	p.columns([]align{left, right, left, left, right, left}, rows)
	p.paragraph("  ", "The capacity of a round is where its staircase of trials ends up: the rate at which half of them keep the goal. The bracket is of the search in the first round; certified means that enough trials, of enough requests each and long enough for the goal, decided about both of its ends.")
	r.capacityDoubts(p)
	if !short {
		r.capacityComparisons(p)
		r.criticalTable(p)
	}
	r.overloadTable(p)
}

func (c *Capacity) bracketText() string {
	s := strings.TrimSuffix(interval(c.Lower, c.Upper, "req/s"), " req/s") // as the capacity before it has
	switch {
	case c.Certified:
		return s + ", certified"
	case c.Lower.Known() && !c.Upper.Known():
		return "above " + c.Lower.in("req/s")
	case c.Upper.Known() && !c.Lower.Known():
		return "below " + c.Upper.in("req/s")
	}
	return s
}

func (r *Report) capacityComparisons(p *page) {
	if len(r.CapacityComparisons) == 0 {
		return
	}
	p.title("Capacities compared, round by round")
	rows := [][]string{{"", "ratio", "95 % interval", "p, adjusted", "rounds", "verdict"}}
	last := ""
	for _, c := range r.CapacityComparisons {
		at := c.Goal
		if s := settingName(r.factors, c.Factors); s != "" {
			at += ", " + s
		}
		if at != last {
			rows, last = append(rows, []string{at}), at
		}
		rows = append(rows, []string{c.A.name() + " : " + c.B.name(),
			c.Ratio.in(""), c.interval(), c.PAdjusted.in(""), fmt.Sprint(c.N), c.verdictText()})
	}
	p.columns([]align{left, right, left, right, right, left}, rows)
}

func (r *Report) criticalTable(p *page) {
	if len(r.Critical) == 0 {
		return
	}
	p.title("Critical: geometric mean of the capacities of " + plural(len(r.Critical[0].Goals), "goal"))
	rows := [][]string{{"", "", "95 % interval", "rounds"}}
	for _, c := range r.Critical {
		who := c.name() + space(phrase(r.factors, c.Factors))
		rows = append(rows, []string{who, c.Value.in("req/s"), interval(c.Lo, c.Hi, "req/s"), fmt.Sprint(c.N)})
	}
	p.columns([]align{left, right, left, right}, rows)
}

func (r *Report) overloadTable(p *page) {
	if len(r.Overloads) == 0 {
		return
	}
	p.title("Beyond capacity")
	rows := [][]string{{"", "offered", "goodput", "of capacity", "failed", "itself again", "rounds", "grade"}}
	for i := range r.Overloads {
		o := &r.Overloads[i]
		rows = append(rows, []string{
			o.name() + space(phrase(r.factors, o.Factors)) + " × " + plainNumber(o.Times),
			o.Offered.in("req/s"), o.Goodput.in("req/s"), ofOne(o.Share), o.Errors.in("%"), o.recoveryText(), fmt.Sprint(o.N), o.Grade.String(),
		})
	}
	p.columns([]align{left, right, right, right, right, left, right, left}, rows)
	for i := range r.Overloads {
		if o := &r.Overloads[i]; len(o.Causes) > 0 || o.Fell > 0 {
			p.paragraph("  ", o.name()+space(phrase(r.factors, o.Factors))+" × "+plainNumber(o.Times)+": "+o.causesText()+".")
		}
	}
	p.paragraph("  ", "Goodput is right answers per second while it lasts, and failed is of the requests due in it. Before and after, half the capacity is asked for; a subject is itself again with the first second whose goodput and p99 are within a tenth of what they were before.")
}

func (o *Overload) recoveryText() string {
	switch {
	case !o.Recovery.Known():
		return "–"
	case o.Recovery.Kind == AtLeast:
		return "not within " + unit.Number(o.Recovery.X) + " s"
	case o.Recovery.X < 1:
		return "within 1 s"
	}
	return "after " + unit.Number(o.Recovery.X) + " s"
}

func (o *Overload) causesText() string {
	s := causesWords(o.Causes)
	if o.Fell > 0 {
		s = strings.TrimPrefix(s+fmt.Sprintf(", ended in %d of %s", o.Fell, plural(o.N, "round")), ", ")
	}
	return s
}
