package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// roundsToShow is how many rounds m pairs take before the exact test, adjusted
// over all of them (Holm), can show anything at all: the least n for which
// m·2^(1−n) < α. For 1, 3 and 10 pairs and an α of 5 %: 6, 7 and 9.
func roundsToShow(pairs int, alpha float64) int {
	n := 1
	for float64(max(pairs, 1))*math.Exp2(float64(1-n)) >= alpha {
		n++
	}
	return n
}

// fewestRounds is how many of them a report takes that is to be published: those,
// and at least 8.
func fewestRounds(pairs int, level float64) int {
	return max(8, roundsToShow(pairs, 1-level))
}

// What a publishable report must keep (method, 8.3): nine trials in ten of grade
// A or B, and no subject losing trials much oftener than another.
const (
	soundShare  = 0.90
	lossMargin  = 0.10
	longestList = 4 // names in a sentence

	// restlessShare is the most of a subject's starts that may come to no rest.
	restlessShare = 0.20
)

// whyNot lists what stands against publishing the report.
func (t *table) whyNot(r *Report) []string {
	reasons := t.leads()
	add := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if len(r.Rows)+len(r.Capacities) == 0 {
		add("nothing was measured")
		return reasons
	}
	if t.plan.Quick {
		add("this is the quick form of the plan")
	}
	if t.plan.AA {
		add("this is an A/A run: it compares nothing")
	} else if r.AA.Differs() {
		add("a subject was told from itself")
	}
	pairs, takers := t.family()
	if n, need := t.fewestN(), fewestRounds(pairs, t.confidence()); n < need && t.plan.Searches() {
		_, whose := t.fewestSearched()
		add("the capacity at %s has %s behind it, fewer than the %d that %s", whose, plural(n, "round"), need, takers)
	} else if n < need {
		add("%s %s fewer than the %d that %s", plural(n, "round"), isAre(n), need, takers)
	}
	sound, uneven := t.losses()
	if sound < soundShare {
		add("only %s of the trials are of grade A or B", unit.Share(sound))
	}
	if uneven != "" {
		add("%s", uneven)
	}
	if names := t.unsettled(); len(names) > 0 {
		add("%s came to no steady state in more than %s of the rounds", list(names), unit.ExactShare(restlessShare))
	}
	if names := others(skippedNames(r.Skipped), skippedNames(t.skippedByHand())); len(names) > 0 {
		add("%s could not be run here", list(names))
	}
	for _, s := range t.skippedByHand() {
		add("%s was %s", s.name(), s.Reason)
	}
	if names := failedNames(r.Failed); len(names) > 0 {
		add("%s failed", list(names))
	}
	if t.limited() {
		add("the instrument was the limit")
	}
	return reasons
}

// family returns how many pairs are judged together, and who takes rounds for that.
// What is set against its old build is as many rows of each metric as there are
// settings.
func (t *table) family() (pairs int, what string) {
	k, builds := 0, 0
	for _, v := range t.variants {
		switch {
		case v.older:
			builds++
		case !v.bound && !v.twin:
			k++
		}
	}
	switch {
	case builds > 0:
		pairs = max(k*(k-1)/2, builds*len(t.settings))
		if builds == 1 {
			return pairs, "an old build and a new one take"
		}
		return pairs, fmt.Sprintf("%d old builds and the new ones take", builds)
	case k <= 1:
		return 0, "a figure of one subject takes"
	case k == 2:
		return 1, "two subjects take"
	}
	return k * (k - 1) / 2, fmt.Sprintf("%d subjects take", k)
}

// unsettled returns the variants that came to no rest in so many of their rounds
// that what is told of them is a figure of something that still changed.
func (t *table) unsettled() []string {
	var names []string
	for _, v := range t.variants {
		if told, not := t.restless(v); !v.bound && not >= fewestUnsteady && float64(not) > restlessShare*float64(told) {
			names = append(names, v.name)
		}
	}
	return names
}

