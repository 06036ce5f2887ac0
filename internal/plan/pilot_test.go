package plan

import (
	"testing"
	"time"
)

// What compiles while it runs has a longer pilot, and the estimate knows: two
// rounds of two subjects, each 0.5 + 4 + 1.1 + 0.2 s, and six seconds more for
// each pilot, or 56 for one that compiles.
func TestEstimateOfPilots(t *testing.T) {
	p := mustRead(t, `
subjects:
  - {name: a, start: [node, a.js, "{port}"]}
  - {name: b, start: ["{python}", b.py, "{port}"], variants: {python: [cpython, pypy]}}
warmup: auto
rewarm: 0s
window: 1s
rounds: 2
budget: 0s
`, Options{})
	p.Blocks, p.Budget = 1, 0
	if n := p.JITs(); n != 2 {
		t.Errorf("%d compile while they run, want node and pypy", n)
	}
	for jits, want := range map[int]time.Duration{0: 23200 + 12000, 1: 23200 + 62000, 2: 23200 + 112000} {
		if got := p.Estimate(2, jits); got != want*time.Millisecond {
			t.Errorf("%d compile: %v, want %v", jits, got, want*time.Millisecond)
		}
	}
	p.Budget = 8 * time.Minute // a minute for pilots: 50 s for that of the one that compiles
	if got, want := p.Estimate(2, 1), 75200*time.Millisecond; got != want {
		t.Errorf("with a budget: %v, want %v", got, want)
	}
	p.Warmup.Pilot = 20 * time.Second
	if got, want := p.Estimate(2, 1), 55200*time.Millisecond; got != want {
		t.Errorf("with pilots as the plan says: %v, want %v", got, want)
	}
	p.Quick = true // no pilots, and three seconds of warm-up
	if got, want := p.Estimate(2, 1), 19200*time.Millisecond; got != want {
		t.Errorf("quick: %v, want %v", got, want)
	}
}
