package report

import (
	"io"

	"webdyno/internal/profile"
)

// JSON writes a profile as report.json has it, with the most costly functions as
// sorted: at most top of them, or all where top is 0.
func (p *Profiled) JSON(w io.Writer, order profile.Order, top int) error {
	c := *p
	if p.N > 0 {
		c.ProfileTable = TableOf(p.sum, order, top)
	}
	return writeJSON(w, &c)
}

// JSON writes a difference as report.json has it.
func (d *ProfileDifference) JSON(w io.Writer) error { return writeJSON(w, d) }
