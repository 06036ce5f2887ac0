package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Computed with R 4.2 (t.test).
func TestStudent(t *testing.T) {
	e, test, err := Student(logRatios(throughputA, throughputB), 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "t", test.T, 11.8681673003, 1e-11)
	near(t, "p", test.P, 6.84738796441e-06, 1e-9)
	r := e.Exp()
	near(t, "ratio", r.Value, 1.04333338850, 1e-11)
	near(t, "lo", r.Lo, 1.03455234568, 1e-11)
	near(t, "hi", r.Hi, 1.05218896279, 1e-11)
	if test.DF != 7 {
		t.Errorf("got %d degrees of freedom, want 7", test.DF)
	}
}

// Two one-sided tests, by ranks and by t: these two are equivalent within 2 %,
// and not within 0.2 %. Computed with R 4.2.
func TestEquivalence(t *testing.T) {
	d := logRatios(throughputA, almostA)
	byRanks, err := HodgesLehmann(d, 0.90)
	if err != nil {
		t.Fatal(err)
	}
	byT, _, err := Student(d, 0.90)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "t lo", byT.Exp().Lo, .999241072618, 1e-11)
	near(t, "t hi", byT.Exp().Hi, 1.003267899829, 1e-11)
	for name, e := range map[string]Estimate{"ranks": byRanks, "t": byT} {
		if edge := math.Log1p(.02); !e.Within(-edge, edge) {
			t.Errorf("by %s: not equivalent within 2 %%", name)
		}
		if edge := math.Log1p(.002); e.Within(-edge, edge) {
			t.Errorf("by %s: equivalent within 0.2 %%", name)
		}
	}
}

func TestStudentOfLittle(t *testing.T) {
	var few *TooFewError
	if _, test, err := Student([]float64{1}, .95); !errors.As(err, &few) || few.Need != 2 || test.P != 1 {
		t.Errorf("of one: %+v, %v", test, err)
	}
	if _, test, err := Student([]float64{0, 0, 0}, .95); err != nil || test.T != 0 || test.P != 1 {
		t.Errorf("of zeros: %+v, %v", test, err)
	}
	if e, test, err := Student([]float64{2, 2, 2}, .95); err != nil || !math.IsInf(test.T, 1) || test.P != 0 || e.Lo != 2 || e.Hi != 2 {
		t.Errorf("of twos: %+v, %+v, %v", e, test, err)
	}
	if (Estimate{}).Within(-1, 1) {
		t.Error("an estimate without an interval shows equivalence")
	}
}

// Fleming and Wallace 1986: seconds of five programs on three processors. By
// arithmetic means each looks best when it is the reference; by geometric ones
// the order stays.
func TestGeometricMean(t *testing.T) {
	r := []float64{417, 83, 66, 39449, 772}
	m := []float64{244, 70, 153, 33527, 368}
	z := []float64{134, 70, 135, 66000, 369}
	ratios := func(a, b []float64) []float64 {
		all := make([]float64, len(a))
		for i := range a {
			all[i] = a[i] / b[i]
		}
		return all
	}
	near(t, "AM of M to R", Mean(ratios(m, r)), 1.0146506542, 1e-10)
	near(t, "AM of Z to R", Mean(ratios(z, r)), 1.0722392903, 1e-10)
	near(t, "AM of R to M", Mean(ratios(r, m)), 1.3201126146, 1e-10)
	near(t, "AM of Z to M", Mean(ratios(z, m)), 1.0805626623, 1e-10)
	near(t, "GM of M to R", GeometricMean(ratios(m, r)), .8574367344, 1e-9)
	near(t, "GM of Z to R", GeometricMean(ratios(z, r)), .8498437901, 1e-9)
	near(t, "GM of R to M", GeometricMean(ratios(r, m)), 1.1662668042, 1e-9)
	near(t, "GM of Z to M", GeometricMean(ratios(z, m)), .9911446011, 1e-9)
	if !math.IsNaN(GeometricMean(nil)) || !math.IsNaN(GeometricMean([]float64{1, 0})) {
		t.Error("a geometric mean of nothing, or of zero")
	}
}

// Which of two is ahead by geometric means does not depend on what they are
// divided by.
func TestGeometricMeanNeedsNoReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		draw := func(name string) []float64 {
			return rapid.SliceOfN(rapid.Float64Range(.01, 1000), n, n).Draw(t, name)
		}
		a, b, by := draw("a"), draw("b"), draw("reference")
		over := func(x []float64) float64 {
			all := make([]float64, n)
			for i := range x {
				all[i] = x[i] / by[i]
			}
			return GeometricMean(all)
		}
		want := GeometricMean(a) / GeometricMean(b)
		if got := over(a) / over(b); math.Abs(got/want-1) > 1e-9 {
			t.Fatalf("got %g, want %g", got, want)
		}
	})
}
