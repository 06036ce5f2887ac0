// Package stat is the arithmetic of drawing conclusions from few numbers:
// quantiles, exact intervals and tests, lines. Its functions are pure, leave
// their arguments as they were, and return their doubts: an estimate carries
// the level its interval really has, and where the numbers are too few for an
// interval there is none, and an error that says how many would do.
//
// The statistics of comparison are our own because they have to be exact with
// ties and zeros; gonum serves distributions and linear systems.
package stat

import (
	"math"
	"slices"
)

// Mean returns the arithmetic mean; NaN of nothing.
func Mean(xs []float64) float64 {
	var sum float64
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// StdDev returns the sample standard deviation, with n−1 below the line; NaN of
// fewer than two numbers.
func StdDev(xs []float64) float64 {
	if len(xs) < 2 {
		return math.NaN()
	}
	mean := Mean(xs)
	var sum float64
	for _, x := range xs {
		sum += (x - mean) * (x - mean)
	}
	return math.Sqrt(sum / float64(len(xs)-1))
}

// Median returns the middle number, or the mean of the two middle ones; NaN of
// nothing.
func Median(xs []float64) float64 { return medianOf(sorted(xs)) }

func medianOf(asc []float64) float64 {
	n := len(asc)
	if n == 0 {
		return math.NaN()
	}
	if n%2 == 1 {
		return asc[n/2]
	}
	return asc[n/2-1]/2 + asc[n/2]/2
}

// Quantile1 returns the p-quantile, 0 ≤ p ≤ 1, as the inverse of the empirical
// distribution function (type 1 of Hyndman and Fan 1996): always one of the
// numbers. NaN of nothing.
func Quantile1(xs []float64, p float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	n := float64(len(xs))
	// 0.07 × 100 is a little more than 7 in binary, and means 7.
	rank := math.Ceil(p*n - 4*0x1p-52*p*n)
	return sorted(xs)[int(min(max(rank, 1), n))-1]
}

// Quantile7 returns the p-quantile, 0 ≤ p ≤ 1, interpolated between the two
// numbers around (n−1)·p (type 7 of Hyndman and Fan 1996). NaN of nothing.
func Quantile7(xs []float64, p float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	asc := sorted(xs)
	at := min(max(p, 0), 1) * float64(len(asc)-1)
	lo, part := math.Modf(at)
	i := int(lo)
	if part == 0 {
		return asc[i]
	}
	return asc[i] + part*(asc[i+1]-asc[i])
}

func sorted(xs []float64) []float64 { return slices.Sorted(slices.Values(xs)) }
