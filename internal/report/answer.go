package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// mostSentences is how many sentences an answer has: more are not read.
const mostSentences = 8

// mostCrossings is how many of them are crossings; all are in the full report.
const mostCrossings = 3

// answer says in words what the report found, the most important first: who did
// not answer rightly, the ends of the main factor, where subjects cross, then the levels between.
func (t *table) answer(r *Report, pairs []*pair) []string {
	answer := []string{}
	for _, s := range t.leads() {
		answer = append(answer, s+".")
	}
	if r.Changes != nil {
		answer = append(answer, r.Changes.Answer...)
	}
	answer = append(answer, r.fallSentences()...)
	if len(r.Capacities) > 0 {
		answer = append(append(answer, r.capacitySentences()...), r.overloadSentences()...)
		return answer[:min(len(answer), mostSentences)]
	}
	if len(r.Rows) == 0 {
		return append(answer, t.nothing(r))
	}
	if r.AA != nil && r.AA.Run {
		return append(answer, r.AA.sentences()...)
	}
	if r.AA.Differs() {
		answer = append(answer, r.AA.sentences()...)
	}
	ends, between := t.byImportance()
	if r.curved() {
		between = nil // the knees say more of them
	}
	var sentences []string
	for i, s := range ends {
		sentences = append(sentences, t.versusAt(s, pairs)...)
		if i == 0 {
			for _, c := range r.Crossings[:min(len(r.Crossings), mostCrossings)] {
				sentences = append(sentences, c.sentence(t.factorNames))
			}
		}
	}
	for _, s := range between {
		sentences = append(sentences, t.versusAt(s, pairs)...)
	}
	if len(sentences) == 0 && r.Changes == nil {
		sentences = t.figuresAlone(r, append(ends, between...))
	}
	answer = append(answer, r.kneeSentences()...)
	answer = append(answer, sentences...)
	return answer[:min(len(answer), mostSentences)]
}

// byImportance returns the settings at the ends of the main factor, the highest
// first, and those between.
func (t *table) byImportance() (ends, between []*setting) {
	main := mainFactor(t.factorNames, t.settings)
	if main == "" || len(t.settings) < 3 {
		ends = slices.Clone(t.settings)
		slices.Reverse(ends)
		return ends, nil
	}
	var order []string
	for _, s := range t.settings {
		order = appendNew(order, s.factors[main].String())
	}
	low, high := order[0], order[len(order)-1]
	for _, level := range []string{high, low} {
		for _, s := range t.settings {
			if s.factors[main].String() == level {
				ends = append(ends, s)
			}
		}
	}
	for _, s := range slices.Backward(t.settings) {
		if l := s.factors[main].String(); l != low && l != high {
			between = append(between, s)
		}
	}
	return ends, between
}

// mainFactor returns the first factor of numbers that has more than one level,
// else the first factor that has; "" if nothing varies.
func mainFactor(names []string, settings []*setting) string {
	fallback := ""
	for _, f := range names {
		levels, numeric := map[string]bool{}, true
		for _, s := range settings {
			levels[s.factors[f].String()] = true
			_, isNumber := s.factors[f].Number()
			numeric = numeric && isNumber
		}
		if len(levels) < 2 {
			continue
		}
		if numeric {
			return f
		}
		if fallback == "" {
			fallback = f
		}
	}
	return fallback
}

// versusAt says how the variants compare at one setting: the best with each of
// the others, those that it is clearly ahead of in one sentence.
func (t *table) versusAt(s *setting, pairs []*pair) []string {
	var here []*pair
	for _, p := range pairs {
		if p.setting == s && p.metric == t.primary() {
			here = append(here, p)
		}
	}
	order := byWins(here)
	if len(order) < 2 {
		return nil
	}
	find := func(x, y *variant) *pair {
		for _, p := range here {
			if p.a == x && p.b == y || p.a == y && p.b == x {
				return p
			}
		}
		return nil
	}
	var ahead []*pair
	var sentences []string
	for _, other := range order[1:] {
		switch p := find(order[0], other); {
		case p == nil:
		case p.leads(order[0]):
			ahead = append(ahead, p)
		default:
			sentences = append(sentences, p.sentence(t.factorNames))
		}
	}
	if len(sentences) > mostUndecided {
		sentences = sentences[:mostUndecided]
	}
	if len(ahead) > 0 {
		sentences = append([]string{t.lead(order[0], ahead)}, sentences...)
	}
	return sentences
}

// mostUndecided is how many of those that the best cannot be told apart from
// are named: the nearest.
const mostUndecided = 2

// leads tells whether v is clearly the faster of the pair, by a ratio that can
// be named.
func (p *pair) leads(v *variant) bool {
	first, _, ratio := p.better()
	verdict := p.verdict()
	return p.speed && first == v && ratio.HasInterval() && !p.atLimit &&
		!math.IsInf(ratio.Lo, 1) && (verdict == Faster || verdict == Slower)
}

