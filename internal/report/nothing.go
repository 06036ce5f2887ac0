package report

import (
	"cmp"
	"fmt"
	"slices"

	"webdyno/internal/evidence"
)

// nothing says why there is no figure. Where trials were carried out and none of
// them counts, it names the signals that made them invalid, the most frequent first.
func (t *table) nothing(r *Report) string {
	const plain = "Nothing was measured that could be reported."
	if len(t.trials) == 0 {
		return plain
	}
	var causes []Signal
	for _, s := range t.sightings() {
		if s.Trials > 0 && s.Grade == evidence.X {
			causes = append(causes, s)
		}
	}
	if len(causes) == 0 || len(r.Invalid) == 0 {
		return plain
	}
	slices.SortStableFunc(causes, func(a, b Signal) int { return cmp.Compare(b.Trials, a.Trials) })
	var names []string
	for _, s := range causes[:min(len(causes), 3)] {
		names = append(names, fmt.Sprintf("%s (%d)", s.Name, s.Trials))
	}
	text := fmt.Sprintf("None of %s counts: invalid by %s.", plural(len(t.trials), "trial"), list(names))
	if t.plan.Strict {
		text += " The plan is strict; without that, doubt about the machine is a warning."
	}
	return text
}
