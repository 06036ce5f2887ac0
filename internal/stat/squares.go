package stat

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Squares is a fit by least squares.
type Squares struct {
	Coef []float64 // one for each column
	SE   []float64 // their standard errors; NaN where nothing is left to tell them
	RSS  float64   // sum of the squared residuals, weighted as the fit was
	DF   int       // values less columns
}

// ErrDependent says that the columns of a fit are not independent of each other.
var ErrDependent = errors.New("the columns of the fit depend on each other, or are more than the values")

// LeastSquares fits y as a sum of columns, each times a coefficient; one of ones
// makes a constant. With sd, the standard deviation of each y, values weigh
// 1/sd². It solves by QR on columns of about one length, so that columns that are
// almost dependent (Longley 1967) keep ten of their digits. Its error is ErrDependent, or says which length is wrong.
func LeastSquares(columns [][]float64, y, sd []float64) (Squares, error) {
	n, k := len(y), len(columns)
	if k == 0 || n < k {
		return Squares{}, ErrDependent
	}
	for _, c := range columns {
		if err := sameLength(c, y, sd); err != nil {
			return Squares{}, err
		}
	}
	x, rhs, scale := mat.NewDense(n, k, nil), mat.NewVecDense(n, nil), make([]float64, k)
	for i := range n {
		w := math.Sqrt(weight(sd, i))
		rhs.SetVec(i, w*y[i])
		for j, c := range columns {
			x.Set(i, j, w*c[i])
			scale[j] = math.Hypot(scale[j], w*c[i])
		}
	}
	for j, s := range scale {
		if !(s > 0) || math.IsInf(s, 0) {
			return Squares{}, ErrDependent
		}
		_, exponent := math.Frexp(s) // by a power of two, nothing is rounded
		scale[j] = math.Ldexp(1, exponent)
		for i := range n {
			x.Set(i, j, x.At(i, j)/scale[j])
		}
	}
	return solve(x, rhs, scale)
}

// solve solves the scaled system.
func solve(x *mat.Dense, rhs *mat.VecDense, scale []float64) (Squares, error) {
	n, k := x.Dims()
	var qr mat.QR
	qr.Factorize(x)
	if cond := qr.Cond(); !(cond < 1e14) {
		return Squares{}, ErrDependent
	}
	var coef, residual mat.VecDense
	if err := qr.SolveVecTo(&coef, false, rhs); err != nil {
		return Squares{}, fmt.Errorf("fit by least squares: %w", err)
	}
	residual.MulVec(x, &coef)
	residual.SubVec(rhs, &residual)

	s := Squares{RSS: mat.Dot(&residual, &residual), DF: n - k}
	errs := standardErrors(&qr, k, s.RSS/float64(s.DF))
	for j := range k {
		s.Coef = append(s.Coef, coef.AtVec(j)/scale[j])
		s.SE = append(s.SE, errs[j]/scale[j])
	}
	return s, nil
}

// standardErrors returns the roots of the diagonal of (RᵀR)⁻¹ times a variance.
func standardErrors(qr *mat.QR, k int, variance float64) []float64 {
	var r, inverse mat.Dense
	qr.RTo(&r)
	errs := make([]float64, k)
	if inverse.Inverse(r.Slice(0, k, 0, k)) != nil {
		for j := range errs {
			errs[j] = math.NaN()
		}
		return errs
	}
	for j := range errs {
		var sum float64
		for i := range k {
			sum += inverse.At(j, i) * inverse.At(j, i)
		}
		errs[j] = math.Sqrt(sum * variance) // of no degrees of freedom, NaN or infinite
	}
	return errs
}

// A Bend says how far points are from lying on a line: the term of the square
// that a curve through them takes beside it.
type Bend struct {
	Coef  float64 // of x²
	Share float64 // of the line's value at the largest x that it contributes there
}

// LackOfFit adds x² to a line that was fitted with the same weights, and says
// what that changes. Three different x give the curve that goes through them. Its
// error is ErrNoLine where they are fewer, or that of LeastSquares.
func LackOfFit(x, y, sd []float64) (Bend, error) {
	nan := Bend{math.NaN(), math.NaN()}
	line, err := FitLine(x, y, sd)
	if err != nil {
		return nan, err
	}
	ones, squares, far := make([]float64, len(x)), make([]float64, len(x)), math.Inf(-1)
	for i := range x {
		ones[i], squares[i] = 1, x[i]*x[i]
		far = max(far, x[i])
	}
	s, err := LeastSquares([][]float64{ones, x, squares}, y, sd)
	if errors.Is(err, ErrDependent) {
		return nan, ErrNoLine
	} else if err != nil {
		return nan, err
	}
	return Bend{s.Coef[2], s.Coef[2] * far * far / line.At(far)}, nil
}
