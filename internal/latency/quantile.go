package latency

import (
	"iter"
	"math"
	"time"
)

// RankOf returns the rank of the p-quantile among n values: ⌈p·n⌉, at least 1
// and at most n, which makes the quantile the inverse of the empirical
// distribution function (type 1 of Hyndman and Fan 1996). It returns 0 if n is 0.
func RankOf(p float64, n uint64) uint64 {
	if n == 0 {
		return 0
	}
	x := p * float64(n)
	// p is a decimal fraction that has no exact binary form: 0.07 × 100 is a
	// little more than 7 and must not become rank 8.
	rank := math.Ceil(x - 4*0x1p-52*x)
	if !(rank >= 1) {
		return 1
	}
	if rank >= float64(n) {
		return n
	}
	return uint64(rank)
}

// Rank returns the smallest value that at least rank recorded durations do not
// exceed: the rank-th of them in ascending order, from 1. A rank above Count
// gives the largest; an empty histogram gives 0. The value is the upper end of
// its bucket: not below what was recorded, and at most 2⁻¹⁰ above it (2⁻⁷ in a
// coarse histogram).
func (h *Histogram) Rank(rank uint64) time.Duration {
	rank = min(max(rank, 1), h.total)
	var seen uint64
	for i, n := range h.cells {
		seen += n
		if seen >= rank {
			return time.Duration(h.layout.high(i))
		}
	}
	return 0
}

// Quantile returns the p-quantile of what was recorded, 0 ≤ p ≤ 1, as RankOf
// defines it; 0 of an empty histogram. Where requests failed, ask for a rank
// among all that were due instead.
func (h *Histogram) Quantile(p float64) time.Duration { return h.Rank(RankOf(p, h.total)) }

// Min returns the lower end of the lowest filled bucket; 0 if there is none.
func (h *Histogram) Min() time.Duration {
	for i := range h.cells {
		return time.Duration(h.layout.low(i))
	}
	return 0
}

// Max returns the upper end of the highest filled bucket; 0 if there is none.
func (h *Histogram) Max() time.Duration { return h.Rank(h.total) }

// Mean returns the arithmetic mean, each duration taken as the middle of its
// bucket; 0 of an empty histogram.
func (h *Histogram) Mean() time.Duration { return time.Duration(math.Round(h.mean())) }

func (h *Histogram) mean() float64 {
	if h.total == 0 {
		return 0
	}
	var sum float64
	for i, n := range h.cells {
		sum += h.layout.middle(i) * float64(n)
	}
	return sum / float64(h.total)
}

// StdDev returns the standard deviation of what was recorded, with n and not
// n−1 below the line; 0 of an empty histogram.
func (h *Histogram) StdDev() time.Duration {
	if h.total == 0 {
		return 0
	}
	mean := h.mean()
	var sum float64
	for i, n := range h.cells {
		d := h.layout.middle(i) - mean
		sum += d * d * float64(n)
	}
	return time.Duration(math.Round(math.Sqrt(sum / float64(h.total))))
}

// middle returns the middle of a bucket; a bucket of one value is its value.
func (l layout) middle(i int) float64 {
	return (float64(l.low(i)) + float64(l.high(i))) / 2
}

// A Bucket is a stretch of durations and how many were recorded in it.
type Bucket struct {
	Low, High time.Duration // both inclusive
	Count     uint64        // more than 0
}

// Buckets yields the buckets that are not empty, shortest durations first.
func (h *Histogram) Buckets() iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		for i, n := range h.cells {
			b := Bucket{time.Duration(h.layout.low(i)), time.Duration(h.layout.high(i)), n}
			if !yield(b) {
				return
			}
		}
	}
}
