package stat

import (
	"errors"
	"math"
	"testing"
)

// Longley 1967: macroeconomic figures of the United States, 1947 to 1962, whose
// columns are almost dependent. The coefficients are certified by NIST.
func TestLongley(t *testing.T) {
	rows := [][]float64{ // deflator, GNP, unemployed, armed forces, population, employed
		{83.0, 234.289, 235.6, 159.0, 107.608, 60.323}, {88.5, 259.426, 232.5, 145.6, 108.632, 61.122},
		{88.2, 258.054, 368.2, 161.6, 109.773, 60.171}, {89.5, 284.599, 335.1, 165.0, 110.929, 61.187},
		{96.2, 328.975, 209.9, 309.9, 112.075, 63.221}, {98.1, 346.999, 193.2, 359.4, 113.270, 63.639},
		{99.0, 365.385, 187.0, 354.7, 115.094, 64.989}, {100.0, 363.112, 357.8, 335.0, 116.219, 63.761},
		{101.2, 397.469, 290.4, 304.8, 117.388, 66.019}, {104.6, 419.180, 282.2, 285.7, 118.734, 67.857},
		{108.4, 442.769, 293.6, 279.8, 120.445, 68.169}, {110.8, 444.546, 468.1, 263.7, 121.950, 66.513},
		{112.6, 482.704, 381.3, 255.2, 123.366, 68.655}, {114.2, 502.601, 393.1, 251.4, 125.368, 69.564},
		{115.7, 518.173, 480.6, 257.2, 127.852, 69.331}, {116.9, 554.894, 400.7, 282.7, 130.081, 70.551},
	}
	columns, y := make([][]float64, 7), []float64{}
	for i, r := range rows {
		for j, x := range []float64{1, r[0], r[1], r[2], r[3], r[4], float64(1947 + i)} {
			columns[j] = append(columns[j], x)
		}
		y = append(y, r[5])
	}
	got, err := LeastSquares(columns, y, nil)
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range []float64{-3482.25863460, .0150618722714, -.0358191792926, -.0202022980382, -.0103322686717,
		-.0511041056536, 1.82915146461} {
		near(t, "coefficient", got.Coef[j], want, 2e-11)
	}
	if got.DF != 9 {
		t.Errorf("got %d degrees of freedom, want 9", got.DF)
	}
}

// Two ways of fitting a line say the same, standard errors included.
func TestLeastSquaresFitsLines(t *testing.T) {
	sd := []float64{.4, .5, .6, .9, 1.3, 2.6, 5.1}
	want, _ := FitLine(costX, costY, sd)
	got, err := LeastSquares([][]float64{{1, 1, 1, 1, 1, 1, 1}, costX}, costY, sd)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a", got.Coef[0], want.A, 1e-13)
	near(t, "b", got.Coef[1], want.B, 1e-13)
	near(t, "se a", got.SE[0], want.SEA, 1e-10)
	near(t, "se b", got.SE[1], want.SEB, 1e-10)
	near(t, "RSS", got.RSS, want.RSS, 1e-10)
}

func TestDependentColumns(t *testing.T) {
	ones := []float64{1, 1, 1}
	for name, columns := range map[string][][]float64{"none": nil, "twice the same": {ones, ones}, "zeros": {{0, 0, 0}},
		"more than values": {ones, {1, 2, 3}, {1, 4, 9}, {1, 8, 27}}} {
		if _, err := LeastSquares(columns, []float64{1, 2, 3}, nil); !errors.Is(err, ErrDependent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := LeastSquares([][]float64{{1, 1}}, []float64{1, 2, 3}, nil); err == nil {
		t.Error("a column of another length was fitted")
	}
}

// What a line lacks is the square's part of its end; a line lacks nothing.
func TestLackOfFit(t *testing.T) {
	x := []float64{1, 11, 51, 101, 201, 501, 1001}
	straight, bent := make([]float64, len(x)), make([]float64, len(x))
	for i, n := range x {
		straight[i] = 45 + .5*n
		bent[i] = straight[i] + 1e-4*n*n
	}
	b, err := LackOfFit(x, straight, nil)
	if err != nil || math.Abs(b.Share) > 1e-12 {
		t.Errorf("a line: %+v, %v", b, err)
	}
	b, err = LackOfFit(x, bent, bent)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the square's coefficient", b.Coef, 1e-4, 1e-9)
	if b.Share < .1 {
		t.Errorf("a sixth of the end is the square's; got %g of the line's", b.Share)
	}
	if b, _ = LackOfFit(costX, costY, nil); math.Abs(b.Share) > .02 {
		t.Errorf("costs along a line: %g", b.Share)
	}
	if _, err := LackOfFit(x[:2], straight[:2], nil); !errors.Is(err, ErrNoLine) {
		t.Errorf("of two points: %v", err)
	}
}

// Computed with SciPy 1.10 (theilslopes, siegelslopes).
func TestRobustLines(t *testing.T) {
	lo, hi, err := TheilSenInterval(costX, costY, .95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Theil–Sen from", lo, .495, 1e-12)
	near(t, "Theil–Sen to", hi, .5033684210526316, 1e-12)
	ts, _ := TheilSen(costX, costY)
	var rest []float64
	for i := range costX {
		rest = append(rest, costY[i]-ts.B*costX[i])
	}
	near(t, "Theil–Sen, joint intercept", Median(rest), 45.134848484848, 1e-12)
	s, err := Siegel(costX, costY)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Siegel b", s.B, .5027708333333333, 1e-13)
	near(t, "Siegel a", s.A, 45.0430625, 1e-13)
	if _, err := Siegel([]float64{1, 1}, []float64{2, 3}); !errors.Is(err, ErrNoLine) {
		t.Errorf("got %v", err)
	}
}
