package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// exactUpTo is the largest number of differences whose signed-rank distribution
// is enumerated. It takes some 10⁷ additions there; above it, the normal
// approximation is right to more digits than a report prints.
const exactUpTo = 200

// SignedRankCDF returns the probability that Wilcoxon's signed-rank statistic
// of n untied differences is q or less, if their distribution is symmetric about
// zero. Exact for n up to 200, the normal approximation beyond.
func SignedRankCDF(q, n int) float64 {
	top := n * (n + 1) / 2
	switch {
	case q < 0 || n < 0:
		return 0
	case q >= top:
		return 1
	case n > exactUpTo:
		return distuv.UnitNormal.CDF(standardRank(float64(q)+0.5, n))
	}
	return signedRanks(n).atMost(2 * q)
}

// SignedRankQuantile returns the smallest value of the signed-rank statistic of
// n untied differences whose SignedRankCDF is p or more.
func SignedRankQuantile(p float64, n int) int {
	if n > exactUpTo {
		z := distuv.UnitNormal.Quantile(p)
		mean, sd := rankMoments(n)
		return max(0, int(math.Ceil(mean+z*sd-0.5)))
	}
	ways := signedRanks(n)
	var sum float64
	for q := range n*(n+1)/2 + 1 {
		sum += ways.counts[2*q]
		// A hair of slack, as R has it: p may be a cdf that was rounded.
		if sum >= p*ways.total*(1-64*0x1p-52) {
			return q
		}
	}
	return n * (n + 1) / 2
}

func rankMoments(n int) (mean, sd float64) {
	f := float64(n)
	return f * (f + 1) / 4, math.Sqrt(f * (f + 1) * (2*f + 1) / 24)
}

func standardRank(q float64, n int) float64 {
	mean, sd := rankMoments(n)
	return (q - mean) / sd
}

// A rankSum is the distribution of a signed-rank statistic: in how many ways of
// choosing the signs the doubled ranks of the positive ones add up to each sum.
// Counts are whole numbers, exact in a float64 up to 2⁵³ and right to 15 digits
// beyond.
type rankSum struct {
	counts []float64
	total  float64 // 2ⁿ
}

// rankSumOf enumerates the signs of the given doubled ranks.
func rankSumOf(doubled []int) rankSum {
	top := 0
	for _, r := range doubled {
		top += r
	}
	d := rankSum{make([]float64, top+1), math.Exp2(float64(len(doubled)))}
	d.counts[0] = 1
	reached := 0
	for _, r := range doubled {
		reached += r
		for k := reached; k >= r; k-- {
			d.counts[k] += d.counts[k-r]
		}
	}
	return d
}

func signedRanks(n int) rankSum {
	doubled := make([]int, n)
	for i := range doubled {
		doubled[i] = 2 * (i + 1)
	}
	return rankSumOf(doubled)
}

// atMost returns the probability of a doubled sum of s or less.
func (d rankSum) atMost(s int) float64 {
	var sum float64
	for k := 0; k <= min(s, len(d.counts)-1); k++ {
		sum += d.counts[k]
	}
	return sum / d.total
}

// A RankTest is the outcome of a signed-rank test.
type RankTest struct {
	V     float64 // sum of the ranks of the positive differences; halves where ranks are tied
	N     int     // differences that counted
	Zeros int     // differences of exactly zero, left out
	Ties  bool    // some differences were of equal size
	Exact bool    // the p-values are enumerated, not approximated

	Less    float64 // p-value against the differences lying below zero
	Greater float64 // against their lying above
	P       float64 // two-sided: twice the smaller, at most 1
}

// SignedRank tests whether differences lie symmetrically about zero (Wilcoxon
// 1945). Differences of zero are dropped and counted; differences of equal size
// share their mean rank, and the distribution of just those ranks is
// enumerated, so that the p-value is exact with ties too. Nothing to test gives
// a P of 1.
func SignedRank(ds []float64) RankTest {
	ranks, t := signedRanksOf(ds)
	if t.N == 0 {
		t.Less, t.Greater, t.P, t.Exact = 1, 1, 1, true
		return t
	}
	if t.N <= exactUpTo {
		t.Exact = true
		d := rankSumOf(ranks)
		v := int(2 * t.V)
		t.Less = d.atMost(v)
		t.Greater = 1 - d.atMost(v-1)
		if 2*v > len(d.counts)-1 { // by symmetry; subtracting from 1 loses digits
			t.Greater = d.atMost(len(d.counts) - 1 - v)
		}
	} else {
		t.Less, t.Greater = approximate(ranks, t)
	}
	t.P = min(1, 2*min(t.Less, t.Greater))
	return t
}

// approximate returns both one-sided p-values by the normal distribution, with
// the variance of the ranks as they are tied and half a step of continuity.
func approximate(doubled []int, t RankTest) (less, greater float64) {
	var variance float64
	for _, r := range doubled {
		variance += float64(r) * float64(r) / 16
	}
	n := float64(t.N)
	mean, sd := n*(n+1)/4, math.Sqrt(variance)
	return distuv.UnitNormal.CDF((t.V + 0.5 - mean) / sd), distuv.UnitNormal.CDF((mean - t.V + 0.5) / sd)
}

// signedRanksOf returns the doubled mid-ranks of the differences that are not
// zero, and a RankTest with all but its p-values.
func signedRanksOf(ds []float64) (doubled []int, t RankTest) {
	var nonzero []float64
	for _, d := range ds {
		if d == 0 {
			t.Zeros++
			continue
		}
		nonzero = append(nonzero, d)
	}
	slices.SortFunc(nonzero, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	t.N = len(nonzero)
	for i := 0; i < t.N; {
		j := i + 1
		for j < t.N && math.Abs(nonzero[j]) == math.Abs(nonzero[i]) {
			j++
		}
		t.Ties = t.Ties || j-i > 1
		for _, d := range nonzero[i:j] {
			doubled = append(doubled, i+1+j) // ranks i+1 … j, twice their mean
			if d > 0 {
				t.V += float64(i+1+j) / 2
			}
		}
		i = j
	}
	return doubled, t
}

// Holm adjusts p-values that were found together (Holm 1979), so that the
// chance of even one false rejection stays below the level. The result is in
// the order of ps.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	adjusted := make([]float64, len(ps))
	var worst float64
	for k, i := range order {
		worst = max(worst, min(1, float64(len(ps)-k)*ps[i]))
		adjusted[i] = worst
	}
	return adjusted
}

// TooFewError says that there are not enough numbers for what was asked.
type TooFewError struct {
	What string // "a 95 % interval"
	Have int
	Need int
}

func (e *TooFewError) Error() string {
	return fmt.Sprintf("%d values are too few for %s: %d would do", e.Have, e.What, e.Need)
}
