package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// Capacity asks for the highest rate at which goals are kept. A plan that has
// one searches: the rates of its trials are not written in it, but follow from
// what the trials before them found. The zero Capacity is none.
type Capacity struct {
	Goals    []Goal
	Width    float64       // a bracket is narrow once its ends are so close, as a share
	Trials   int           // that decide about a rate at most, each of the plan's window
	Steps    int           // of the staircase, in each round and for each goal
	Overload []float64     // times the capacity of the first goal; none: no overload
	Lasts    time.Duration // of each overload: whole seconds
}

// A Goal is what must hold at a rate for it to count as kept: all of its parts.
// They bound percentiles, the largest response time, or errors.
type Goal struct {
	Text  string // as written, without spaces: "p99<50ms,errors<1%"
	Parts []Objective
}

// Searches tells whether the plan has a capacity to search for.
func (p *Plan) Searches() bool { return len(p.Capacity.Goals) > 0 }

// What a search is where the plan does not say.
const (
	capacityWidth  = 0.02
	capacityTrials = 5
	capacitySteps  = 20
	overloadLasts  = 2 * time.Second
)

// The numbers of connections of the closed load that a search begins with, where
// the open load has none.
const saturating = 64

// What surrounds an overload, at half the capacity.
const (
	// BeforeOverload is measured first, to know what is usual.
	BeforeOverload = 2 * time.Second
	// HalfLoad is the rate before and after an overload, as a share of capacity.
	HalfLoad = 0.5
)

// Exceed is the share of the trials at a rate that may miss a goal while the rate
// counts as kept (RFC 9971's exceed ratio).
const Exceed = 0.5

// AfterOverload returns how long a server is watched after an overload of so many
// times its capacity: as long as it takes one that never stops working to catch
// up with all of it beside the half load, and two seconds.
func (c *Capacity) AfterOverload(times float64) time.Duration {
	behind := (times - 1) * c.Lasts.Seconds()
	return time.Duration(math.Ceil(behind/(1-HalfLoad)))*time.Second + 2*time.Second
}

// OverloadWindow returns how long the window of such a trial is.
func (c *Capacity) OverloadWindow(times float64) time.Duration {
	return BeforeOverload + c.Lasts + c.AfterOverload(times)
}

func (c *Capacity) grammar() mapping {
	return mapping{what: "`capacity:`", keys: []key{
		{"goals", "What must hold at a rate, such as p99<50ms or \"p99<50ms, errors<1%\": the highest rate that keeps each is searched for.",
			list[Goal]{into: &c.Goals, each: goal, what: "goals", least: 1, most: 10}, true},
		{"width", "How close the ends of a bracket are in the end. 2%.", width(&c.Width), false},
		{"trials", "How many trials, each of the plan's window, decide about a rate at most. 5.", count(&c.Trials, 1, 99), false},
		{"steps", "Trials of the staircase that refines the capacity, in each round and for each goal. 20.", count(&c.Steps, 2, 1000), false},
		{"overload", "What happens beyond: times the capacity of the first goal, such as [1.5, 3]. None.",
			list[float64]{into: &c.Overload, each: multiple, what: "multiples", most: 10}, false},
		{"overload_lasts", "How long each overload lasts, in whole seconds. 2s.", span(&c.Lasts, time.Second, time.Minute), false},
	}}
}

// width is a share that is not written where there is no search.
func width(into *float64) form {
	f := share(into).(scalar)
	print := f.print
	f.print = func() *yaml.Node {
		if *into == 0 {
			return nil
		}
		return print()
	}
	return f
}

func goal(g *Goal) form {
	return scalar{
		want: `want bounds such as p99<50ms or "p99<50ms, errors<1%"`,
		json: object{"type": "string"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			parsed, err := ParseGoal(n.Value)
			*g = parsed
			return err
		},
		print: func() *yaml.Node { return textNode(g.Text) },
	}
}

// ParseGoal reads a goal: objectives joined by commas, all of which can hold at a
// low rate and fail at a high one.
func ParseGoal(s string) (Goal, error) {
	var g Goal
	var texts []string
	for part := range strings.SplitSeq(s, ",") {
		o, err := ParseObjective(part)
		if err != nil {
			return Goal{}, err
		}
		if o.What == "rate" || o.What == "mean" {
			return Goal{}, fmt.Errorf("%q: %s is no goal of a search: want bounds on p50 to p99.9, max or errors, of which each request tells whether it keeps them", s, o.What)
		}
		if slices.ContainsFunc(g.Parts, func(x Objective) bool { return x.What == o.What }) {
			return Goal{}, fmt.Errorf("%q bounds %s twice: want each figure once in a goal; other goals are further items of the list", s, o.What)
		}
		if err := boundOfGoal(o); err != nil {
			return Goal{}, fmt.Errorf("%q: %w", s, err)
		}
		g.Parts, texts = append(g.Parts, o), append(texts, o.Text)
	}
	g.Text = strings.Join(texts, ",")
	return g, nil
}

