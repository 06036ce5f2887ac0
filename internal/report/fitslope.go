package report

import (
	"fmt"
	"math"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// A Slope sets the lines of two variants against each other: how many times as
// much a unit of N costs A as it costs B, which is what the ratio of the two
// tends to as N grows, and the N at which the lines meet.
type Slope struct {
	A        Who         `json:"a"`
	B        Who         `json:"b"`
	Factors  Factors     `json:"factors,omitempty"` // the other factors
	Metric   plan.Metric `json:"metric"`
	Response string      `json:"response"`
	Factor   string      `json:"factor"`

	Ratio Number `json:"ratio"` // of A's b to B's
	Lo    Number `json:"lo"`
	Hi    Number `json:"hi"`

	Meet   Number `json:"meet"` // (a_B − a_A) ÷ (b_A − b_B), where it lies between the levels measured
	MeetLo Number `json:"meet_lo"`
	MeetHi Number `json:"meet_hi"`

	N      int    `json:"n"`                 // rounds that both have a line of
	WhyNot string `json:"why_not,omitempty"` // there is no ratio
}

// slopes pairs the lines of one sweep. Lines that were shown to be none are
// paired with nothing.
func (t *table) slopes(all []*lines) []Slope {
	var slopes []Slope
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.kind.says == b.kind.says && a.variant != b.variant && !a.crooked && !b.crooked && !a.variant.bound && !b.variant.bound {
				slopes = append(slopes, t.slope(a, b))
			}
		}
	}
	return slopes
}

// slope pairs two variants' lines by round. Where a slope is not above zero in
// some round there is no ratio of that round, and leaving it out would choose
// rounds by their values.
func (t *table) slope(a, b *lines) Slope {
	s := Slope{A: a.variant.Who, B: b.variant.Who, Factors: a.sweep.others, Metric: a.kind.metric,
		Response: a.kind.says, Factor: a.sweep.factor}
	var logs, meets []float64
	flat, turned := 0, map[bool]bool{}
	for _, ra := range a.rounds {
		for _, rb := range b.rounds {
			if ra.round != rb.round {
				continue
			}
			s.N++
			la, lb := ra.line, rb.line
			if la.B > 0 && lb.B > 0 {
				logs = append(logs, math.Log(la.B/lb.B))
			} else {
				flat++
			}
			turned[la.B > lb.B] = true
			meets = append(meets, (lb.A-la.A)/(la.B-lb.B))
		}
	}
	if flat > 0 {
		s.WhyNot = fmt.Sprintf("in %d of %s one of the two does not grow", flat, plural(s.N, "round"))
	} else if e, _ := stat.HodgesLehmann(logs, t.confidence()); s.N > 0 {
		e = e.Exp()
		s.Ratio, s.Lo, s.Hi = exactly(e.Value), exactly(e.Lo), exactly(e.Hi)
	}
	points := a.sweep.points
	if e, _ := stat.HodgesLehmann(meets, t.confidence()); len(turned) == 1 && e.Value >= points[0].level && e.Value <= points[len(points)-1].level {
		s.Meet, s.MeetLo, s.MeetHi = exactly(e.Value), exactly(e.Lo), exactly(e.Hi)
	}
	return s
}

// fitTables writes the lines, of each cost by itself.
func (r *Report) fitTables(p *page) {
	for _, response := range []string{costSays, capacitySays} {
		r.fitTable(p, response)
	}
}

func (r *Report) fitTable(p *page, response string) {
	rows := [][]string{{"", "a", "95 % interval", "b", "95 % interval", "rounds", "off by"}}
	last := ""
	for _, f := range r.Fits {
		if f.Response != response {
			continue
		}
		over := "a + b × " + f.Factor
		if at := phrase(r.factors, f.Factors); at != "" {
			over += ", " + at
		}
		if over != last {
			rows, last = append(rows, []string{over}), over
		}
		rows = append(rows, []string{f.name(),
			f.A.in(f.Unit), interval(f.ALo, f.AHi, f.Unit),
			f.B.in(f.Unit), interval(f.BLo, f.BHi, f.Unit),
			fmt.Sprint(f.N), unit.Share(f.WorstResidual)})
	}
	if len(rows) == 1 {
		return
	}
	p.title(strings.ToUpper(response[:1]) + response[1:] + ", as a line over a factor")
	p.columns([]align{left, right, left, right, left, right, right}, rows)
	if response == costSays { // those of the second response are in report.json
		r.slopeLines(p, response)
	}
}

// slopeLines writes what each pair's lines come to, below the table of fits.
func (r *Report) slopeLines(p *page, response string) {
	for _, s := range r.Slopes {
		if s.Response != response {
			continue
		}
		p.paragraph("  ", s.sentence(r.factors))
	}
}

// sentence says what the two lines come to.
func (s *Slope) sentence(factors []string) string {
	text := s.A.name() + " : " + s.B.name() + space(phrase(factors, s.Factors)) + ": "
	if s.WhyNot != "" {
		return text + "no ratio of b, for " + s.WhyNot + "."
	}
	text += "ratio of b " + s.Ratio.in("") + inBrackets(s.Lo, s.Hi)
	if s.Meet.Known() {
		text += fmt.Sprintf("; the lines meet at %s = %s%s", s.Factor, s.Meet.in(""), inBrackets(s.MeetLo, s.MeetHi))
	}
	return text + "."
}

// inBrackets writes an interval behind a figure, " (21 to 22)"; nothing if there
// is none.
func inBrackets(lo, hi Number) string {
	if !lo.Known() || !hi.Known() {
		return ""
	}
	return " (" + span(lo, hi, "") + ")"
}
