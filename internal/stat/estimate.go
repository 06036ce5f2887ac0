package stat

import (
	"fmt"
	"math"
	"slices"
)

// An Estimate is a number and how far it may be off.
type Estimate struct {
	Value  float64
	Lo, Hi float64 // of the interval; NaN if there is none
	Level  float64 // that the interval really has, not less than asked for; 0 if there is none
	N      int     // values behind it
}

// HasInterval tells whether Lo and Hi mean anything.
func (e Estimate) HasInterval() bool { return e.Level > 0 }

// Exp returns the estimate of what e estimates the logarithm of.
func (e Estimate) Exp() Estimate {
	e.Value, e.Lo, e.Hi = math.Exp(e.Value), math.Exp(e.Lo), math.Exp(e.Hi)
	return e
}

// MinFor returns how many values an exact signed-rank interval of the given
// level takes: 6 for 0.95, 5 for 0.90.
func MinFor(level float64) int {
	n := 1
	for math.Exp2(float64(1-n)) > (1-level)*(1+1e-12) {
		n++
	}
	return n
}

// HodgesLehmann estimates the centre of a symmetric distribution: the median of
// the means of all pairs, each value with itself included, and the exact
// interval that belongs to the signed-rank test. It holds its level whatever
// the shape of the distribution, and one wild value moves it little. For paired
// samples give it the differences.
//
// With fewer values than MinFor there is no interval: the Estimate has its
// Value alone, and the error is a *TooFewError.
//
// Of n values there are n(n+1)/2 means; give it hundreds, not thousands.
func HodgesLehmann(xs []float64, level float64) (Estimate, error) {
	return hodgesLehmann(xs, level, math.NaN())
}

// hodgesLehmann is HodgesLehmann of values that may be infinite. Opposed is what
// the mean of −Inf and +Inf is taken for.
func hodgesLehmann(xs []float64, level, opposed float64) (Estimate, error) {
	n := len(xs)
	e := Estimate{Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), N: n}
	need := MinFor(level)
	tooFew := &TooFewError{What: fmt.Sprintf("a %.3g %% interval", 100*level), Have: n, Need: need}
	if n == 0 {
		return e, tooFew
	}
	walsh := walshAverages(xs, opposed)
	if e.Value = medianOf(walsh); math.IsNaN(e.Value) {
		e.Value = opposed
	}
	if n < need {
		return e, tooFew
	}
	q := max(1, SignedRankQuantile((1-level)/2, n))
	e.Lo, e.Hi = walsh[q-1], walsh[len(walsh)-q]
	e.Level = 1 - 2*SignedRankCDF(q-1, n)
	return e, nil
}

// walshAverages returns the means of all pairs i ≤ j, in ascending order.
func walshAverages(xs []float64, opposed float64) []float64 {
	w := make([]float64, 0, len(xs)*(len(xs)+1)/2)
	for i, x := range xs {
		for _, y := range xs[i:] {
			mean := x/2 + y/2
			if math.IsNaN(mean) {
				mean = opposed
			}
			w = append(w, mean)
		}
	}
	slices.Sort(w)
	return w
}
