package latency

import (
	"bytes"
	"encoding/binary"
)

// A Packed is a histogram that nobody records into any more, in as few bytes as
// serve: of each filled bucket the distance from the one before, and its count. It
// takes about a sixth of a compact Histogram, and can only be added up. The zero
// Packed is of nothing. It may be copied, and read by several at once.
type Packed struct {
	layout layout // 0 where nothing was counted
	total  uint64
	cells  []byte
}

// Pack returns what h counted; nothing if h is nil.
func (h *Histogram) Pack() Packed {
	if h == nil || h.total == 0 {
		return Packed{}
	}
	filled := h.sparse()
	p := Packed{layout: h.layout, total: h.total}
	cells := make([]byte, 0, 4*len(filled))
	last := int32(0)
	for _, c := range filled {
		cells = binary.AppendUvarint(cells, uint64(c.index-last))
		cells = binary.AppendUvarint(cells, c.count)
		last = c.index
	}
	p.cells = bytes.Clone(cells) // without the room that it did not need
	return p
}

// Count returns how many durations were recorded.
func (p Packed) Count() uint64 { return p.total }

// AddTo adds what is packed to h, as Merge does.
func (p Packed) AddTo(h *Histogram) {
	if p.total == 0 {
		return
	}
	if h.counts == nil {
		h.spread()
	}
	i := 0
	for cells := p.cells; len(cells) > 0; {
		step, n := uvarint(cells)
		count, k := uvarint(cells[n:])
		cells = cells[n+k:]
		i += int(step)
		if h.layout == p.layout {
			h.counts[i] += count
		} else {
			h.counts[h.layout.index(min(p.layout.low(i), Highest))] += count
		}
	}
	h.total += p.total
}

// uvarint reads a number; nearly all are of one byte.
func uvarint(b []byte) (uint64, int) {
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// Sum returns a compact histogram of everything in the packed ones, of the
// precision of the first that is not empty; nil if all are.
func Sum(packed ...Packed) *Histogram {
	var sum *Histogram
	for _, p := range packed {
		if sum == nil && p.total > 0 {
			sum = newDense(p.layout)
		}
		if sum != nil {
			p.AddTo(sum)
		}
	}
	if sum != nil {
		sum.Compact()
	}
	return sum
}
