package latency

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// The layout has to be HdrHistogram's to the bucket, or what we write means
// something else to everybody else.
func TestLayoutIsHdrHistograms(t *testing.T) {
	for _, h := range []*Histogram{New(), NewCoarse()} {
		theirs := hdrhistogram.New(Lowest, Highest, h.layout.digits())
		if got, want := h.layout.size(), len(theirs.Export().Counts); got != want {
			t.Fatalf("%d digits: %d buckets, want %d", h.layout.digits(), got, want)
		}
		if err := theirs.RecordValue(Highest); err != nil { // it lists buckets up to the last that is filled
			t.Fatal(err)
		}
		for i, bar := range theirs.Distribution() {
			low, high := h.layout.low(i), h.layout.high(i)
			if low != bar.From || high != min(bar.To, Highest) {
				t.Fatalf("bucket %d: got %d to %d, want %d to %d", i, low, high, bar.From, bar.To)
			}
			if h.layout.index(low) != i || h.layout.index(high) != i {
				t.Fatalf("values %d and %d are not in bucket %d", low, high, i)
			}
		}
	}
	// HdrHistogram_c: the counts array of (1, 3.6·10⁹, 3) has 23,552 places.
	if got := len(hdrhistogram.New(1, 3_600_000_000, 3).Export().Counts); got != 23_552 {
		t.Errorf("the library's own geometry: %d places, want 23552", got)
	}
	if got := (threeDigits.index(3_600_000_000)>>threeDigits + 1) << threeDigits; got != 23_552 {
		t.Errorf("ours for the same range: %d places, want 23552", got)
	}
}

// HdrHistogram_c's unit values: 10,000 of 1000 and one of 10⁸.
func TestRawUnitValues(t *testing.T) {
	h := New()
	h.RecordN(1000, 10_000)
	h.Record(100_000_000)
	for p, want := range map[float64]float64{.30: 1000, .99: 1000, .9999: 1000, .99999: 1e8, 1: 1e8} {
		if got := float64(h.Quantile(p)); math.Abs(got/want-1) > 0.001 {
			t.Errorf("quantile %g: got %g, want %g", p, got, want)
		}
	}
	if h.Count() != 10_001 || h.Min() != 1000 {
		t.Errorf("got %d durations from %d ns; want 10001 from 1000", h.Count(), h.Min())
	}
	// The same after the correction for a known interval that we do not offer.
	for v := int64(100_000_000 - 10_000); v >= 10_000; v -= 10_000 {
		h.Record(v)
	}
	for p, want := range map[float64]float64{.30: 1000, .50: 1000, .75: 5e7, .90: 8e7, .99: 9.8e7, .99999: 1e8, 1: 1e8} {
		if got := float64(h.Quantile(p)); math.Abs(got/want-1) > 0.001 {
			t.Errorf("corrected, quantile %g: got %g, want %g", p, got, want)
		}
	}
}

// R's quantile(type = 1).
func TestQuantileIsTypeOne(t *testing.T) {
	h := New()
	for _, x := range []int64{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4} {
		h.Record(x)
	}
	for i, p := range []float64{.1, .25, .5, .9, .95, .99} {
		if got, want := h.Quantile(p), []time.Duration{1, 3, 4, 9, 9, 9}[i]; got != want {
			t.Errorf("quantile %g: got %d, want %d", p, got, want)
		}
	}
	// Where hdrhistogram-go rounds the rank to the nearest.
	h.Reset()
	for x := range int64(10) {
		h.Record(x + 1)
	}
	for p, want := range map[float64]time.Duration{.31: 4, .91: 10, .30: 3, .90: 9, 0: 1, 1: 10} {
		if got := h.Quantile(p); got != want {
			t.Errorf("quantile %g of 1…10: got %d, want %d", p, got, want)
		}
	}
}

func TestRankOf(t *testing.T) {
	for _, c := range []struct {
		p    float64
		n    uint64
		want uint64
	}{
		{0.07, 100, 7}, {0.29, 100, 29}, {0.57, 100, 57}, {0.99, 100, 99}, {0.991, 100, 100},
		{0.999, 1_000_000_000, 999_000_000}, {0, 5, 1}, {1, 5, 5}, {2, 5, 5}, {-1, 5, 1}, {math.NaN(), 5, 1}, {0.5, 0, 0},
	} {
		if got := RankOf(c.p, c.n); got != c.want {
			t.Errorf("rank of %g among %d: got %d, want %d", c.p, c.n, got, c.want)
		}
	}
}

