package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// ClopperPearson returns the exact interval of a probability of which k of n
// tries are a sample: never shorter than its level says, and often longer. It is
// for independent tries, and stands as an oracle by which simulations and A/A
// experiments are judged; requests of one trial are not independent.
func ClopperPearson(k, n int, level float64) (lo, hi float64) {
	lo, hi = 0, 1
	if n <= 0 {
		return lo, hi
	}
	tail := (1 - level) / 2
	if k > 0 {
		lo = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		hi = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-tail)
	}
	return lo, hi
}

// binomialAtMost returns the probability of k or fewer successes in n tries of
// the given probability.
func binomialAtMost(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	}
	return distuv.Binomial{N: float64(n), P: p}.CDF(float64(k))
}

// TailSize returns how many requests it takes to be 99 % sure, from one side,
// that the p-quantile lies at or below a bound which t of them passed: the early
// stopping rule of MLPerf's LoadGen, counting all requests. For p99 and t = 0, 1,
// 2: 459, 662, 838. It takes requests for independent, and so is the least that
// could do; it stands as a second opinion: what a report prints asks for more, and a
// test holds the two together.
func TailSize(p float64, t int) int {
	const doubt = 0.01
	lo, hi := t, t+1
	for binomialAtMost(t, hi, 1-p) > doubt {
		lo, hi = hi, 2*hi
	}
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if binomialAtMost(t, mid, 1-p) > doubt {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// OrderRanks returns the ranks, counted from 1, of the smallest and the largest
// value between which the p-quantile of n independent values lies with at least
// the given probability (by the binomial distribution, half of the doubt on each
// side). Requests of one trial are not independent: of a queue at 80 % of its
// capacity such an interval held its p99 in 16 % of trials instead of 95 %. It
// therefore stands as an oracle, for tests of code on values that are.
func OrderRanks(n int, p, level float64) (lo, hi int) {
	return binomialQuantile((1-level)/2, n, p), binomialQuantile(1-(1-level)/2, n, p) + 1
}

// binomialQuantile returns the smallest k with P(X ≤ k) ≥ q.
func binomialQuantile(q float64, n int, p float64) int {
	lo, hi := -1, n
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if binomialAtMost(mid, n, p) >= q*(1-64*0x1p-52) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return max(0, min(n, hi))
}

// chiSquareAbove returns the probability that χ² with df degrees of freedom is x
// or more.
func chiSquareAbove(x float64, df int) float64 {
	if df < 1 || !(x > 0) {
		return 1
	}
	return mathext.GammaIncRegComp(float64(df)/2, min(x, math.MaxFloat64)/2)
}
