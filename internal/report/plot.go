package report

import (
	"math"
	"strings"
	"unicode/utf8"

	"webdyno/internal/unit"
)

const (
	mostPlotted  = 8  // levels of the main factor in a plot
	logFromRatio = 10 // largest to smallest value from which a plot is logarithmic
)

// plot draws the primary metric: a dot and its interval for each variant at each
// setting.
func (r *Report) plot(p *page) {
	groups, left := r.plotGroups()
	axis, ok := axisOf(groups)
	if !ok {
		return
	}
	label, text := 0, 0
	for _, g := range groups {
		for _, row := range g.rows {
			label = max(label, utf8.RuneCountInString(row.name()))
			text = max(text, utf8.RuneCountInString(row.text()))
		}
	}
	label = min(label, p.width/3)
	axis.width = p.width - 4 - label - 2 - 2 - text
	head := metricHead(r.Primary) + ", " + r.better(r.Primary)
	if axis.logs {
		head += ", logarithmic scale"
	}
	p.title(head)
	for _, g := range groups {
		if g.name != "" {
			p.line("  " + g.name)
		}
		for _, row := range g.rows {
			p.line("    " + pad(shorten(row.name(), label), label, 0) + "  " +
				axis.draw(row) + "  " + pad(row.text(), text, right))
		}
	}
	ends := unit.Quantity(axis.lo, r.rowUnit())
	far := unit.Quantity(axis.hi, r.rowUnit())
	gap := axis.width - utf8.RuneCountInString(ends) - utf8.RuneCountInString(far)
	p.line(p.styled("2", strings.Repeat(" ", 4+label+2)+ends+strings.Repeat(" ", max(1, gap))+far))
	if left > 0 {
		p.paragraph("  ", "Not drawn: "+unit.Count(int64(left))+" other settings; the tables and report.json have all.")
	}
}

func (r *Report) rowUnit() string { return r.shown }

// A plotGroup is the rows of one setting.
type plotGroup struct {
	name string
	rows []Row
}

// plotGroups returns the settings to draw, evenly chosen where there are many,
// and how many are left out.
func (r *Report) plotGroups() (groups []plotGroup, left int) {
	for _, row := range r.Rows {
		if row.Metric != r.Primary || !row.Value.Known() {
			continue
		}
		name := settingName(r.factors, row.Factors)
		if n := len(groups); n == 0 || groups[n-1].name != name {
			groups = append(groups, plotGroup{name: name})
		}
		g := &groups[len(groups)-1]
		g.rows = append(g.rows, row)
	}
	n := len(groups)
	if n <= mostPlotted {
		return groups, 0
	}
	var chosen []plotGroup
	for i := range mostPlotted {
		chosen = append(chosen, groups[i*(n-1)/(mostPlotted-1)])
	}
	return chosen, n - mostPlotted
}

// An axis maps values to columns.
type axis struct {
	lo, hi float64
	logs   bool
	width  int
}

func axisOf(groups []plotGroup) (axis, bool) {
	a := axis{lo: math.Inf(1), hi: math.Inf(-1)}
	for _, g := range groups {
		for _, row := range g.rows {
			for _, v := range []Number{row.Value, row.Lo, row.Hi} {
				if v.Known() {
					a.lo, a.hi = min(a.lo, v.X), max(a.hi, v.X)
				}
			}
		}
	}
	if math.IsInf(a.lo, 0) {
		return a, false
	}
	a.logs = a.lo > 0 && a.hi/a.lo >= logFromRatio
	if !a.logs {
		a.lo = min(a.lo, 0) // lengths can be compared only from zero
	}
	if a.hi == a.lo {
		a.hi = a.lo + 1
	}
	return a, true
}

// column returns where x lies, from 0 to width−1.
func (a axis) column(x float64) int {
	lo, hi := a.lo, a.hi
	if a.logs {
		lo, hi, x = math.Log(lo), math.Log(hi), math.Log(x)
	}
	c := int(math.Round((x - lo) / (hi - lo) * float64(a.width-1)))
	return min(max(c, 0), a.width-1)
}

// draw returns a row's line: ├─●─┤, the dot alone where there is no interval, a
// ring for what is known only from below.
func (a axis) draw(row Row) string {
	cells := []rune(strings.Repeat("·", a.width))
	at := a.column(row.Value.X)
	if row.Lo.Known() && row.Hi.Known() {
		lo, hi := a.column(row.Lo.X), a.column(row.Hi.X)
		for i := lo; i <= hi; i++ {
			cells[i] = '─'
		}
		if lo < at {
			cells[lo] = '├'
		}
		if hi > at {
			cells[hi] = '┤'
		}
	}
	cells[at] = '●'
	if row.Value.Kind == AtLeast || row.LowerBound || row.Bound {
		cells[at] = '○'
	}
	return string(cells)
}
