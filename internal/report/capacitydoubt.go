package report

import (
	"fmt"
	"math"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// What a trial of a search must be for its verdict to mean what the goal says.
const (
	// enoughLost is how many requests of a trial must be allowed to be lost: the
	// rule by which a percentile is printed at all.
	enoughLost = 10
	// leastLost is where a trial cannot tell any more: below it a single lost
	// request is more than the goal allows, and of n requests a staircase that ends
	// where half of the trials lose none stands at a loss of 1−0.5^(1/n) per
	// request, of 3 % where n is 23, and not at 1 %.
	leastLost = 1
	// longWindow is how many times its longest bound a window must be. A server
	// asked for a share e more than it can do is behind by e × window at its end:
	// of a window of 20 bounds that is more than the bound from 5 % on, while in one
	// of 5 bounds it can be asked for a fifth too much and nobody sees it.
	longWindow = 20
)

// doubt notes what speaks against a capacity: it has no value, its trials had too
// few requests or were too short for its goal, or were invalid.
func (c *Capacity) doubt(goal plan.Goal, window time.Duration, invalid int) {
	if !c.Value.Known() {
		c.note("no-capacity", evidence.X, "no round came to a figure%s", c.whyNone())
	}
	if rate := c.about(); rate > 0 && goal.Least() > 0 {
		n := rate * window.Seconds()
		const words = "about %s requests a trial, of which the goal lets %s be lost: %s"
		switch lost := n * goal.Least(); {
		case lost < leastLost:
			c.Certified = false
			c.note("too-few-requests", evidence.L, words, unit.Number(n), unit.Number(lost),
				fmt.Sprintf("half of the trials lose none at a loss of %s each; a window of %s would do", unit.Share(noneLost(n)), roughly(enoughLost/goal.Least()/rate)))
		case lost < enoughLost:
			c.note("few-requests", evidence.B, words, unit.Number(n), unit.Number(lost),
				fmt.Sprintf("fewer than %d; a window of %s would do", enoughLost, roughly(enoughLost/goal.Least()/rate)))
		}
	}
	if longest := goal.Longest(); window < longWindow*longest {
		c.Certified = false
		c.note("short-window", evidence.L, "a window of %v is %s times the bound of %v, and not %d: a queue that grows beyond it takes longer to do so, and the server may be able to do less",
			window, unit.Number(float64(window)/float64(longest)), longest, longWindow)
	}
	if invalid > 0 {
		c.note("trials-not-booked", evidence.B, "%s of its search %s invalid to the last repeat, and said nothing of any rate", plural(invalid, "trial"), wasWere(invalid))
	}
}

// whyNone says why there is no figure, as far as the bracket tells.
func (c *Capacity) whyNone() string {
	switch {
	case c.Lower.Known() && c.Upper.Known():
		return ": the staircases were broken off, or too many of their trials are invalid"
	case c.Lower.Known():
		return ": the goal was kept at every rate tried"
	case c.Upper.Known():
		return ": the goal was kept at no rate tried"
	}
	return ": no trial of the search could be booked"
}

// about is the rate that the figure or, without one, the bracket is about; 0 if
// there is none.
func (c *Capacity) about() float64 {
	for _, v := range []Number{c.Value, c.Lower, c.Upper} {
		if v.Known() {
			return v.X
		}
	}
	return 0
}

func (c *Capacity) note(kind string, g evidence.Grade, format string, args ...any) {
	c.Notes = append(c.Notes, evidence.Note{Kind: kind, Grade: g, Text: fmt.Sprintf(format, args...)})
	c.Grade = max(c.Grade, g)
}

// noneLost is the loss of each request at which half of the trials of n lose none.
func noneLost(n float64) float64 { return 1 - math.Pow(.5, 1/n) }

// roughly says a time that need not be exact.
func roughly(s float64) string { return unit.Number(math.Ceil(s*10)/10) + " s" }

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// capacityDoubts write what speaks against each capacity.
func (r *Report) capacityDoubts(p *page) {
	for i := range r.Capacities {
		c := &r.Capacities[i]
		for _, n := range c.Notes {
			at := c.Goal
			if s := settingName(r.factors, c.Factors); s != "" {
				at += ", " + s
			}
			p.paragraph("  ", fmt.Sprintf("%s: %s, %s: %s.", n.Grade, c.name(), at, n.Text))
		}
	}
}
