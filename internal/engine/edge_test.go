package engine

import (
	"testing"

	"webdyno/internal/mono"
)

// A request that the server kept without a connection across an edge of the window
// is told from one that the engine itself sent too late.
func TestHeldAcrossTheEdge(t *testing.T) {
	for _, c := range []struct {
		name             string
		due, ready, sent mono.Time
		want             [3]uint64 // sent, held in, held over
	}{
		{"within", 150, 150, 151, [3]uint64{1, 0, 0}},
		{"before", 50, 50, 51, [3]uint64{0, 0, 0}},
		{"no connection until it was open", 50, 120, 121, [3]uint64{1, 1, 0}},
		{"sent too late into it", 50, 60, 121, [3]uint64{1, 0, 0}},
		{"no connection until it was over", 150, 220, 221, [3]uint64{0, 0, 1}},
		{"sent too late out of it", 150, 160, 221, [3]uint64{0, 0, 0}},
	} {
		b := newBook(&span{opened: true, openAt: 100, closeAt: 200})
		b.handed(&request{due: c.due, ready: c.ready, sent: c.sent, counted: c.due >= 100 && c.due < 200})
		if got := [3]uint64{b.tally.Sent, b.tally.HeldIn, b.tally.HeldOver}; got != c.want {
			t.Errorf("%s: sent, held in, held over are %v; want %v", c.name, got, c.want)
		}
	}
}
