package overlay

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep brackets may be nested: what holds points is not deep.
const maxDepth = 64

// readFlot looks for arrays of points in JavaScript or JSON, whatever stands
// around them: a variable, an object with a label, a whole program. It goes over
// the text once and obeys nothing in it.
func readFlot(text string) (curves []Curve, line int, err error) {
	r := &flot{scanner: scanner{text: text, line: 1}, stack: []frame{{}}}
	for {
		t, err := r.next()
		if err != nil {
			return nil, r.line, err
		}
		if t.kind == end {
			break
		}
		if err := r.take(t); err != nil {
			return nil, r.line, err
		}
	}
	if len(r.stack) > 1 {
		return nil, r.stack[len(r.stack)-1].line, errors.New("a bracket that is not closed")
	}
	for i := range r.curves {
		if r.curves[i].Quantity == Unknown {
			r.curves[i].Quantity = quantityOf(r.curves[i].Label)
		}
	}
	return r.curves, r.line, nil
}

// A frame is a bracket that is open.
type frame struct {
	open    byte // '[', '{' or '('; 0 of the whole text
	line    int
	name    string // last name before a ':' or '=', that a value may follow
	pending string // a name or text that may turn out to be one
	label   string // of an object: what its key "label" has
	key     string // that the bracket itself is the value of
	numbers []float64
	points  []Point
	holes   int  // null in place of a pair
	other   bool // something is in it that no array of points has
	found   []int
}

type flot struct {
	scanner
	stack  []frame
	curves []Curve
	points int // in all
}

func (r *flot) take(t token) error {
	top := &r.stack[len(r.stack)-1]
	switch t.kind {
	case opening:
		if len(r.stack) >= maxDepth {
			return fmt.Errorf("brackets more than %d deep", maxDepth)
		}
		r.stack = append(r.stack, frame{open: t.text[0], line: r.line, key: top.name})
	case closing:
		return r.close(t.text[0])
	case numeral:
		top.numbers = append(top.numbers, t.number)
		if top.open != '[' || len(top.numbers) > 2 {
			top.numbers, top.other = nil, true
		}
	case word, text:
		if top.open == '{' && strings.EqualFold(top.name, "label") && t.kind == text {
			top.label, top.name = clean(t.text), ""
			break
		}
		if t.kind == word && t.text == "null" {
			top.holes++
			break
		}
		top.pending, top.other = t.text, true
	case mark:
		r.mark(top, t.text[0])
	}
	return nil
}

// mark takes a sign that gives a name to what follows, or ends that.
func (r *flot) mark(top *frame, sign byte) {
	switch sign {
	case ':', '=':
		top.name, top.pending = clean(top.pending), ""
		top.other = true
	case ',', ';':
		top.pending = ""
		if top.open != '[' {
			top.name = ""
		}
	default:
		top.other = true
	}
}

func (r *flot) close(sign byte) error {
	if len(r.stack) == 1 {
		return fmt.Errorf("%q closes nothing", sign)
	}
	f := r.stack[len(r.stack)-1]
	if want := map[byte]byte{'[': ']', '{': '}', '(': ')'}[f.open]; sign != want {
		return fmt.Errorf("%q closes the %q of line %d", sign, f.open, f.line)
	}
	r.stack = r.stack[:len(r.stack)-1]
	top := &r.stack[len(r.stack)-1]
	plain := f.open == '[' && !f.other
	switch {
	case plain && len(f.numbers) == 2 && len(f.points) == 0 && f.holes == 0 && top.open == '[':
		return r.point(top, Point{f.numbers[0], f.numbers[1]})
	case plain && len(f.numbers) == 1 && f.holes == 1 && len(f.points) == 0 && top.open == '[':
		top.holes++ // [20, null]: nothing was measured there
		return nil
	case plain && len(f.points) > 0 && len(f.numbers) == 0:
		return r.curve(top, f)
	}
	top.other = true
	r.settle(top, f)
	return nil
}

func (r *flot) point(top *frame, p Point) error {
	if r.points++; r.points > maxPoints {
		return fmt.Errorf("more than %d points", maxPoints)
	}
	top.points = append(top.points, p)
	return nil
}

// curve keeps an array of points. What it is called and shows is known, at the
// latest, when the brackets around it close.
func (r *flot) curve(top *frame, f frame) error {
	if len(r.curves) == maxCurves {
		return fmt.Errorf("more than %d curves", maxCurves)
	}
	c := Curve{Points: f.points, Line: f.line}
	if !strings.EqualFold(f.key, "data") {
		c.Label, c.Quantity = f.key, quantityOf(f.key)
	}
	r.curves = append(r.curves, c)
	top.other = true
	top.found = append(top.found, len(r.curves)-1)
	return nil
}