// A value read is never below the one recorded and at most 2⁻¹⁰ above it, over
// nine decades and at every rank.
func TestQuantileError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		h := New()
		raw := make([]int64, 1+rng.IntN(500))
		for i := range raw {
			raw[i] = int64(math.Pow(10, 9*rng.Float64()))
			h.Record(raw[i])
		}
		slices.Sort(raw)
		for i, x := range raw {
			got := float64(h.Rank(uint64(i + 1)))
			if got < float64(x) || got > float64(x)*(1+0x1p-10) {
				t.Fatalf("rank %d of %d: got %g for %d", i+1, len(raw), got, x)
			}
		}
	}
}

func TestEndsOfTheRange(t *testing.T) {
	h := New()
	h.Record(-5)
	h.Record(math.MaxInt64)
	if h.Min() != 0 || h.Max() != time.Hour || h.Count() != 2 {
		t.Errorf("got %v to %v of %d; want 0 to 1h of 2", h.Min(), h.Max(), h.Count())
	}
	empty := New()
	if empty.Quantile(.5) != 0 || empty.Min() != 0 || empty.Max() != 0 || empty.Mean() != 0 || empty.StdDev() != 0 {
		t.Error("an empty histogram answers something other than 0")
	}
}

func TestMeanAndDeviation(t *testing.T) {
	h := New()
	for _, x := range []int64{2, 4, 4, 4, 5, 5, 7, 9} {
		h.Record(x)
	}
	if h.Mean() != 5 || h.StdDev() != 2 {
		t.Errorf("got %d ± %d, want 5 ± 2", h.Mean(), h.StdDev())
	}
}

func durations() *rapid.Generator[[]int64] {
	return rapid.SliceOfN(rapid.Int64Range(0, Highest), 0, 50)
}

func of(xs ...int64) *Histogram {
	h := New()
	for _, x := range xs {
		h.Record(x)
	}
	return h
}

// coarse keeps the algebra quick; it does not depend on the precision.
func coarse(xs ...int64) *Histogram {
	h := NewCoarse()
	for _, x := range xs {
		h.Record(x)
	}
	return h
}

func sum(hs ...*Histogram) *Histogram {
	s := NewCoarse()
	for _, h := range hs {
		s.Merge(h)
	}
	return s
}

// However loops, engines and blocks are brought together, the result is the
// histogram of everything; and no form of a histogram differs from another.
func TestMergeAlgebra(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, z := durations().Draw(t, "x"), durations().Draw(t, "y"), durations().Draw(t, "z")
		a, b, c := coarse(x...), coarse(y...), coarse(z...)
		b.Compact()
		whole := coarse(slices.Concat(x, y, z)...)
		for name, got := range map[string]*Histogram{
			"in order":          sum(a, b, c),
			"in another order":  sum(c, a, b),
			"grouped":           sum(a, sum(b, c)),
			"into a clone":      mergedInto(b.Clone(), a, c),
			"nil adds nothing":  sum(a, nil, b, c),
			"compacted between": sum(compacted(sum(a, b)), c),
			"all compact":       mergedInto(a.Clone(), b.Clone(), c.Clone()),
		} {
			if !got.Equal(whole) {
				t.Errorf("%s: not the histogram of all durations", name)
			}
			if got.Quantile(.5) != whole.Quantile(.5) || got.Mean() != whole.Mean() || got.Max() != whole.Max() {
				t.Errorf("%s: figures differ", name)
			}
		}
	})
}

func mergedInto(h *Histogram, others ...*Histogram) *Histogram {
	for _, o := range others {
		h.Merge(o)
	}
	return h
}

func compacted(h *Histogram) *Histogram {
	h.Compact()
	return h
}

func TestCoarseIntoFine(t *testing.T) {
	coarse := NewCoarse()
	coarse.RecordN(1_234_567, 3)
	fine := New()
	fine.Merge(coarse)
	if fine.Count() != 3 || fine.Max() > 1_234_567 || fine.Max() < 1_234_567*127/128 {
		t.Errorf("got %d of %d ns; want 3, at most a coarse bucket below 1234567", fine.Count(), fine.Max())
	}
}

func TestBuckets(t *testing.T) {
	h := of(5, 5, 3000)
	var got []Bucket
	for b := range h.Buckets() {
		got = append(got, b)
	}
	want := []Bucket{{5, 5, 2}, {3000, 3001, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	h := New()
	if n := testing.AllocsPerRun(100, func() { h.Record(12345) }); n != 0 {
		t.Errorf("got %v allocations for one record, want 0", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	h := New()
	for i := int64(0); b.Loop(); i++ {
		h.Record(50_000 + i&0xffff)
	}
}
