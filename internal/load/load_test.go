package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A load that is shared out must send exactly what it would have sent whole:
// that is what makes a crew of engines equal to one large machine.
func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1e12).Draw(t, "things")
		engines := rapid.IntRange(1, 20).Draw(t, "engines")
		loops := rapid.IntRange(1, 20).Draw(t, "loops")
		var whole int64
		for k := range engines {
			engine := Share{Nth: k, Of: engines}
			var parts int64
			for i := range loops {
				part := engine.Split(i, loops).Count(n)
				if fair := n / int64(engines*loops); part < fair || part > fair+1 {
					t.Fatalf("loop %d of engine %d carries %d of %d, want %d or one more", i, k, part, n, fair)
				}
				parts += part
			}
			if got := engine.Count(n); parts != got {
				t.Fatalf("loops carry %d, their engine %d", parts, got)
			}
			whole += parts
		}
		if whole != n || (Share{}).Count(n) != n {
			t.Fatalf("shares carry %d, the zero share %d; want %d", whole, (Share{}).Count(n), n)
		}
	})
}

// Dealt out to hands, things are no more and no fewer, every hand has as many as
// the next, or one more, and a split changes nothing.
func TestSharesDealtOutAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1e15).Draw(t, "things")
		hands := rapid.Int64Range(1, 1000).Draw(t, "hands")
		of := rapid.IntRange(1, 20).Draw(t, "shares")
		loops := rapid.IntRange(1, 5).Draw(t, "loops")
		var whole int64
		for k := range of {
			s := Share{Nth: k, Of: of}
			got, own := s.Dealt(n, hands), s.Count(hands)
			if fair := n / hands * own; got < fair || got > fair+own {
				t.Fatalf("share %d of %d has %d of %d, with %d of %d hands", k, of, got, n, own, hands)
			}
			var parts int64
			for i := range loops {
				parts += s.Split(i, loops).Dealt(n, hands)
			}
			if parts != got {
				t.Fatalf("loops have %d, their share %d", parts, got)
			}
			whole += got
		}
		if whole != n {
			t.Fatalf("%d of %d were dealt out", whole, n)
		}
	})
}

// The shares of a split carry the numbers that the share carried: none twice,
// none missed.
func TestSplitKeepsTheNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 9).Draw(t, "of")
		s := Share{Nth: rapid.IntRange(0, of-1).Draw(t, "nth"), Of: of}
		n := rapid.IntRange(1, 9).Draw(t, "parts")
		var want, got []int
		for i := s.Nth; i < 500; i += s.Of {
			want = append(want, i)
		}
		for k := range n {
			part := s.Split(k, n)
			for i := part.Nth; i < 500; i += part.Of {
				got = append(got, i)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("parts carry %v, want %v", got, want)
		}
	})
}

// Constant arrivals are on the nanosecond however long the load lasts: number k
// is due at k/λ, and rounding does not add up.
func TestConstantArrivalsDoNotDrift(t *testing.T) {
	for _, c := range []struct {
		rate   float64
		number int64
		want   time.Duration
	}{
		{1000, 3_600_000, time.Hour},
		{1000, 3_600_001, time.Hour + time.Millisecond},
		{3, 1, 333_333_333},
		{3, 2, 666_666_667},
		{3, 3 * 86_400, 24 * time.Hour},
		{3, 3*86_400 + 1, 24*time.Hour + 333_333_333},
		{0.1, 6, time.Minute},
		{50_000, 180_000_000, time.Hour},
	} {
		cursor := Open{Rate: c.rate, Arrivals: Constant}.Cursor(Share{}, 1)
		cursor.next = c.number
		if got := cursor.Next(); got != c.want {
			t.Errorf("arrival %d at %v/s: due after %v, want %v", c.number, c.rate, got, c.want)
		}
	}
}

// Shares of constant arrivals interleave into those of the whole.
func TestConstantSharesInterleave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Open{Rate: rapid.Float64Range(0.1, 1e6).Draw(t, "rate"), Arrivals: Constant}
		of := rapid.IntRange(1, 8).Draw(t, "shares")
		whole := o.Cursor(Share{}, 1)
		parts := make([]*Cursor, of)
		for k := range parts {
			parts[k] = o.Cursor(Share{Nth: k, Of: of}, 1)
		}
		for i := range 100 {
			if got, want := parts[i%of].Next(), whole.Next(); got != want {
				t.Fatalf("arrival %d: share has it at %v, the whole at %v", i, got, want)
			}
		}
	})
}

