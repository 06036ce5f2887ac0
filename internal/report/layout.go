package report

import (
	"slices"
	"strings"
)

// A layout is what was written to a page, before it is made into lines: the same
// headings, sentences and cells, for a renderer that lays them out otherwise. It
// is how Markdown comes to have the figures of the text, to the last digit.
type layout struct {
	sections []section
}

// A section is what stands below one title; none before the first.
type section struct {
	title string
	parts []layoutPart
}

// A layoutPart is one of three: lines as they stand, a sentence, or a table.
type layoutPart struct {
	lines []string // drawn in characters: their columns matter

	mark, text string // a sentence and what is put before it: a grade, an outcome

	aligns []align
	rows   [][]string // the first are the heads; a row of one cell is a heading over those that follow
}

// laidOut returns what write writes.
func laidOut(write func(*page)) []section {
	p := newPage(TextOptions{})
	p.kept = &layout{}
	write(p)
	return p.kept.sections
}

func (l *layout) title(s string) { l.sections = append(l.sections, section{title: s}) }

func (l *layout) add(part layoutPart) {
	if len(l.sections) == 0 {
		l.title("")
	}
	s := &l.sections[len(l.sections)-1]
	s.parts = append(s.parts, part)
}

func (l *layout) paragraph(indent, s string) {
	l.add(layoutPart{mark: strings.TrimSpace(indent), text: strings.Join(strings.Fields(s), " ")})
}

func (l *layout) table(aligns []align, rows [][]string) {
	l.add(layoutPart{aligns: aligns, rows: rows})
}

// line keeps a line with those before it; a blank one parts them.
func (l *layout) line(s string) {
	if n := len(l.sections); n > 0 {
		if parts := l.sections[n-1].parts; len(parts) > 0 && parts[len(parts)-1].lines != nil {
			last := &parts[len(parts)-1]
			last.lines = append(last.lines, s)
			return
		}
	}
	if strings.TrimSpace(s) != "" {
		l.add(layoutPart{lines: []string{s}})
	}
}

// flat returns a table in which every row stands for itself: the headings over
// rows are a first column, and columns that are empty in every row are gone.
func (p layoutPart) flat() ([]align, [][]string) {
	headed := slices.ContainsFunc(p.rows, func(row []string) bool { return len(row) == 1 })
	aligns := slices.Clone(p.aligns)
	if headed {
		aligns = append([]align{left}, aligns...)
	}
	var rows [][]string
	heading := ""
	for _, row := range p.rows {
		if len(row) == 1 {
			heading = row[0]
			continue
		}
		if headed {
			row = append([]string{heading}, row...)
		}
		rows = append(rows, row)
	}
	for i := len(aligns) - 1; i >= 0; i-- {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[i] != "" }) {
			aligns = slices.Delete(aligns, i, i+1)
			for n, row := range rows {
				rows[n] = slices.Delete(slices.Clone(row), i, i+1)
			}
		}
	}
	return aligns, rows
}