// lead says in one sentence how far v is ahead of the others of the pairs.
func (t *table) lead(v *variant, pairs []*pair) string {
	var parts []string
	for _, p := range pairs {
		_, second, ratio := p.better()
		parts = append(parts, times(ratio)+" as fast as "+second.name)
	}
	where := phrase(t.factorNames, pairs[0].setting.factors)
	return capital(fmt.Sprintf("%s%s is %s.", comma(where), v.name, enumerate(parts)))
}

// enumerate joins parts as a sentence does: "a, b and c".
func enumerate(parts []string) string {
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return strings.Join(parts, "")
}

// byWins orders variants by how many others the estimates put them before.
func byWins(pairs []*pair) []*variant {
	wins := map[*variant]int{}
	var order []*variant
	for _, p := range pairs {
		for _, v := range []*variant{p.a, p.b} {
			if _, ok := wins[v]; !ok {
				wins[v] = 0
				order = append(order, v)
			}
		}
		if len(p.logs) > 0 {
			first, _, _ := p.better()
			wins[first]++
		}
	}
	slices.SortStableFunc(order, func(a, b *variant) int { return wins[b] - wins[a] })
	return order
}

// sentence says what a pair's verdict allows.
func (p *pair) sentence(factorNames []string) string {
	first, second, ratio := p.better()
	where := phrase(factorNames, p.setting.factors)
	if len(p.logs) == 0 {
		return capital(fmt.Sprintf("%s and %s cannot be told apart%s%s: in all of %s %s.",
			p.a.name, p.b.name, p.by(), space(where), plural(p.silent, "round"), p.silence()))
	}
	if !ratio.HasInterval() {
		return capital(fmt.Sprintf("%s%s %s too few to tell %s and %s apart%s: %d would do.",
			comma(where), plural(ratio.N, "round"), isAre(ratio.N), p.a.name, p.b.name, p.by(), p.enough()))
	}
	switch v := p.verdict(); {
	case p.atLimit && p.sign() == 0:
		return capital(fmt.Sprintf("%s and %s cannot be told apart%s%s: the instrument was the limit.",
			first.name, second.name, p.by(), space(where)))
	case v == Undetermined:
		more := ""
		if n := p.needs(); n > 0 {
			more = fmt.Sprintf("; about %s would tell", plural(n, "round"))
		}
		if p.ratio.Lo > 0 || p.ratio.Hi < 0 {
			return capital(fmt.Sprintf("%s%s seems ahead of %s%s (%s), but among so many pairs that may be chance%s.",
				comma(where), first.name, second.name, p.by(), times(ratio), more))
		}
		return capital(fmt.Sprintf("%s and %s cannot be told apart%s%s (%s%s).",
			first.name, second.name, p.by(), space(where), times(ratio), more))
	case v == Equivalent:
		return capital(fmt.Sprintf("%s and %s are equivalent%s%s, within %s (%s).",
			first.name, second.name, p.by(), space(where), unit.Share(p.margin), times(ratio)))
	}
	return capital(comma(where) + p.ahead(first, second, ratio) + ".")
}

// ahead says by how much the first of two is the better one.
func (p *pair) ahead(first, second *variant, ratio stat.Estimate) string {
	switch {
	case math.IsInf(ratio.Lo, 1):
		return fmt.Sprintf("%s is better than %s%s, and no ratio tells by how much", first.name, second.name, p.by())
	case !p.speed && p.higher:
		return fmt.Sprintf("%s is better: %s of %s is %s that of %s",
			first.name, metricName(p.metric), first.name, times(ratio), second.name)
	case !p.speed:
		return fmt.Sprintf("%s is better: %s of %s is %s that of %s",
			first.name, metricName(p.metric), second.name, times(ratio), first.name)
	case p.atLimit:
		return fmt.Sprintf("%s is %s as fast as %s; the instrument was the limit", first.name, times(ratio), second.name)
	}
	return fmt.Sprintf("%s is %s as fast as %s", first.name, times(ratio), second.name)
}

// by names what was compared, where it is not throughput: " by the p90 response
// time".
func (p *pair) by() string {
	if p.metric == plan.Throughput {
		return ""
	}
	return " by " + metricName(p.metric)
}

// times writes a ratio's interval: "2.40 to 2.61 times"; "at least 2.40 times"
// where it is open.
func times(e stat.Estimate) string {
	above, below := e.Lo > 0, !math.IsInf(e.Hi, 1)
	switch {
	case above && below:
		return unit.Number(e.Lo) + " to " + unit.Number(e.Hi) + " times"
	case above:
		return "at least " + unit.Number(e.Lo) + " times"
	case below:
		return "at most " + unit.Number(e.Hi) + " times"
	}
	return "by any ratio"
}

