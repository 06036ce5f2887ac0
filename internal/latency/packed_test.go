package latency

import (
	"math/rand/v2"
	"testing"
)

// To pack histograms and add them up is to merge them.
func TestPacked(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, fresh := range []func() *Histogram{New, NewCoarse} {
		want := fresh()
		var packed []Packed
		for range 4 {
			h := fresh()
			for range random.IntN(3000) {
				h.RecordN(int64(random.ExpFloat64()*1e7), 1+uint64(random.IntN(1000)))
			}
			h.RecordN(Highest, 1<<60)
			want.Merge(h)
			packed = append(packed, h.Pack(), Packed{})
			if p := h.Pack(); p.Count() != h.Count() || !Sum(p).Equal(h) {
				t.Errorf("%d of %d came back, or elsewhere", p.Count(), h.Count())
			}
			h.Compact()
			if !Sum(h.Pack()).Equal(h) {
				t.Error("a compact one came back as another")
			}
		}
		if got := Sum(packed...); !got.Equal(want) {
			t.Errorf("%d in the sum, want %d, or they lie elsewhere", got.Count(), want.Count())
		}
	}
	if got := Sum(Packed{}, (*Histogram)(nil).Pack(), New().Pack()); got != nil {
		t.Errorf("the sum of nothing counts %d", got.Count())
	}
}

// What is of another precision is added at the lowest value of each bucket.
func TestPackedOfAnotherPrecision(t *testing.T) {
	fine, coarse := New(), NewCoarse()
	fine.RecordN(123_456, 7)
	coarse.RecordN(654_321, 3)
	want := fine.Clone()
	want.Merge(coarse)
	if got := Sum(fine.Pack(), coarse.Pack()); !got.Equal(want) {
		t.Errorf("from %v to %v, want %v to %v", got.Min(), got.Max(), want.Min(), want.Max())
	}
}
