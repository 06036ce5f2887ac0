package report

import (
	"fmt"
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A subject that measures itself has one figure, whose name, unit and direction
// the plan gives. Everything else about it is as about other figures: a value of
// each trial, a median over rounds, ratios inside blocks.

// ownValue returns what a subject printed of itself in one trial: the median of
// its values.
func ownValue(m *evidence.Measurement) (plan.Metric, Number) {
	if m.Measured == nil || len(m.Measured.Values) == 0 {
		return "", Number{}
	}
	return plan.Metric(m.Measured.Metric), exactly(stat.Median(m.Measured.Values))
}

// metrics returns all metrics that there are figures of, in the order in which
// they are shown: those that subjects print of themselves come first.
func (t *table) metrics() []plan.Metric {
	var own []plan.Metric
	for _, m := range t.plan.OwnMetrics() {
		own = append(own, m.Name)
	}
	for _, tr := range t.trials {
		if tr.own != "" && !slices.Contains(own, tr.own) {
			own = append(own, tr.own)
		}
	}
	return slices.Concat(own, plan.Metrics)
}

// measured tells whether the trials are commands that measured themselves, and
// no server was asked anything.
func (t *table) measured() bool {
	return len(t.trials) > 0 && t.plan.Measures() ||
		slices.ContainsFunc(t.trials, func(tr *trial) bool { return tr.own != "" })
}

// ofSpeed tells whether a metric says how fast something is, so that of two
// subjects one is so many times as fast as the other.
func (t *table) ofSpeed(m plan.Metric) bool {
	unit, higher := t.metric(m)
	return m == plan.Throughput || t.isOwn(m) && !higher && isTime(unit)
}

func (t *table) isOwn(m plan.Metric) bool { return m != "" && !slices.Contains(plan.Metrics, m) }

func isTime(unit string) bool {
	return slices.Contains([]string{"ns", "us", "µs", "ms", "s", "min", "h"}, unit)
}

// shown returns the unit that is written behind a metric's numbers: of a time
// that a subject measured itself, what it takes it for.
func (t *table) shown(m plan.Metric) string {
	unit, higher := t.metric(m)
	if t.isOwn(m) && !higher && isTime(unit) {
		return fmt.Sprintf("%s per %s", unit, m)
	}
	return unit
}

// idle looks at the connections that were to be held beside those of the load.
func (g *grader) idle(limits) {
	n := g.t.Idle
	if n.Asked > 0 {
		g.see(float64(n.Asked-min(n.Opened, n.Asked)) + float64(n.Ended))
	}
	if n.Opened < n.Asked {
		g.say("idle-missing", evidence.B, "only %d of %d idle connections could be opened", n.Opened, n.Asked)
	}
	if n.Ended > 0 {
		g.say("idle-ended", evidence.B, "the server ended %d of %d idle connections before the load was over", n.Ended, n.Opened)
	}
}
