package stat

import (
	"errors"
	"math"
	"testing"
)

func of(xs []float64, at []int) []float64 {
	drawn := make([]float64, len(at))
	for i, j := range at {
		drawn[i] = xs[j]
	}
	return drawn
}

func meanAt(xs []float64) func([]int) float64 {
	return func(at []int) float64 {
		var sum float64
		for _, i := range at {
			sum += xs[i]
		}
		return sum / float64(len(at))
	}
}

func bracket(t *testing.T, what string, e Estimate, lo, hi, relative float64) {
	t.Helper()
	near(t, what+", from", e.Lo, lo, relative)
	near(t, what+", to", e.Hi, hi, relative)
}

// SciPy's own test, computed with R's boot at 10⁶ resamples; within half a per
// cent, as there.
func TestBootstrapOfAMean(t *testing.T) {
	xs := []float64{10, 12, 12.5, 12.5, 13.9, 15, 21, 22, 23, 34, 50, 81, 89, 121, 134, 213}
	b := Bootstrap{N: len(xs), Of: meanAt(xs), Resamples: 300_000, Seed: 1}
	basic, err := b.Basic(.95)
	if err != nil {
		t.Fatal(err)
	}
	bracket(t, "basic", basic, 23.77, 79.12, .005)
	percentile, _ := b.Percentile(.95)
	bracket(t, "percentile", percentile, 28.86, 84.21, .005)
	bca, err := b.BCa(.95)
	bracket(t, "BCa", bca, 32.31, 91.43, .005)
	var few *TooFewError
	if !errors.As(err, &few) || few.Have != 16 || few.Need != 20 {
		t.Errorf("BCa of 16: %v; want a doubt that asks for 20", err)
	}
}

// SciPy's test of the acceleration of a difference of two means.
func TestAcceleration(t *testing.T) {
	y := []float64{10, 27, 31, 40, 46, 50, 52, 104, 146}
	z := []float64{16, 23, 38, 94, 99, 141, 197}
	jackknifed := func(xs []float64, figure func(mean float64) float64) []float64 {
		b := Bootstrap{N: len(xs), Of: func(at []int) float64 { return figure(Mean(of(xs, at))) }}
		return b.jackknife()
	}
	got := acceleration(
		jackknifed(z, func(m float64) float64 { return m - Mean(y) }),
		jackknifed(y, func(m float64) float64 { return Mean(z) - m }))
	near(t, "acceleration", got, 0.011008228344026734, 1e-13)
}

// Efron and Tibshirani 1993: the variance of 26 spatial test scores, and the
// correlation of law school scores. Computed with R's boot.
func TestBootstrapOfEfron(t *testing.T) {
	scores := []float64{48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41}
	b := Bootstrap{N: len(scores), Resamples: 100_000, Seed: 2, Of: func(at []int) float64 {
		var sum, squares float64
		for _, i := range at {
			sum += scores[i]
			squares += scores[i] * scores[i]
		}
		n := float64(len(at))
		return squares/n - sum*sum/n/n
	}}
	percentile, err := b.Percentile(.90)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "variance", percentile.Value, 171.534023669, 1e-11)
	bracket(t, "percentile", percentile, 97.9, 235.2, .01)
	bca, err := b.BCa(.90)
	if err != nil {
		t.Fatal(err)
	}
	bracket(t, "BCa", bca, 115.6, 260.9, .01)

	lsat := []float64{576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594}
	gpa := []float64{3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96}
	b = Bootstrap{N: len(lsat), Resamples: 100_000, Seed: 3, Of: func(at []int) float64 { return correlation(lsat, gpa, at) }}
	percentile, _ = b.Percentile(.95)
	near(t, "correlation", percentile.Value, .776374491289, 1e-11)
	bracket(t, "percentile", percentile, .4625, .9619, .01)
	bca, _ = b.BCa(.95)
	bracket(t, "BCa", bca, .3260, .9409, .015)
}

func correlation(x, y []float64, at []int) float64 {
	mx, my := meanAt(x)(at), meanAt(y)(at)
	var xx, xy, yy float64
	for _, i := range at {
		dx, dy := x[i]-mx, y[i]-my
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	return xy / math.Sqrt(xx*yy)
}

// Of a mean, the studentised interval is about Student's own.
func TestStudentisedBootstrap(t *testing.T) {
	d := logRatios(throughputA, throughputB)
	b := Bootstrap{N: len(d), Of: meanAt(d), Resamples: 20_000, Seed: 4, Error: func(at []int) float64 {
		return StdDev(of(d, at)) / math.Sqrt(float64(len(at)))
	}}
	got, err := b.Studentised(.95)
	var few *TooFewError
	if !errors.As(err, &few) {
		t.Errorf("of eight: %v", err)
	}
	want, _, _ := Student(d, .95)
	half := want.Hi - want.Value
	if math.Abs(got.Lo-want.Lo) > half/2 || math.Abs(got.Hi-want.Hi) > half/2 {
		t.Errorf("got %g to %g, Student's is %g to %g", got.Lo, got.Hi, want.Lo, want.Hi)
	}
	if again, _ := b.Studentised(.95); again != got {
		t.Error("the same seed, another interval")
	}
}

func TestBootstrapOfLittle(t *testing.T) {
	for n := range 2 {
		b := Bootstrap{N: n, Of: func([]int) float64 { return 1 }, Error: func([]int) float64 { return 1 }, Resamples: 10}
		for name, interval := range map[string]func(float64) (Estimate, error){
			"percentile": b.Percentile, "basic": b.Basic, "BCa": b.BCa, "studentised": b.Studentised,
		} {
			if e, err := interval(.95); err == nil || e.HasInterval() {
				t.Errorf("%s of %d: %+v, %v", name, n, e, err)
			}
		}
	}
}
