package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
)

// Spoilt tells whether a trial is invalid for a cause that is not its subject's,
// such as the machine or webdyno itself, and which: then its block is worth
// repeating. A trial that was not carried out, for want of a service or because
// somebody broke off, is no such. What is being compared is not looked at.
func Spoilt(m *evidence.Measurement, c Circumstances) (why string, ok bool) {
	if m.Start == nil && m.Measured == nil {
		return "", false
	}
	if f := m.Failure; f != nil && f.Kind != evidence.Instrument && f.Kind != evidence.Lingered {
		return "", false
	}
	var whys []string
	for _, n := range slices.Concat(m.Notes, Grade(m, c)) {
		if isWrong(n) || n.Kind == kindOwnMemory {
			return "", false
		}
		if n.Grade == evidence.X {
			whys = append(whys, n.Text)
		}
	}
	return strings.Join(whys, "; "), len(whys) > 0
}

// A Removal is how many of a variant's trials count in no figure through no
// fault of its own.
type Removal struct {
	Who
	Trials  int `json:"trials"`  // carried out, repeats included
	Invalid int `json:"invalid"` // of these
}

// unevenRemovals is by how much the shares of two variants may differ before the
// reader is told (method, 4.8): what takes trials away may have favoured one.
const unevenRemovals = 0.10

// removals lists them for all variants, if there is any removal at all.
func (t *table) removals() []Removal {
	var all []Removal
	some := false
	for _, v := range t.variants {
		r := Removal{Who: v.Who}
		for _, tr := range slices.Concat(t.trials, t.superseded) {
			if tr.variant != v || tr.interrupted() {
				continue
			}
			r.Trials++
			if tr.removed() {
				r.Invalid++
			}
		}
		some = some || r.Invalid > 0
		all = append(all, r)
	}
	if !some {
		return nil
	}
	return all
}

// removed tells whether the trial's numbers are in no figure through no fault of
// the subject's.
func (t *trial) removed() bool {
	return !t.sound() && !t.byHand() && (t.Failure == nil || !blames(t.Failure)) && !t.answeredWrongly()
}

// interrupted tells whether the trial was cut off by somebody.
func (t *trial) interrupted() bool { return t.Failure != nil && t.Failure.Kind == evidence.Abandoned }

// uneven returns a note where removals fell on some variants more than others.
func uneven(removals []Removal) []evidence.Note {
	least, most := math.Inf(1), math.Inf(-1)
	var few, many Removal
	for _, r := range removals {
		if r.Trials == 0 {
			continue
		}
		share := float64(r.Invalid) / float64(r.Trials)
		if share < least {
			least, few = share, r
		}
		if share > most {
			most, many = share, r
		}
	}
	if most-least <= unevenRemovals {
		return nil
	}
	return []evidence.Note{{Kind: "removals-uneven", Grade: evidence.B, Text: fmt.Sprintf(
		"invalid trials are not spread evenly: %d of %d of %s, %d of %d of %s; what spoilt them may depend on the subject",
		many.Invalid, many.Trials, many.name(), few.Invalid, few.Trials, few.name())}}
}

// removalText says how many trials of each variant were taken out.
func (r *Report) removalText() string {
	var parts []string
	for _, x := range r.Removals {
		parts = append(parts, fmt.Sprintf("%d of %d of %s", x.Invalid, x.Trials, x.name()))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Taken out, repeats included: " + strings.Join(parts, ", ") + "."
}