// fewestN returns the smallest number of rounds behind a figure of the primary
// metric.
func (t *table) fewestN() int {
	fewest := t.rounds()
	if t.plan.Searches() {
		n, _ := t.fewestSearched()
		return min(fewest, n)
	}
	for _, v := range t.variants {
		if v.bound {
			continue
		}
		for _, s := range t.settings {
			if c := t.cells[place{v.index, s.index}]; c != nil {
				fewest = min(fewest, len(c.rounds))
			}
		}
	}
	return fewest
}

// losses returns the share of trials that are sound, and whether subjects lose
// trials unevenly. Those that somebody's Ctrl-C cut off are no losses, for whom it
// struck is chance.
func (t *table) losses() (sound float64, uneven string) {
	good, carried, lost, all := 0, 0, make([]float64, len(t.variants)), make([]float64, len(t.variants))
	for _, tr := range t.trials {
		if tr.interrupted() {
			continue
		}
		carried++
		all[tr.variant.index]++
		if tr.grade <= evidence.B {
			good++
		}
		if !tr.sound() {
			lost[tr.variant.index]++
		}
	}
	share := func(i int) float64 { return lost[i] / max(all[i], 1) }
	low, high := 0, 0
	for i := range lost {
		if share(i) < share(low) {
			low = i
		}
		if share(i) > share(high) {
			high = i
		}
	}
	if a, b := share(high), share(low); a-b > lossMargin {
		uneven = fmt.Sprintf("%s lost %s of its trials and %s lost %s",
			t.variants[high].name, unit.Share(a), t.variants[low].name, unit.Share(b))
	}
	return float64(good) / float64(max(carried, 1)), uneven
}

// limited tells whether a figure that verdicts are about is a lower bound.
func (t *table) limited() bool {
	if !ofLoad(t.primary()) {
		return false
	}
	for _, v := range t.variants {
		for _, s := range t.settings {
			if !v.bound && atInstrumentLimit(t.at(v, s).trials()) {
				return true
			}
		}
	}
	return false
}

func skippedNames(all []Skipped) []string {
	var names []string
	for _, s := range all {
		names = appendNew(names, s.name())
	}
	return names
}

func failedNames(all []Failed) []string {
	var names []string
	for _, f := range all {
		names = appendNew(names, f.name())
	}
	return names
}

func appendNew(names []string, name string) []string {
	for _, n := range names {
		if n == name {
			return names
		}
	}
	return append(names, name)
}

// list writes names as in a sentence: "a, b and c".
func list(names []string) string {
	if len(names) > longestList {
		more := len(names) - longestList + 1
		names = append(names[:longestList-1:longestList-1], fmt.Sprintf("%d others", more))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// objectives holds the plan's objectives against every variant at every setting:
// the median over rounds of each figure.
func (t *table) objectives() []ObjectiveRow {
	var rows []ObjectiveRow
	for _, s := range t.settings {
		for _, v := range t.variants {
			for _, o := range t.plan.Objectives {
				if row, ok := t.objective(o, t.at(v, s)); ok {
					rows = append(rows, row)
				}
			}
		}
	}
	return rows
}

func (t *table) objective(o plan.Objective, c *cell) (ObjectiveRow, bool) {
	var figures []Number
	var due uint64 // of the round that had most
	for _, r := range c.rounds {
		sum := tally(r.sample().blocks)
		due = max(due, sum.Due())
		if sum.Due() > 0 {
			figures = append(figures, objectiveFigure(o, sum, t.timeout(c.setting)))
		}
	}
	if due == 0 {
		return ObjectiveRow{}, false
	}
	mid, _, _ := summary(figures, "", t.confidence())
	result := check(o, mid, due)
	if !result.Told {
		result.Text += " in a round"
	}
	return ObjectiveRow{c.variant.Who, c.setting.factors, result, len(figures)}, true
}

// Missed tells whether an objective of the plan was missed.
func (r *Report) Missed() bool {
	for _, o := range r.Objectives {
		if o.missed() {
			return true
		}
	}
	return false
}

// Untold returns the objectives of the plan that nothing tells anything about,
// each once.
func (r *Report) Untold() []string {
	var all []string
	for _, o := range r.Objectives {
		if !o.Told && !slices.Contains(all, o.Objective) {
			all = append(all, o.Objective)
		}
	}
	return all
}
