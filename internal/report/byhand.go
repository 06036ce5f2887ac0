package report

import (
	"slices"

	"webdyno/internal/evidence"
)

// byHand tells whether this is no trial but the moment at which somebody took a
// subject out of the run.
func (t *trial) byHand() bool { return t.Failure != nil && t.Failure.Kind == evidence.ByHand }

// skippedByHand returns the variants that somebody took out of the run.
func (t *table) skippedByHand() []Skipped {
	all := []Skipped{}
	for _, tr := range t.ends {
		if tr.byHand() {
			all = append(all, Skipped{who(tr.Trial.Subject, tr.Trial.Variant), tr.Failure.Text,
				"carry out the plan again, and leave it in"})
		}
	}
	return all
}

// ofRun returns the notes that are of no trial and no subject, but of the run.
func (t *table) ofRun() []evidence.Note {
	var all []evidence.Note
	for _, tr := range t.ends {
		if tr.Trial.Subject == "" && !tr.overtaken(t.rounds()) {
			all = append(all, tr.notes...)
		}
	}
	return all
}

// overtaken tells whether the line says that the time was up after a round, and
// the run was gone on with nevertheless.
func (t *trial) overtaken(rounds int) bool {
	return t.Trial.Round < rounds && slices.ContainsFunc(t.notes, isBudgetSpent)
}

func isBudgetSpent(n evidence.Note) bool { return n.Kind == evidence.BudgetSpent }

// endedBy says why there were no more rounds, where it was time that ended them;
// "" otherwise.
func (t *table) endedBy() string {
	all := t.ofRun()
	if i := slices.IndexFunc(all, isBudgetSpent); i >= 0 {
		return all[i].Text
	}
	return ""
}

// others returns the names that are not among some.
func others(names, some []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(some, n) })
}
