package screen

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"webdyno/internal/report"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// The columns of the standings, blanks before them included.
const (
	placeWidth    = 6
	figureWidth   = 14
	plusWidth     = 8
	intervalWidth = 20
	narrowWidth   = 10
	leastPlot     = 12
	mostPlot      = 40
)

// ranking writes where the subjects stand at one setting: place, figure, interval,
// how the interval has narrowed, and a picture of all intervals.
func (m *Model) ranking(s *sheet, rows []report.Row, lines int) {
	s.line()
	if len(m.found) > 0 {
		m.capacities(s, lines)
		return
	}
	if len(rows) == 0 {
		s.put(faint, "standings: after the first round")
		return
	}
	room := s.size.Columns - 1
	names := min(m.nameWidth(room), max(room-placeWidth-figureWidth, 8))
	left := room - placeWidth - names - figureWidth
	has := func(n int) bool {
		if left < n {
			return false
		}
		left -= n
		return true
	}
	plus, interval := has(plusWidth), has(intervalWidth)
	plot := 0
	if left >= leastPlot {
		plot = min(left, mostPlot)
		left -= plot
	}
	narrow := has(narrowWidth)
	m.standHead(s, rows[0])
	scale := scaleOf(rows)
	for i, r := range rows {
		if i == lines {
			s.end(faint, fmt.Sprintf("%d more", len(rows)-i))
			return
		}
		s.line()
		s.left(faint, "  "+places(r.Rank), placeWidth)
		s.left(plain, r.Name(), names)
		s.right(strong, r.Shown(), figureWidth)
		if plus {
			s.right(inkOfWidth(r), widthText(r), plusWidth)
		}
		if interval {
			s.right(faint, intervalText(r), intervalWidth)
		}
		if plot > 0 {
			s.to(s.at + 1)
			s.plot(scale, r, plot-1)
		}
		if narrow {
			s.to(s.at + 2)
			s.spark(faint, m.narrowing[r.Name()+" "+r.Setting()], narrowWidth-2)
		}
	}
}

// capacities writes what a search has found, a line for each subject and goal.
func (m *Model) capacities(s *sheet, lines int) {
	s.put(faint, "capacities found after "+rounds(m.ended))
	for i := range m.found {
		if i == lines {
			s.end(faint, fmt.Sprintf("%d more", len(m.found)-i))
			return
		}
		s.line()
		s.put(plain, "  "+m.found[i].Found())
	}
}

func (m *Model) standHead(s *sheet, r report.Row) {
	after := "after " + rounds(m.ended)
	if m.ended == 0 {
		after = "so far" // of the record that is gone on with
	}
	s.put(faint, "standings "+after+": "+strings.ReplaceAll(string(r.Metric), "_", " "))
	if name := m.settings[m.shownSetting()]; name != "" {
		s.put(faint, " at "+name)
	}
	if need := stat.MinFor(report.Level); r.N < need {
		s.end(faint, fmt.Sprintf("intervals from round %d on", need))
	}
}

func places(rank []int) string {
	switch {
	case len(rank) < 2:
		return ""
	case rank[0] == rank[1]:
		return strconv.Itoa(rank[0])
	}
	return fmt.Sprintf("%d–%d", rank[0], rank[1])
}

func widthText(r report.Row) string {
	w, ok := r.HalfWidth()
	if !ok {
		return ""
	}
	return "±" + unit.Share(w)
}

func inkOfWidth(r report.Row) ink {
	if w, ok := r.HalfWidth(); ok && w <= 0.02 {
		return good
	}
	return plain
}

func intervalText(r report.Row) string {
	lo, hi := r.Interval()
	if lo == "" {
		return ""
	}
	lo, _, _ = strings.Cut(lo, " ")
	hi, _, _ = strings.Cut(hi, " ")
	return lo + " to " + hi
}

// A scale is what the ends of the plot stand for.
type scale struct{ lo, hi float64 }

func scaleOf(rows []report.Row) scale {
	c := scale{math.Inf(1), math.Inf(-1)}
	for _, r := range rows {
		for _, n := range []report.Number{r.Value, r.Lo, r.Hi} {
			if n.Known() {
				c.lo, c.hi = min(c.lo, n.X), max(c.hi, n.X)
			}
		}
	}
	return c
}

// at returns the column of x, of so many.
func (c scale) at(x float64, columns int) int {
	if c.hi <= c.lo {
		return columns / 2
	}
	return min(int((x-c.lo)/(c.hi-c.lo)*float64(columns)), columns-1)
}

// plot draws a figure and its interval.
func (s *sheet) plot(c scale, r report.Row, columns int) {
	if !r.Value.Known() {
		s.to(s.at + columns)
		return
	}
	cells := []rune(strings.Repeat(" ", columns))
	if r.Lo.Known() && r.Hi.Known() {
		a, b := c.at(r.Lo.X, columns), c.at(r.Hi.X, columns)
		for i := a; i <= b; i++ {
			cells[i] = '─'
		}
		if b > a {
			cells[a], cells[b] = '├', '┤'
		}
	}
	cells[c.at(r.Value.X, columns)] = '●'
	s.put(marked, string(cells))
}