// boundOfGoal complains of a bound that every rate keeps, or none.
func boundOfGoal(o Objective) error {
	switch {
	case o.Bound <= 0:
		return fmt.Errorf("nothing lies below %s: want a bound above zero", strings.TrimPrefix(o.Text, o.What+"<"))
	case o.What == "errors" && o.Bound >= 1:
		return fmt.Errorf("every rate keeps errors below %s: want a bound below 100%%", unit.Share(o.Bound))
	}
	return nil
}

// Longest returns the longest bound on a response time of the goal's parts; 0 if
// it has none.
func (g *Goal) Longest() time.Duration {
	var most float64
	for _, o := range g.Parts {
		if o.What != "errors" {
			most = max(most, o.Bound)
		}
	}
	return time.Duration(most * float64(time.Millisecond))
}

// Least returns the smallest share of the requests that a part of the goal lets
// be lost; 0 if one of them lets none, or a bound on max is all there is.
func (g *Goal) Least() float64 {
	least := 1.0
	for _, o := range g.Parts {
		least = min(least, o.Lost())
	}
	return least
}

// Lost returns which share of the requests may be lost to the bound: of p99 a
// hundredth, of errors the bound itself, of max none.
func (o *Objective) Lost() float64 {
	if o.What == "errors" {
		return o.Bound
	}
	percent, err := strconv.ParseFloat(strings.TrimPrefix(o.What, "p"), 64)
	if err != nil {
		return 0 // max
	}
	return (100 - percent) / 100
}

// multiple is how many times the capacity an overload is.
func multiple(into *float64) form {
	return scalar{
		want: "want a number above 1 and up to 20, such as 1.5",
		json: object{"type": "number", "exclusiveMinimum": 1, "maximum": 20},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			x, err := strconv.ParseFloat(n.Value, 64)
			if err != nil || !(x > 1 && x <= 20) {
				return fmt.Errorf("%s is no overload", show(n.Value))
			}
			*into = x
			return nil
		},
		print: func() *yaml.Node { return scalarNode("!!float", strconv.FormatFloat(*into, 'f', -1, 64)) },
	}
}

// fillCapacity fills in what a search leaves unsaid.
func (r *reader) fillCapacity() {
	c := &r.plan.Capacity
	if !r.plan.Searches() {
		return
	}
	if !r.written("capacity.width") {
		c.Width = capacityWidth
	}
	if c.Trials == 0 {
		c.Trials = capacityTrials
	}
	if c.Steps == 0 {
		c.Steps = capacitySteps
	}
	if c.Lasts == 0 {
		c.Lasts = overloadLasts
	}
}

// checkCapacity complains of a search that cannot be made.
func (r *reader) checkCapacity() {
	p := r.plan
	if !p.Searches() || !r.sound("capacity", "load", "factors") {
		return
	}
	if !p.Load.Open {
		r.complain("load", "want load: {open: {}}: the rate is what is searched for", "capacity: a closed load has no rate")
		return
	}
	if p.Load.Rate != searchedRate {
		r.complain("load.open.rate", "want it left out", "load: the rate is what capacity: searches for")
	}
	if slices.ContainsFunc(p.Factors, func(f Factor) bool { return f.Name == rateKey }) {
		r.complain("factors.rate", "want it left out", "capacity: searches for the rate, and a factor sets it too")
	}
	if p.Measures() {
		r.complain("capacity", "want subjects that are servers", "capacity: what measures itself has no rate")
	}
	if c := p.Capacity; c.Width < 0.001 || c.Width > 0.5 {
		r.complain("capacity.width", "want from 0.1% to 50%", "capacity: a bracket %s wide", unit.Share(c.Width))
	}
	if l := p.Capacity.Lasts; l%time.Second != 0 {
		r.complain("capacity.overload_lasts", "want whole seconds", "capacity: an overload of %v", l)
	}
	r.checkGoals()
	r.checkBesideCapacity()
}

// checkGoals complains of goals and overloads that are there twice, and of bounds
// that no answer can reach.
func (r *reader) checkGoals() {
	c := &r.plan.Capacity
	timeout, err := unit.ParseDuration(r.plan.Load.Timeout)
	for i, g := range c.Goals {
		at := item("capacity.goals", i)
		if slices.ContainsFunc(c.Goals[:i], func(x Goal) bool { return x.Text == g.Text }) {
			r.complain(at, "want each goal once", "capacity: the goal %s is here twice", g.Text)
		}
		if err == nil && g.Longest() > timeout {
			r.complain(at, "want a bound up to load.open.timeout", "capacity: no answer takes as long as %s allows: requests are given up after %v", g.Text, timeout)
		}
	}
	for i, times := range c.Overload {
		if slices.Contains(c.Overload[:i], times) {
			r.complain(item("capacity.overload", i), "want each multiple once", "capacity: the overload %v is here twice", times)
		}
	}
}

