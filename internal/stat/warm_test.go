package stat

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The annual flow of the Nile at Aswan, 1871 to 1970, in 10⁸ m³.
var nile = []float64{
	1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
	1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
	831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
	781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
	744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
}

// What the changepoint package of R (2.3) finds in the flow of the Nile.
func TestChangePointsOfTheNile(t *testing.T) {
	ln := math.Log(100)
	sd := math.Sqrt(variance(nile) * 100 / 99)
	var scaled []float64
	for _, v := range nile {
		scaled = append(scaled, v/sd)
	}
	for _, c := range []struct {
		name string
		got  []int
		want []int
	}{
		{"means, 2 ln n", ChangePoints(100, MeanCost(scaled), 2*ln, 1), []int{28}},
		{"means and variances, 2 ln n", ChangePoints(100, GaussianCost(nile), 2*ln, 5), []int{28}},
		{"means and variances, 15 ln n", ChangePoints(100, GaussianCost(nile), 15*ln, 5), nil},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	within(t, "mean before", Mean(nile[:28]), 1097.75, 1e-9)
	within(t, "mean after", Mean(nile[28:]), 849.9722222, 1e-7)
	within(t, "variance before", variance(nile[:28]), 17573.1161, 1e-4)
	within(t, "variance after", variance(nile[28:]), 15352.9159, 1e-4)
}

// A series that any language can make, and what R finds in it.
func TestChangePointsOfASyntheticSeries(t *testing.T) {
	y := synthetic()
	within(t, "y1", y[0], 1.31551906145580, 1e-14)
	within(t, "y2", y[1], 1.34444738573284, 1e-14)
	within(t, "y3", y[2], 1.29987488272773, 1e-14)
	sum := 0.0
	for _, v := range y {
		sum += v
	}
	within(t, "sum", sum, 426.491098599153, 1e-11)
	for _, k := range []float64{15, 3} {
		if got := ChangePoints(400, GaussianCost(y), k*math.Log(400), 5); !slices.Equal(got, []int{60, 140}) {
			t.Errorf("penalty %v ln n: %v", k, got)
		}
	}
	for i, part := range [][]float64{y[:60], y[60:140], y[140:]} {
		within(t, "mean", Mean(part), []float64{1.296411, 1.1027, 1.001886}[i], 5e-7)
		within(t, "variance", variance(part), []float64{0.001645911, 0.00115797, 0.00105676}[i], 5e-9)
	}
}

// synthetic is 1.3 sixty times, 1.1 eighty times and 1.0 thereafter, with normal
// noise of 3 % from two linear congruential generators. They are reckoned in
// float64, as R has it: beyond 2⁵³ the product is rounded, which is a part of what
// the figures were computed from.
func synthetic() []float64 {
	stream := func(s float64) func() float64 {
		return func() float64 {
			product := 1103515245 * s
			s = math.Mod(product+12345, 1<<31)
			return s / (1 << 31)
		}
	}
	u, v := stream(42), stream(4242)
	var y []float64
	for i := range 400 {
		level := 1.0
		if i < 60 {
			level = 1.3
		} else if i < 140 {
			level = 1.1
		}
		z := math.Sqrt(-2*math.Log(u())) * math.Cos(2*math.Pi*v())
		y = append(y, level*(1+0.03*z))
	}
	return y
}

// Pruning loses nothing: the cuts cost as little as any.
func TestChangePointsAreTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Float64Range(0, 10), 2, 40).Draw(t, "y")
		penalty := rapid.Float64Range(0.5, 30).Draw(t, "penalty")
		shortest := rapid.IntRange(2, 6).Draw(t, "shortest")
		cost := MeanCost(y)
		got := total(ChangePoints(len(y), cost, penalty, shortest), len(y), cost, penalty)
		if want := bestTotal(len(y), cost, penalty, shortest); math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("cuts cost %v, the best %v", got, want)
		}
	})
}

func total(points []int, n int, cost Cost, penalty float64) float64 {
	from, sum := 0, 0.0
	for _, p := range points {
		sum += cost(from, p) + penalty
		from = p
	}
	return sum + cost(from, n)
}

func bestTotal(n int, cost Cost, penalty float64, shortest int) float64 {
	if n < shortest {
		return cost(0, n)
	}
	best := make([]float64, n+1)
	for t := 1; t <= n; t++ {
		best[t] = math.Inf(1)
		if t >= shortest {
			best[t] = cost(0, t)
		}
		for s := shortest; s <= t-shortest; s++ {
			best[t] = min(best[t], best[s]+cost(s, t)+penalty)
		}
	}
	return best[n]
}

// Values that are all the same make no segments, and neither do too few.
func TestChangePointsOfNothing(t *testing.T) {
	if got := ChangePoints(100, GaussianCost(make([]float64, 100)), 15*math.Log(100), 5); got != nil {
		t.Errorf("of equal values %v", got)
	}
	if got := ChangePoints(9, GaussianCost(nile[:9]), 0, 5); got != nil {
		t.Errorf("of nine values %v", got)
	}
	if got := ChangePoints(0, GaussianCost(nil), 1, 5); got != nil {
		t.Errorf("of none %v", got)
	}
}

// What R finds by Mann's and Kendall's test, and Sen's slope.
func TestMannKendall(t *testing.T) {
	y := []float64{1.00, 1.02, .99, 1.03, 1.05, 1.04, 1.06, 1.08, 1.05, 1.09}
	got := MannKendall(y)
	if got.S != 34 || got.Var != 124 {
		t.Errorf("S %v, variance %v; want 34 and 124", got.S, got.Var)
	}
	within(t, "z", got.Z, 2.9634874834, 5e-11)
	within(t, "p", got.P, 0.0030417443, 5e-11)
	within(t, "slope", SenSlope(y), 0.01, 1e-15)
	if flat := MannKendall([]float64{1, 1, 1}); flat.P != 1 || flat.S != 0 {
		t.Errorf("of equal values %+v", flat)
	}
	if !math.IsNaN(SenSlope([]float64{1})) {
		t.Error("one value has a slope")
	}
}

// MSER-5 of a series whose beginning falls off.
func TestMSER(t *testing.T) {
	y := []float64{5, 4.2, 3.6, 3.1, 2.6, 2.3, 2.0, 1.7, 1.6, 1.4, 1.3, 1.2, 1.15, 1.1, 1.05}
	for range 9 {
		y = append(y, 1, 1.02, .98, 1.01, .99)
	}
	got := MSER(y, 5)
	if got.At != 15 || !got.Found {
		t.Errorf("cut at %d, found %v; want 15", got.At, got.Found)
	}
	within(t, "g0", got.G[0], 0.047495139, 5e-10)
	within(t, "g1", got.G[1], 0.0048084147, 5e-11)
	within(t, "g2", got.G[2], 0.0002304, 1e-12)
	if MSER(nil, 5).Found {
		t.Error("found something in nothing")
	}
}

func within(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if !(math.Abs(got-want) <= by) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func variance(y []float64) float64 {
	mean, sum := Mean(y), 0.0
	for _, v := range y {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(y))
}
