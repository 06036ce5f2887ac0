package report

import (
	"math/rand/v2"
	"os"
	"testing"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// repetitions returns how often a simulation is repeated; WEBDYNO_LONG=1 makes it twenty
// times as often.
func repetitions(n int) int {
	if os.Getenv("WEBDYNO_LONG") != "" {
		return 20 * n
	}
	return n
}

// simulated returns all pairs of variants whose logarithms lie at the given
// centres, concluded and adjusted as a report does it.
func simulated(r *rand.Rand, centres []float64, rounds int, sd float64) []*pair {
	logs := make([][]float64, len(centres))
	variants := make([]*variant, len(centres))
	for i, c := range centres {
		variants[i] = &variant{index: i, name: string(rune('a' + i))}
		for range rounds {
			logs[i] = append(logs[i], c+sd*r.NormFloat64())
		}
	}
	var pairs []*pair
	for i, a := range variants {
		for j := i + 1; j < len(variants); j++ {
			p := &pair{a: a, b: variants[j], metric: plan.Throughput, higher: true, alpha: 0.05, margin: plan.DefaultMargin, logs: map[int]stat.Span{}}
			for n := range rounds {
				d := logs[i][n] - logs[j][n]
				p.logs[n] = stat.Span{Lo: d, Hi: d}
			}
			p.conclude()
			pairs = append(pairs, p)
		}
	}
	adjust(pairs)
	return pairs
}

// Rank intervals hold all true ranks at once as often as they say: of five
// subjects, 0, 2, 5, 10 and 10 % faster, the last two in truth alike.
func TestRankIntervalsHold(t *testing.T) {
	centres := []float64{0, 0.02, 0.05, 0.10, 0.10}
	truth := map[string][2]int{"a": {5, 5}, "b": {4, 4}, "c": {3, 3}, "d": {1, 2}, "e": {1, 2}}
	r := rand.New(rand.NewPCG(45, 46))
	reps := repetitions(250)
	held, told := 0, 0
	for range reps {
		pairs := simulated(r, centres, 12, 0.02)
		standing := standingsOf(pairs)
		all := true
		for name, place := range truth {
			rank := standing[name].rank
			all = all && rank[0] <= place[0] && place[1] <= rank[1]
		}
		if all {
			held++
		}
		if pairs[0].sign() != 0 { // a and b, 2 % apart
			told++
		}
	}
	within(t, "all ranks held", held, reps, 0.94, 0.99)
	within(t, "2 % told apart at a noise of 2 %", told, reps, 0.20, 0.55)
}

// Of five identical subjects, any is told apart from any other in no more
// experiments than the level allows, and equivalence is not claimed of what is
// two margins apart.
func TestVerdictsKeepTheirLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(46, 45))
	reps := repetitions(250)
	wrong, alike := 0, 0
	for range reps {
		apart := false
		for _, p := range simulated(r, make([]float64, 5), 10, 0.02) {
			apart = apart || p.sign() != 0
		}
		if apart {
			wrong++
		}
		if simulated(r, []float64{0, 0.0199}, 10, 0.005)[0].equivalent() { // just outside, were it known
			alike++
		}
	}
	within(t, "identical ones told apart", wrong, reps, 0.01, 0.05)
	within(t, "called equivalent at the margin", alike, reps, 0.01, 0.07)
}

// within fails unless a share is compatible with lying between lo and hi, by its
// exact 99.9 % interval.
func within(t *testing.T, what string, count, of int, lo, hi float64) {
	t.Helper()
	from, to := stat.ClopperPearson(count, of, 0.999)
	if from > hi || to < lo {
		t.Errorf("%s: %.3f of %d, want %.3f to %.3f", what, float64(count)/float64(of), of, lo, hi)
	}
	t.Logf("%s: %.3f of %d", what, float64(count)/float64(of), of)
}

// A percentile that a report prints has more requests behind it than MLPerf's
// early stopping asks for: the rule of ten beyond it is the stricter one.
func TestPrintedPercentilesHaveRequestsEnough(t *testing.T) {
	for _, p := range []float64{0.50, 0.75, 0.90, 0.95, 0.99, 0.999, 0.9999} {
		if least, asked := stat.TailSize(p, 0), needed(p); asked < uint64(least) || !tellable(asked, p) || tellable(asked-1, p) {
			t.Errorf("p%g is printed of %d requests; it takes %d", 100*p, asked, least)
		}
	}
}
