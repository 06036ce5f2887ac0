package serve

import "strconv"

// A classifier counts, over the bytes it is shown, those that are close to some
// byte of each of four strings, and all of them. It is the workload of the
// handler-work study: what an unremarkable piece of business logic costs,
// written as its author would write it.
//
// The shape is part of the workload: a byte at a time, four calls for each, an
// inner loop that stops at the first byte close enough. A table of 256 entries
// would answer the same and measure something else.
type classifier struct {
	navytux, nexedi, lab, erp5 int
	total                      int
}

const (
	navytux = "navytux.spb.ru"
	nexedi  = "www.nexedi.com"
	lab     = "lab.nexedi.com"
	erp5    = "www.erp5.com"
)

// Classify returns the answer to a request for target: a line for each string
// with the number of the target's bytes close to it, and a line with the
// number of all bytes.
func Classify(target string) string {
	var c classifier
	for i := range len(target) {
		c.classify(target[i])
	}
	return c.answer()
}

// classify counts one byte.
func (c *classifier) classify(b byte) {
	if c.isClose(b, navytux) {
		c.navytux++
	}
	if c.isClose(b, nexedi) {
		c.nexedi++
	}
	if c.isClose(b, lab) {
		c.lab++
	}
	if c.isClose(b, erp5) {
		c.erp5++
	}
	c.total++
}

// isClose tells whether some byte of s is at most 1 away from b. The distance
// is taken in int8, as in the study. It wraps, and no byte is misjudged for it:
// the strings' bytes lie between 46 and 120, where b-1, b and b+1 cannot.
func (c *classifier) isClose(b byte, s string) bool {
	for i := range len(s) {
		d := int8(b - s[i])
		if -1 <= d && d <= 1 {
			return true
		}
	}
	return false
}

func (c *classifier) answer() string {
	return navytux + ":\t" + strconv.Itoa(c.navytux) + "\n" +
		nexedi + ":\t" + strconv.Itoa(c.nexedi) + "\n" +
		lab + ":\t" + strconv.Itoa(c.lab) + "\n" +
		erp5 + ":\t" + strconv.Itoa(c.erp5) + "\n" +
		"total:\t" + strconv.Itoa(c.total) + "\n"
}
