package stat

import (
	"errors"
	"math"
	"testing"
)

// The figures in this file were computed by others: R 4.2 (wilcox.test,
// psignrank, qsignrank, t.test, p.adjust, lm), SciPy 1.10 and NIST.

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

	tt, err := MeanT(d, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "t", tt.T, 11.8681673003, 1e-11)
	near(t, "t p", tt.P, 6.84738796441e-06, 1e-10)
	m := tt.Estimate.Exp()
	near(t, "t ratio", m.Value, 1.04333338850, 1e-11)
	near(t, "t ratio lo", m.Lo, 1.03455234568, 1e-11)
	near(t, "t ratio hi", m.Hi, 1.05218896279, 1e-11)
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
	tt, _ := MeanT(d, 0.90)
	near(t, "t lo", tt.Exp().Lo, .999241072618, 1e-11)
	near(t, "t hi", tt.Exp().Hi, 1.003267899829, 1e-11)
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

func TestTQuantiles(t *testing.T) {
	for df, want := range map[int]float64{
		2: 4.30265272975, 4: 2.77644510520, 5: 2.57058183564, 7: 2.36462425159,
		9: 2.26215716280, 14: 2.14478668792, 19: 2.09302405441, 29: 2.04522964213,
	} {
		near(t, "t quantile", TQuantile(0.975, df), want, 2e-12)
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

	ts, slope, err := TheilSen(costX, costY, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Theil–Sen b", ts.B, .5025252525252525, 1e-12)
	near(t, "Theil–Sen a", ts.A, 45.0449494949495, 1e-12)
	near(t, "joint a", medianResidual(costX, costY, ts.B), 45.134848484848, 1e-12)
	near(t, "slope lo", slope.Lo, .495, 1e-12)
	near(t, "slope hi", slope.Hi, .5033684210526316, 1e-12)

	s, err := Siegel(costX, costY)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Siegel b", s.B, .5027708333333333, 1e-12)
	near(t, "Siegel a", s.A, 45.0430625, 1e-12)
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
	ts, _, _ := TheilSen(speed, dist, 0.95)
	near(t, "Theil–Sen b", ts.B, 3.66666666667, 1e-11)
}

// Longley 1967, whose columns nearly depend on each other: NIST certifies the
// coefficients.
func TestLongley(t *testing.T) {
	y := []float64{60.323, 61.122, 60.171, 61.187, 63.221, 63.639, 64.989, 63.761, 66.019, 67.857, 68.169, 66.513, 68.655, 69.564, 69.331, 70.551}
	columns := [][]float64{
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		{83, 88.5, 88.2, 89.5, 96.2, 98.1, 99, 100, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9},
		{234.289, 259.426, 258.054, 284.599, 328.975, 346.999, 365.385, 363.112, 397.469, 419.18, 442.769, 444.546, 482.704, 502.601, 518.173, 554.894},
		{235.6, 232.5, 368.2, 335.1, 209.9, 193.2, 187, 357.8, 290.4, 282.2, 293.6, 468.1, 381.3, 393.1, 480.6, 400.7},
		{159, 145.6, 161.6, 165, 309.9, 359.4, 354.7, 335, 304.8, 285.7, 279.8, 263.7, 255.2, 251.4, 257.2, 282.7},
		{107.608, 108.632, 109.773, 110.929, 112.075, 113.27, 115.094, 116.219, 117.388, 118.734, 120.445, 121.95, 123.366, 125.368, 127.852, 130.081},
		{1947, 1948, 1949, 1950, 1951, 1952, 1953, 1954, 1955, 1956, 1957, 1958, 1959, 1960, 1961, 1962},
	}
	want := []float64{-3482.25863460, .0150618722714, -.0358191792926, -.0202022980382, -.0103322686717, -.0511041056536, 1.82915146461}
	got, err := LeastSquares(columns, y)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		near(t, "coefficient", got[i], want[i], 1e-8)
	}
}

func TestQuantileTypes(t *testing.T) {
	xs := []float64{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4}
	for i, p := range []float64{.1, .25, .5, .9, .95, .99} {
		if got, want := Quantile1(xs, p), []float64{1, 3, 4, 9, 9, 9}[i]; got != want {
			t.Errorf("type 1 at %g: got %g, want %g", p, got, want)
		}
	}
	// (n−1)·p = 4.75 and 9.5, worked by hand.
	near(t, "type 7 at .25", Quantile7(xs, .25), 3, 1e-15)
	near(t, "type 7 at .5", Quantile7(xs, .5), 4.5, 1e-15)
	near(t, "median", Median(xs), 4.5, 1e-15)
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
