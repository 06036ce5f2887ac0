package plan

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/unit"
)

// A bounder reads a bound that a figure is held against.
type bounder struct {
	parse func(string) (float64, error)
	want  string
}

// bounds reads "> x" or "in x..y"; at is where it begins.
func (p *claimParser) bounds(b bounder) (in Range, at int) {
	w := p.take()
	if w.text == "in" {
		lo, hi := p.ends()
		in = Range{p.bound(lo, b), p.bound(hi, b)}
		if p.fault == nil && in.Lo >= in.Hi {
			p.fail(lo, "want the smaller number first, as in 0.9..1.1", "the range %s..%s holds nothing", lo.text, hi.text)
		}
		return in, w.at
	}
	i := slices.Index(relationMarks[:], w.text)
	if !w.mark || i < 0 || Relation(i) == Same {
		p.fail(w, "want <, <=, >= or > and a number, or `in` and a range such as 0.9..1.1", "%s stands where a bound is expected", w.said())
		return in, w.at
	}
	return rangeOf(Relation(i), p.number(b)), w.at
}

// ends reads "x..y" as two words.
func (p *claimParser) ends() (lo, hi claimWord) {
	const want = "want a range such as 11..101"
	w := p.name(want)
	low, high, found := strings.Cut(w.text, "..")
	if !found && p.sees("..") {
		p.take()
		return w, p.name(want)
	}
	if !found || low == "" || high == "" {
		p.fail(w, want, "%s is no range", w.said())
	}
	return claimWord{text: low, at: w.at}, claimWord{text: high, at: w.at + len([]rune(low)) + 2}
}

func (p *claimParser) number(b bounder) float64 { return p.bound(p.name(b.want), b) }

func (p *claimParser) bound(w claimWord, b bounder) float64 {
	if p.fault != nil {
		return 0
	}
	x, err := b.parse(w.text)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		p.fail(w, b.want, "%s is no such number", w.said())
	}
	return x
}

func (p *claimParser) margin() float64 {
	w := p.name("want a margin such as 5%")
	x, err := unit.ParseShare(w.text)
	if p.fault == nil && (err != nil || x <= 0 || x > 1) {
		p.fail(w, "want a margin such as 5%, more than 0 and at most 100%", "%s is no margin", w.said())
	}
	return x
}

func beginsNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '.')
}

func plainDecimal(s string) (float64, error) {
	if len(s) > 30 || strings.Trim(s, "-.0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// ratioBound is a bound of a ratio, levelBound of a factor's level, ownBound of
// what subjects print of themselves.
var (
	ratioBound = bounder{want: "want a ratio such as 2.8, more than 0", parse: func(s string) (float64, error) {
		x, err := plainDecimal(s)
		if err == nil && x <= 0 {
			err = strconv.ErrRange
		}
		return x, err
	}}
	levelBound = bounder{want: "want a level that is a number, such as 11", parse: plainDecimal}
	ownBound   = bounder{want: "want a number in the metric's own unit", parse: plainDecimal}
)

// boundOf returns how a bound of a metric is written: with its unit where it
// has one, and below zero too where differences are.
func boundOf(m Metric) bounder {
	signed := func(parse func(string) (float64, error), scale float64) func(string) (float64, error) {
		return func(s string) (float64, error) {
			digits, negative := strings.CutPrefix(s, "-")
			x, err := parse(digits)
			if negative {
				x = -x
			}
			return x * scale, err
		}
	}
	span := func(s string) (float64, error) {
		if s == strings.TrimRight(s, "smhnuµ") {
			return 0, strconv.ErrSyntax // is a bare number seconds, or the metric's unit?
		}
		d, err := unit.ParseDuration(s)
		return float64(d), err
	}
	switch m.Unit() {
	case "req/s":
		return bounder{signed(unit.ParseRate, 1), "want a rate per second such as 1000 or 2.5k"}
	case "ms":
		return bounder{signed(span, 1/float64(time.Millisecond)), "want a time with its unit, such as 50ms"}
	case "us":
		return bounder{signed(span, 1/float64(time.Microsecond)), "want a time with its unit, such as 50us"}
	case "%":
		return bounder{signed(unit.ParseShare, 100), "want a share such as 1%"}
	case "MiB":
		bytes := func(s string) (float64, error) { n, err := unit.ParseBytes(s); return float64(n), err }
		return bounder{signed(bytes, 1.0/(1<<20)), "want a number of bytes such as 64MiB"}
	}
	return ownBound
}
