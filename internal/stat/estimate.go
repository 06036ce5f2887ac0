package stat

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
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
	n := len(xs)
	e := Estimate{Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), N: n}
	need := MinFor(level)
	tooFew := &TooFewError{What: fmt.Sprintf("a %.3g %% interval", 100*level), Have: n, Need: need}
	if n == 0 {
		return e, tooFew
	}
	walsh := walshAverages(xs)
	e.Value = medianOf(walsh)
	if n < need {
		return e, tooFew
	}
	q := max(1, SignedRankQuantile((1-level)/2, n))
	e.Lo, e.Hi = walsh[q-1], walsh[len(walsh)-q]
	e.Level = 1 - 2*SignedRankCDF(q-1, n)
	return e, nil
}

// walshAverages returns the means of all pairs i ≤ j, in ascending order.
func walshAverages(xs []float64) []float64 {
	w := make([]float64, 0, len(xs)*(len(xs)+1)/2)
	for i, x := range xs {
		for _, y := range xs[i:] {
			w = append(w, x/2+y/2)
		}
	}
	slices.Sort(w)
	return w
}

// A TTest is the outcome of Student's t-test of one sample against zero.
type TTest struct {
	Estimate
	T  float64
	DF int
	P  float64 // two-sided
}

// MeanT estimates a mean by Student's t distribution. It is exact only where
// values are normally distributed, which is why it comes second to
// HodgesLehmann. For paired samples give it the differences.
func MeanT(xs []float64, level float64) (TTest, error) {
	n := len(xs)
	if n < 2 {
		none := Estimate{Value: Mean(xs), Lo: math.NaN(), Hi: math.NaN(), N: n}
		return TTest{Estimate: none, P: math.NaN(), T: math.NaN()},
			&TooFewError{What: "a t interval", Have: n, Need: 2}
	}
	mean, se := Mean(xs), StdDev(xs)/math.Sqrt(float64(n))
	half := TQuantile((1+level)/2, n-1) * se
	t := TTest{
		Estimate: Estimate{Value: mean, Lo: mean - half, Hi: mean + half, Level: level, N: n},
		T:        mean / se,
		DF:       n - 1,
	}
	t.P = 2 * students(n-1).CDF(-math.Abs(t.T))
	return t, nil
}

// TQuantile returns the p-quantile of Student's t distribution with df degrees
// of freedom.
func TQuantile(p float64, df int) float64 { return students(df).Quantile(p) }

func students(df int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(df)}
}
