package calibrate

import (
	"math"
	"slices"
	"time"

	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/serve"
	"webdyno/internal/stat"
)

// A known is a load and a server that together leave nothing to chance: which
// request is answered when can be computed.
type known struct {
	queue serve.Queue
	load  load.Open
	seed  uint64 // of the arrivals
	skip  int    // requests sent first, and not counted
	count int    // requests counted
}

// responses returns the response times of the counted requests, in ascending
// order, by Lindley's recursion over the schedule.
//
// One queue serves everybody, and requests come to it in the order in which
// they fell due: the engine has one loop and always a connection to spare. Two
// that arrive within the same microseconds on different connections may change
// places; then each has the other's service time, which leaves the distribution
// as good as it was.
func (k known) responses() []time.Duration { return k.responsesFrom(0) }

// responsesFrom is responses, with the schedule starting so long after the
// server's clock.
func (k known) responsesFrom(start time.Duration) []time.Duration {
	queue, cursor := k.queue, k.load.Cursor(load.Share{}, k.seed)
	all := make([]time.Duration, 0, k.count)
	for i := range k.skip + k.count {
		due := mono.Time(start + cursor.Next())
		done := queue.Finish(uint64(i), due)
		if i >= k.skip {
			all = append(all, done.Sub(due))
		}
	}
	slices.Sort(all)
	return all
}

// A gap is by how much a measured distribution lies beyond the known one.
type gap struct {
	mean               time.Duration
	p50, p95, p99, max time.Duration // of the distances of equal ranks, without sign
}

// gaps compares the k-th shortest response measured with the k-th shortest of
// those known, which are in ascending order, for every k.
//
// The mean of the differences is exactly the mean error of the requests
// themselves, since sorting changes no sum. If every request is between 0 and
// x late, so is every rank. But the ranks hide errors that change places: their
// distances are, on average, the smallest that any pairing of the two lists can
// have. What each single request is off by is what the steady load shows.
//
// Requests that are missing count as late by for ever.
func gaps(h *latency.Histogram, want []time.Duration) gap {
	diffs := make([]time.Duration, 0, len(want))
	var sum float64
	for b := range h.Buckets() {
		middle := (b.Low + b.High) / 2
		for range b.Count {
			if len(diffs) < len(want) {
				d := middle - want[len(diffs)]
				diffs = append(diffs, d)
				sum += float64(d)
			}
		}
	}
	g := gap{mean: time.Duration(math.MaxInt64)}
	if len(diffs) == len(want) && len(want) > 0 {
		g.mean = time.Duration(sum / float64(len(want)))
	}
	for i := range diffs {
		diffs[i] = diffs[i].Abs()
	}
	for len(diffs) < len(want) {
		diffs = append(diffs, time.Duration(math.MaxInt64))
	}
	slices.Sort(diffs)
	g.p50, g.p95, g.p99, g.max = ranked(diffs, .5), ranked(diffs, .95), ranked(diffs, .99), ranked(diffs, 1)
	return g
}

// fitted is gaps at the phase between schedule and server's clock that fits
// best, of those below a period. It serves where both repeat within the time
// between two arrivals.
func (k known) fitted(h *latency.Histogram, period time.Duration) gap {
	const steps = 40
	var best gap
	for i := range steps {
		g := gaps(h, k.responsesFrom(period*time.Duration(i)/steps))
		if i == 0 || g.p95 < best.p95 {
			best = g
		}
	}
	return best
}

// ranked returns the p-quantile of an ascending list; 0 of an empty one.
func ranked(ascending []time.Duration, p float64) time.Duration {
	rank := latency.RankOf(p, uint64(len(ascending)))
	if rank == 0 {
		return 0
	}
	return ascending[rank-1]
}

// spread returns the standard deviation, from one run of this length to
// another, of a figure of the exact responses: what chance alone does. It is
// found by carrying out the recursion with other seeds, which holds for every
// queue and every figure, where formulae exist for a few.
func (k known) spread(figures ...func([]time.Duration) float64) []float64 {
	const runs = 100
	values := make([][]float64, len(figures))
	for run := range runs {
		other := k
		other.seed = load.Seed(k.seed, run, 0)
		other.queue.Times.Seed = load.Seed(k.seed, run, 1)
		responses := other.responses()
		for i, f := range figures {
			values[i] = append(values[i], f(responses))
		}
	}
	sds := make([]float64, len(figures))
	for i := range figures {
		sds[i] = stat.StdDev(values[i])
	}
	return sds
}

func meanOf(ds []time.Duration) float64 {
	var sum float64
	for _, d := range ds {
		sum += float64(d)
	}
	return sum / float64(len(ds))
}

func quantileOf(p float64) func([]time.Duration) float64 {
	return func(ds []time.Duration) float64 { return float64(ranked(ds, p)) }
}
