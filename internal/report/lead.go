package report

import (
	"fmt"

	"webdyno/internal/evidence"
)

// mostLeads is how many sentences about wrong answers go before all others.
const mostLeads = 3

// A shortfall is how often a variant did not do at a setting what it was asked.
type shortfall struct {
	setting *setting
	what    string // "answered nothing rightly"
	bad     int    // rounds
	rounds  int
}

// leads says which subjects answered nothing rightly, or other than was asked
// for: what the figures of the others are held against is then no server at work.
// Each is a sentence without its full stop.
func (t *table) leads() []string {
	all := []string{}
	for _, v := range t.variants {
		var found []shortfall
		settings := 0
		for _, s := range t.settings {
			short, rounds := t.shortfallsAt(v, s)
			if rounds > 0 {
				settings++
			}
			found = append(found, short...)
		}
		all = append(all, t.leadsOf(v, found, settings)...)
	}
	if n := len(all); n > mostLeads {
		more := n - mostLeads + 1
		all = append(all[:mostLeads-1:mostLeads-1], fmt.Sprintf("%d more subjects or settings fell short likewise", more))
	}
	return all
}

// leadsOf folds what is the same at several settings.
func (t *table) leadsOf(v *variant, found []shortfall, settings int) []string {
	type kind struct {
		what        string
		bad, rounds int
	}
	at := map[kind][]*setting{}
	var kinds []kind
	for _, f := range found {
		k := kind{f.what, f.bad, f.rounds}
		if at[k] == nil {
			kinds = append(kinds, k)
		}
		at[k] = append(at[k], f.setting)
	}
	var all []string
	for _, k := range kinds {
		where := space(phrase(t.factorNames, at[k][0].factors))
		switch n := len(at[k]); {
		case n == settings && n > 1:
			where = " at every setting"
		case n == 2:
			where += " and" + space(phrase(t.factorNames, at[k][1].factors))
		case n > 2:
			where += " and at " + plural(n-1, "other setting")
		}
		all = append(all, fmt.Sprintf("%s %s in %d of %s%s", v.name, k.what, k.bad, plural(k.rounds, "round"), where))
	}
	return all
}

// shortfallsAt goes through all trials of a cell, sound or not: one whose answers
// were wrong is in no figure, and is the very thing to be told. Trials that are
// invalid for another reason say nothing of the answers.
func (t *table) shortfallsAt(v *variant, s *setting) (found []shortfall, rounds int) {
	type sum struct {
		right, inWindow uint64
		other           bool // bytes
	}
	byRound := map[int]*sum{}
	for _, tr := range t.trials {
		if tr.variant != v || tr.setting != s || tr.due() == 0 || !tr.sound() && !tr.answeredWrongly() {
			continue
		}
		r := byRound[tr.Trial.Round]
		if r == nil {
			r = &sum{}
			byRound[tr.Trial.Round] = r
		}
		r.right += tr.right()
		r.inWindow += tr.inWindow
		r.other = r.other || tr.answeredWrongly()
	}
	nothing, late, other := 0, 0, 0
	for _, r := range byRound {
		switch {
		case r.right == 0:
			nothing++
		case r.other:
			other++
		case r.inWindow == 0:
			late++
		}
	}
	for _, f := range []shortfall{
		{s, "answered nothing rightly", nothing, len(byRound)},
		{s, "gave other answers than expected", other, len(byRound)},
		{s, "answered nothing rightly within the window", late, len(byRound)},
	} {
		if f.bad > 0 {
			found = append(found, f)
		}
	}
	return found, len(byRound)
}

// isWrong tells whether a note is about answers with other bytes than expected.
func isWrong(n evidence.Note) bool { return n.Kind == kindWrong }
