package screen

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// A Style says what a frame may be drawn with.
type Style struct {
	Color bool // colours, and bold and faint with them
}

// A Size is a terminal's, in columns and lines.
type Size struct{ Columns, Lines int }

func (s Size) String() string { return strconv.Itoa(s.Columns) + "x" + strconv.Itoa(s.Lines) }

// An ink is how text is drawn: parameters of the escape sequence that selects it.
type ink string

const (
	plain  ink = ""
	strong ink = "1"
	faint  ink = "2"
	good   ink = "32"
	bad    ink = "31"
	doubt  ink = "33"
	marked ink = "36"
	turned ink = "7"
)

// A sheet is a frame that is being written, from the top, line by line. What
// does not fit on a line is cut and ends in "…"; no line is ever as wide as the
// terminal, so that none wraps. Its memory is used again by the next frame: a
// screen allocates while loops must not be disturbed by a garbage collection.
type sheet struct {
	size  Size
	style Style
	lines [][]byte
	n     int // lines begun, of which the last is being written
	at    int // columns written of it
}

// begin makes an empty sheet of s.
func (s *sheet) begin(size Size, style Style) {
	s.size, s.style, s.n, s.at = size, style, 0, 0
}

// line begins the next line. Those below the terminal's last one are written and
// not shown.
func (s *sheet) line() {
	if s.n == len(s.lines) {
		s.lines = append(s.lines, nil)
	}
	s.lines[s.n] = s.lines[s.n][:0]
	s.n++
	s.at = 0
}

// room is how many columns are left on the line.
func (s *sheet) room() int { return max(s.size.Columns-1-s.at, 0) }

// put writes text, which holds no escapes.
func (s *sheet) put(i ink, text string) {
	w := width(text)
	if room := s.room(); w > room {
		text = cut(text, room)
		w = width(text)
	}
	if w == 0 {
		return
	}
	b := s.lines[s.n-1]
	if i == plain || !s.style.Color {
		b = append(b, text...)
	} else {
		b = append(append(append(b, "\x1b["...), i...), 'm')
		b = append(append(b, text...), "\x1b[0m"...)
	}
	s.lines[s.n-1] = b
	s.at += w
}

// to writes blanks up to a column, and one at least.
func (s *sheet) to(column int) {
	for n := max(column-s.at, 1); n > 0 && s.room() > 0; n-- {
		s.lines[s.n-1] = append(s.lines[s.n-1], ' ')
		s.at++
	}
}

// left writes text and fills it up with blanks to so many columns.
func (s *sheet) left(i ink, text string, columns int) {
	from := s.at
	s.put(i, cut(text, columns))
	if s.at < from+columns {
		s.to(from + columns)
	}
}

// right writes text at the right end of so many columns.
func (s *sheet) right(i ink, text string, columns int) {
	if n := columns - width(text); n > 0 {
		s.to(s.at + n)
	}
	s.put(i, cut(text, columns))
}

// end writes text at the right end of the line, if there is room for it.
func (s *sheet) end(i ink, text string) {
	if w := width(text); w > 0 && s.room() > w {
		s.right(i, text, s.room())
	}
}

// text returns the frame: as many lines as the terminal has, at most.
func (s *sheet) text() string {
	return string(bytes.Join(s.lines[:min(s.n, s.size.Lines)], []byte("\n"))) + "\n"
}

// width is how many columns text takes.
func width(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return ansi.StringWidth(text)
		}
	}
	return len(text)
}

// cut returns text, ending in "…" where it had to be cut to so many columns.
func cut(text string, columns int) string {
	if width(text) <= columns {
		return text
	}
	if columns <= 0 {
		return ""
	}
	return ansi.Truncate(text, columns, "…")
}

var steps = [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// spark writes the newest values as bars, as high as they are of the largest; a
// negative one is a gap.
func (s *sheet) spark(i ink, values []float64, columns int) {
	values = values[max(len(values)-min(columns, s.room()), 0):]
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	text := make([]byte, 0, 3*len(values))
	for _, v := range values {
		switch {
		case v < 0:
			text = append(text, ' ')
		case most == 0:
			text = append(text, steps[0]...)
		default:
			text = append(text, steps[min(int(v/most*float64(len(steps))), len(steps)-1)]...)
		}
	}
	s.put(i, string(text))
}

// bar writes how much of something is done, from 0 to 1.
func (s *sheet) bar(share float64, columns int) {
	share = min(max(share, 0), 1)
	full := int(share*float64(columns) + 0.5)
	s.put(marked, strings.Repeat("━", full))
	s.put(faint, strings.Repeat("─", columns-full))
}

// percent prints a share of one in whole per cent.
func percent(share float64) string {
	return strconv.Itoa(int(min(max(share, 0), 1)*100+0.5)) + " %"
}
