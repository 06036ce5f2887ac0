package report

import (
	"math"
	"strings"
	"unicode/utf8"

	"webdyno/internal/unit"
)

// A chart is curves over one axis, drawn with letters: what lies on one spot is a
// star.
type chart struct {
	title  string
	curves []curve
	times  bool // drawn on a logarithmic scale where the values span decades
}

type curve struct {
	mark   rune
	points []spot
}

type spot struct{ x, y float64 }

const (
	chartRows  = 8
	chartLabel = 6 // columns beside the frame
)

// lines draws the chart, width columns wide, over the axis from lo to hi.
func (c chart) lines(width int, lo, hi float64) []string {
	vertical := axis{lo: math.Inf(1), hi: math.Inf(-1), width: chartRows}
	for _, cv := range c.curves {
		for _, s := range cv.points {
			vertical.lo, vertical.hi = min(vertical.lo, s.y), max(vertical.hi, s.y)
		}
	}
	if math.IsInf(vertical.lo, 0) {
		return nil
	}
	vertical.logs = c.times && vertical.lo > 0 && vertical.hi/vertical.lo >= logFromRatio
	title := c.title
	if vertical.logs {
		title += ", log scale"
	} else {
		vertical.lo = min(vertical.lo, 0)
	}
	if vertical.hi == vertical.lo {
		vertical.hi = vertical.lo + 1
	}
	horizontal := axis{lo: lo, hi: hi, width: width - chartLabel - 2}
	grid := c.plot(vertical, horizontal)

	all := []string{shorten(title, width)}
	for i, row := range grid {
		label, frame := "", "│"
		switch i {
		case 0:
			label, frame = unit.Quantity(vertical.hi, ""), "┤"
		case chartRows - 1:
			label, frame = unit.Quantity(vertical.lo, ""), "┤"
		}
		all = append(all, pad(label, chartLabel, right)+" "+frame+string(row))
	}
	from, to := plainNumber(lo), plainNumber(hi)
	gap := max(1, horizontal.width-utf8.RuneCountInString(from)-utf8.RuneCountInString(to))
	return append(all, strings.Repeat(" ", chartLabel+2)+from+strings.Repeat(" ", gap)+to)
}

func (c chart) plot(vertical, horizontal axis) [][]rune {
	grid := make([][]rune, chartRows)
	for i := range grid {
		grid[i] = []rune(strings.Repeat(" ", horizontal.width))
	}
	for _, cv := range c.curves {
		for _, s := range cv.points {
			at := &grid[chartRows-1-vertical.column(s.y)][horizontal.column(s.x)]
			switch *at {
			case ' ', cv.mark:
				*at = cv.mark
			default:
				*at = '*'
			}
		}
	}
	return grid
}

// side writes two blocks of lines side by side.
func (p *page) side(a, b []string, width int) {
	for i := range max(len(a), len(b)) {
		l, r := "", ""
		if i < len(a) {
			l = a[i]
		}
		if i < len(b) {
			r = b[i]
		}
		p.line("  " + pad(l, width, left) + "  " + r)
	}
}
