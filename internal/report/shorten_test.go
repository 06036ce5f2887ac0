package report

import (
	"bytes"
	"strings"
	"testing"

	"webdyno/internal/plan"
)

// A sweep of a hundred rates is told in a text that a person can read: the ends,
// and what is around the knees.
func TestLongSweepIsShortened(t *testing.T) {
	r := build(t, risingRates(steps(20, 2000, 20), 3,
		bus{name: "gevent", limit: 520}, bus{name: "node", limit: 1700}))
	text, all := textOf(t, r, TextOptions{}), textOf(t, r, TextOptions{All: true})
	if len(text) > 40_000 || len(text)*4 > len(all) {
		t.Errorf("%d bytes of text, %d with --all", len(text), len(all))
	}
	few := r.thin(false)
	shown := 0
	for _, rate := range steps(20, 2000, 20) {
		if few.shows(atRate(rate)) {
			shown++
		}
	}
	if shown != mostLevels {
		t.Errorf("%d rates are shown, want %d", shown, mostLevels)
	}
	telling := []float64{20, 40, 1980, 2000}
	for _, k := range r.Knees {
		telling = append(telling, k.Kept.X, k.At.X)
	}
	if len(telling) != 8 {
		t.Fatalf("%d knees, want 2", len(r.Knees))
	}
	for _, rate := range telling {
		if !few.shows(atRate(rate)) {
			t.Errorf("the rate %g is not shown", rate)
		}
	}
	if !bytes.Contains(text, []byte("Shown are 12 of the 100 levels of rate")) || bytes.Contains(all, []byte("Shown are")) {
		t.Error("it is not said that levels are left out, or said where none are")
	}
	if strings.Count(string(all), "rate = 1000\n") == 0 {
		t.Error("--all does not show every rate")
	}
}

func atRate(rate float64) Factors { return Factors{"rate": plan.Num(rate)} }

// Few levels are shown as they are, and so are levels that are words.
func TestShortSweepIsWhole(t *testing.T) {
	r := build(t, threeBuses())
	if few := r.thin(false); len(few.keep) > 0 || !few.shows(atRate(300)) {
		t.Errorf("of ten rates some are hidden: %v", few.told)
	}
}
