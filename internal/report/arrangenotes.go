package report

import (
	"cmp"
	"fmt"
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// distinct keeps one note of each kind and text.
func distinct(notes []evidence.Note) []evidence.Note {
	seen := map[evidence.Note]bool{}
	var kept []evidence.Note
	for _, n := range notes {
		if !seen[n] {
			seen[n] = true
			kept = append(kept, n)
		}
	}
	return kept
}

// gather joins the notes of several trials: one of each kind, the worst first,
// each saying in how many trials it was made if not in all.
func gather(trials []*trial) []evidence.Note {
	type heap struct {
		note  evidence.Note
		count int
	}
	byKind := map[string]*heap{}
	var kinds []string
	for _, tr := range trials {
		seen := map[string]bool{}
		for _, n := range tr.notes {
			h := byKind[n.Kind]
			if h == nil {
				h = &heap{note: n}
				byKind[n.Kind] = h
				kinds = append(kinds, n.Kind)
			}
			if n.Grade > h.note.Grade {
				h.note = n
			}
			if !seen[n.Kind] {
				h.count++
			}
			seen[n.Kind] = true
		}
	}
	notes := []evidence.Note{}
	for _, k := range kinds {
		h := byKind[k]
		if h.count < len(trials) {
			h.note.Text += fmt.Sprintf(" (%d of %s)", h.count, plural(len(trials), "trial"))
		}
		notes = append(notes, h.note)
	}
	slices.SortStableFunc(notes, worseFirst)
	return notes
}

func worseFirst(a, b evidence.Note) int {
	return cmp.Or(cmp.Compare(b.Grade, a.Grade), cmp.Compare(a.Kind, b.Kind))
}

// notes returns every kind of note once: of the whole, of its trials, of the fits.
func (t *table) notes(fits []Fit, terms []Terms) []evidence.Note {
	var all []evidence.Note
	if t.plan.Load.Open && t.primary() == plan.Throughput {
		all = append(all, evidence.Note{
			Kind: "throughput-of-a-schedule", Grade: evidence.B,
			Text: "in an open load throughput is the schedule's, unless the server falls behind; response times tell more (compare: response_p90)",
		})
	}
	if t.setup != nil {
		all = append(all, t.setup.Notes...)
	}
	all = append(all, gather(t.trials)...)
	all = append(all, t.ofRun()...)
	all = append(all, t.strictNotes()...)
	all = append(all, t.unlike(terms)...)
	all = append(all, fitNotes(fits)...)
	kept := append([]evidence.Note{}, distinct(all)...)
	slices.SortStableFunc(kept, worseFirst)
	return kept
}

// unlike returns where the terms and the answers of subjects differ. What is known
// of the bodies' bytes says more than their lengths.
func (t *table) unlike(terms []Terms) []evidence.Note {
	notes := unequal(terms)
	if slices.ContainsFunc(t.trials, func(tr *trial) bool { return len(tr.bodies) > 0 }) {
		notes = slices.DeleteFunc(notes, func(n evidence.Note) bool { return n.Kind == "unequal-body" })
	}
	return append(notes, t.unalike...)
}
