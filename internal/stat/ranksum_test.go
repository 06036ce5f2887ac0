package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func known(xs ...float64) []Span {
	var s []Span
	for _, x := range xs {
		s = append(s, Span{x, x})
	}
	return s
}

// SciPy's tests of mannwhitneyu, whose values are R's.
var (
	fiveTimes = []float64{19, 22, 16, 29, 24}
	fourTimes = []float64{20, 11, 17, 12}
	waterTen  = []float64{.80, .83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, .73, 1.46}
	waterFive = []float64{1.15, .88, .90, .74, 1.21}
)

func TestRankSumUntied(t *testing.T) {
	a := RankSum(fiveTimes, fourTimes)
	if a.U != 17 || !a.Exact || a.Ties {
		t.Errorf("got U=%g, exact %v, ties %v; want 17, exact, none", a.U, a.Exact, a.Ties)
	}
	near(t, "p", a.P, .1111111111111111, 1e-14)
	b := RankSum(waterTen, waterFive)
	if b.U != 35 {
		t.Errorf("got U=%g, want 35", b.U)
	}
	near(t, "less", b.Less, .8967698967699, 1e-12)
	near(t, "greater", b.Greater, .1272061272061, 1e-12)
	near(t, "two-sided", b.P, .2544122544123, 1e-12)
}

func TestRankSumApproximated(t *testing.T) {
	approximated := func(xs, ys []float64) RankSumTest {
		ranks, test := rankedTogether(xs, ys)
		test.approximate(ranks, int(2*test.U))
		return test
	}
	near(t, "p", approximated(fiveTimes, fourTimes).P, .11134688653314, 1e-12)
	b := approximated(waterTen, waterFive)
	near(t, "less", b.Less, .900775348204, 1e-11)
	near(t, "greater", b.Greater, .1223118025635, 1e-11)
	near(t, "two-sided", b.P, .244623605127, 1e-11)

	tied := approximated([]float64{1, 2, 3, 4}, []float64{1, 2, 3, 4, 5})
	if tied.U != 8 {
		t.Errorf("got U=%g, want 8", tied.U)
	}
	near(t, "with ties", tied.P, .7086240584439, 1e-12)

	var xs, ys []float64
	for i := range 500 {
		xs = append(xs, float64(2*i))
	}
	for i := range 600 {
		ys = append(ys, float64(2*i-41))
	}
	large := RankSum(xs, ys)
	if large.U != 135250 || large.Exact {
		t.Errorf("got U=%g, exact %v; want 135250, approximated", large.U, large.Exact)
	}
	near(t, "of 500 and 600", large.P, .0049335360814172, 1e-12)
	all := RankSumTest{N: 500, M: 600, U: 150000}
	all.approximate(make([]int, 1100), 300000)
	if all.P < 0 || all.P > 1 {
		t.Errorf("of equal values: p = %g", all.P)
	}
}

// R's package coin, by way of HypothesisTests.jl; and the case in which the
// benchmark libraries of Go say 0 and 0.095.
func TestRankSumTied(t *testing.T) {
	var ten, even []float64
	for i := range 10 {
		ten = append(ten, float64(i+1))
	}
	for i := range 12 {
		even = append(even, float64(2*i+2))
	}
	a := RankSum(ten, even)
	if a.U != 22.5 || !a.Ties || !a.Exact {
		t.Errorf("got U=%g, ties %v, exact %v; want 22.5, tied, exact", a.U, a.Ties, a.Exact)
	}
	near(t, "two-sided", a.P, .01188904, 1e-6)
	near(t, "less", a.Less, .006001738, 1e-6)
	near(t, "greater", a.Greater, .9949199, 1e-6)

	few, ones := []float64{1, 2, 3, 5}, []float64{1, 1, 1, 1, 1}
	near(t, "four against ones", RankSum(few, ones).P, 6./126, 1e-14)
	near(t, "the other way round", RankSum(ones, few).P, 6./126, 1e-14)
}

// The p-value is what going through all choices says, ties or not.
func TestRankSumByEnumeration(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		n, m := 1+rng.IntN(5), 1+rng.IntN(5)
		xs, ys := make([]float64, n), make([]float64, m)
		for i := range xs {
			xs[i] = float64(rng.IntN(6))
		}
		for i := range ys {
			ys[i] = float64(rng.IntN(6))
		}
		got := RankSum(xs, ys)
		less, greater, both := enumerated(xs, ys)
		near(t, "less", got.Less, less, 1e-12)
		near(t, "greater", got.Greater, greater, 1e-12)
		near(t, "two-sided", got.P, both, 1e-12)
	}
}