func (c Crossing) sentence(factorNames []string) string {
	at := func(x Number) string { return unit.Number(x.X) }
	where := space(phrase(factorNames, c.Factors))
	what, measure := "", ""
	if word, ok := strings.CutSuffix(c.Factor, "_bytes"); ok && word != "" {
		measure = " bytes"
	} else {
		what = c.Factor + " = "
	}
	if !c.At.Known() {
		return capital(fmt.Sprintf("%s and %s cross between %s%s and %s%s%s.", c.A.name(), c.B.name(), what,
			plainNumber(c.Between[0]), plainNumber(c.Between[1]), measure, where))
	}
	s := fmt.Sprintf("%s and %s cross near %s%s%s", c.A.name(), c.B.name(), what, at(c.At), measure)
	if c.Lo.Known() && c.Hi.Known() {
		s += fmt.Sprintf(" (%s to %s)", at(c.Lo), at(c.Hi))
	}
	if c.Model == "straight costs" {
		s += fmt.Sprintf(", by straight lines between %s and %s", plainNumber(c.Between[0]), plainNumber(c.Between[1]))
	} else {
		s += fmt.Sprintf(", between the measured %s and %s", plainNumber(c.Between[0]), plainNumber(c.Between[1]))
	}
	return capital(s + where + ".")
}

// figuresAlone says the figures of the primary metric where there is nothing to
// compare them with.
func (t *table) figuresAlone(r *Report, order []*setting) []string {
	var sentences []string
	for _, s := range order {
		name := settingName(t.factorNames, s.factors)
		for _, row := range r.Rows {
			if row.Metric == r.Primary && settingName(t.factorNames, row.Factors) == name {
				sentences = append(sentences, row.sentence(t.factorNames))
			}
		}
	}
	return sentences
}

func (r Row) sentence(factorNames []string) string {
	s := fmt.Sprintf("%s%s of %s is %s", comma(phrase(factorNames, r.Factors)), metricName(r.Metric), r.name(), r.text())
	if r.speed && r.Metric != plan.Throughput {
		s = fmt.Sprintf("%s%s takes %s", comma(phrase(factorNames, r.Factors)), r.name(), r.text())
	}
	switch {
	case r.Lo.Known() && r.Hi.Known():
		s += fmt.Sprintf(" (%s to %s)", r.Lo.in(r.shown), r.Hi.in(r.shown))
	case !r.Value.Known():
		return capital(fmt.Sprintf("%s%s of %s cannot be told: too few requests fell due in a round.",
			comma(phrase(factorNames, r.Factors)), metricName(r.Metric), r.name()))
	default:
		s += fmt.Sprintf(", of %s: too few for an interval", plural(r.N, "round"))
	}
	return capital(s + ".")
}

// text writes the row's value; a lower bound as "≥".
func (r Row) text() string {
	if r.Value.Kind == Exactly && r.Metric == plan.Throughput && (r.LowerBound || r.Bound) {
		return "≥ " + r.Value.in(r.shown)
	}
	return r.Value.in(r.shown)
}

// phrase says where a setting lies: "at 101 bytes", "at rate = 200, channel =
// 1k"; "" if nothing varies.
func phrase(factorNames []string, factors Factors) string {
	var parts []string
	for _, f := range factorNames {
		l, ok := factors[f]
		if !ok {
			continue
		}
		if word, bytes := strings.CutSuffix(f, "_bytes"); bytes && word != "" {
			unit := " bytes"
			if l.String() == "1" {
				unit = " byte"
			}
			parts = append(parts, l.String()+unit)
			continue
		}
		parts = append(parts, f+" = "+l.String())
	}
	if len(parts) == 0 {
		return ""
	}
	return "at " + strings.Join(parts, ", ")
}

func comma(s string) string {
	if s == "" {
		return ""
	}
	return s + ", "
}

func space(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// capital begins a sentence, unless it begins with a subject's name, which is
// written as its owner writes it.
func capital(s string) string {
	if strings.HasPrefix(s, "at ") {
		return "At" + s[2:]
	}
	return s
}

// metricName is what a metric is called in a sentence or over a column.
func metricName(m plan.Metric) string {
	switch m {
	case plan.Throughput:
		return "throughput"
	case capacityMetric:
		return "the capacity"
	case plan.Goodput:
		return "the goodput"
	case plan.Deviation:
		return "the unsteadiness of throughput"
	case plan.ResponseP50:
		return "the median response time"
	case plan.ResponseP90:
		return "the p90 response time"
	case plan.ResponseP99:
		return "the p99 response time"
	case plan.ResponseMean:
		return "the mean response time"
	case plan.ServiceP50:
		return "the median service time"
	case plan.ServiceP99:
		return "the p99 service time"
	case plan.ServerCPU:
		return "the server CPU per request"
	case plan.ThroughputPerCPU:
		return "the throughput per second of server CPU"
	case plan.Memory:
		return "the memory"
	case plan.Errors:
		return "the share of failed requests"
	case plan.StartUp:
		return "the start-up time"
	}
	return string(m)
}
