package screen

import (
	"strings"
	"testing"
)

// A cause that is longer than a line goes on below where there is room, and is cut
// where there is none.
func TestTroublesGoOnBelow(t *testing.T) {
	m := &Model{troubles: []trouble{{3, "go: invalid: " + strings.Repeat("word ", 15) + "end"}}}
	for spare, want := range map[int]int{0: 1, 1: 2} {
		s := &sheet{}
		s.begin(Size{Columns: 80, Lines: 24}, Style{})
		m.troubled(s, 1, spare)
		text := s.text()
		if s.n != want || strings.Contains(text, "end") != (spare > 0) {
			t.Errorf("%d lines with %d to spare: %q", s.n, spare, text)
		}
	}
}
