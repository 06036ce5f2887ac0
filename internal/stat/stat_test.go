package stat

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// bruteForce enumerates every choice of signs.
func bruteForce(ds []float64) (less, greater float64) {
	ranks, t := signedRanksOf(ds)
	n := len(ranks)
	for signs := range 1 << n {
		v := 0
		for i, r := range ranks {
			if signs>>i&1 == 1 {
				v += r
			}
		}
		if v <= int(2*t.V) {
			less++
		}
		if v >= int(2*t.V) {
			greater++
		}
	}
	return less / math.Exp2(float64(n)), greater / math.Exp2(float64(n))
}

// With ties and zeros the p-values are still those of the enumeration.
func TestSignedRankIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ds []float64
		for _, x := range rapid.SliceOfN(rapid.IntRange(-4, 5), 1, 12).Draw(t, "d") {
			ds = append(ds, float64(x))
		}
		got := SignedRank(ds)
		if got.N == 0 {
			if got.P != 1 {
				t.Fatalf("nothing to test: got p=%g, want 1", got.P)
			}
			return
		}
		less, greater := bruteForce(ds)
		if math.Abs(got.Less-less) > 1e-12 || math.Abs(got.Greater-greater) > 1e-12 {
			t.Fatalf("got %g and %g, want %g and %g", got.Less, got.Greater, less, greater)
		}
		if got.N+got.Zeros != len(ds) {
			t.Fatalf("%d and %d zeros are not %d", got.N, got.Zeros, len(ds))
		}
	})
}

func TestOnlyZeros(t *testing.T) {
	got := SignedRank([]float64{0, 0, 0})
	if got.P != 1 || got.Zeros != 3 {
		t.Errorf("got %+v; want p 1 and 3 zeros", got)
	}
}

// The interval moves and stretches with the values, and does not depend on
// their order.
func TestHodgesLehmannIsEquivariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-100, 100), 6, 20).Draw(t, "x")
		shift, factor := rapid.Float64Range(-5, 5).Draw(t, "shift"), rapid.Float64Range(0.1, 10).Draw(t, "factor")
		e, err := HodgesLehmann(xs, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		moved := make([]float64, len(xs))
		for i, x := range xs {
			moved[len(xs)-1-i] = shift + factor*x
		}
		m, _ := HodgesLehmann(moved, 0.95)
		for _, c := range [][2]float64{{m.Value, e.Value}, {m.Lo, e.Lo}, {m.Hi, e.Hi}} {
			if math.Abs(c[0]-(shift+factor*c[1])) > 1e-9 {
				t.Fatalf("got %g, want %g", c[0], shift+factor*c[1])
			}
		}
		if e.Lo > e.Value || e.Value > e.Hi || e.Level < 0.95 {
			t.Fatalf("%+v is no 95 %% interval around its value", e)
		}
	})
}

// Beyond exactUpTo the approximation agrees with what the enumeration, slower
// there, would have said.
func TestApproximationAgrees(t *testing.T) {
	ds := make([]float64, exactUpTo+1)
	for i := range ds {
		ds[i] = float64(i%17) - 7.5
	}
	got := SignedRank(ds)
	ranks, _ := signedRanksOf(ds)
	v := int(2 * got.V)
	want := rankSumOf(ranks).atMost(v)
	if got.Exact || math.Abs(got.Less-want) > 0.001 {
		t.Errorf("got %g (exact: %v), want %g, approximated", got.Less, got.Exact, want)
	}
	n := exactUpTo + 1
	if q := SignedRankQuantile(0.025, n); math.Abs(float64(q)-exactQuantile(0.025, n)) > 2 {
		t.Errorf("quantile: got %d, want %g", q, exactQuantile(0.025, n))
	}
}

func exactQuantile(p float64, n int) float64 {
	d := signedRanks(n)
	var sum float64
	for q := range n * (n + 1) / 2 {
		if sum += d.counts[2*q] / d.total; sum >= p {
			return float64(q)
		}
	}
	return math.NaN()
}

func TestMinFor(t *testing.T) {
	for level, want := range map[float64]int{0.90: 5, 0.92: 5, 0.95: 6, 0.96: 6, 0.99: 8} {
		if got := MinFor(level); got != want {
			t.Errorf("level %g: got %d, want %d", level, got, want)
		}
	}
}

func TestArgumentsAreLeftAlone(t *testing.T) {
	xs := []float64{3, 1, 2, 9, 5, 4, 8}
	before := slices.Clone(xs)
	Median(xs)
	SignedRank(xs)
	Holm(xs)
	if _, err := HodgesLehmann(xs, .95); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(xs, before) {
		t.Errorf("arguments were changed to %v", xs)
	}
}

func TestNothingIn(t *testing.T) {
	for name, got := range map[string]float64{
		"mean": Mean(nil), "median": Median(nil), "deviation": StdDev([]float64{1}),
	} {
		if !math.IsNaN(got) {
			t.Errorf("%s of nothing: got %g, want NaN", name, got)
		}
	}
	if _, err := HodgesLehmann(nil, .95); err == nil {
		t.Error("an interval of nothing")
	}
}

func TestNoLine(t *testing.T) {
	if _, err := FitLine([]float64{1, 1}, []float64{2, 3}, nil); !errors.Is(err, ErrNoLine) {
		t.Errorf("got %v, want ErrNoLine", err)
	}
	if _, err := FitLine([]float64{1, 2}, []float64{2, 3}, []float64{1, 0}); err == nil {
		t.Error("a point without deviation was weighed")
	}
	if _, err := FitLine([]float64{1, 2}, []float64{2}, nil); err == nil {
		t.Error("points without y were fitted")
	}
	if _, err := TheilSen([]float64{1}, []float64{2}); !errors.Is(err, ErrNoLine) {
		t.Errorf("got %v, want ErrNoLine", err)
	}
}
