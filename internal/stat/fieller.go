package stat

import "math"

// An UnboundedError says that a ratio has no bounded interval, because what it
// divides by cannot be told from zero.
type UnboundedError struct {
	Mean, Half float64 // of the divisor: its mean, and half the width of its own interval
}

func (e *UnboundedError) Error() string {
	return "no bounds: the mean that it is divided by cannot be told from zero"
}

// RatioOfMeans estimates the mean of one sample divided by that of another, not
// taken in pairs, with Fieller's interval (Fieller 1954, as Kalibera and Jones,
// ISMM 2013, have it): for means a of xs and b of ys, and half widths g and h of
// their own Student intervals at the level,
//
//	(ab ± √((ab)² − (b² − h²)(a² − g²))) ÷ (b² − h²)
//
// It supposes values that are about normal; one wild value moves it. Of fewer than
// two values on a side there is no interval, and the error is a *TooFewError;
// where b² ≤ h² there is none either, and the error is an *UnboundedError. The
// Estimate's N is that of the smaller sample.
func RatioOfMeans(xs, ys []float64, level float64) (Estimate, error) {
	a, g := meanAndHalf(xs, level)
	b, h := meanAndHalf(ys, level)
	e := Estimate{Value: a / b, Lo: math.NaN(), Hi: math.NaN(), N: min(len(xs), len(ys))}
	if e.N < 2 {
		return e, &TooFewError{What: "the interval of a ratio of means", Have: e.N, Need: 2}
	}
	divisor := b*b - h*h
	if !(divisor > 0) {
		return e, &UnboundedError{Mean: b, Half: h}
	}
	root := math.Sqrt(max(0, a*a*b*b-divisor*(a*a-g*g)))
	e.Lo, e.Hi, e.Level = (a*b-root)/divisor, (a*b+root)/divisor, level
	return e, nil
}

// meanAndHalf returns the mean and half the width of its Student interval, NaN of
// fewer than two values.
func meanAndHalf(xs []float64, level float64) (mean, half float64) {
	n := float64(len(xs))
	for _, x := range xs {
		mean += x / n
	}
	if n < 2 {
		return mean, math.NaN()
	}
	var squares float64
	for _, x := range xs {
		squares += (x - mean) * (x - mean)
	}
	t := StudentQuantile(1-(1-level)/2, len(xs)-1)
	return mean, t * math.Sqrt(squares/(n-1)/n)
}
