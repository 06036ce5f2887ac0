package stat

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// A Line is y = A + B·x, fitted to points.
type Line struct {
	A, B     float64
	SEA, SEB float64 // standard errors; NaN where two points leave none
	RSS      float64 // sum of the squared residuals, weighted as the fit was
	N        int
}

// At returns the line's value at x.
func (l Line) At(x float64) float64 { return l.A + l.B*x }

// ErrNoLine says that points lie on no single line: fewer than two different x.
var ErrNoLine = errors.New("fewer than two different places to fit a line through")

// FitLine fits a line by least squares. With sd, the standard deviation of each
// y, points weigh 1/sd²; a nil sd weighs them alike. Standard errors are scaled
// by the residual variance in either case, so that only the proportions of sd
// matter.
func FitLine(x, y, sd []float64) (Line, error) {
	none := Line{A: math.NaN(), B: math.NaN(), SEA: math.NaN(), SEB: math.NaN(), N: len(x)}
	if err := sameLength(x, y, sd); err != nil {
		return none, err
	}
	var sw, sx, sy float64
	for i := range x {
		w := weight(sd, i)
		sw, sx, sy = sw+w, sx+w*x[i], sy+w*y[i]
	}
	mx, my := sx/sw, sy/sw
	var sxx, sxy float64
	for i := range x {
		w, dx := weight(sd, i), x[i]-mx
		sxx, sxy = sxx+w*dx*dx, sxy+w*dx*(y[i]-my)
	}
	if !(sxx > 0) {
		return none, ErrNoLine
	}
	l := Line{N: len(x), B: sxy / sxx}
	l.A = my - l.B*mx
	for i := range x {
		r := y[i] - l.At(x[i])
		l.RSS += weight(sd, i) * r * r
	}
	l.SEA, l.SEB = math.NaN(), math.NaN()
	if l.N > 2 {
		v := l.RSS / float64(l.N-2)
		l.SEB = math.Sqrt(v / sxx)
		l.SEA = math.Sqrt(v * (1/sw + mx*mx/sxx))
	}
	return l, nil
}

func weight(sd []float64, i int) float64 {
	if sd == nil {
		return 1
	}
	return 1 / (sd[i] * sd[i])
}

func sameLength(x, y, sd []float64) error {
	if len(x) != len(y) || sd != nil && len(sd) != len(x) {
		return fmt.Errorf("fit a line: %d x, %d y, %d deviations", len(x), len(y), len(sd))
	}
	for i := range sd {
		if !(sd[i] > 0) {
			return fmt.Errorf("fit a line: standard deviation %g of point %d is not above zero", sd[i], i+1)
		}
	}
	return nil
}

// LeastSquares solves for the coefficients of y as a sum of columns, by QR
// decomposition. A column of ones is the caller's to give. It needs at least as
// many y as columns, and columns that do not depend on each other.
func LeastSquares(columns [][]float64, y []float64) ([]float64, error) {
	if len(columns) == 0 || len(y) < len(columns) {
		return nil, &TooFewError{What: fmt.Sprintf("%d coefficients", len(columns)), Have: len(y), Need: len(columns)}
	}
	x := mat.NewDense(len(y), len(columns), nil)
	for j, c := range columns {
		x.SetCol(j, c)
	}
	var qr mat.QR
	qr.Factorize(x)
	var b mat.VecDense
	if err := qr.SolveVecTo(&b, false, mat.NewVecDense(len(y), y)); err != nil {
		var ill mat.Condition // still solved, with fewer digits
		if !errors.As(err, &ill) || math.IsInf(float64(ill), 1) {
			return nil, fmt.Errorf("least squares: %w", err)
		}
	}
	return slices.Clone(b.RawVector().Data), nil
}

// TheilSen fits a line that a few wild points do not move: B is the median of
// the slopes between all pairs of points (Theil 1950, Sen 1968), A the median of
// y less B times the median of x. The interval of the slope, at the given level,
// is Sen's, without his correction for ties among y.
func TheilSen(x, y []float64, level float64) (l Line, slope Estimate, err error) {
	l = Line{A: math.NaN(), B: math.NaN(), SEA: math.NaN(), SEB: math.NaN(), RSS: math.NaN(), N: len(x)}
	slope = Estimate{Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), N: len(x)}
	if err := sameLength(x, y, nil); err != nil {
		return l, slope, err
	}
	slopes := pairSlopes(x, y)
	if len(slopes) == 0 {
		return l, slope, ErrNoLine
	}
	l.B = medianOf(slopes)
	l.A = Median(y) - l.B*Median(x)
	slope.Value = l.B
	slope.Lo, slope.Hi, slope.Level = senInterval(slopes, len(x), level)
	return l, slope, nil
}

func pairSlopes(x, y []float64) []float64 {
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	slices.Sort(slopes)
	return slopes
}

// senInterval picks the slopes that bound the median by the normal
// approximation to Kendall's statistic; none, and level 0, where the points are
// too few for it.
func senInterval(slopes []float64, n int, level float64) (lo, hi, got float64) {
	f, m := float64(n), float64(len(slopes))
	c := distuv.UnitNormal.Quantile((1+level)/2) * math.Sqrt(f*(f-1)*(2*f+5)/18)
	// Round to even, as SciPy does: the rank is an approximation either way.
	below := int(math.RoundToEven((m-c)/2)) - 1
	above := int(math.RoundToEven((m + c) / 2))
	if below < 0 || above >= len(slopes) {
		return math.NaN(), math.NaN(), 0
	}
	return slopes[below], slopes[above], level
}

// Siegel fits a line by repeated medians (Siegel 1982): B is the median over
// the points of the median slope to the others, A the median of y−B·x. Almost
// half of the points may be wild.
func Siegel(x, y []float64) (Line, error) {
	l := Line{A: math.NaN(), B: math.NaN(), SEA: math.NaN(), SEB: math.NaN(), RSS: math.NaN(), N: len(x)}
	if err := sameLength(x, y, nil); err != nil {
		return l, err
	}
	var medians []float64
	for i := range x {
		var slopes []float64
		for j := range x {
			if x[i] != x[j] {
				slopes = append(slopes, (y[j]-y[i])/(x[j]-x[i]))
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
	l.A = medianResidual(x, y, l.B)
	return l, nil
}

// medianResidual returns the median of y−b·x: the "joint" intercept of a robust
// line.
func medianResidual(x, y []float64, b float64) float64 {
	r := make([]float64, len(x))
	for i := range x {
		r[i] = y[i] - b*x[i]
	}
	return Median(r)
}

// Crossing returns where two lines meet; false if they are parallel.
func Crossing(a, b Line) (x float64, ok bool) {
	if a.B == b.B {
		return 0, false
	}
	x = (b.A - a.A) / (a.B - b.B)
	return x, !math.IsNaN(x) && !math.IsInf(x, 0)
}
