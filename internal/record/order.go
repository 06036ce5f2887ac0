package record

import (
	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// ahead is how many measurements are restored while f looks at one. Unpacking
// histograms is most of the work; two cores are what a machine has at least.
const ahead = 2

// inOrder restores the measurements, a few at a time beside each other, and
// hands them to f in order. It returns once everything it started has ended.
func (r *Record) inOrder(in *source, f func(*evidence.Measurement) error) error {
	type restored struct {
		m   *evidence.Measurement
		err error
	}
	var coming []chan restored
	var decoders [ahead]latency.Decoder // that of n was last used for n-ahead, which has been received
	start := func(n int) {
		c := make(chan restored, 1) // one value, then nothing: needs no closing
		coming = append(coming, c)
		go func() {
			m, err := r.read(in, n, &decoders[n%ahead])
			c <- restored{m, err}
		}()
	}
	for n := range min(ahead, len(r.lines)) {
		start(n)
	}
	var failed error
	for n := ahead; len(coming) > 0; n++ {
		next := <-coming[0]
		coming = coming[1:]
		if failed != nil {
			continue // only waiting for those that were under way
		}
		if n < len(r.lines) {
			start(n)
		}
		if failed = next.err; failed == nil {
			failed = f(next.m)
		}
	}
	return failed
}
