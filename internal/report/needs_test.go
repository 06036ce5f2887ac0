package report

import (
	"fmt"
	"strings"
	"testing"

	"webdyno/internal/plan"
)

// However clear the differences are, the rounds that the report asks for do: with
// one fewer nothing could be shown, and with as many it is.
func TestRoundsThatWouldDo(t *testing.T) {
	apart := func(subjects, rounds int) bench {
		b := bench{bytes: []float64{1}, rounds: rounds, blocks: 1, noise: 0.001}
		cost := 20.0
		for i := range subjects {
			b.servers = append(b.servers, server{name: fmt.Sprintf("s%d", i), cost: line(cost, 0)})
			cost *= 1.3
		}
		return b
	}
	undecided := func(r *Report) (n, needs int) {
		for _, c := range r.Comparisons {
			if c.Metric == plan.Throughput && c.Verdict == Undetermined {
				n, needs = n+1, max(needs, c.NeedsRounds)
			}
		}
		return n, needs
	}
	for subjects, want := range map[int]int{2: 6, 3: 7, 5: 9, 6: 10} {
		if got := roundsToShow(subjects*(subjects-1)/2, 0.05); got != want {
			t.Errorf("%d subjects: %d rounds, want %d", subjects, got, want)
		}
		for n := 5; n < want; n++ {
			r := build(t, apart(subjects, n).input())
			open, needs := undecided(r)
			if open != subjects*(subjects-1)/2 || needs != want {
				t.Errorf("%d subjects, %d rounds: %d undecided, %d rounds asked for; want %d", subjects, n, open, needs, want)
			}
			if said := r.Answer[0]; !strings.Contains(said, fmt.Sprintf("%d would do", want)) && !strings.Contains(said, fmt.Sprintf("about %d rounds would tell", want)) {
				t.Errorf("%d subjects, %d rounds: %s", subjects, n, said)
			}
		}
		if open, _ := undecided(build(t, apart(subjects, want).input())); open != 0 {
			t.Errorf("%d subjects, %d rounds: %d undecided", subjects, want, open)
		}
	}
}
