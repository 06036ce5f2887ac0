package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Simulations of what the method promises, each from its seed, so that they give
// the same counts every time. WEBDYNO_LONG=1 repeats them twenty times as often,
// and takes minutes.

// times returns how often a simulation is repeated.
func times(n int) int {
	if os.Getenv("WEBDYNO_LONG") != "" {
		return 20 * n
	}
	return n
}

// expect fails unless a share that was counted is compatible with lying between lo
// and hi: its exact 99.9 % interval has to touch them. An estimator that is wrong
// by a few points is found out, and chance hardly ever is.
func expect(t *testing.T, what string, count, of int, lo, hi float64) {
	t.Helper()
	from, to := ClopperPearson(count, of, 0.999)
	if from > hi || to < lo {
		t.Errorf("%s: %.3f of %d (%.3f to %.3f), want %.3f to %.3f", what, float64(count)/float64(of), of, from, to, lo, hi)
	}
	t.Logf("%s: %.3f of %d", what, float64(count)/float64(of), of)
}

// A noise is drawn from, and has two centres: an interval is right if it holds the
// one that it is of.
type noise struct {
	draw         func(*rand.Rand) float64
	mean, centre float64 // the median of the mean of two, which Hodges and Lehmann's estimates
}

// disturbance is by how many deviations one round in ten is shifted.
const disturbance = 6

func noises() map[string]noise {
	disturbed := func(r *rand.Rand) float64 {
		x := r.NormFloat64()
		if r.IntN(10) == 0 {
			x += disturbance
		}
		return x
	}
	half := distuv.Normal{Sigma: math.Sqrt(.5)}
	return map[string]noise{
		"normal": {(*rand.Rand).NormFloat64, 0, 0},
		"disturbed": {disturbed, .1 * disturbance, medianOfLaw(func(x float64) float64 {
			return .81*half.CDF(x) + .18*half.CDF(x-disturbance/2) + .01*half.CDF(x-disturbance)
		})},
		"exponential": {(*rand.Rand).ExpFloat64, 1, medianOfLaw(func(x float64) float64 { return 1 - (1+2*x)*math.Exp(-2*x) })},
	}
}

func medianOfLaw(cdf func(float64) float64) float64 {
	lo, hi := 0.0, 10.0
	for range 60 {
		if mid := (lo + hi) / 2; cdf(mid) < .5 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

func draw(r *rand.Rand, n int, of func(*rand.Rand) float64) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = of(r)
	}
	return xs
}

// The interval holds its level whatever disturbs the rounds, where Student's does
// not (method, 4.3).
func TestCoverageOfIntervals(t *testing.T) {
	all := noises()
	for _, c := range []struct {
		noise         string
		n             int
		lo, hi        float64 // of HodgesLehmann's
		byT, orNotByT float64 // of Student's
	}{
		{"normal", 6, .95, .975, .94, .96},
		{"normal", 10, .945, .957, .94, .96},
		{"normal", 20, .945, .957, .94, .96},
		{"disturbed", 6, .95, .98, .84, .89},
		{"disturbed", 10, .945, .965, .83, .88},
		{"disturbed", 20, .940, .960, .88, .91},
		{"exponential", 10, .93, .96, 0, 1},
	} {
		r := rand.New(rand.NewPCG(uint64(c.n), 43))
		reps := times(1500)
		held, heldByT := 0, 0
		of := all[c.noise]
		for range reps {
			xs := draw(r, c.n, of.draw)
			e, err := HodgesLehmann(xs, .95)
			if err != nil {
				t.Fatal(err)
			}
			if e.Lo <= of.centre && of.centre <= e.Hi {
				held++
			}
			if s, _, _ := Student(xs, .95); s.Lo <= of.mean && of.mean <= s.Hi {
				heldByT++
			}
		}
		what := fmt.Sprintf("%s noise, n = %d", c.noise, c.n)
		expect(t, what+", Hodges–Lehmann", held, reps, c.lo, c.hi)
		expect(t, what+", Student", heldByT, reps, c.byT, c.orNotByT)
	}
}

// Five identical subjects make ten pairs; the chance that any of them is told
// apart stays at the level, and without the adjustment it would not.
func TestFamilyWiseError(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 45))
	reps := times(600)
	adjusted, raw := 0, 0
	for range reps {
		ps := pairwise(r, make([]float64, 5), 10, .02)
		if least(Holm(ps)) < .05 {
			adjusted++
		}
		if least(ps) < .05 {
			raw++
		}
	}
	expect(t, "adjusted", adjusted, reps, .03, .062)
	expect(t, "not adjusted", raw, reps, .2, .35)
}

