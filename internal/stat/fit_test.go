package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func exponential(x float64) float64 { return 1 - math.Exp(-x) }

// The sample and its figures are R's, ks.test with exact = TRUE.
func TestKolmogorovSmirnov(t *testing.T) {
	xs := []float64{.1, .5, .2, 1.3, .7, 2.2, .05, .9, .4, 1.1}
	got := KolmogorovSmirnov(xs, exponential)
	if math.Abs(got.D-0.17253179303) > 1e-10 || math.Abs(got.P-0.87972329764) > 1e-9 {
		t.Errorf("D = %.11f, p = %.11f; want 0.17253179303, 0.87972329764", got.D, got.P)
	}
	if none := KolmogorovSmirnov(nil, exponential); none.P != 1 {
		t.Errorf("of nothing: %+v", none)
	}
}

// Values of Kolmogorov's distribution that the paper gives, and the two ways of
// reckoning where they meet.
func TestKolmogorovDistribution(t *testing.T) {
	if got := kolmogorov(10, 0.274); math.Abs(got-0.6284796154565) > 1e-10 {
		t.Errorf("P(D < 0.274), n = 10: %.13f, want 0.6284796154565", got)
	}
	for _, n := range []int{100, 1000, 4000} {
		at := math.Sqrt(3.76 / float64(n))
		exact, bound := kolmogorov(n, at*.99999), kolmogorov(n, at*1.00001)
		if math.Abs(exact-bound) > 2e-6 {
			t.Errorf("n = %d: %.8f beside %.8f", n, exact, bound)
		}
	}
}

// Under the law, p is as likely to be below any bound as the bound says; beside
// it, the test finds out.
func TestKolmogorovSmirnovUnderTheLaw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sample := func(scale float64) []float64 {
		xs := make([]float64, 200)
		for i := range xs {
			xs[i] = r.ExpFloat64() * scale
		}
		return xs
	}
	const tries = 2000
	var below, found int
	for range tries {
		if KolmogorovSmirnov(sample(1), exponential).P < .05 {
			below++
		}
		if KolmogorovSmirnov(sample(1.5), exponential).P < .05 {
			found++
		}
	}
	if sd := math.Sqrt(tries * .05 * .95); math.Abs(float64(below)-.05*tries) > 4*sd {
		t.Errorf("%d of %d below 0.05", below, tries)
	}
	if found < tries*9/10 {
		t.Errorf("a mean half as long again was found out in %d of %d", found, tries)
	}
}
