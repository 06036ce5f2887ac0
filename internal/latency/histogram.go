// Package latency is a mergeable histogram of durations, and its encodings.
//
// The layout of the buckets is HdrHistogram's, so that histograms travel to and
// from other programs bucket by bucket: the first 2·half buckets are one
// nanosecond wide, and every half buckets after them are twice as wide as those
// before. Counting and asking are done here, encoding by hdrhistogram-go: its
// percentiles round the rank to the nearest where ours are the inverse of the
// distribution function, and its log reader and writer lose times.
//
// A histogram that is recorded into is an array of 264 KiB. One that is kept is
// compact: its filled buckets only, about a tenth of that. Reading never
// changes the form, so that many may read one histogram at once.
package latency

import (
	"math/bits"
	"slices"
	"time"
)

// The range of every histogram, in nanoseconds. Values outside are clamped to
// its ends: a longer time than an hour counts as an hour, a negative one as 0.
const (
	Lowest  = 1
	Highest = int64(time.Hour)
)

// A Histogram counts durations in nanoseconds, from 1 ns to 1 h. New ones keep
// three significant digits: a value read from one is within 0.1 % of the value
// recorded. It is not safe for concurrent use while it is being changed: each
// loop has its own. The zero Histogram is not of use.
type Histogram struct {
	layout layout
	total  uint64
	counts []uint64 // by bucket; nil while the histogram is compact
	filled []cell   // in ascending order; only while it is compact
}

// A cell is a bucket that is not empty.
type cell struct {
	index int32
	count uint64
}

// New returns an empty histogram of three digits.
func New() *Histogram { return newDense(threeDigits) }

// NewCoarse returns an empty histogram of two digits, an eighth the size.
func NewCoarse() *Histogram { return newDense(twoDigits) }

func newDense(l layout) *Histogram {
	return &Histogram{layout: l, counts: make([]uint64, l.size())}
}

// Record counts one duration of ns nanoseconds.
func (h *Histogram) Record(ns int64) { h.RecordN(ns, 1) }

// RecordN counts n durations of ns nanoseconds each.
func (h *Histogram) RecordN(ns int64, n uint64) {
	if h.counts == nil {
		h.spread()
	}
	h.counts[h.layout.index(min(max(ns, 0), Highest))] += n
	h.total += n
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Merge adds what other counted to h. Merging is associative and commutative,
// and equals recording everything in one histogram. A histogram of other
// precision is added bucket by bucket, at the lowest value of each. A nil other
// adds nothing. Two compact histograms of one precision make a compact one.
func (h *Histogram) Merge(other *Histogram) {
	if other == nil || other.total == 0 {
		return
	}
	if h.counts == nil && other.counts == nil && h.layout == other.layout {
		h.filled = zip(h.filled, other.filled)
		h.total += other.total
		return
	}
	if h.counts == nil {
		h.spread()
	}
	for i, n := range other.cells {
		if other.layout != h.layout {
			i = h.layout.index(min(other.layout.low(i), Highest))
		}
		h.counts[i] += n
	}
	h.total += other.total
}

// Reset forgets everything recorded.
func (h *Histogram) Reset() {
	clear(h.counts)
	h.filled = nil
	h.total = 0
}

// Compact drops the empty buckets. Recording into a compact histogram, or
// merging one into it that is not, brings them back; everything else works on it
// as it is.
func (h *Histogram) Compact() {
	h.filled = h.sparse()
	h.counts = nil
}

// Clone returns a compact copy that shares nothing with h.
func (h *Histogram) Clone() *Histogram {
	filled := h.sparse()
	if h.counts == nil {
		filled = slices.Clone(filled)
	}
	return &Histogram{layout: h.layout, total: h.total, filled: filled}
}

// sparse returns the filled buckets: h's own list of them if it is compact.
func (h *Histogram) sparse() []cell {
	if h.counts == nil {
		return h.filled
	}
	var filled []cell
	left := h.total
	for i := 0; left > 0; i++ { // most durations are short, and the rest is empty
		if c := h.counts[i]; c != 0 {
			filled = append(filled, cell{int32(i), c})
			left -= c
		}
	}
	return slices.Clip(filled)
}

// Equal tells whether the two have the same precision and counted the same. Two
// nil histograms are equal.
func (h *Histogram) Equal(other *Histogram) bool {
	if h == nil || other == nil {
		return h == other
	}
	if h.layout != other.layout || h.total != other.total {
		return false
	}
	return slices.Equal(h.sparse(), other.sparse())
}

// zip merges two ascending lists of cells into a new one.
func zip(a, b []cell) []cell {
	sum := make([]cell, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].index < b[0].index:
			sum, a = append(sum, a[0]), a[1:]
		case a[0].index > b[0].index:
			sum, b = append(sum, b[0]), b[1:]
		default:
			sum = append(sum, cell{a[0].index, a[0].count + b[0].count})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(sum, a...), b...)
}

// spread makes a compact histogram fit to be recorded into.
func (h *Histogram) spread() {
	h.counts = make([]uint64, h.layout.size())
	for _, c := range h.filled {
		h.counts[c.index] = c.count
	}
	h.filled = nil
}

// cells yields the filled buckets in ascending order.
func (h *Histogram) cells(yield func(int, uint64) bool) {
	for _, c := range h.filled {
		if !yield(int(c.index), c.count) {
			return
		}
	}
	for i, n := range h.counts {
		if n != 0 && !yield(i, n) {
			return
		}
	}
}

// A layout says which values share a bucket: the base-two logarithm of half the
// number of buckets of one width.
type layout uint8

const (
	threeDigits layout = 10 // 2048 buckets of 1 ns, as 2·10³ need
	twoDigits   layout = 7  // 256, as 2·10² need
)

// digits returns the significant decimal digits the layout keeps.
func (l layout) digits() int {
	if l == twoDigits {
		return 2
	}
	return 3
}

// size returns the number of buckets that reach from 0 to Highest.
func (l layout) size() int { return (l.index(Highest)>>l + 1) << l }

// index returns the bucket of a value from 0 to Highest.
func (l layout) index(v int64) int {
	width := bits.Len64(uint64(v)>>(l+1)) & 63 // its logarithm
	return width<<l + int(v>>width)
}

// low returns the lowest value of a bucket, in nanoseconds.
func (l layout) low(i int) int64 {
	width := l.width(i)
	return int64(i-width<<l) << width
}

// high returns the highest value of a bucket; not above Highest.
func (l layout) high(i int) int64 {
	return min(l.low(i)+1<<l.width(i)-1, Highest)
}

// width returns the base-two logarithm of a bucket's width.
func (l layout) width(i int) int { return max(i>>l-1, 0) }