func enumerated(xs, ys []float64) (less, greater, both float64) {
	all := append(append([]float64{}, xs...), ys...)
	u := func(first uint) float64 {
		var u float64
		for i := range all {
			for j := range all {
				switch {
				case first>>i&1 == 0 || first>>j&1 == 1:
				case all[i] > all[j]:
					u++
				case all[i] == all[j]:
					u += .5
				}
			}
		}
		return u
	}
	seen, middle := u(1<<len(xs)-1), float64(len(xs)*len(ys))/2
	var ways float64
	for set := range uint(1) << len(all) {
		size := 0
		for i := range all {
			size += int(set >> i & 1)
		}
		if size != len(xs) {
			continue
		}
		ways++
		x := u(set)
		if x <= seen {
			less++
		}
		if x >= seen {
			greater++
		}
		if math.Abs(x-middle) >= math.Abs(seen-middle) {
			both++
		}
	}
	return less / ways, greater / ways, both / ways
}

// R: wilcox.test(a, b, conf.int = TRUE, exact = TRUE).
func TestShift(t *testing.T) {
	below, above, err := ShiftBetween(known(waterTen...), known(waterFive...), 0.95)
	if err != nil || below != above {
		t.Fatalf("got %+v and %+v, %v; want one, and no error", below, above, err)
	}
	near(t, "estimate", below.Value, .305, 1e-12)
	near(t, "lo", below.Lo, -.15, 1e-12)
	near(t, "hi", below.Hi, .76, 1e-12)

	if n := MinForTwo(0.95); n != 4 {
		t.Errorf("an interval of 95 %% takes %d of each, want 4", n)
	}
	var few *TooFewError
	_, _, err = ShiftBetween(known(1, 2, 3), known(4, 5, 6), 0.95)
	if !errors.As(err, &few) || few.Need != 4 {
		t.Errorf("of three each: %v; want that four would do", err)
	}
}

// The interval leaves out zero exactly where the test says that it may.
func TestShiftAgreesWithRankSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		n, m := 4+rng.IntN(10), 4+rng.IntN(10)
		xs, ys := make([]float64, n), make([]float64, m)
		for i := range xs {
			xs[i] = rng.NormFloat64()
		}
		for i := range ys {
			ys[i] = rng.NormFloat64() + 1
		}
		e, _, _ := ShiftBetween(known(xs...), known(ys...), 0.95)
		p := RankSum(xs, ys).P
		if out := e.Lo > 0 || e.Hi < 0; out != (p <= 0.05) {
			t.Fatalf("%d and %d: interval %g to %g, p = %g", n, m, e.Lo, e.Hi, p)
		}
	}
}

// Two samples of one distribution: how often the interval of 95 % misses the
// shift there is, by a fixed seed.
func TestShiftCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 5))
	const all = 2000
	missed := 0
	for range all {
		xs, ys := make([]float64, 10), make([]float64, 10)
		for i := range xs {
			xs[i], ys[i] = 0.3+rng.ExpFloat64(), rng.ExpFloat64()
		}
		e, _, _ := ShiftBetween(known(xs...), known(ys...), 0.95)
		if e.Lo > 0.3 || e.Hi < 0.3 {
			missed++
		}
	}
	if share := float64(missed) / all; share < 0.03 || share > 0.055 {
		t.Errorf("the interval missed in %.3f of the cases; want about 0.043", share)
	}
}

// Values beyond a timeout bound the shift from one side.
func TestShiftOfBounds(t *testing.T) {
	inf := math.Inf(1)
	slow := append(known(5, 6, 7), Span{10, inf}, Span{10, inf})
	fast := known(1, 2, 3, 4)
	below, above, err := ShiftBetween(slow, fast, 0.95)
	if err != nil || below.Value != 5 || above.Value != 5 || !math.IsInf(above.Hi, 1) || below.Lo < 1 {
		t.Errorf("got %+v to %+v, %v", below, above, err)
	}
	if test := RankSumBetween(slow, fast); test.P > 0.02 {
		t.Errorf("p = %g of two samples that do not overlap", test.P)
	}
}

// R: the fixture of Kalibera and Jones' formula.
func TestRatioOfMeans(t *testing.T) {
	e, err := RatioOfMeans(throughputB, throughputA, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ratio", e.Value, 0.958398945, 1e-9)
	near(t, "lo", e.Lo, 0.941533518, 1e-9)
	near(t, "hi", e.Hi, 0.975675698, 1e-9)

	var unbounded *UnboundedError
	if _, err := RatioOfMeans([]float64{1, 2}, []float64{-1, 1, 2}, 0.95); !errors.As(err, &unbounded) {
		t.Errorf("divided by what may be zero: %v", err)
	}
	var few *TooFewError
	if _, err := RatioOfMeans([]float64{1}, []float64{2, 3}, 0.95); !errors.As(err, &few) {
		t.Errorf("of one value: %v", err)
	}
}