// The same seed and share yield the same arrivals; others do not.
func TestPoissonArrivalsAreReproducible(t *testing.T) {
	o := Open{Rate: 1000}
	first := func(s Share, seed uint64) (d [10]time.Duration) {
		c := o.Cursor(s, seed)
		for i := range d {
			d[i] = c.Next()
		}
		return d
	}
	if again := first(Share{}, 7); again != first(Share{}, 7) {
		t.Error("the same seed yields different arrivals")
	}
	if first(Share{}, 7) == first(Share{}, 8) || first(Share{Of: 2}, 7) == first(Share{Nth: 1, Of: 2}, 7) {
		t.Error("different seeds or shares yield the same arrivals")
	}
}

// D of the method's fixture, so that the test below tests what it says. (O6)
func TestKolmogorovSmirnovFixture(t *testing.T) {
	x := []float64{.1, .5, .2, 1.3, .7, 2.2, .05, .9, .4, 1.1}
	if got, want := distance(x), 0.17253179303; math.Abs(got-want) > 1e-11 {
		t.Errorf("D = %.11f, want %.11f", got, want)
	}
}

// Poisson arrivals are exponentially spaced, alone and as the superposition of
// shares that know nothing of each other. (O6, α = 0.001)
func TestPoissonArrivalsAreExponential(t *testing.T) {
	const n = 20000
	const rate = 2500.0
	for _, of := range []int{1, 4} {
		var due []time.Duration
		for k := range of {
			c := Open{Rate: rate}.Cursor(Share{Nth: k, Of: of}, 42)
			for range n / of {
				due = append(due, c.Next())
			}
		}
		slices.Sort(due)
		// Beyond the end of the shortest stream the others are alone.
		due = due[:n*9/10]
		x := make([]float64, len(due))
		before := time.Duration(0)
		for i, d := range due {
			x[i] = (d - before).Seconds() * rate
			before = d
		}
		// The critical value for large n is 1.9495/√n.
		if d, limit := distance(x), 1.9495/math.Sqrt(float64(len(x))); d > limit {
			t.Errorf("%d shares: D = %.5f, want at most %.5f", of, d, limit)
		}
	}
}

// distance returns the Kolmogorov–Smirnov distance of x from Exp(1).
func distance(x []float64) (d float64) {
	x = slices.Sorted(slices.Values(x))
	n := float64(len(x))
	for i, v := range x {
		f := -math.Expm1(-v)
		d = max(d, float64(i+1)/n-f, f-float64(i)/n)
	}
	return d
}

// Seeds of different places are different, and unrelated: each bit of one is
// the other's half of the time.
func TestSeedsAreUnrelated(t *testing.T) {
	seen := map[uint64]bool{}
	var differ [64]int
	last := Seed(1)
	for round := range 100 {
		for block := range 10 {
			s := Seed(1, round, block)
			if seen[s] {
				t.Fatalf("seed of round %d, block %d came before", round, block)
			}
			seen[s] = true
			for bit := range differ {
				differ[bit] += int((s ^ last) >> bit & 1)
			}
			last = s
		}
	}
	for bit, n := range differ {
		if n < 400 || n > 600 {
			t.Errorf("bit %d differs in %d of 1000 neighbours", bit, n)
		}
	}
	if Seed(1, 2, 3) == Seed(1, 3, 2) || Seed(1, 2) == Seed(2, 1) || Seed(1) == Seed(1, 0) {
		t.Error("paths are confused")
	}
}

func TestNamesAreReadBack(t *testing.T) {
	for a := range Arrivals(len(arrivalNames)) {
		if got, err := ParseArrivals(a.String()); err != nil || got != a {
			t.Errorf("%v is read back as %v, %v", a, got, err)
		}
	}
	for c := range Close(len(closeNames)) {
		if got, err := ParseClose(c.String()); err != nil || got != c {
			t.Errorf("%v is read back as %v, %v", c, got, err)
		}
	}
	if _, err := ParseClose("violently"); err == nil {
		t.Error("a way of closing called violently")
	}
}

func TestZeroUseHasDefaults(t *testing.T) {
	var u Use
	if u.Limit() != DefaultTimeout || u.Depth() != 1 {
		t.Errorf("limit %v, depth %d; want %v, 1", u.Limit(), u.Depth(), DefaultTimeout)
	}
	if !(Extent{}).IsZero() || (Extent{Count: 1}).IsZero() || (Extent{Time: 1}).IsZero() {
		t.Error("which extents are empty")
	}
}