// checkBesideCapacity complains of what means nothing in a search: its trials are
// not a fixed number for each setting, goals take the place of objectives, and
// capacities are what is compared.
func (r *reader) checkBesideCapacity() {
	p := r.plan
	if p.Blocks > 1 && r.sound("blocks") {
		r.complain("blocks", "want it left out: capacity.steps says how many trials there are", "blocks: a search for capacities has no number of blocks")
	}
	if len(p.Objectives) > 0 && r.sound("objectives") {
		r.complain("objectives", "want it left out: capacity.goals takes its place", "objectives: a search for capacities holds no fixed rate against them")
	}
	if r.sound("compare") && p.Compare != usualMetric(p) {
		r.complain("compare", "want it left out", "compare: a search for capacities compares capacities, and not %s", p.Compare)
	}
}

// searchedRate is the rate of a load whose rate is searched for.
const searchedRate = "{" + rateKey + "}"

// withRate returns values with a rate, where the plan searches for it.
func (p *Plan) withRate(v map[string]string, rate float64) map[string]string {
	if p.Searches() {
		v[rateKey] = strconv.FormatFloat(rate, 'f', -1, 64)
	}
	return v
}

// loadOf works out the load of a setting. Where the plan searches, it is the
// closed load that subjects are warmed with and that the search begins with.
func (p *Plan) loadOf(c []Choice) (load.Load, error) {
	l, err := p.Load.exact(p.withRate(values(c), 1))
	if o, ok := l.(load.Open); ok && p.Searches() {
		return ClosedLike(o), err
	}
	return l, err
}

// ClosedLike returns the closed load that a search begins with: one on the connections of an open one.
func ClosedLike(o load.Open) load.Closed {
	c := load.Closed{Connections: saturating, Use: o.Use}
	if o.Connections > 0 {
		c.Connections = o.Connections
	}
	return c
}

// LoadAt returns the load of a setting at a rate that a search has come to.
func (p *Plan) LoadAt(s Setting, rate float64) (load.Open, error) {
	l, err := p.Load.exact(p.withRate(values(s.Choice), rate))
	if err != nil {
		return load.Open{}, err
	}
	o, ok := l.(load.Open)
	if !ok {
		return load.Open{}, fmt.Errorf("a closed load has no rate")
	}
	return o, nil
}

// RateFactor is what the rate of a search's trial is called among its factors.
const RateFactor = rateKey

// What a search is in a shortened plan at most.
const (
	quickSteps = 8
	quickLasts = time.Second
)

func (c *Capacity) shorten() {
	c.Steps = min(c.Steps, quickSteps)
	c.Lasts = min(c.Lasts, quickLasts)
}

// What a search is expected to take.
const (
	searchTrials = 25                     // of a variant at a setting, for the first goal, in the first round
	furtherGoal  = 10                     // more for each further one
	drainTime    = 100 * time.Millisecond // after a trial
)

// estimateSearch says how long one round of so many variants takes, and how much
// longer the first.
func (p *Plan) estimateSearch(variants int) (round, first time.Duration) {
	c := &p.Capacity
	trial := p.Rewarm + p.Window + trialTime + drainTime
	each := time.Duration(len(c.Goals)*c.Steps) * trial
	for _, times := range c.Overload {
		each += p.Rewarm + c.OverloadWindow(times) + trialTime + drainTime
	}
	cells := time.Duration(variants * combinations(p.Factors))
	find := time.Duration(searchTrials+furtherGoal*(len(c.Goals)-1)) * trial
	around := time.Duration(variants) * (startTime + p.Warmup.expected(p.Quick) + stopTime)
	return cells*each + around, cells * find
}

// SearchLength returns about how many trials of a variant the rounds of a search
// have: those that find the brackets, of which nobody knows beforehand how many
// they take, and those that follow in every round.
func (p *Plan) SearchLength() int {
	c := &p.Capacity
	find := searchTrials + furtherGoal*(len(c.Goals)-1)
	return combinations(p.Factors) * (find + p.Rounds.Max*p.SearchRound())
}

// SearchRound returns how many trials of a variant at a setting a round has beside
// those that find the brackets.
func (p *Plan) SearchRound() int {
	c := &p.Capacity
	return len(c.Goals)*c.Steps + len(c.Overload)
}
