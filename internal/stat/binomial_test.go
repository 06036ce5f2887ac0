package stat

import "testing"

// Computed with R 4.2 (binom.test).
func TestClopperPearson(t *testing.T) {
	lo, hi := ClopperPearson(3, 1000, .95)
	near(t, "3 of 1000, lo", lo, .00061909993165, 1e-10)
	near(t, "3 of 1000, hi", hi, .00874202323848, 1e-11)
	lo, hi = ClopperPearson(0, 1000, .95)
	near(t, "0 of 1000, hi", hi, .00368208389687, 1e-11)
	if lo != 0 {
		t.Errorf("0 of 1000: from %g, want 0", lo)
	}
	if lo, hi := ClopperPearson(0, 0, .95); lo != 0 || hi != 1 {
		t.Errorf("of nothing: %g to %g", lo, hi)
	}
	if _, hi := ClopperPearson(7, 7, .95); hi != 1 {
		t.Errorf("7 of 7: up to %g, want 1", hi)
	}
}

// 459 and 662 are mlcommons's own, the others the closed form's.
func TestTailSize(t *testing.T) {
	for p, want := range map[float64][3]int{.90: {44, 64, 81}, .99: {459, 662, 838}, .999: {4603, 6636, 8403}} {
		for failed, n := range want {
			if got := TailSize(p, failed); got != n {
				t.Errorf("p%g with %d beyond: got %d, want %d", 100*p, failed, got, n)
			}
		}
	}
}

// Computed with SciPy 1.10.
func TestOrderRanks(t *testing.T) {
	for _, c := range []struct {
		n      int
		p      float64
		lo, hi int
	}{{1000, .99, 983, 997}, {10_000, .99, 9880, 9920}, {100_000, .999, 99_880, 99_920}} {
		if lo, hi := OrderRanks(c.n, c.p, .95); lo != c.lo || hi != c.hi {
			t.Errorf("%g of %d: got %d to %d, want %d to %d", c.p, c.n, lo, hi, c.lo, c.hi)
		}
	}
}