// settle names the curves in a bracket that closes, as far as they lack it, and
// hands them on.
func (r *flot) settle(top *frame, f frame) {
	for _, i := range f.found {
		c := &r.curves[i]
		if f.label != "" {
			c.Label = f.label
		}
		if q := quantityOf(f.key); c.Quantity == Unknown && q != Unknown {
			c.Quantity = q
		} else if c.Label == "" && q == Unknown {
			c.Label = f.key
		}
	}
	top.found = append(top.found, f.found...)
}

// quantityOf guesses what a curve shows from what it is called.
func quantityOf(name string) Quantity {
	name = strings.ToLower(name)
	for _, g := range []struct {
		has string
		q   Quantity
	}{
		{"std", Deviation}, {"deviation", Deviation}, {"error", Errors},
		{"resp", Response}, {"latency", Response}, {"time", Response},
		{"throughput", Throughput}, {"rep_rate", Throughput}, {"reply_rate", Throughput},
	} {
		if strings.Contains(name, g.has) {
			return g.q
		}
	}
	return Unknown
}

// A token is a piece of JavaScript, as far as it matters here.
type token struct {
	kind   tokenKind
	text   string
	number float64
}

type tokenKind uint8

const (
	end tokenKind = iota
	opening
	closing
	numeral
	word // an identifier, a keyword
	text // in quotes
	mark // any other sign
)

// A scanner cuts a text into tokens. Comments are passed over.
type scanner struct {
	text string
	at   int
	line int
}

func (s *scanner) next() (token, error) {
	if err := s.skip(); err != nil || s.at == len(s.text) {
		return token{}, err
	}
	from, c := s.at, s.text[s.at]
	switch {
	case strings.IndexByte("[{(", c) >= 0:
		s.at++
		return token{kind: opening, text: s.text[from:s.at]}, nil
	case strings.IndexByte("]})", c) >= 0:
		s.at++
		return token{kind: closing, text: s.text[from:s.at]}, nil
	case c == '"' || c == '\'' || c == '`':
		return s.quoted(c)
	case c >= '0' && c <= '9' || strings.IndexByte("+-.", c) >= 0 && s.digitAt(s.at+1):
		return s.numeral()
	case isWord(c):
		for s.at < len(s.text) && isWord(s.text[s.at]) {
			s.at++
		}
		return token{kind: word, text: s.text[from:s.at]}, nil
	}
	s.at++
	return token{kind: mark, text: s.text[from:s.at]}, nil
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (s *scanner) digitAt(i int) bool {
	if i < len(s.text) && s.text[i] == '.' {
		i++
	}
	return i < len(s.text) && s.text[i] >= '0' && s.text[i] <= '9'
}

// skip passes over blanks and comments.
func (s *scanner) skip() error {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case rest[0] == '\n':
			s.line++
			s.at++
		case strings.IndexByte(" \t\r\f\v", rest[0]) >= 0:
			s.at++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			s.at += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest, "*/")
			if n < 0 {
				return errors.New("a comment that is not closed")
			}
			s.line += strings.Count(rest[:n], "\n")
			s.at += n + 2
		default:
			return nil
		}
	}
	return nil
}

// quoted reads a text in quotes; of escapes it knows those of the quotes.
func (s *scanner) quoted(quote byte) (token, error) {
	from := s.line
	var b strings.Builder
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			return token{kind: text, text: b.String()}, nil
		case c == '\\' && s.at+1 < len(s.text):
			s.at++
			b.WriteByte(s.text[s.at])
		case c == '\n' && quote != '`':
			return token{}, errors.New("a text that is not closed")
		default:
			b.WriteByte(c)
		}
		if s.text[s.at] == '\n' {
			s.line++
		}
	}
	s.line = from
	return token{}, errors.New("a text that is not closed")
}

func (s *scanner) numeral() (token, error) {
	from := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		sign := (c == '+' || c == '-') && (s.at == from || s.text[s.at-1] == 'e' || s.text[s.at-1] == 'E')
		if !isWord(c) && c != '.' && !sign {
			break
		}
		s.at++
	}
	x, err := strconv.ParseFloat(s.text[from:s.at], 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return token{}, fmt.Errorf("%.40q is no number", s.text[from:s.at])
	}
	return token{kind: numeral, number: x}, nil
}
