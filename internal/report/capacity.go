package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A Capacity is the highest rate at which one variant keeps a goal, at one
// setting.
type Capacity struct {
	Who
	Factors Factors `json:"factors,omitempty"`
	Goal    string  `json:"goal"` // as the plan has it: "p99<10ms"

	Value Number `json:"value"` // requests per second: median over rounds, each one's from its own staircase
	Lo    Number `json:"lo"`    // of the interval; missing where the rounds are too few
	Hi    Number `json:"hi"`
	N     int    `json:"n"` // rounds

	// The bracket of the search: the highest rate that the trials decided is kept
	// and the lowest that is not, in the round that searched. Missing where none
	// was found.
	Lower       Number `json:"lower"`
	Upper       Number `json:"upper"`
	Certified   bool   `json:"certified"`   // both are decided by trials that can tell, and as close as the plan asks
	Conditional Number `json:"conditional"` // throughput at Lower, the loss allowed for (RFC 9971)

	Grade      evidence.Grade  `json:"grade"`                 // worst of the staircases' trials, and of Notes
	Notes      []evidence.Note `json:"notes,omitempty"`       // what speaks against the figure or its bracket
	Bound      bool            `json:"bound,omitempty"`       // shown as a bound, in no verdict
	LowerBound bool            `json:"lower_bound,omitempty"` // the instrument was the limit: the subject can do more
}

// A CapacityComparison sets the capacities of two variants against each other.
type CapacityComparison struct {
	Goal string `json:"goal"`
	Comparison
}

// Critical is one figure for several goals: the geometric mean of a variant's
// capacities, taken in each round (the idea of SPECjbb's critical-jOPS).
type Critical struct {
	Who
	Factors Factors  `json:"factors,omitempty"`
	Goals   []string `json:"goals"`
	Value   Number   `json:"value"` // requests per second
	Lo      Number   `json:"lo"`
	Hi      Number   `json:"hi"`
	N       int      `json:"n"`
}

// capacityMetric is what comparisons of capacities call their metric.
const capacityMetric plan.Metric = "capacity"

// A quarry is what a search found of one variant at one setting.
type quarry struct {
	variant *variant
	setting *setting
	seek    []*trial
	refine  []map[int][]*trial // by goal and round
	over    []*trial
}

// quarries gathers the trials of the search, in the order of variants and
// settings.
func (t *table) quarries() []*quarry {
	byPlace := map[place]*quarry{}
	for _, tr := range t.trials {
		if tr.Trial.Step == nil {
			continue
		}
		at := place{tr.variant.index, tr.setting.index}
		q := byPlace[at]
		if q == nil {
			q = &quarry{variant: tr.variant, setting: tr.setting}
			for range t.plan.Capacity.Goals {
				q.refine = append(q.refine, map[int][]*trial{})
			}
			byPlace[at] = q
		}
		q.take(tr, t.plan.Capacity.Goals)
	}
	var all []*quarry
	for _, q := range byPlace {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b *quarry) int {
		return cmp.Or(cmp.Compare(a.setting.index, b.setting.index), cmp.Compare(a.variant.index, b.variant.index))
	})
	return all
}

func (q *quarry) take(tr *trial, goals []plan.Goal) {
	if len(tr.held) != len(goals) {
		return // it was under no load
	}
	switch step := tr.Trial.Step; step.Stage {
	case evidence.Seek:
		q.seek = append(q.seek, tr)
	case evidence.Overload:
		q.over = append(q.over, tr)
	case evidence.Refine:
		for g, goal := range goals {
			if goal.Text == step.Goal {
				q.refine[g][tr.Trial.Round] = append(q.refine[g][tr.Trial.Round], tr)
			}
		}
	}
}

// spoilt is which share of the trials behind a round's estimate may be invalid.
const spoilt = 0.2

// estimates returns the capacity of each round. There is none of a round whose
// staircase was broken off before its half, or too many of whose trials are
// invalid. These were not booked: the staircase went around them.
func (q *quarry) estimates(g int, p *plan.Plan) map[int]float64 {
	found := map[int]float64{}
	for n, trials := range q.refine[g] {
		var rates []float64
		bad := 0
		for i, tr := range trials {
			if tr.counts {
				rates = append(rates, tr.Trial.Step.Rate)
			}
			if i >= len(trials)/2 && tr.counts && !tr.sound() && !tr.fell() {
				bad++
			}
		}
		if 2*len(rates) >= p.Capacity.Steps && float64(bad) <= spoilt*float64(len(trials)-len(trials)/2) {
			found[n] = stat.StaircaseEstimate(rates)
		}
	}
	return found
}

// bracket carries the search out again, from its trials.
func (q *quarry) bracket(g int, p *plan.Plan) stat.Bracket {
	c, seconds := &p.Capacity, p.Window.Seconds()
	s := stat.LoadSearch{Goals: []stat.LoadGoal{{
		Full: seconds, Sum: seconds * float64(c.Trials), Exceed: plan.Exceed, Width: c.Width,
	}}}
	for _, tr := range q.seek {
		if tr.Trial.Round != q.seek[len(q.seek)-1].Trial.Round {
			continue // it found nothing, and another round searched again
		}
		if tr.counts {
			s.Book(tr.Trial.Step.Rate, tr.held[g:g+1])
		}
	}
	if len(q.seek) == 0 {
		return stat.Bracket{Conditional: math.NaN()}
	}
	return s.Bracket(0)
}

