package stat

import (
	"errors"
	"math"
	"testing"
)

// Computed with R 4.2.
func TestVarianceLevels(t *testing.T) {
	l, err := VarianceLevels([][]float64{
		{9, 9.2, 8.8, 9.1, 8.9}, {10, 10.3, 9.9, 10.1, 10.2}, {8.5, 8.4, 8.6, 8.7, 8.3}, {9.4, 9.6, 9.5, 9.3, 9.7},
	})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "S1²", l.Within, .025, 1e-12)
	near(t, "S2²", l.OfMeans, .469166667, 1e-9)
	near(t, "T2²", l.Between, .464166667, 1e-9)
	near(t, "√", math.Sqrt(30.0/5*l.Within/l.Between), .568471, 1e-6)
	near(t, "half-width", l.HalfWidth(0.95), 1.0899201046, 1e-10)
	if k := l.BestBlocks(30, 5); k != 1 {
		t.Errorf("got %d blocks, want 1", k)
	}
}

// Where fresh starts differ in nothing, more blocks are all that helps; where
// blocks differ in nothing, one is enough.
func TestBestBlocks(t *testing.T) {
	for _, c := range []struct {
		within, between float64
		want            int
	}{{1, 0, 10}, {0, 1, 1}, {0, 0, 1}, {1, 1, 3}, {1, 1000, 1}, {1000, 1, 10}} {
		if got := (Levels{Within: c.within, Between: c.between}).BestBlocks(30, 5); got != c.want {
			t.Errorf("%g within, %g between: got %d, want %d", c.within, c.between, got, c.want)
		}
	}
	for _, few := range [][][]float64{nil, {{1, 2}}, {{1, 2}, {3}}} {
		if _, err := VarianceLevels(few); !errors.Is(err, ErrOneLevel) {
			t.Errorf("%v: got %v", few, err)
		}
	}
}

func TestStudentQuantile(t *testing.T) {
	for df, want := range map[int]float64{2: 4.30265272975, 4: 2.77644510520, 5: 2.57058183564, 7: 2.36462425159,
		9: 2.26215716280, 14: 2.14478668792, 19: 2.09302405441, 29: 2.04522964213} {
		near(t, "t quantile", StudentQuantile(.975, df), want, 3e-12)
	}
	if !math.IsNaN(StudentQuantile(.975, 0)) {
		t.Error("a t distribution without degrees of freedom")
	}
}
