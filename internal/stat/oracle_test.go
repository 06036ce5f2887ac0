package stat

import (
	"errors"
	"math"
	"testing"
)

// The figures in this file were computed by others: R 4.2 (wilcox.test,
// psignrank, qsignrank, p.adjust, lm) and SciPy 1.10.

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(math.Abs(want), 1e-300)) {
		t.Errorf("%s: got %.15g, want %.15g", what, got, want)
	}
}

func TestSignedRankDistribution(t *testing.T) {
	quantiles := []int{1, 3, 4, 6, 9, 11, 14, 18, 22, 26, 30, 35, 41, 47, 53}
	for i, want := range quantiles {
		if got := SignedRankQuantile(0.025, 6+i); got != want {
			t.Errorf("qsignrank(.025, %d): got %d, want %d", 6+i, got, want)
		}
	}
	levels := []float64{.96875, .953125, .9609375, .9609375, .951171875, .9580078125, .95751953125}
	for i, want := range levels {
		n := 6 + i
		near(t, "achieved level", 1-2*SignedRankCDF(SignedRankQuantile(0.025, n)-1, n), want, 1e-15)
	}
	for q, want := range []float64{.00390625, .0078125, .01171875, .01953125, .02734375, .0390625} {
		near(t, "psignrank", SignedRankCDF(q, 8), want, 1e-15)
	}
}

var (
	throughputA = []float64{10234, 10410, 9987, 10502, 10121, 10333, 10290, 10044}
	throughputB = []float64{9811, 9905, 9702, 10011, 9750, 9921, 9688, 9725}
	almostA     = []float64{10180, 10395, 10012, 10460, 10140, 10300, 10310, 10020}
)

func logRatios(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = math.Log(a[i] / b[i])
	}
	return d
}

