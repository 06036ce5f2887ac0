package report

import (
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

const (
	mostRates   = 20 // lines of a table of curves; those at a knee come on top
	mostLetters = 26 // curves in a chart
	fewestRates = 3  // of a curve worth drawing
)

// rateCurves writes the curves over the offered rate, a part for each choice of
// the other factors.
func (r *Report) rateCurves(p *page, short bool) {
	r.eachRateSweep(func(s *sweepText, title string) {
		p.title(title)
		s.kneeLines(p)
		if len(s.sweep.points) >= fewestRates {
			s.charts(p)
		}
		if !short {
			s.tables(p)
		}
	})
}

// eachRateSweep calls f with every sweep over rates that has figures, and its
// title.
func (r *Report) eachRateSweep(f func(s *sweepText, title string)) {
	if len(r.rateSweeps) == 0 {
		return
	}
	rows := r.indexed()
	for _, sw := range r.rateSweeps {
		s := sweepText{r: r, sweep: sw, rows: rows}
		s.names()
		if len(s.whos) == 0 {
			continue
		}
		title := "Under rising rates"
		if at := phrase(r.factors, sw.others); at != "" {
			title += ", " + at
		}
		f(&s, title)
	}
}

// curved tells whether the report has curves over rates, which then stand for the
// plot of figures.
func (r *Report) curved() bool {
	return slices.ContainsFunc(r.rateSweeps, func(s sweep) bool { return len(s.points) >= fewestRates })
}

// A rowKey finds a row.
type rowKey struct {
	metric    plan.Metric
	who, when string
}

func (r *Report) indexed() map[rowKey]*Row {
	rows := map[rowKey]*Row{}
	for i := range r.Rows {
		row := &r.Rows[i]
		rows[rowKey{row.Metric, row.name(), settingName(r.factors, row.Factors)}] = row
	}
	return rows
}

// A sweepText lays one sweep over rates out.
type sweepText struct {
	r     *Report
	sweep sweep
	rows  map[rowKey]*Row
	whos  []string // those that have a figure in it, in the report's order
}

func (s *sweepText) names() {
	for i := range s.r.Rows {
		row := &s.r.Rows[i]
		if row.Metric != plan.Throughput || slices.Contains(s.whos, row.name()) {
			continue
		}
		for _, pt := range s.sweep.points {
			if s.at(plan.Throughput, row.name(), pt) != nil {
				s.whos = append(s.whos, row.name())
				break
			}
		}
	}
}

func (s *sweepText) at(m plan.Metric, who string, pt point) *Row {
	return s.rows[rowKey{m, who, settingName(s.r.factors, pt.setting.factors)}]
}

// kneeLines say where each variant bends.
func (s *sweepText) kneeLines(p *page) {
	here := phrase(s.r.factors, s.sweep.others)
	first := true
	for i := range s.r.Knees {
		k := &s.r.Knees[i]
		if phrase(s.r.factors, k.Factors) != here {
			continue
		}
		if first {
			p.paragraph("  ", "Knee, the first rate that misses "+strings.Join(k.Goals, " or ")+":")
			first = false
		}
		p.paragraph("    ", k.sentence())
	}
}

// quantities are the curves of the study of 2012, and what they are called here.
var quantities = [...]struct {
	metric plan.Metric
	title  string
	times  bool
}{
	{plan.Throughput, "answered rightly, per second", false},
	{plan.ResponseP99, "p99 response time, ms", true},
	{plan.Errors, "failed, % of those due", false},
	{plan.Deviation, "standard deviation of throughput, /s", false},
}

func mark(i int) rune { return rune('A' + i) }

// charts draws the four curves, all variants in each.
func (s *sweepText) charts(p *page) {
	p.line("")
	for i, who := range s.whos[:min(len(s.whos), mostLetters)] {
		p.line("  " + string(mark(i)) + "  " + who)
	}
	if n := len(s.whos) - mostLetters; n > 0 {
		p.line(fmt.Sprintf("  and %d more, in the tables alone", n))
	}
	points := s.sweep.points
	lo, hi := points[0].level, points[len(points)-1].level
	width := (p.width - 4) / 2
	var drawn [][]string
	for _, q := range quantities {
		c := chart{title: q.title, times: q.times}
		for i, who := range s.whos[:min(len(s.whos), mostLetters)] {
			c.curves = append(c.curves, curve{mark(i), s.spots(q.metric, who)})
		}
		if lines := c.lines(width, lo, hi); lines != nil {
			drawn = append(drawn, lines)
		}
	}
	for pair := range slices.Chunk(drawn, 2) {
		p.line("")
		p.side(pair[0], slices.Concat(pair[1:]...), width)
	}
	p.paragraph("  ", "Over the offered rate, requests per second. * stands for several; times beyond the timeout are drawn at it.")
}

func (s *sweepText) spots(m plan.Metric, who string) []spot {
	var all []spot
	for _, pt := range s.sweep.points {
		if row := s.at(m, who, pt); row != nil && row.Value.Known() {
			all = append(all, spot{pt.level, row.Value.X})
		}
	}
	return all
}

// The columns of one variant in a table of curves.
const (
	bandHead  = "  right     p50     p99    err   dev"
	bandWidth = 36
)

// tables writes the figures, as many variants side by side as there is room for.
func (s *sweepText) tables(p *page) {
	const rate = 8
	abreast := max(1, (p.width-rate)/bandWidth)
	shown := s.chosen()
	doubtful := false
	for whos := range slices.Chunk(s.whos, abreast) {
		p.line("")
		names, heads := strings.Repeat(" ", rate), pad("offered", rate, right)
		for _, who := range whos {
			names += pad("  "+shorten(who, bandWidth-2), bandWidth, left)
			heads += bandHead
		}
		p.line(names)
		p.line(p.styled("2", heads))
		for _, pt := range shown {
			line := pad(plainNumber(pt.level), rate, right)
			for _, who := range whos {
				cells, doubt := s.band(who, pt)
				line += cells
				doubtful = doubtful || doubt
			}
			p.line(line)
		}
	}
	text := "Medians over rounds: right answers per second, p50 and p99 of response time in ms, failed requests in % of those due, standard deviation of throughput between seconds. Intervals are in report.json."
	if n := len(s.sweep.points) - len(shown); n > 0 {
		text += " So are the other " + plural(n, "rate") + "."
	}
	if doubtful {
		text += " ! marks times that are not to be trusted (grade L)."
	}
	p.paragraph("  ", text)
}

// band writes a variant's cells at one rate.
func (s *sweepText) band(who string, pt point) (cells string, doubt bool) {
	widths := [...]int{7, 8, 8, 7, 6}
	for i, m := range [...]plan.Metric{plan.Throughput, plan.ResponseP50, plan.ResponseP99, plan.Errors, plan.Deviation} {
		text := "–"
		if row := s.at(m, who, pt); row != nil && row.Value.Known() {
			text = unit.Number(row.Value.X)
			if row.Value.Kind == AtLeast || i == 0 && row.LowerBound {
				text = "≥" + text
			}
			if ofTimes(m) && row.Grade == evidence.L {
				text, doubt = text+"!", true
			}
		} else if i == 0 && s.fellAt(who, pt) {
			text = "fell"
		}
		cells += pad(text, widths[i], right)
	}
	return cells, doubt
}

func (s *sweepText) fellAt(who string, pt point) bool {
	here := settingName(s.r.factors, pt.setting.factors)
	return slices.ContainsFunc(s.r.Falls, func(f Fall) bool {
		return f.name() == who && settingName(s.r.factors, f.Factors) == here
	})
}

// chosen returns the rates of a table: evenly spread, and those on either side of
// a knee.
func (s *sweepText) chosen() []point {
	points := s.sweep.points
	n := len(points)
	if n <= mostRates {
		return points
	}
	wanted := map[float64]bool{}
	for i := range mostRates {
		wanted[points[i*(n-1)/(mostRates-1)].level] = true
	}
	here := phrase(s.r.factors, s.sweep.others)
	for i := range s.r.Knees {
		k := &s.r.Knees[i]
		if phrase(s.r.factors, k.Factors) == here {
			wanted[k.Kept.X], wanted[k.At.X] = true, true
		}
	}
	var kept []point
	for _, pt := range points {
		if wanted[pt.level] {
			kept = append(kept, pt)
		}
	}
	return kept
}
