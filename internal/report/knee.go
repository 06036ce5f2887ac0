package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// A Knee is where one variant's curves bend as more is asked of it: the first of
// the measured rates at which it misses a goal. Each round has a knee of its own,
// which lies between the last rate before it that kept every goal and the rate
// itself.
type Knee struct {
	Who
	Factors Factors  `json:"factors,omitempty"` // the other factors
	Factor  string   `json:"factor"`            // that sets the rate
	Goals   []string `json:"goals"`             // the plan's objectives, or p99<100ms and errors<0.1%

	// Of the median round, or of the two in the middle together. Kept is missing
	// where the lowest rate misses a goal already, At where no rate does.
	Kept Number `json:"kept"`
	At   Number `json:"at"`

	Lo Number `json:"lo"` // of the interval over rounds, by order statistics; missing like Kept and At,
	Hi Number `json:"hi"` // and both where the rounds are too few
	N  int    `json:"n"`  // rounds
	In int    `json:"in"` // of them: with their own knee between Kept and At

	Why  map[string]int `json:"why,omitempty"` // goals first missed, "fell" among them, and in how many rounds
	Top  float64        `json:"top"`           // the highest rate that was measured
	Told bool           `json:"enough_rounds"` // the rounds are enough for Lo and Hi

	Grade evidence.Grade `json:"grade"` // worst of the trials at Kept and At

	lowest float64
}

// kneeFell is what a round says that ends with the subject's own end.
const kneeFell = "fell"

// usualGoals stand in for the objectives of a plan that has none.
func usualGoals() []plan.Objective {
	return []plan.Objective{
		{Text: "p99<100ms", What: "p99", Less: true, Bound: 100},
		{Text: "errors<0.1%", What: "errors", Less: true, Bound: 0.001},
	}
}

// goals are the plan's objectives that can hold at a low rate and fail at a high
// one; one on the rate itself is the other way round.
func (t *table) goals() []plan.Objective {
	var goals []plan.Objective
	for _, o := range t.plan.Objectives {
		if o.What != "rate" && o.Less {
			goals = append(goals, o)
		}
	}
	if len(goals) == 0 {
		return usualGoals()
	}
	return goals
}

// rateFactor is the factor that sets the offered rate of an open load; "" if none
// does.
func (t *table) rateFactor() string {
	if !t.plan.Load.Open {
		return ""
	}
	for _, f := range t.factorNames {
		if strings.Contains(t.plan.Load.Rate, "{"+f+"}") {
			return f
		}
	}
	return ""
}

// rateSweeps are the sweeps over the offered rate; a point's level is the rate.
func (t *table) rateSweeps() []sweep {
	factor := t.rateFactor()
	var all []sweep
	for _, sw := range t.sweeps() {
		if sw.factor != factor {
			continue
		}
		for i, pt := range sw.points {
			if l, ok := exactLoad(t.plan.Load, pt.setting.factors).(load.Open); ok && l.Rate > 0 {
				sw.points[i].level = l.Rate
			}
		}
		slices.SortStableFunc(sw.points, func(a, b point) int { return cmp.Compare(a.level, b.level) })
		all = append(all, sw)
	}
	return all
}

// knees finds the knee of every variant in every sweep over rates.
func (t *table) knees(sweeps []sweep) []Knee {
	var all []Knee
	goals := t.goals()
	for _, sw := range sweeps {
		for _, v := range t.variants {
			if k, ok := t.knee(sw, v, goals); ok {
				all = append(all, k)
			}
		}
	}
	return all
}

// A bend is one round's knee: no goal was missed up to kept, one was at broken.
type bend struct {
	kept, broken float64 // −∞ where nothing was kept, +∞ where nothing was missed
	why          string
}