func differences(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

func TestPairedThroughputs(t *testing.T) {
	d := logRatios(throughputA, throughputB)
	test := SignedRank(d)
	if test.V != 36 || test.N != 8 || !test.Exact {
		t.Errorf("got V=%g of %d, exact %v; want 36 of 8, exact", test.V, test.N, test.Exact)
	}
	near(t, "p", test.P, 0.0078125, 1e-15)
	e, err := HodgesLehmann(d, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "estimate", e.Value, 0.0418307125423, 1e-11)
	near(t, "lo", e.Lo, 0.0331486928175, 1e-11)
	near(t, "hi", e.Hi, 0.0512479243984, 1e-11)
	r := e.Exp()
	near(t, "ratio", r.Value, 1.04271794474, 1e-11)
	near(t, "ratio lo", r.Lo, 1.03370423221, 1e-11)
	near(t, "ratio hi", r.Hi, 1.05258382215, 1e-11)
}

func TestEquivalentThroughputs(t *testing.T) {
	d := logRatios(throughputA, almostA)
	e, err := HodgesLehmann(d, 0.90)
	if err != nil {
		t.Fatal(err)
	}
	r := e.Exp()
	near(t, "ratio", r.Value, 1.001231283552, 1e-11)
	near(t, "lo", r.Lo, .998126232742, 1e-11)
	near(t, "hi", r.Hi, 1.003609507928, 1e-11)
}

// Hollander and Wolfe 1973, table 3.1: depression before and after a
// tranquilliser.
func TestDepression(t *testing.T) {
	before := []float64{1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	after := []float64{.878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	d := differences(before, after)
	test := SignedRank(d)
	if test.V != 40 {
		t.Errorf("got V=%g, want 40", test.V)
	}
	near(t, "p", test.P, .0390625, 1e-15)
	near(t, "one-sided p", test.Greater, .01953125, 1e-15)
	e, _ := HodgesLehmann(d, 0.95)
	near(t, "estimate", e.Value, .46, 1e-12)
	near(t, "lo", e.Lo, .010, 1e-10)
	near(t, "hi", e.Hi, .786, 1e-12)
}

func TestSignedRankOracles(t *testing.T) {
	maize := []float64{6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75}
	test := SignedRank(maize)
	if got := 120 - test.V; got != 24 {
		t.Errorf("Darwin's maize: got T=%g, want 24", got)
	}
	near(t, "Darwin's maize, p", test.P, 0.041259765625, 1e-15)
	near(t, "one-sided", test.Greater, 0.0206298828125, 1e-15)

	small := []float64{0.1, -.2, .3, .4, .5, -.05, .6, .7, .25, .35}
	test = SignedRank(small)
	if test.V != 51 {
		t.Errorf("got V=%g, want 51", test.V)
	}
	near(t, "p", test.P, .013671875, 1e-15)
	e, _ := HodgesLehmann(small, 0.95)
	near(t, "estimate", e.Value, .3, 1e-12)
	near(t, "lo", e.Lo, .1, 1e-12)
	near(t, "hi", e.Hi, .5, 1e-12)
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{.01, .04, .03, .005, .2})
	for i, want := range []float64{.040, .090, .090, .025, .200} {
		near(t, "adjusted p", got[i], want, 1e-14)
	}
}

var (
	costX = []float64{1, 11, 51, 101, 201, 501, 1001}
	costY = []float64{46.3, 50.9, 70.2, 95.8, 146.1, 296.9, 548.4}
)

func TestHandlerCost(t *testing.T) {
	l, err := FitLine(costX, costY, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a", l.A, 45.172567949670, 1e-12)
	near(t, "b", l.B, .502620259428, 1e-11)
	near(t, "se a", l.SEA, .197428397445, 1e-9)
	near(t, "se b", l.SEB, .000457017351, 1e-8)

	w, err := FitLine(costX, costY, []float64{.4, .5, .6, .9, 1.3, 2.6, 5.1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted a", w.A, 45.432384558286, 1e-12)
	near(t, "weighted b", w.B, .500560823142, 1e-11)
	near(t, "weighted se a", w.SEA, .208024197596, 1e-10)
	near(t, "weighted se b", w.SEB, .002330186287, 1e-9)
	near(t, "chi²", w.RSS, 2.71196063675, 1e-10)

	ts, err := TheilSen(costX, costY)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Theil–Sen b", ts.B, .5025252525252525, 1e-12)
	near(t, "Theil–Sen a", ts.A, 45.0449494949495, 1e-12)
}

// R's data set "cars": speed in mph, stopping distance in ft.
func TestCars(t *testing.T) {
	speed := []float64{4, 4, 7, 7, 8, 9, 10, 10, 10, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15,
		15, 16, 16, 17, 17, 17, 18, 18, 18, 18, 19, 19, 19, 20, 20, 20, 20, 20, 22, 23, 24, 24, 24, 24, 25}
	dist := []float64{2, 10, 4, 22, 16, 10, 18, 26, 34, 17, 28, 14, 20, 24, 28, 26, 34, 34, 46, 26, 36, 60, 80, 20, 26,
		54, 32, 40, 32, 40, 50, 42, 56, 76, 84, 36, 46, 68, 32, 48, 52, 56, 64, 66, 54, 70, 92, 93, 120, 85}
	l, err := FitLine(speed, dist, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a", l.A, -17.57909489051, 1e-12)
	near(t, "b", l.B, 3.93240875912, 1e-11)
	ts, _ := TheilSen(speed, dist)
	near(t, "Theil–Sen b", ts.B, 3.66666666667, 1e-11)
}

// Fewer than six rounds give no 95 % interval, and the refusal says so.
func TestTooFew(t *testing.T) {
	e, err := HodgesLehmann([]float64{1, 2, 3, 4, 5}, 0.95)
	var few *TooFewError
	if !errors.As(err, &few) || few.Have != 5 || few.Need != 6 {
		t.Errorf("got %v; want a refusal of 5 that asks for 6", err)
	}
	if e.Value != 3 || e.HasInterval() {
		t.Errorf("got %+v; want the estimate 3 and no interval", e)
	}
	if _, err := HodgesLehmann([]float64{1, 2, 3, 4, 5}, 0.90); err != nil {
		t.Errorf("five values are enough for 90 %%: got %v", err)
	}
}
