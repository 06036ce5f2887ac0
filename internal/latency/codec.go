package latency

import (
	"errors"
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxEncoded is the longest encoded histogram that Decode accepts, in bytes.
// The fullest possible histogram of ours takes about 420,000.
const MaxEncoded = 4 << 20

// MarshalText encodes the histogram as HdrHistogram does in its logs: V2,
// compressed, in base64. It fails only where a count exceeds 2⁶³−1.
func (h *Histogram) MarshalText() ([]byte, error) {
	if h.total > math.MaxInt64 {
		return nil, fmt.Errorf("encode histogram: %d durations, and the format holds %d", h.total, int64(math.MaxInt64))
	}
	s := &hdrhistogram.Snapshot{
		LowestTrackableValue:  Lowest,
		HighestTrackableValue: Highest,
		SignificantFigures:    int64(h.layout.digits()),
		Counts:                make([]int64, h.layout.size()),
	}
	for i, n := range h.cells {
		s.Counts[i] = int64(n)
	}
	return hdrhistogram.Import(s).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// UnmarshalText replaces the histogram by an encoded one; see Decode.
func (h *Histogram) UnmarshalText(b []byte) error {
	d, err := Decode(b)
	if err != nil {
		return err
	}
	*h = *d
	return nil
}

// Decode reads a histogram that MarshalText or another HdrHistogram V2 encoder
// wrote, in base64. The result is compact. One of a range or precision other
// than ours is counted anew with three digits, each bucket at its lowest value
// and clamped to our range. The bytes may come from strangers: whatever they
// are, Decode takes no more than some 100 MB and a second.
func Decode(text []byte) (*Histogram, error) { return new(Decoder).Decode(text) }

// Decode is as the function of that name, which sets up a Decoder for one
// histogram.
func (d *Decoder) Decode(text []byte) (*Histogram, error) {
	if len(text) > MaxEncoded {
		return nil, fmt.Errorf("decode histogram: %d bytes, more than the %d that are read", len(text), MaxEncoded)
	}
	if h := d.sparse(text); h != nil {
		return h, nil
	}
	foreign, err := hdrhistogram.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("decode histogram: %w", err)
	}
	if foreign == nil {
		return nil, errors.New("decode histogram: nothing in it")
	}
	s := foreign.Export()
	if r := s.IntegerToDoubleConversionRatio; r != 0 && r != 1 {
		return nil, fmt.Errorf("decode histogram: values are scaled by %g; only whole ones are read", r)
	}
	if l, ours := ourLayout(s); ours {
		return fromCounts(l, s.Counts), nil
	}
	h := New()
	for _, b := range foreign.Distribution() {
		if b.Count > 0 {
			h.RecordN(b.From, uint64(b.Count))
		}
	}
	h.Compact()
	return h, nil
}

// ourLayout tells whether the buckets of a foreign histogram are ours, and of
// which precision.
func ourLayout(s *hdrhistogram.Snapshot) (layout, bool) {
	if s.LowestTrackableValue != Lowest || s.HighestTrackableValue != Highest {
		return 0, false
	}
	for _, l := range []layout{threeDigits, twoDigits} {
		if s.SignificantFigures == int64(l.digits()) && len(s.Counts) == l.size() {
			return l, true
		}
	}
	return 0, false
}

func fromCounts(l layout, counts []int64) *Histogram {
	h := &Histogram{layout: l, counts: make([]uint64, len(counts))}
	for i, n := range counts {
		h.counts[i] = uint64(n)
		h.total += uint64(n)
	}
	h.Compact()
	return h
}
