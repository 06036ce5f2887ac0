package stat

import (
	"math"
	"slices"
)

// A Trend is what says whether a series rises or falls, whatever the shape of
// it: Mann's and Kendall's test.
type Trend struct {
	S   float64 // pairs of which the later is larger, less those of which it is smaller
	Var float64 // of S if there is no trend, with ties
	Z   float64 // S moved towards zero by one, in standard deviations
	P   float64 // two-sided, from the normal distribution; 1 where all are equal
}

// MannKendall tests a series for a trend (Mann 1945, Kendall 1975), with the
// correction for ties: Var = (n(n-1)(2n+5) − Σ t(t-1)(2t+5)) / 18 over the sizes
// t of the groups of equal values. It supposes that values are independent.
func MannKendall(y []float64) Trend {
	var t Trend
	for i := range y {
		for j := range i {
			switch {
			case y[i] > y[j]:
				t.S++
			case y[i] < y[j]:
				t.S--
			}
		}
	}
	term := func(n float64) float64 { return n * (n - 1) * (2*n + 5) }
	t.Var = term(float64(len(y)))
	sorted := slices.Sorted(slices.Values(y))
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		t.Var -= term(float64(j - i))
		i = j
	}
	t.Var /= 18
	t.P = 1
	if t.Var > 0 && t.S != 0 {
		t.Z = (t.S - math.Copysign(1, t.S)) / math.Sqrt(t.Var)
		t.P = math.Erfc(math.Abs(t.Z) / math.Sqrt2)
	}
	return t
}

// SenSlope returns the median of the slopes between all pairs of a series that
// is evenly spaced, per step; NaN of fewer than two values.
func SenSlope(y []float64) float64 {
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i)
	}
	l, err := TheilSen(x, y)
	if err != nil {
		return math.NaN()
	}
	return l.B
}
