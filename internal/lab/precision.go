package lab

import (
	"maps"
	"math"
	"slices"
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
	plan    *plan.Plan
	timeout time.Duration // of a request
	blocks  map[place]*taken
	rounds  int
}

// A place is a block of a round, or what a round has found at a setting.
type place struct {
	round, block int
	found        string // the setting; "" of a block
}

// A cell is one variant at one setting in one round.
type cell struct {
	variant, setting string
	round            int
}

// A taken is the last attempt at a block: the logarithm of each variant's value.
type taken struct {
	attempt int
	setting string
	logs    map[string]float64
}

func newPrecision(p *plan.Plan, timeout time.Duration) *precision {
	return &precision{plan: p, timeout: timeout, blocks: map[place]*taken{}}
}

// add books a trial's value, unless the trial failed, is invalid or a bound's.
// Those of a block's earlier attempts count no more. A value that is only known
// to lie beyond the timeout, or zero, has no logarithm: as long as there is one,
// its interval is not narrow.
func (w *precision) add(m *evidence.Measurement) error {
	b := w.block(m.Trial)
	if b == nil || m.Failure != nil || m.Trial.Bound || m.Tally == nil && m.Measured == nil || m.Tally != nil && m.Tally.WrongBytes > 0 {
		return nil
	}
	if _, spoilt := report.Spoilt(m, report.CircumstancesOf(w.plan, nil, m)); spoilt {
		return nil
	}
	v := report.ValueWithin(w.plan.Compare, m, w.timeout)
	if !v.Known() {
		return nil
	}
	log := math.Log(v.X)
	if v.Kind != report.Exactly || v.X <= 0 {
		log = math.NaN()
	}
	b.logs[report.VariantName(m.Trial)] = log
	return nil
}

// book books what a round has found of a variant at a setting, of which no single
// trial is the value.
func (w *precision) book(c cell, x float64) {
	w.rounds = max(w.rounds, c.round)
	at := place{round: c.round, found: c.setting}
	if w.blocks[at] == nil {
		w.blocks[at] = &taken{setting: c.setting, logs: map[string]float64{}}
	}
	w.blocks[at].logs[c.variant] = math.NaN()
	if x > 0 {
		w.blocks[at].logs[c.variant] = math.Log(x)
	}
}

// block returns the block of a trial, emptied if this is a later attempt at it;
// nil for what is no trial, or one of a search, or of an attempt that was
// superseded.
func (w *precision) block(t evidence.Trial) *taken {
	if t.Block == 0 || t.Step != nil {
		return nil
	}
	w.rounds = max(w.rounds, t.Round)
	at := place{round: t.Round, block: t.Block}
	if b := w.blocks[at]; b == nil || b.attempt < t.Attempt {
		w.blocks[at] = &taken{attempt: t.Attempt, setting: report.SettingName(t), logs: map[string]float64{}}
	} else if b.attempt > t.Attempt {
		return nil
	}
	return w.blocks[at]
}

// sequentialLevel is the confidence of the intervals that the rule looks at: a
// little more than the report's 95 %, because stopping when an interval happens
// to be narrow costs it about a point of its coverage.
const sequentialLevel = 0.96

// reached tells whether every interval is at most until wide on either side,
// relative to its centre.
func (w *precision) reached(until float64) bool {
	pairs := w.pairs()
	for _, d := range pairs {
		ci, err := stat.HodgesLehmann(d, sequentialLevel)
		if err != nil || !((ci.Hi-ci.Lo)/2 <= math.Log1p(until)) { // not a number is not narrow
			return false
		}
	}
	return len(pairs) > 0
}

// pairs returns the differences of every two variants that are compared, at each
// setting: those of one round after another. Two that were compared at one
// setting and never at another leave an empty list there.
func (w *precision) pairs() [][]float64 {
	variants, settings := map[string]bool{}, map[string]bool{}
	for _, b := range w.blocks {
		for v := range b.logs {
			variants[v] = true
			settings[b.setting] = true
		}
	}
	names := slices.Sorted(maps.Keys(variants))
	var all [][]float64
	for _, s := range slices.Sorted(maps.Keys(settings)) {
		for i, a := range names {
			for _, b := range names[i+1:] {
				if w.plan.Compares(a, b) {
					all = append(all, w.differences(a, b, s))
				}
			}
		}
	}
	return all
}

// differences returns, of each round that has any, the mean difference within
// the blocks that have both.
func (w *precision) differences(a, b, setting string) []float64 {
	sums, n := make([]float64, w.rounds+1), make([]float64, w.rounds+1)
	for at, t := range w.blocks {
		x, okA := t.logs[a]
		y, okB := t.logs[b]
		if okA && okB && t.setting == setting {
			sums[at.round] += x - y
			n[at.round]++
		}
	}
	var d []float64
	for r := range sums {
		if n[r] > 0 {
			d = append(d, sums[r]/n[r])
		}
	}
	return d
}
