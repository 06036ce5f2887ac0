package report

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// TextOptions say how a text is laid out. The zero TextOptions are 80 columns
// without colours, in full.
type TextOptions struct {
	Width int  // columns; 80 if zero, and never fewer than 60
	Color bool // with ANSI escapes
	Short bool // what `run` prints at its end: the answer, the plot, three notes
	All   bool // tables with every level of a factor, however many there are

	Overlays []Overlay // curves from elsewhere, shown beside those over the offered rate
}

const (
	usualWidth = 80
	leastWidth = 60
)

// A page is lines of text being laid out.
type page struct {
	buf   bytes.Buffer
	width int
	color bool
	few   thinned // which levels tables show
	all   bool    // every pair, however many there are
	kept  *layout // nil: lines are laid out in buf
}

func newPage(o TextOptions) *page {
	width := o.Width
	if width == 0 {
		width = usualWidth
	}
	return &page{width: max(width, leastWidth), color: o.Color, all: o.All}
}

func (p *page) flush(w io.Writer) error {
	_, err := w.Write(p.buf.Bytes())
	return err
}

func (p *page) line(s string) {
	if p.kept != nil {
		p.kept.line(s)
		return
	}
	p.buf.WriteString(strings.TrimRight(s, " "))
	p.buf.WriteByte('\n')
}

// title writes a line that stands out, a blank one before it.
func (p *page) title(s string) {
	if p.kept != nil {
		p.kept.title(s)
		return
	}
	if p.buf.Len() > 0 {
		p.line("")
	}
	for _, l := range wrapped(s, p.width) {
		p.line(p.styled("1", l))
	}
}

// paragraph wraps a text, its first line after the first indent and the others
// after blanks of the same length.
func (p *page) paragraph(indent, s string) {
	if p.kept != nil {
		p.kept.paragraph(indent, s)
		return
	}
	blank := strings.Repeat(" ", utf8.RuneCountInString(indent))
	line, room := indent, p.width-len(blank)
	used := 0
	for _, word := range words(s, room) {
		n := utf8.RuneCountInString(word)
		if used > 0 && used+1+n > room {
			p.line(line)
			line, used = blank, 0
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += n
	}
	p.line(line)
}

// styled wraps s in an ANSI style where colours are wanted: "1" is bold, "2"
// faint.
func (p *page) styled(style, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// An align says to which side a column's cells are set.
type align uint8

const (
	left align = iota
	right
)

// columns lays out rows of cells, the first row as heads. A row of one cell is a
// heading over those that follow; cells that are empty in every row take no room.
func (p *page) columns(aligns []align, rows [][]string) {
	if p.kept != nil {
		p.kept.table(aligns, rows)
		return
	}
	widths := make([]int, len(aligns))
	indent := "  "
	for _, row := range rows {
		if len(row) == 1 {
			indent = "    "
			continue
		}
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	narrow(widths, leastOf(aligns, rows), p.width-len(indent))
	for n, row := range rows {
		if len(row) == 1 {
			p.paragraph("  ", row[0])
			continue
		}
		for _, line := range linesOf(row, widths, aligns, p.width-len(indent)) {
			s := indent + line
			if n == 0 {
				s = p.styled("2", s)
			}
			p.line(s)
		}
	}
}

// pad fills s with blanks to a width in runes.
func pad(s string, width int, a align) string {
	blanks := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
	if a == right {
		return blanks + s
	}
	return s + blanks
}

// shorten cuts s to a width in runes, the cut marked.
func shorten(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	return string(r[:max(0, width-1)]) + "…"
}

// isAre is the verb that goes with a count.
func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// plural writes a count of things: "1 round", "10 rounds".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return counted(n) + " " + thing + "s"
}