func (t *table) knee(sw sweep, v *variant, goals []plan.Objective) (Knee, bool) {
	var bends []bend
	for _, n := range t.roundsOf(sw, v) {
		if b, ok := t.bend(sw, v, n, goals); ok {
			bends = append(bends, b)
		}
	}
	if len(bends) == 0 {
		return Knee{}, false
	}
	slices.SortFunc(bends, func(a, b bend) int {
		return cmp.Or(cmp.Compare(a.broken, b.broken), cmp.Compare(a.kept, b.kept), cmp.Compare(a.why, b.why))
	})
	n := len(bends)
	low, high := bends[(n-1)/2].kept, bends[n/2].broken
	k := Knee{
		Who: v.Who, Factors: sw.others, Factor: sw.factor, N: n,
		Kept: exactly(low), At: exactly(high), Why: map[string]int{},
		Top: sw.points[len(sw.points)-1].level, lowest: sw.points[0].level,
	}
	for _, o := range goals {
		k.Goals = append(k.Goals, o.Text)
	}
	for _, b := range bends {
		if b.kept >= low && b.broken <= high {
			k.In++
		}
		if b.why != "" {
			k.Why[b.why]++
		}
	}
	if rank := signRank(n, t.confidence()); rank > 0 {
		k.Told = true
		k.Lo, k.Hi = exactly(bends[rank-1].kept), exactly(bends[n-rank].broken)
	}
	k.Grade = t.gradeBetween(sw, v, low, high)
	return k, true
}

// roundsOf returns the numbers of the rounds that have a trial of v in the sweep.
func (t *table) roundsOf(sw sweep, v *variant) []int {
	var numbers []int
	for _, pt := range sw.points {
		for _, tr := range t.tries[place{v.index, pt.setting.index}] {
			numbers = append(numbers, tr.Trial.Round)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// bend walks one round from the lowest rate up to the first that misses a goal.
// A rate of which the round tells nothing is passed over.
func (t *table) bend(sw sweep, v *variant, number int, goals []plan.Objective) (bend, bool) {
	b := bend{kept: math.Inf(-1), broken: math.Inf(1)}
	told := false
	for _, pt := range sw.points {
		why, ok := t.missed(v, pt.setting, number, goals)
		if !ok {
			continue
		}
		told = true
		if why != "" {
			b.broken, b.why = pt.level, why
			break
		}
		b.kept = pt.level
	}
	return b, told
}

// missed tells which goal a round misses at a setting, "" if none; false if
// nothing tells.
func (t *table) missed(v *variant, s *setting, number int, goals []plan.Objective) (why string, ok bool) {
	for _, tr := range t.tries[place{v.index, s.index}] {
		if tr.Trial.Round == number && tr.fell() {
			return kneeFell, true
		}
	}
	c := t.at(v, s)
	i := slices.IndexFunc(c.rounds, func(r round) bool { return r.number == number })
	if i < 0 {
		return "", false
	}
	sum := tally(c.rounds[i].sample().blocks)
	all := true
	for _, o := range goals {
		met, told := keeps(o, sum)
		if told && !met {
			return o.Text, true
		}
		all = all && told
	}
	return "", all
}

// keeps tells whether the requests that were due kept a goal, and whether that
// can be told. A percentile is decided by rank, from a hundred requests of which
// one may lie beyond its 99th: that is too few to print the percentile, and
// enough for a question with two answers that every round is asked anew.
func keeps(o plan.Objective, sum *evidence.Tally) (met, told bool) {
	due := sum.Due()
	p, ok := quantileCalled(o.What)
	if !ok {
		figure := objectiveFigure(o, sum, load.DefaultTimeout)
		return check(o, figure, due).Met, figure.Known()
	}
	const slack = 1e-9
	if float64(due)*(1-p) < 1-slack {
		return false, false
	}
	rank := latency.RankOf(p, due)
	return rank <= sum.Response.Count() && ms(sum.Response.Rank(rank)) < o.Bound, true
}

// signRank returns which order statistics of n values, counted from either end,
// enclose their median at a level: the sign test turned round. 0 if n is too
// small.
func signRank(n int, level float64) int {
	rank := 0
	term, sum := math.Pow(0.5, float64(n)), 0.0 // of the binomial distribution
	for k := range (n + 1) / 2 {
		if sum += term; 2*sum > 1-level+1e-12 {
			break
		}
		rank = k + 1
		term *= float64(n-k) / float64(k+1)
	}
	return rank
}

// gradeBetween is the worst grade of v's sound trials at either end of a knee.
func (t *table) gradeBetween(sw sweep, v *variant, low, high float64) evidence.Grade {
	worst := evidence.A
	for _, pt := range sw.points {
		if pt.level != low && pt.level != high {
			continue
		}
		for _, tr := range t.at(v, pt.setting).trials() {
			worst = max(worst, tr.grade)
		}
	}
	return worst
}