// pairwise returns the p-values of all pairs of subjects whose logarithms lie at
// the given centres.
func pairwise(r *rand.Rand, centres []float64, rounds int, sd float64) (ps []float64) {
	logs := make([][]float64, len(centres))
	for i, c := range centres {
		logs[i] = draw(r, rounds, func(r *rand.Rand) float64 { return c + sd*r.NormFloat64() })
	}
	for i := range logs {
		for j := range i {
			ps = append(ps, SignedRank(differences(logs[j], logs[i])).P)
		}
	}
	return ps
}

func least(xs []float64) float64 {
	m := math.Inf(1)
	for _, x := range xs {
		m = min(m, x)
	}
	return m
}

// Looking after every round is harmless as long as only the width is looked at,
// at a level of 0.96. To stop when a difference becomes significant finds one
// between identical subjects in one of five tries (method, 4.7).
func TestStopping(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 47))
	reps := times(300)
	held, found := 0, 0
	for range reps {
		xs := draw(r, 40, func(r *rand.Rand) float64 { return .03 * r.NormFloat64() })
		if e := stopAt(xs, .96, func(e Estimate, _ []float64) bool { return e.Hi-e.Lo <= 2*.02 }); e.Lo <= 0 && 0 <= e.Hi {
			held++
		}
		significant := func(_ Estimate, xs []float64) bool { return SignedRank(xs).P < .05 }
		if e := stopAt(xs, .95, significant); significant(e, xs[:e.N]) {
			found++
		}
	}
	expect(t, "by width, the interval holds", held, reps, .941, .967)
	expect(t, "by significance, a difference of none is found", found, reps, .15, .24)
}

// stopAt adds values until enough says so, and returns the estimate then.
func stopAt(xs []float64, level float64, enough func(Estimate, []float64) bool) Estimate {
	var e Estimate
	for n := 6; n <= len(xs); n++ {
		e, _ = HodgesLehmann(xs[:n], level)
		if enough(e, xs[:n]) {
			break
		}
	}
	return e
}

// Within one trial requests are not independent: of a queue at 80 % of its
// capacity an interval by ranks, right for values that are, holds p99 in a few
// trials of a hundred. That is why no report prints one.
func TestNoIntervalWithinATrial(t *testing.T) {
	const n, rho, p = 5000, .8, .99
	truth := -math.Log(1-p) / (1 - rho) // of sojourn, in service times
	lo, hi := OrderRanks(n, p, .95)
	r := rand.New(rand.NewPCG(8, 43))
	reps := times(200)
	held, heldOfIndependent := 0, 0
	for range reps {
		queue, alone := make([]float64, n), make([]float64, n)
		wait := r.ExpFloat64() / (1 - rho) * float64(r.IntN(2))
		for i := range queue {
			served := r.ExpFloat64()
			queue[i] = wait + served
			wait = max(0, queue[i]-r.ExpFloat64()/rho)
			alone[i] = r.ExpFloat64() / (1 - rho)
		}
		if asc := sorted(queue); asc[lo-1] <= truth && truth <= asc[hi-1] {
			held++
		}
		if asc := sorted(alone); asc[lo-1] <= truth && truth <= asc[hi-1] {
			heldOfIndependent++
		}
	}
	expect(t, "of a queue", held, reps, .05, .25)
	expect(t, "of independent values", heldOfIndependent, reps, .94, .965)
}

// Under the null every block's order is a matter of chance, and the global test
// rejects as often as its level says, or less.
func TestFriedmanUnderTheNull(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 49))
	reps := times(1000)
	rejected, found := 0, 0
	for range reps {
		same, one := make([][]float64, 10), make([][]float64, 10)
		for i := range same {
			same[i], one[i] = draw(r, 5, (*rand.Rand).NormFloat64), draw(r, 5, (*rand.Rand).NormFloat64)
			one[i][0] += 2
		}
		if Friedman(same).P < .05 {
			rejected++
		}
		if Friedman(one).P < .05 {
			found++
		}
	}
	expect(t, "five identical subjects", rejected, reps, .03, .05)
	expect(t, "one of five apart", found, reps, .95, 1)
}
