package serve

// A table tells for each byte which of the four strings it is close to: bit i
// for the i-th. It is what someone writes who was asked to make the classifier
// fast; it answers the same, and measures something else.
type table [256]uint8

func newTable() *table {
	t := new(table)
	var c classifier
	for b := range t {
		for i, s := range []string{navytux, nexedi, lab, erp5} {
			if c.isClose(byte(b), s) {
				t[b] |= 1 << i
			}
		}
	}
	return t
}

// classify returns what [Classify] does, by one look-up for each byte.
func (t *table) classify(target string) string {
	var of [16]int // how many bytes are close to just these strings
	for i := range len(target) {
		of[t[target[i]]]++
	}
	c := classifier{total: len(target)}
	for set, n := range of {
		c.navytux += n * (set & 1)
		c.nexedi += n * (set >> 1 & 1)
		c.lab += n * (set >> 2 & 1)
		c.erp5 += n * (set >> 3)
	}
	return c.answer()
}
