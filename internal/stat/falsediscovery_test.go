package stat

import "testing"

// R: p.adjust(c(.01, .04, .03, .005, .2), "BH").
func TestFalseDiscovery(t *testing.T) {
	got := FalseDiscovery([]float64{.01, .04, .03, .005, .2})
	for i, want := range []float64{.025, .05, .05, .025, .2} {
		if d := got[i] - want; d > 1e-12 || d < -1e-12 {
			t.Errorf("value %d is %v; want %v", i, got[i], want)
		}
	}
	if got := FalseDiscovery(nil); len(got) != 0 {
		t.Errorf("nothing becomes %v", got)
	}
}
