package lab

import (
	"math"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/report"
	"webdyno/internal/stat"
)

// precision watches how narrow the intervals of the plan's primary metric have
// become: one for each pair of variants at each setting, from one difference of
// logarithms a round. It never looks at what the intervals say, only at their
// width, and so does not favour a verdict.
type precision struct {
	metric  plan.Metric
	timeout time.Duration // of a request
	sums    map[cell]*sum
	rounds  int
}

// A cell is one variant at one setting in one round.
type cell struct {
	variant, setting string
	round            int
}

type sum struct {
	logs float64
	n    int
}

func newPrecision(p *plan.Plan, timeout time.Duration) *precision {
	return &precision{metric: p.Compare, timeout: timeout, sums: map[cell]*sum{}}
}

// add books a trial's value, unless the trial failed or is a bound's. A value
// that is only known to lie beyond the timeout, or zero, has no logarithm: as
// long as there is one, its interval is not narrow.
func (w *precision) add(m *evidence.Measurement) error {
	if m.Failure != nil || m.Trial.Bound || m.Tally == nil && m.Measured == nil || m.Tally != nil && m.Tally.WrongBytes > 0 {
		return nil
	}
	v := report.ValueWithin(w.metric, m, w.timeout)
	if !v.Known() {
		return nil
	}
	c := cell{report.VariantName(m.Trial), report.SettingName(m.Trial), m.Trial.Round}
	if w.sums[c] == nil {
		w.sums[c] = &sum{}
	}
	if v.Kind != report.Exactly || v.X <= 0 {
		w.sums[c].logs = math.NaN()
	}
	w.sums[c].logs += math.Log(v.X)
	w.sums[c].n++
	w.rounds = max(w.rounds, m.Trial.Round)
	return nil
}

// sequentialLevel is the confidence of the intervals that the rule looks at: a
// little more than the report's 95 %, because stopping when an interval happens
// to be narrow costs it about a point of its coverage.
const sequentialLevel = 0.96

// reached tells whether every interval is at most until wide on either side,
// relative to its centre.
func (w *precision) reached(until float64) bool {
	variants, settings := map[string]bool{}, map[string]bool{}
	for c := range w.sums {
		variants[c.variant] = true
		settings[c.setting] = true
	}
	pairs := 0
	for s := range settings {
		for a := range variants {
			for b := range variants {
				if a >= b {
					continue
				}
				d := w.differences(a, b, s)
				ci, err := stat.HodgesLehmann(d, sequentialLevel)
				if err != nil || !((ci.Hi-ci.Lo)/2 <= math.Log1p(until)) { // not a number is not narrow
					return false
				}
				pairs++
			}
		}
	}
	return pairs > 0
}

func (w *precision) differences(a, b, setting string) []float64 {
	var d []float64
	for n := 1; n <= w.rounds; n++ {
		x, y := w.sums[cell{a, setting, n}], w.sums[cell{b, setting, n}]
		if x != nil && y != nil {
			d = append(d, x.logs/float64(x.n)-y.logs/float64(y.n))
		}
	}
	return d
}
