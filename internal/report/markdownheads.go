package report

import (
	"slices"
	"strings"
)

// headed returns the heads of a flat table with a name for each column. The text
// goes without where a glance tells; a table that is read aloud, or pasted
// elsewhere, does not.
func headed(rows [][]string) []string {
	heads := slices.Clone(rows[0])
	names := []string{"subject", "value"}
	if len(heads) > 1 && heads[0] == "" && heads[1] == "" && !isFigure(rows, 1) {
		names = []string{"setting", "subject", "value"}
	}
	for i, h := range heads {
		switch {
		case h == "" && len(names) > 0:
			heads[i], names = names[0], names[1:]
			if heads[i] == "subject" && ofPairs(rows[1:], i) {
				heads[i] = "pair"
			}
		case h == "rank":
			heads[i] = "rank, group"
		}
	}
	return heads
}

// isFigure tells whether what a column has under its head are figures.
func isFigure(rows [][]string, i int) bool {
	for _, row := range rows[1:] {
		if c := strings.TrimLeft(row[i], "≥≤<>~ −-"); c != "" && (c[0] < '0' || c[0] > '9') {
			return false
		}
	}
	return true
}

// ofPairs tells whether a column names pairs: "go : node".
func ofPairs(rows [][]string, i int) bool {
	return slices.ContainsFunc(rows, func(row []string) bool { return strings.Contains(row[i], " : ") })
}
