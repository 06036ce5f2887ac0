package report

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"webdyno/internal/unit"
)

const (
	leastName = 24      // columns that names keep as long as other cells can be wrapped
	leastCell = 12      // columns of a cell that is wrapped
	mostExact = 100_000 // counts from here on are rounded
)

// leastOf returns how narrow each column may become. Figures are never cut, and
// their heads not within a word.
func leastOf(aligns []align, rows [][]string) []int {
	least := make([]int, len(aligns))
	shortest := leastName + 1
	defer func() {
		if least[0] = leastName; shortest > leastName { // each has a line of its own
			least[0] = 1
		}
	}()
	for n, row := range rows {
		if len(row) > 1 && n > 0 {
			shortest = min(shortest, utf8.RuneCountInString(row[0]))
		}
		for i, c := range row {
			switch {
			case len(row) == 1:
			case aligns[i] == left:
				least[i] = leastCell
			case n > 0:
				least[i] = max(least[i], utf8.RuneCountInString(c))
			default:
				for _, word := range strings.Fields(c) {
					least[i] = max(least[i], utf8.RuneCountInString(word))
				}
			}
		}
	}
	return least
}

// narrow makes columns fit a width: first the names, of which the long ones get a
// line of their own, then long heads and the widest of the cells that are set to
// the left, which are wrapped, and the names again.
func narrow(widths, least []int, room int) {
	over := -2 - room
	for _, w := range widths {
		if w > 0 {
			over += w + 2
		}
	}
	take := func(i, to int) {
		n := min(max(over, 0), max(widths[i]-to, 0))
		widths[i], over = widths[i]-n, over-n
	}
	take(0, least[0])
	for over > 0 {
		widest := 0
		for i := 1; i < len(widths); i++ {
			if widths[i] > least[i] && (widest == 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest == 0 {
			break
		}
		take(widest, widths[widest]-1)
	}
	take(0, 1)
}

// linesOf lays out a row: one line, and more where a name has its own or a cell is
// wrapped.
func linesOf(row []string, widths []int, aligns []align, room int) (lines []string) {
	cells := make([][]string, len(row))
	height := 1
	for i, c := range row {
		switch n := utf8.RuneCountInString(c); {
		case n <= widths[i]:
			cells[i] = []string{c}
		case i == 0:
			lines = append(lines, wrapped(strings.Join(words(c, room), " "), room)...)
			cells[i] = []string{""}
		default:
			cells[i] = wrapped(c, widths[i])
		}
		height = max(height, len(cells[i]))
	}
	for n := range height {
		var line strings.Builder
		for i := range row {
			if widths[i] == 0 {
				continue
			}
			cell := ""
			if n < len(cells[i]) {
				cell = cells[i][n]
			}
			line.WriteString(pad(cell, widths[i], aligns[i]) + "  ")
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// wrapped breaks s between words into lines of a width in runes. A word that is
// longer stands alone, whole.
func wrapped(s string, width int) []string {
	if utf8.RuneCountInString(s) <= width {
		return []string{s}
	}
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && utf8.RuneCountInString(lines[n-1])+1+utf8.RuneCountInString(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// counted writes a count whole, "1,080", as long as somebody might count after it.
func counted(n int) string {
	if n < 1000 || n >= mostExact {
		return unit.Count(int64(n))
	}
	return strconv.Itoa(n/1000) + "," + strconv.Itoa(1000 + n%1000)[1:]
}

// words returns the words of s, the names of variants that are longer than a width
// in parts that end with a comma.
func words(s string, width int) []string {
	var all []string
	for _, word := range strings.Fields(s) {
		for utf8.RuneCountInString(word) > width {
			r := []rune(word)
			cut := strings.LastIndex(string(r[:width]), ",") + 1
			if cut == 0 {
				break // a path, an address: to be copied whole
			}
			all, word = append(all, word[:cut]), word[cut:]
		}
		all = append(all, word)
	}
	return all
}
