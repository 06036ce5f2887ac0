package stat

import (
	"errors"
	"math"
	"testing"
)

// R's optimiser stops when a step gains less than 1e-8; its parameters are right
// to six or seven digits, and leave a sum of squares that is a hair larger.
const asR = 3e-7

// Gunther 2007: SPEC SDM91 on a Sun SPARCcenter 2000. Computed with R's usl.
func TestScalabilitySDM91(t *testing.T) {
	n, x := []float64{1, 18, 36, 72, 108, 144, 216}, []float64{64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2}
	s, err := FitScalability(n, x)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "γ", s.Gamma, 89.99522999, asR)
	near(t, "α", s.Alpha, 0.02772847372, asR)
	near(t, "β", s.Beta, 1.043654844e-4, asR)
	near(t, "SE of γ", s.SE[0], 14.21348913, asR)
	near(t, "SE of α", s.SE[1], .009121731535, asR)
	near(t, "SE of β", s.SE[2], 1.987526995e-5, asR)
	near(t, "RSS", s.RSS, 27453.71958, 1e-9)
	near(t, "σ", math.Sqrt(s.RSS/4), 82.84582003, 1e-9)
	near(t, "N*", s.Peak(), 96.51956, 1e-6)
	near(t, "X*", s.At(s.Peak()), 1883.899, 1e-6)
	near(t, "limit", s.Limit(), 3245.589, 1e-6)
	near(t, "1/α", 1/s.Alpha, 36.06401, 1e-6)
	if s.Bound {
		t.Error("on its bound")
	}
	if r := squaresOf(n, x, [3]float64{89.99522999, 0.02772847372, 1.043654844e-4}); s.RSS > r {
		t.Errorf("leaves %.12g, and R's parameters %.12g", s.RSS, r)
	}
}

// A ray tracer whose later points want β below zero: it is held at zero, and the
// law becomes Amdahl's. Computed with R's usl and nls.
func TestScalabilityOnItsBound(t *testing.T) {
	n := []float64{1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64}
	x := []float64{20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310}
	s, err := FitScalability(n[:6], x[:6])
	if err != nil {
		t.Fatal(err)
	}
	near(t, "α", s.Alpha, .024444036470, asR)
	near(t, "β", s.Beta, .001626809409, asR)
	near(t, "γ", s.Gamma, 20.856044825322, asR)
	s, err = FitScalability(n, x)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "α", s.Alpha, .0577707787, asR)
	near(t, "γ", s.Gamma, 21.8488423906, asR)
	near(t, "RSS", s.RSS, 697.2377997, 1e-9)
	if s.Beta != 0 || !s.Bound || !math.IsInf(s.Peak(), 1) || !math.IsNaN(s.SE[2]) {
		t.Errorf("got %+v; want β on its bound and no peak", s)
	}
}

func TestScalabilityOfTheLaw(t *testing.T) {
	s, err := FitScalability([]float64{1, 2, 4, 6, 8, 10}, []float64{1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "γ", s.Gamma, 1, 1e-4)
	near(t, "α", s.Alpha, .02, 1e-2)
	near(t, "β", s.Beta, .02, 1e-3)
	linear, err := FitScalability([]float64{1, 2, 3, 4, 5, 6}, []float64{3, 6, 9, 12, 15, 18})
	if err != nil || math.Abs(linear.Gamma-3) > 1e-6 || linear.Alpha > 1e-6 || linear.Beta > 1e-6 {
		t.Errorf("a server that scales perfectly: %+v, %v", linear, err)
	}
}

// A machine of two processors identifies nothing, and the refusal says what would.
func TestScalabilityOfFewCores(t *testing.T) {
	var few *TooFewError
	if _, err := FitScalability([]float64{1, 2, 1, 2, 1, 2}, []float64{1, 2, 1, 2, 1, 2}); !errors.As(err, &few) || few.Have != 2 || few.Need != 6 {
		t.Errorf("got %v; want a refusal of 2 that asks for 6", err)
	}
	if _, err := FitScalability([]float64{1}, nil); err == nil {
		t.Error("points without throughput were fitted")
	}
	if s, err := FitScalability([]float64{1, 2, 3, 4, 5, 6}, make([]float64, 6)); err == nil && s.Gamma != 0 {
		t.Errorf("of nothing done: %+v", s)
	}
}