// trials are those behind a goal's figure.
func (q *quarry) trials(g int) []*trial {
	var all []*trial
	for _, n := range inOrder(q.refine[g]) {
		all = append(all, q.refine[g][n]...)
	}
	return all
}

// invalid returns how many of the trials that a goal's figure and bracket were to
// rest on were not booked.
func (q *quarry) invalid(g int) (n int) {
	for _, tr := range slices.Concat(q.seek, q.trials(g)) {
		if !tr.counts {
			n++
		}
	}
	return n
}

func inOrder[V any](m map[int]V) []int {
	var ns []int
	for n := range m {
		ns = append(ns, n)
	}
	slices.Sort(ns)
	return ns
}

// capacities draws the conclusions of a search.
func (t *table) capacities(r *Report) {
	if !t.plan.Searches() {
		return
	}
	all := t.quarries()
	for g, goal := range t.plan.Capacity.Goals {
		var pairs []*pair
		for i, q := range all {
			r.Capacities = append(r.Capacities, t.capacity(q, g, goal))
			for _, other := range all[i+1:] {
				if p := t.capacityPair(q, other, g); p != nil {
					pairs = append(pairs, p)
				}
			}
		}
		for _, s := range t.settings {
			here := slices.DeleteFunc(slices.Clone(pairs), func(p *pair) bool { return p.setting != s })
			adjust(here)
			for _, p := range here {
				r.CapacityComparisons = append(r.CapacityComparisons, CapacityComparison{goal.Text, p.comparison()})
			}
			r.capacityPairs = append(r.capacityPairs, here...)
		}
	}
	if len(t.plan.Capacity.Goals) > 1 {
		for _, q := range all {
			r.Critical = append(r.Critical, t.critical(q))
		}
	}
	for _, q := range all {
		r.Overloads = append(r.Overloads, t.overloads(q)...)
	}
}

func (t *table) capacity(q *quarry, g int, goal plan.Goal) Capacity {
	c := Capacity{Who: q.variant.Who, Factors: q.setting.factors, Goal: goal.Text, Bound: q.variant.bound}
	var values []Number
	byRound := q.estimates(g, t.plan)
	for _, n := range inOrder(byRound) {
		values = append(values, exactly(byRound[n]))
	}
	c.N = len(values)
	c.Value, c.Lo, c.Hi = summary(values, plan.Throughput, t.confidence())
	b := q.bracket(g, t.plan)
	if b.Lower > 0 {
		c.Lower, c.Conditional = exactly(b.Lower), exactly(b.Conditional)
	}
	if b.Upper > 0 {
		c.Upper = exactly(b.Upper)
	}
	c.Certified = b.Certified
	trials := q.trials(g)
	for _, tr := range trials {
		if tr.counts {
			c.Grade = max(c.Grade, tr.grade)
		}
	}
	c.LowerBound = atInstrumentLimit(trials)
	c.doubt(goal, t.plan.Window, q.invalid(g))
	return c
}

// capacityPair sets two variants at one setting against each other, round by
// round: their staircases went side by side.
func (t *table) capacityPair(a, b *quarry, g int) *pair {
	if a.setting != b.setting || a.variant.bound || b.variant.bound {
		return nil
	}
	p := &pair{
		a: a.variant, b: b.variant, setting: a.setting, metric: capacityMetric, higher: true,
		logs: map[int]stat.Span{}, alpha: 1 - t.confidence(), margin: t.plan.MarginOf(plan.Throughput),
	}
	theirs := b.estimates(g, t.plan)
	for n, x := range a.estimates(g, t.plan) {
		if y := theirs[n]; y > 0 {
			d := math.Log(x / y)
			p.logs[n] = stat.Span{Lo: d, Hi: d}
		}
	}
	if len(p.logs) == 0 {
		return nil
	}
	p.atLimit = atInstrumentLimit(a.trials(g)) || atInstrumentLimit(b.trials(g))
	for _, tr := range append(a.trials(g), b.trials(g)...) {
		if tr.counts {
			p.grade = max(p.grade, tr.grade)
		}
	}
	p.conclude()
	return p
}

func (t *table) critical(q *quarry) Critical {
	c := Critical{Who: q.variant.Who, Factors: q.setting.factors}
	logs, kept := map[int]float64{}, map[int]int{}
	goals := t.plan.Capacity.Goals
	for g, goal := range goals {
		c.Goals = append(c.Goals, goal.Text)
		for n, x := range q.estimates(g, t.plan) {
			logs[n] += math.Log(x)
			kept[n]++
		}
	}
	var values []Number
	for _, n := range inOrder(logs) {
		if kept[n] == len(goals) {
			values = append(values, exactly(math.Exp(logs[n]/float64(len(goals)))))
		}
	}
	c.N = len(values)
	c.Value, c.Lo, c.Hi = summary(values, plan.Throughput, t.confidence())
	return c
}

// fewestSearched returns the smallest number of rounds behind a capacity that is
// no bound's, and whose it is.
func (t *table) fewestSearched() (fewest int, whose string) {
	fewest = math.MaxInt
	for _, q := range t.quarries() {
		for g, goal := range t.plan.Capacity.Goals {
			if n := len(q.estimates(g, t.plan)); !q.variant.bound && n < fewest {
				fewest, whose = n, goal.Text+" of "+q.variant.name
			}
		}
	}
	return fewest, whose
}

// searchedLoad says of a load that its rate was searched for.
func searchedLoad(text string) string {
	return strings.Replace(text, "{"+plan.RateFactor+"} requests per second", "at rates that were searched for", 1)
}
