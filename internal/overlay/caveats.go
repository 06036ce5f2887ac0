package overlay

import (
	"fmt"
	"strconv"
)

// Caveats say what of the curves of one file is not what it seems, as far as it
// shows in them. They are sentences without their full stop.
func Caveats(curves []Curve) []string {
	var all []string
	add := func(s string) {
		for _, have := range all {
			if have == s {
				return
			}
		}
		if s != "" {
			all = append(all, s)
		}
	}
	for i := range curves {
		c := &curves[i]
		switch c.Quantity {
		case Errors:
			add(c.aboveAll())
		case Deviation:
			add(c.oneSample())
			add(c.ceiling())
		case Response:
			add("its response times are means of the replies that came before a timeout, from the request's first byte, not from when it was due: late ones are missing")
		}
	}
	return all
}

// aboveAll tells errors of more than all.
func (c *Curve) aboveAll() string {
	for _, p := range c.Points {
		if p.Y > 100 {
			return "its errors are a percentage of the replies, not of the requests, and can exceed 100 (101 stands for no reply at all)"
		}
	}
	return ""
}

// oneSample tells deviations of a single sample.
func (c *Curve) oneSample() string {
	for _, p := range c.Points {
		if c.Unknown(p) {
			return "a standard deviation of 0 means that there was one 5-s sample only: it is unknown, and left out"
		}
	}
	return ""
}

// Unknown tells whether a point stands for a value that nobody knows.
func (c *Curve) Unknown(p Point) bool { return c.Quantity == Deviation && p.Y == 0 }

// ceiling tells the largest throughput that could be read. Points lasted for a
// number of connections: where the second 5-s sample ends, so many requests took
// 10 s, and in one sample of 5 s no more than all of them can be replied to.
func (c *Curve) ceiling() string {
	last := -1 // the highest rate of two samples
	for i, p := range c.Points {
		if !c.Unknown(p) {
			last = i
		}
	}
	if last < 0 || last == len(c.Points)-1 {
		return ""
	}
	const seconds, sample = 10, 5
	lo, hi := c.Points[last].X*seconds/sample, c.Points[last+1].X*seconds/sample
	whose := "its"
	if c.Label != "" {
		whose = c.Label + "'s"
	}
	return fmt.Sprintf("from %s/s on %s points are shorter than 10 s and have one 5-s sample: whatever the server did, throughput could not read more than about %s to %s/s there",
		plain(c.Points[last+1].X), whose, plain(lo), plain(hi))
}

func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
