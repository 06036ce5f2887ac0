package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// A TTest is the outcome of Student's test that numbers have the mean zero.
type TTest struct {
	T  float64 // mean ÷ its standard error
	DF int
	P  float64 // two-sided
}

// Student estimates the mean of numbers and tests whether it is zero; for paired
// samples give it the differences. It is the second opinion beside HodgesLehmann
// and SignedRank: what most readers would have computed. It is exact if the
// numbers are normal, and too narrow where one in ten is disturbed (method, 4.3),
// so that no verdict rests on it.
//
// Of fewer than two numbers there is no interval: the error is a *TooFewError.
// Where all are equal the interval is a point, T infinite and P zero, unless
// they are all zero: then T is zero and P one.
func Student(xs []float64, level float64) (Estimate, TTest, error) {
	n := len(xs)
	e := Estimate{Value: Mean(xs), Lo: math.NaN(), Hi: math.NaN(), N: n}
	if n < 2 {
		return e, TTest{T: math.NaN(), P: 1}, &TooFewError{What: fmt.Sprintf("a %.3g %% interval", 100*level), Have: n, Need: 2}
	}
	se := StdDev(xs) / math.Sqrt(float64(n))
	half := StudentQuantile(1-(1-level)/2, n-1) * se
	e.Lo, e.Hi, e.Level = e.Value-half, e.Value+half, level
	t := TTest{T: e.Value / se, DF: n - 1}
	if e.Value == 0 {
		t.T = 0
	}
	d := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}
	t.P = min(1, 2*d.CDF(-math.Abs(t.T)))
	return e, t, nil
}

// Within tells whether the whole interval lies between lo and hi. Of an interval
// at the level 1−2α that is the two one-sided tests of equivalence, each at α
// (Schuirmann 1987).
func (e Estimate) Within(lo, hi float64) bool { return e.HasInterval() && e.Lo >= lo && e.Hi <= hi }

// GeometricMean returns e to the mean of the logarithms; NaN of nothing, and
// where a number is not above zero. It is a mean of ratios: that of ratios of A
// to B is the inverse of that of B to A, which no arithmetic mean is (Fleming and
// Wallace, CACM 1986).
func GeometricMean(xs []float64) float64 {
	var sum float64
	for _, x := range xs {
		if !(x > 0) {
			return math.NaN()
		}
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(xs)))
}
