package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// Markdown writes the report as a comment on a pull request, in GitHub's dialect:
// the answer first and whether it may be published, then claims, the primary
// metric, comparisons and what follows from them; all else is folded away. It has
// the sentences and cells of the text, and keeps below what GitHub takes: what is
// left out for that is said, with where it is.
func (r *Report) Markdown(w io.Writer) error {
	d := &document{}
	d.add(r.answerBlock())
	d.open(laidOut(func(p *page) { r.changeLines(p, true) }))
	d.add(r.claimBlock())
	d.open(laidOut(r.objectiveLines))
	d.open(laidOut(func(p *page) { r.capacityTables(p, false) }))
	d.open(laidOut(r.knees))
	d.primary(laidOut(func(p *page) { r.table(p, []plan.Metric{r.Primary}) }))
	r.inference(d)
	warnings, remarks := splitNotes(r.Notes)
	d.open(laidOut(func(p *page) { notesUnder(p, "Notes", warnings) }))

	d.fold(laidOut(r.otherTables))
	d.fold(laidOut(func(p *page) { r.profileLines(p, false) }))
	d.fold(laidOut(r.causeLines))
	d.fold(laidOut(r.drawnCurves))
	d.fold(laidOut(func(p *page) { r.troubles(p, false) }))
	d.fold(laidOut(func(p *page) { notesUnder(p, "Notes that lower no grade", remarks) }))
	d.fold(laidOut(r.conditionLines))
	d.fold(laidOut(r.termsTable))
	d.fold(laidOut(r.warmingTable))
	d.fold(laidOut(r.Method.lines))

	var b bytes.Buffer
	fmt.Fprintf(&b, "### %s\n\n", escaped(shorten(r.Title, mostCell)))
	last := "<sub>" + escaped(r.Method.origin()) + "</sub>\n"
	d.write(&b, mostMarkdown-b.Len()-len(last))
	b.WriteString(last)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// inference adds what comparisons say; the exploratory ones folded.
func (r *Report) inference(d *document) {
	for _, s := range laidOut(r.comparisonTable) {
		if strings.HasSuffix(s.title, exploratorily) {
			d.fold([]section{s})
		} else {
			d.open([]section{s})
		}
	}
	d.open(laidOut(r.AA.lines))
	d.open(laidOut(r.crossingTable))
	d.open(laidOut(r.fitTables))
	d.open(laidOut(r.scalingTables))
}

// answerBlock is the answer and how far it may be published.
func (r *Report) answerBlock() block {
	var b block
	for i, s := range r.Answer {
		s = paragraphed(s)
		if i == 0 {
			s = "**" + s + "**"
		}
		b.pieces = append(b.pieces, piece{items: []string{s + "\n"}})
	}
	standing, why, _ := strings.Cut(r.Standing(), ": ")
	if why != "" {
		standing, why = standing+":", " "+escaped(why)
	}
	b.pieces = append(b.pieces, piece{items: []string{"**" + standing + "**" + why + "\n"}})
	return b
}

var outcomeMarks = [...]string{Undecided: "❔", Holds: "✅", DoesNotHold: "❌"}

// claimBlock is a table of the claims. One that the plan says in words is said in
// them, with the claim itself behind.
func (r *Report) claimBlock() block {
	if len(r.Claims) == 0 {
		return block{}
	}
	table := piece{head: "| | claim | figure |\n|---|---|---|\n", kind: "claims"}
	for _, c := range r.Claims {
		said := "<code>" + escaped(shorten(c.Claim, mostCell)) + "</code>" // between backquotes nothing could be escaped
		if c.Says != "" {
			said = escaped(shorten(c.Says, mostCell)) + "<br>" + said
		}
		table.items = append(table.items, fmt.Sprintf("| %s %s | %s | %s |\n", outcomeMarks[c.Outcome], c.Outcome, said, escaped(shorten(c.Figure, 2*mostCell))))
	}
	return block{title: "Claims: " + r.outcomes(), pieces: []piece{table, {items: []string{paragraphed(byLuck(len(r.Claims))) + "\n"}}}}
}

// knees says where each variant bends under rising rates, without the curves.
func (r *Report) knees(p *page) {
	r.eachRateSweep(func(s *sweepText, title string) {
		p.title(title)
		s.kneeLines(p)
	})
}

// drawnCurves are the curves as the text has them; their figures are in the
// tables of the metrics.
func (r *Report) drawnCurves(p *page) {
	r.eachRateSweep(func(s *sweepText, title string) {
		if len(s.sweep.points) >= fewestRates {
			p.title(title + ": curves")
			s.charts(p)
		}
	})
}

// otherTables are those of all metrics but the primary one.
func (r *Report) otherTables(p *page) {
	own := laidOut(func(p *page) { r.table(p, []plan.Metric{r.Primary}) })
	for _, s := range laidOut(r.tables) {
		if len(own) == 0 || s.title != own[0].title {
			p.kept.sections = append(p.kept.sections, s)
		}
	}
}

func splitNotes(all []evidence.Note) (warnings, remarks []evidence.Note) {
	for _, n := range all {
		if n.Grade > evidence.A {
			warnings = append(warnings, n)
		} else {
			remarks = append(remarks, n)
		}
	}
	return warnings, remarks
}

func notesUnder(p *page, title string, notes []evidence.Note) {
	if len(notes) > 0 {
		p.title(title)
		writeNotes(p, notes)
	}
}

// origin says in a line how, where and with what it was measured.
func (m Method) origin() string {
	parts := []string{strings.TrimSuffix(m.short(), ".")}
	if m.EngineCPU.Known() {
		parts = append(parts, "engine at "+unit.Share(m.EngineCPU.X)+" of its CPUs")
	}
	for _, s := range []string{m.Machine, strings.TrimSpace("webdyno " + m.Webdyno)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if !m.Began.IsZero() {
		parts = append(parts, m.Began.Format(time.DateOnly))
	}
	return strings.Join(parts, "; ") + "."
}
