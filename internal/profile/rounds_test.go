package profile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Of functions whose cost varies by a tenth from round to round, those that
// changed are found, and hardly any other. A single function that is told wrongly
// of forty would be within the level; the seed is fixed.
func TestOverRounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(2014, 1))
	take := func(compiled bool) Side {
		var b strings.Builder
		for i := range 40 {
			cost := 1000 * (1 + 0.1*rng.NormFloat64())
			switch {
			case compiled && i == 7:
				continue // vanished
			case compiled && i == 9:
				cost *= 1.6
			}
			fmt.Fprintf(&b, "main;f%d %d\n", i, int(cost))
		}
		p, err := Read([]byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		return Side{p, 100}
	}
	var pairs [][2]Side
	for range 10 {
		pairs = append(pairs, [2]Side{take(false), take(true)})
	}
	tested, err := OverRounds(pairs)
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, x := range tested {
		if x.Shown {
			shown = append(shown, x.Name)
		}
	}
	if got := strings.Join(shown, " "); got != "f7 f9" {
		t.Errorf("said to have changed: %s; want f7 and f9", got)
	}
	for _, x := range tested {
		if x.Name == "f7" && (x.After != 0 || x.Change.Hi >= -8 || x.Change.Lo <= -12) {
			t.Errorf("f7 cost 10 a request and vanished: %+v", x)
		}
	}
	if got := RoundsFor(40); got != 10 {
		t.Errorf("%d rounds for 40 functions; want 10: 40·2⁻⁹ is 0.08", got)
	}
	if _, err := OverRounds(pairs[:4]); err == nil || !strings.Contains(err.Error(), "5 would do") {
		t.Errorf("of four pairs: %v", err)
	}
}
