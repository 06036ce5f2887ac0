// Package stat is the arithmetic of drawing conclusions from few numbers:
// medians, exact intervals and tests, lines. Its functions are pure, leave
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

func sorted(xs []float64) []float64 { return slices.Sorted(slices.Values(xs)) }
