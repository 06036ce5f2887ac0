package report

import (
	"cmp"
	"strings"

	"webdyno/internal/evidence"
)

// lastAttempts parts the trials of blocks that were begun again from the rest: a
// block's last attempt is the one that counts.
func lastAttempts(trials []*trial) (kept, superseded []*trial) {
	type block struct{ round, number int }
	last := map[block]int{}
	for _, tr := range trials {
		b := block{tr.Trial.Round, tr.Trial.Block}
		last[b] = max(last[b], tr.Trial.Attempt)
	}
	for _, tr := range trials {
		if tr.Trial.Attempt == last[block{tr.Trial.Round, tr.Trial.Block}] {
			kept = append(kept, tr)
		} else {
			superseded = append(superseded, tr)
		}
	}
	return kept, superseded
}

func compareAttempts(a, b *trial) int {
	return cmp.Or(
		cmp.Compare(a.Trial.Round, b.Trial.Round),
		cmp.Compare(a.Trial.Block, b.Trial.Block),
		cmp.Compare(a.Trial.Attempt, b.Trial.Attempt),
		cmp.Compare(a.Trial.ID, b.Trial.ID))
}

// invalid says why the trial is.
func (t *trial) invalid(superseded bool) Invalid {
	var why []string
	for _, n := range t.notes {
		if n.Grade == evidence.X {
			why = append(why, n.Text)
		}
	}
	return Invalid{
		Who: who(t.Trial.Subject, t.Trial.Variant), Round: t.Trial.Round, Trial: t.Trial.ID,
		Why: strings.Join(why, "; "), Repeated: superseded,
	}
}

// again says what became of the trial's block.
func (v Invalid) again() string {
	if v.Repeated {
		return " (measured again)"
	}
	return ""
}
