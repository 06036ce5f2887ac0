package stat

import (
	"errors"
	"fmt"
	"math"
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

// TheilSen fits a line that a few wild points do not move: B is the median of
// the slopes between all pairs of points (Theil 1950, Sen 1968), A the median of
// y less B times the median of x. It has no standard errors.
func TheilSen(x, y []float64) (Line, error) {
	nan := math.NaN()
	l := Line{A: nan, B: nan, SEA: nan, SEB: nan, RSS: nan, N: len(x)}
	slopes, err := pairSlopes(x, y)
	if err != nil {
		return l, err
	}
	l.B = medianOf(slopes)
	l.A = Median(y) - l.B*Median(x)
	return l, nil
}
