package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Complaint is one thing that is wrong with a plan, and where.
type Complaint struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	What    string
	Want    string // what would be right
	Excerpt string // the line
}

// String renders the complaint over several lines: the place and what is wrong,
// the line with a caret below the place, and what would be right.
func (c Complaint) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", c.File, c.Line, c.Column, c.What)
	if c.Excerpt != "" {
		line, column := excerpt(c.Excerpt, c.Column)
		fmt.Fprintf(&b, "\n    %s\n    %s^", line, strings.Repeat(" ", column))
	}
	if c.Want != "" {
		fmt.Fprintf(&b, "\n    %s", c.Want)
	}
	return b.String()
}

// maxExcerpt is how many characters of a line are shown.
const maxExcerpt = 100

// excerpt returns a line fit to print and the number of characters before the
// column in it: tabs and control characters become spaces, and of a long line
// only the surroundings of the column are left.
func excerpt(line string, column int) (string, int) {
	rs := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, line))
	before := min(max(column-1, 0), len(rs))
	if len(rs) <= maxExcerpt {
		return string(rs), before
	}
	from := max(0, min(before-maxExcerpt/2, len(rs)-maxExcerpt))
	return string(rs[from : from+maxExcerpt]), before - from
}

// Complaints are everything that is wrong with a plan, in the order of the file.
type Complaints []Complaint

// Error renders all complaints, one after the other.
func (cs Complaints) Error() string {
	all := make([]string, len(cs))
	for i, c := range cs {
		all[i] = c.String()
	}
	return strings.Join(all, "\n")
}

// sorted returns the complaints in the order of the file, each once.
func (cs Complaints) sorted() Complaints {
	slices.SortStableFunc(cs, func(a, b Complaint) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := map[Complaint]bool{}
	return slices.DeleteFunc(cs, func(c Complaint) bool {
		twice := seen[c]
		seen[c] = true
		return twice
	})
}
