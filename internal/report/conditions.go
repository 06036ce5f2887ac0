package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/unit"
)

// A Signal is what one signal was over all trials, and the limits it was held
// against.
type Signal struct {
	ID   string `json:"id"` // V01 to V23, or W and a number; several may have one
	Name string `json:"name"`
	What string `json:"what"` // it guards against
	Unit string `json:"unit"` // share, cpus, count or per_s

	// Effect says that it reads what others do to requests, and may fire beside
	// any; the others are primary.
	Effect bool `json:"effect,omitempty"`

	Warn    Number         `json:"warn"` // above it grade B; null: never
	Worse   Number         `json:"worse"`
	Brings  evidence.Grade `json:"brings"`  // what lies above worse
	Invalid Number         `json:"invalid"` // above it grade X, where worse does not bring it
	Moved   bool           `json:"moved,omitempty"`

	Read   int            `json:"read"`   // trials in which it could be read, and means something
	Trials int            `json:"trials"` // of these: with a note
	Grade  evidence.Grade `json:"grade"`  // worst of them
	Worst  Number         `json:"worst"`  // largest value; null if it was never read
}

// sightings sums up the signals of all trials.
func (t *table) sightings() []Signal {
	c := t.strictness()
	var all []Signal
	for i, s := range signals() {
		l, moved := c.limitsOf(&s)
		row := Signal{
			ID: s.id, Name: s.name, What: s.what, Unit: string(s.unit), Effect: s.effect,
			Warn: finite(l.warn), Worse: finite(l.worse), Brings: l.brings, Invalid: finite(l.invalid), Moved: moved,
		}
		for _, tr := range t.trials {
			if i < len(tr.seen) {
				row.add(tr.seen[i])
			}
		}
		all = append(all, row)
	}
	return all
}

func (r *Signal) add(s sighting) {
	if s.fired {
		r.Trials++
		r.Grade = max(r.Grade, s.grade)
	}
	if !s.known {
		return
	}
	r.Read++
	if v := tidy(s.value); !r.Worst.Known() || v > r.Worst.X {
		r.Worst = exactly(v)
	}
}

// finite is a limit as a number; missing if nothing passes it.
func finite(x float64) Number {
	if math.IsInf(x, 1) {
		return Number{}
	}
	return exactly(x)
}

// value writes a value of the signal with its unit.
func (r *Signal) value(x Number) string {
	switch {
	case !x.Known():
		return "–"
	case r.Unit == string(ofAll):
		return unit.Share(x.X)
	case r.Unit == string(ofCPUs):
		return unit.Number(x.X) + " CPUs"
	case r.Unit == string(eachSecond):
		return unit.Number(x.X) + "/s"
	}
	return unit.Count(int64(min(x.X, 1<<53)))
}

// limit writes what the signal was held against: "B above 5 %, L above 10 %".
func (r *Signal) limit() string {
	var parts []string
	for _, p := range []struct {
		grade evidence.Grade
		above Number
	}{{evidence.B, r.Warn}, {r.Brings, r.Worse}, {evidence.X, r.Invalid}} {
		if p.above.Known() && (p.grade == evidence.X || p.above != r.Invalid) {
			above := " above " + r.value(p.above)
			if p.above.X == 0 {
				above = " at any"
			}
			parts = append(parts, p.grade.String()+above)
		}
	}
	return strings.Join(parts, ", ")
}

// conditionLines tells which signals fired, and how far the others were from it.
func (r *Report) conditionLines(p *page) {
	if len(r.Signals) == 0 {
		return
	}
	title := "Conditions of the trials"
	if r.Strict {
		title += ", strictly judged"
	}
	p.title(title)
	rows := [][]string{{"id", "signal", "worst", "trials", "grade", "limits"}}
	var quiet, unread []string
	for i := range r.Signals {
		switch s := &r.Signals[i]; {
		case s.Trials > 0:
			rows = append(rows, []string{s.ID, s.Name, s.value(s.Worst), fmt.Sprintf("%d of %d", s.Trials, s.Read), s.Grade.String(), s.limit()})
		case s.Read == 0:
			unread = append(unread, s.Name)
		case s.Worst.X > 0:
			quiet = append(quiet, s.Name+" "+s.value(s.Worst))
		}
	}
	if len(rows) > 1 {
		p.columns([]align{left, left, right, right, left, left}, rows)
	}
	if len(quiet) > 0 {
		p.paragraph("  ", "Within their limits, the worst of all trials: "+strings.Join(quiet, ", ")+".")
	}
	if len(unread) > 0 && !r.Method.Measured { // what measures itself is asked nothing
		p.paragraph("  ", "Not read in any trial: "+strings.Join(unread, ", ")+".")
	}
	if moved := r.movedSignals(); len(moved) > 0 {
		p.paragraph("  ", "Limits that the plan has moved: "+strings.Join(moved, "; ")+".")
	}
}

func (r *Report) movedSignals() []string {
	var all []string
	for i := range r.Signals {
		if s := &r.Signals[i]; s.Moved {
			all = append(all, s.Name+" ("+cmp.Or(s.limit(), "never")+")")
		}
	}
	return all
}

// strictNotes tells what the plan has done to the limits.
func (t *table) strictNotes() []evidence.Note {
	var notes []evidence.Note
	if t.plan.Strict {
		notes = append(notes, evidence.Note{Kind: "strict", Grade: evidence.A,
			Text: "the plan is strict: trials are invalid for doubts about the machine that else would be warnings"})
	}
	var names, unknown []string
	known := SignalNames()
	for _, m := range t.plan.Thresholds {
		if slices.Contains(known, m.Signal) {
			names = append(names, m.Signal)
		} else {
			unknown = append(unknown, m.Signal)
		}
	}
	if len(names) > 0 {
		notes = append(notes, evidence.Note{Kind: "thresholds-moved", Grade: evidence.A,
			Text: "the plan has its own limits for " + list(names)})
	}
	if len(unknown) > 0 {
		notes = append(notes, evidence.Note{Kind: "thresholds-unknown", Grade: evidence.B,
			Text: "the plan has limits for signals that this webdyno does not know: " + list(unknown)})
	}
	return notes
}
