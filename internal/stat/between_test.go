package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

var inf = math.Inf(1)

// Whatever the numbers are that lie inside of their spans, what is said of the
// spans holds what would be said of the numbers.
func TestBetweenHoldsWhatIsBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans []Span
		var xs []float64
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)) // and so no ties
		for range rapid.IntRange(6, 14).Draw(t, "n") {
			x := rng.NormFloat64()
			s := Span{x, x}
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				s.Hi = inf
				x += 100 * rng.Float64()
			case 1:
				s.Lo = -inf
				x -= 100 * rng.Float64()
			}
			spans, xs = append(spans, s), append(xs, x)
		}
		want, err := HodgesLehmann(xs, 0.95)
		below, above, err2 := HodgesLehmannBetween(spans, 0.95)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if want.Value < below.Value || want.Value > above.Value || want.Lo < below.Lo || want.Hi > above.Hi {
			t.Fatalf("%+v does not lie between %+v and %+v", want, below, above)
		}
		if below.Level != want.Level || below.N != want.N {
			t.Fatalf("level %g of %d, want %g of %d", below.Level, below.N, want.Level, want.N)
		}
		test, bound := SignedRank(xs), SignedRankBetween(spans)
		if test.P > bound.P+1e-12 || test.Less > bound.Less+1e-12 || test.Greater > bound.Greater+1e-12 {
			t.Fatalf("p %g and %g, of the numbers %g and %g", bound.Less, bound.Greater, test.Less, test.Greater)
		}
	})
}

// Of numbers that are known, the same is said.
func TestBetweenOfKnownNumbers(t *testing.T) {
	var spans []Span
	d := logRatios(throughputA, throughputB)
	for _, x := range d {
		spans = append(spans, Span{x, x})
	}
	want, _ := HodgesLehmann(d, 0.95)
	below, above, err := HodgesLehmannBetween(spans, 0.95)
	if err != nil || below != want || above != want || SignedRankBetween(spans) != SignedRank(d) {
		t.Errorf("got %+v to %+v, %+v; want %+v, %+v", below, above, SignedRankBetween(spans), want, SignedRank(d))
	}
}

// Four extremes of ten push the estimate out of sight and leave the nearer end
// of the interval where it was; opposed extremes leave nothing.
func TestExtremes(t *testing.T) {
	spans := make([]Span, 10)
	for i := range spans {
		x := -0.3 - float64(i)/100
		if i >= 6 {
			x = -inf
		}
		spans[i] = Span{x, x}
	}
	below, above, err := HodgesLehmannBetween(spans, 0.95)
	if err != nil || !math.IsInf(below.Value, -1) || !math.IsInf(above.Value, -1) || !math.IsInf(below.Lo, -1) || above.Hi != -0.32 {
		t.Errorf("got %+v and %+v, %v; want −Inf, and −Inf to −0.32", below, above, err)
	}
	if p := SignedRankBetween(spans).P; p != 2.0/1024 {
		t.Errorf("p %g, want 2/1024: all ten are negative", p)
	}
	for i := range spans[:5] {
		spans[i] = Span{inf, inf}
	}
	below, above, _ = HodgesLehmannBetween(spans, 0.95)
	if !math.IsInf(below.Lo, -1) || !math.IsInf(above.Hi, 1) || math.IsNaN(below.Value) || math.IsNaN(above.Value) {
		t.Errorf("got %+v and %+v; want nothing known", below, above)
	}
}
