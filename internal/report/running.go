package report

import (
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A Running is a report that is still in the making: it takes in measurements as
// they come, and tells at any time where the subjects stand. Its figures are
// those that [Build] would come to over the same measurements.
//
// It keeps some tens of kilobytes of each measurement, and changes none.
type Running struct {
	plan  *plan.Plan
	setup *evidence.Setup
	kept  []*trial // trials and ends, as they came
}

// NewRunning returns a Running of no measurements yet. Setup may be nil.
func NewRunning(p *plan.Plan, setup *evidence.Setup) *Running {
	return &Running{plan: p, setup: setup}
}

// A Glance is what one measurement tells by itself.
type Glance struct {
	Grade    evidence.Grade
	Notes    []evidence.Note
	Rate     Number // right answers per second
	P50, P99 Number // response times in ms, over requests that were due
}

// Take takes in a measurement, and returns what it tells by itself: what follows
// from holding it against others comes with the report.
func (r *Running) Take(m *evidence.Measurement) (Glance, error) {
	t := r.table(nil)
	if err := t.take(m); err != nil {
		return Glance{}, err
	}
	var g Glance
	for _, tr := range slices.Concat(t.trials, t.ends) {
		r.kept = append(r.kept, tr)
		g.Grade, g.Notes = tr.grade, tr.notes
		if tr.digest == nil || !tr.loaded {
			continue
		}
		timeout := t.timeout(&setting{factors: m.Trial.Factors})
		s := &sample{blocks: []*digest{tr.digest}}
		g.Rate = tr.throughput
		g.P50, g.P99 = s.measure(plan.ResponseP50, timeout), s.measure(plan.ResponseP99, timeout)
	}
	return g, nil
}

func (r *Running) table(kept []*trial) *table {
	t := &table{plan: r.plan, setup: r.setup, cells: map[place]*cell{}, tries: map[place][]*trial{}}
	for _, tr := range kept {
		tr := *tr // which setting it is of is not settled before all are there
		if tr.Trial.Block == 0 {
			t.ends = append(t.ends, &tr)
		} else {
			t.trials = append(t.trials, &tr)
		}
	}
	return t
}

// Standings returns the figures of the primary metric, setting by setting in the
// plan's order, the best of each first, with the ranks that the verdicts so far
// leave them.
func (r *Running) Standings() []Row {
	t := r.table(r.kept)
	t.settle()
	var rows []Row
	var pairs []*pair
	for _, s := range t.settings {
		here := t.pairsAt(t.primary(), s)
		adjust(here)
		pairs = append(pairs, here...)
		var some []Row
		for _, v := range t.variants {
			some = append(some, t.rowsOf(t.at(v, s), []plan.Metric{t.primary()})...)
		}
		t.bestFirst(some)
		rows = append(rows, some...)
	}
	t.rank(rows, pairs)
	return rows
}

// Capacities returns what a plan that searches has found so far: goal by goal, in
// the order of settings and subjects. It is none of a plan that does not search.
func (r *Running) Capacities() []Capacity {
	t := r.table(r.kept)
	t.settle()
	found := &Report{factors: t.factorNames}
	t.capacities(found)
	return found.Capacities
}

// Found says in a few words what was found: "truth p99<6ms up to 45.7 req/s".
func (c *Capacity) Found() string {
	who := c.name()
	if s := SettingName(evidence.Trial{Factors: c.Factors}); s != "" {
		who += " at " + s
	}
	if c.Value.Known() {
		return who + " " + c.Goal + " up to " + c.text()
	}
	return who + " " + c.Goal + " " + c.upTo()
}

func (t *table) bestFirst(rows []Row) {
	_, higher := t.metric(t.primary())
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch known := b.Value.Known(); {
		case a.Value.Known() != known && known:
			return 1
		case a.Value.Known() != known:
			return -1
		case higher:
			return b.Value.compare(a.Value)
		}
		return a.Value.compare(b.Value)
	})
}

// Setting returns how the row's setting is called, factors in the alphabet's
// order; empty if nothing varies.
func (r Row) Setting() string { return SettingName(evidence.Trial{Factors: r.Factors}) }

// Name returns how the row's variant is called.
func (r Row) Name() string { return r.name() }

// Shown returns the figure as every text writes it, with its unit.
func (r Row) Shown() string { return r.text() }

// Interval returns the ends of the figure's interval, with their unit; empty where
// the rounds are too few for one.
func (r Row) Interval() (lo, hi string) {
	if !r.Lo.Known() || !r.Hi.Known() {
		return "", ""
	}
	return r.Lo.in(r.shown), r.Hi.in(r.shown)
}

// HalfWidth returns half the width of the figure's interval as a share of the
// figure, and false where there is no interval or it is open.
func (r Row) HalfWidth() (float64, bool) {
	if r.Lo.Kind != Exactly || r.Hi.Kind != Exactly || r.Value.Kind != Exactly || r.Value.X <= 0 {
		return 0, false
	}
	return (r.Hi.X - r.Lo.X) / 2 / r.Value.X, true
}
