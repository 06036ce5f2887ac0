package report

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	// mostMarkdown is how many bytes a report takes as Markdown at most. GitHub
	// takes 65,536 characters; the rest is for who wants to say something above it.
	mostMarkdown = 60_000

	mostOpenRows    = 24 // of a table that is not folded away
	mostPrimaryRows = 60 // likewise, of the primary metric's
	mostCell        = 160
	mostSentence    = 1200
)

// A document is Markdown before it is written: blocks of which the less important
// can be cut.
type document struct {
	blocks []block
}

// A block is a heading and what stands below it. The zero block is nothing.
type block struct {
	title  string // "" for none
	folded bool
	pieces []piece
}

// A piece is a list of lines that can be cut from its end: rows, items,
// sentences.
type piece struct {
	head, tail string
	items      []string // each with its line's end
	kind       string   // what the items are called where some are left out
	cut        int      // items left out
}

func (d *document) add(b block) {
	if len(b.pieces) > 0 {
		d.blocks = append(d.blocks, b)
	}
}

// open adds sections to be seen at once, the long ones folded.
func (d *document) open(all []section) { d.sections(all, mostOpenRows) }

// primary adds the sections of the metric that the report is about.
func (d *document) primary(all []section) { d.sections(all, mostPrimaryRows) }

// fold adds sections folded away.
func (d *document) fold(all []section) { d.sections(all, -1) }

func (d *document) sections(all []section, most int) {
	for _, s := range all {
		b := block{title: s.title, pieces: piecesOf(s)}
		rows := 0
		for _, p := range b.pieces {
			rows += len(p.items)
		}
		if b.folded = rows > most; rows == 0 { // the title says it all
			b = block{pieces: []piece{{items: []string{paragraphed(s.title) + ".\n"}}}}
		}
		d.add(b)
	}
}

// piecesOf makes Markdown of what was written to a page. Sentences that follow one
// another are a list.
func piecesOf(s section) []piece {
	var pieces []piece
	for i := 0; i < len(s.parts); i++ {
		switch part := s.parts[i]; {
		case part.rows != nil:
			pieces = append(pieces, part.table())
		case part.lines != nil:
			pieces = append(pieces, part.drawing())
		default:
			n := i + 1
			for n < len(s.parts) && s.parts[n].rows == nil && s.parts[n].lines == nil {
				n++
			}
			pieces = append(pieces, sentences(s.parts[i:n]))
			i = n - 1
		}
	}
	return pieces
}

func sentences(parts []layoutPart) piece {
	p := piece{kind: "more"}
	if n := len(parts[0].text); len(parts) > 1 && n > 0 && parts[0].text[n-1] == ':' {
		p.head, parts = paragraphed(parts[0].text)+"\n\n", parts[1:]
	}
	for _, s := range parts {
		text := paragraphed(s.text)
		if s.mark != "" && s.mark != "·" {
			text = "**" + escaped(s.mark) + "** " + escaped(shorten(s.text, mostSentence))
		}
		if len(parts) > 1 {
			text = "- " + text
		}
		p.items = append(p.items, text+"\n")
	}
	return p
}

func (p layoutPart) table() piece {
	aligns, rows := p.flat()
	if len(rows) == 0 {
		return piece{}
	}
	rule := "|"
	for _, a := range aligns {
		if a == right {
			rule += "---:|"
		} else {
			rule += "---|"
		}
	}
	t := piece{head: cells(headed(rows)) + rule + "\n", kind: "rows"}
	for _, row := range rows[1:] {
		t.items = append(t.items, cells(row))
	}
	return t
}

// cells writes one row of a table.
func cells(row []string) string {
	var b strings.Builder
	for _, c := range row {
		b.WriteString("| " + escaped(shorten(c, mostCell)) + " ")
	}
	b.WriteString("|\n")
	return b.String()
}

// drawing is what was drawn in characters. Its fence is longer than any run of
// backquotes inside.
func (p layoutPart) drawing() piece {
	fence := "```"
	for strings.Contains(strings.Join(p.lines, "\n"), fence) {
		fence += "`"
	}
	d := piece{head: fence + "text\n", tail: fence + "\n", kind: "lines"}
	for _, l := range p.lines {
		d.items = append(d.items, strings.TrimRight(printable(strings.ToValidUTF8(l, "�")), " ")+"\n")
	}
	return d
}

// write writes the blocks in at most so many bytes. Where they are longer, what is
// folded is cut first, long tables before short ones; then what is open; then
// whatever is folded goes, the last first.
func (d *document) write(b *bytes.Buffer, most int) {
	for _, folded := range []bool{true, false} {
		for _, rows := range []int{400, 200, 100, 60, 40, 25, 15, 10, 5} {
			if d.size() > most {
				d.cut(folded, rows)
			}
		}
	}
	dropped := 0
	for i := len(d.blocks) - 1; i > 0 && d.size()+len(leftOut(dropped, true)) > most; i-- {
		d.blocks = append(d.blocks[:i:i], d.blocks[i+1:]...)
		dropped++
	}
	short := dropped > 0
	for _, x := range d.blocks {
		x.write(b)
		for _, p := range x.pieces {
			short = short || p.cut > 0
		}
	}
	b.WriteString(leftOut(dropped, short))
}

// leftOut says that something is missing, and where it is.
func leftOut(dropped int, short bool) string {
	if !short {
		return ""
	}
	s := "*Shortened for GitHub"
	if dropped > 0 {
		s += fmt.Sprintf(", by %s too", plural(dropped, "whole part"))
	}
	return s + "; report.json has everything, and so has `webdyno report RECORD --format csv`.*\n\n"
}

// size is how many bytes the document takes, with what is said at its end.
func (d *document) size() int {
	var b bytes.Buffer
	for _, x := range d.blocks {
		x.write(&b)
	}
	return b.Len() + len(leftOut(99, true))
}

func (d *document) cut(folded bool, rows int) {
	for i := range d.blocks {
		if d.blocks[i].folded != folded || i == 0 && len(d.blocks[i].pieces) <= rows {
			continue
		}
		for k := range d.blocks[i].pieces {
			p := &d.blocks[i].pieces[k]
			if more := len(p.items) - rows; more > 0 {
				p.items, p.cut = p.items[:rows], p.cut+more
			}
		}
	}
}

func (x block) write(b *bytes.Buffer) {
	switch {
	case x.folded:
		b.WriteString(fold(x.title))
	case x.title != "":
		b.WriteString("#### " + escaped(x.title) + "\n\n")
	}
	for _, p := range x.pieces {
		p.write(b)
	}
	if x.folded {
		b.WriteString("</details>\n\n")
	}
}

func (p piece) write(b *bytes.Buffer) {
	b.WriteString(p.head)
	for _, s := range p.items {
		b.WriteString(s)
	}
	b.WriteString(p.tail + "\n")
	if p.cut > 0 {
		fmt.Fprintf(b, "*and %d %s, left out here*\n\n", p.cut, strings.TrimPrefix("more "+p.kind, "more more"))
	}
}
