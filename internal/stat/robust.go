package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// TheilSenInterval returns the interval of TheilSen's slope (Sen 1968): by the
// normal approximation of Kendall's statistic, corrected for tied x and y. It
// takes the scatter of points for independent, which levels measured in the same
// round are not, so that no report has it: lines are summarised over rounds. It
// stands as an oracle: by it the slopes between pairs are held against SciPy's.
func TheilSenInterval(x, y []float64, level float64) (lo, hi float64, err error) {
	slopes, err := pairSlopes(x, y)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	n, m := float64(len(x)), float64(len(slopes))
	sd := math.Sqrt((n*(n-1)*(2*n+5) - kendallTies(x) - kendallTies(y)) / 18)
	c := distuv.UnitNormal.Quantile(1-(1-level)/2) * sd
	from := max(0, int(math.RoundToEven((m-c)/2))-1)
	to := min(len(slopes)-1, int(math.RoundToEven((m+c)/2)))
	return slopes[from], slopes[to], nil
}

// kendallTies returns the sum of t(t−1)(2t+5) over the groups of equal values.
func kendallTies(xs []float64) (ties float64) {
	asc := sorted(xs)
	for i := 0; i < len(asc); {
		j := i + 1
		for j < len(asc) && asc[j] == asc[i] {
			j++
		}
		t := float64(j - i)
		ties += t * (t - 1) * (2*t + 5)
		i = j
	}
	return ties
}

// pairSlopes returns the slopes between all pairs of points of different x, in
// ascending order.
func pairSlopes(x, y []float64) ([]float64, error) {
	if err := sameLength(x, y, nil); err != nil {
		return nil, err
	}
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	if len(slopes) == 0 {
		return nil, ErrNoLine
	}
	return sorted(slopes), nil
}

// Siegel fits a line by repeated medians (Siegel 1982): of each point's slopes to
// all others the median, and of those the median again; A is the median of y less
// B times x. Half of the points may be wild, where TheilSen bears 29 in 100. It has
// no standard errors. It stands as an oracle, which the lines of reports are held
// against in tests.
func Siegel(x, y []float64) (Line, error) {
	nan := math.NaN()
	l := Line{A: nan, B: nan, SEA: nan, SEB: nan, RSS: nan, N: len(x)}
	if err := sameLength(x, y, nil); err != nil {
		return l, err
	}
	var medians, rest []float64
	for i := range x {
		var slopes []float64
		for j := range x {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
		if len(slopes) > 0 {
			medians = append(medians, Median(slopes))
		}
	}
	if len(medians) == 0 {
		return l, ErrNoLine
	}
	l.B = Median(medians)
	for i := range x {
		rest = append(rest, y[i]-l.B*x[i])
	}
	l.A = Median(rest)
	return l, nil
}
