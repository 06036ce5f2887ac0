package report

import (
	"fmt"

	"webdyno/internal/evidence"
)

// mode returns which subjects were alive while one was under load; nil if the
// record does not say.
func (t *table) mode() *evidence.Mode {
	for _, tr := range t.trials {
		if tr.mode != nil {
			return tr.mode
		}
	}
	return nil
}

// modeText says it, and why.
func modeText(m *evidence.Mode) string {
	if m == nil {
		return ""
	}
	what := "All subjects were up while one was under load"
	switch m.Name {
	case "frozen":
		what = "All subjects were up, and all but the one under load stood still (frozen)"
	case "exclusive":
		what = "The subject under load was the only one up, started and warmed for each trial (exclusive)"
	}
	return fmt.Sprintf("%s: %s.", what, m.Why)
}
