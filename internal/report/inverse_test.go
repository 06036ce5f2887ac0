package report

import "testing"

// What is 4 times as much is a quarter the other way round, and bounds change sides.
func TestInverse(t *testing.T) {
	for _, c := range []struct{ of, want Number }{
		{exactly(4), exactly(0.25)},
		{atLeast(2), atMost(0.5)},
		{atMost(0.5), atLeast(2)},
		{Number{}, Number{}},
		{exactly(0), Number{}},
	} {
		if got := c.of.inverse(); got != c.want {
			t.Errorf("the inverse of %+v is %+v, want %+v", c.of, got, c.want)
		}
	}
}

// The page has every ratio both ways, each with its interval.
func TestDetailHasRatiosBothWays(t *testing.T) {
	r, d := detailOf(t, handlerWork().input())
	for i, c := range r.Comparisons {
		back := Comparison{Ratio: c.Ratio.inverse(), Lo: c.Hi.inverse(), Hi: c.Lo.inverse()}
		if got := d.Comparisons[i]; got.Back != back.Ratio.in("") || got.Behind != back.interval() {
			t.Errorf("the other way round %+v has %q (%q)", c, got.Back, got.Behind)
		}
		if c.Lo.Known() && c.Hi.Known() && back.Lo.X > back.Hi.X {
			t.Errorf("an interval from %v to %v", back.Lo, back.Hi)
		}
	}
}
