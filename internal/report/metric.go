package report

import (
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// fewest is how many requests must lie beyond a percentile for it to be told:
// with fewer, it says more of those few than of the subject.
const fewest = 10

// Value returns one trial's value of a metric, in the metric's unit, and whether
// there is one. A percentile that lies on a failed request is returned as the
// default timeout, which need not be the load's: see ValueWithin.
func Value(m plan.Metric, x *evidence.Measurement) (float64, bool) {
	v := ValueWithin(m, x, load.DefaultTimeout)
	return v.X, v.Known()
}

// ValueWithin returns one trial's value of a metric, in the metric's unit.
// Timeout is that of the trial's load. A percentile that lies on a failed request
// is AtLeast the timeout: it is no number to reckon with.
func ValueWithin(m plan.Metric, x *evidence.Measurement, timeout time.Duration) Number {
	return (&sample{blocks: []*digest{digestOf(x)}}).measure(m, timeout)
}

// A sample is the blocks of one round.
type sample struct {
	blocks        []*digest
	times, served *latency.Histogram // response and service, merged when first asked for; not to be changed
}

// measure returns the value of a metric over the blocks of a round. Rates, costs,
// sizes and what subjects measure of themselves are averaged by their logarithms; times are asked of the merged
// histograms; errors are counted together.
func (s *sample) measure(metric plan.Metric, timeout time.Duration) Number {
	switch metric {
	case plan.Throughput:
		return meanLog(s.blocks, func(d *digest) Number { return d.throughput })
	case plan.Goodput:
		return meanLog(s.blocks, goodput)
	case plan.Deviation:
		return pooled(s.blocks)
	case plan.ServerCPU:
		return meanLog(s.blocks, func(d *digest) Number { return d.serverCPU })
	case plan.ThroughputPerCPU:
		return meanLog(s.blocks, func(d *digest) Number { return d.perCPU })
	case plan.Memory:
		return meanLog(s.blocks, func(d *digest) Number { return d.memory })
	case plan.StartUp:
		return meanLog(s.blocks, func(d *digest) Number { return d.startUp })
	}
	due, failed := requests(s.blocks)
	switch metric {
	case plan.Errors:
		return share(100*float64(failed), float64(due))
	case plan.ResponseP50:
		return dueQuantile(s.responses(), due, 0.50, timeout)
	case plan.ResponseP90:
		return dueQuantile(s.responses(), due, 0.90, timeout)
	case plan.ResponseP99:
		return dueQuantile(s.responses(), due, 0.99, timeout)
	case plan.ResponseMean:
		return millis(s.responses(), (*latency.Histogram).Mean)
	case plan.ServiceP50:
		return dueQuantile(s.services(), due, 0.50, timeout)
	case plan.ServiceP99:
		return dueQuantile(s.services(), due, 0.99, timeout)
	}
	return meanLog(s.blocks, func(d *digest) Number {
		if d.own != metric {
			return Number{}
		}
		return d.ownValue
	})
}

func (s *sample) responses() *latency.Histogram {
	if s.times == nil {
		s.times = merged(s.blocks, response)
	}
	return s.times
}

func (s *sample) services() *latency.Histogram {
	if s.served == nil {
		s.served = merged(s.blocks, service)
	}
	return s.served
}

// loaded tells whether the sample's trials were under load at all.
func (s *sample) loaded() bool {
	return slices.ContainsFunc(s.blocks, func(d *digest) bool { return d.loaded })
}

// ofTimes tells whether a metric is made of times of requests: one that the
// grade L forbids to trust.
func ofTimes(m plan.Metric) bool {
	switch m {
	case plan.ResponseP50, plan.ResponseP90, plan.ResponseP99, plan.ResponseMean, plan.ServiceP50, plan.ServiceP99:
		return true
	}
	return false
}

// ofLoad tells whether a metric says how much was answered how soon, and so is
// bounded by the instrument where that was the limit.
func ofLoad(m plan.Metric) bool { return m == plan.Throughput || m == plan.Goodput || ofTimes(m) }

func throughput(m *evidence.Measurement) Number {
	if m.Tally == nil {
		return Number{}
	}
	return share(float64(m.Tally.InWindow), m.Tally.Window.Seconds())
}

// goodput is what became of the requests that fell due in the window: right
// answers to them, however late, per second of the window. Throughput counts
// what was answered while it was open; where a server falls behind, the two
// part.
func goodput(d *digest) Number { return share(float64(d.right()), d.window.Seconds()) }

// fewestSeconds is how many whole seconds a deviation between them is made of:
// of one there is none, and of two it is hardly one.
const fewestSeconds = 3

// deviation returns the standard deviation of right answers per second between
// the whole seconds of a window.
func deviation(t *evidence.Tally) Number {
	whole := int(t.Window / time.Second)
	if whole < fewestSeconds || len(t.Seconds) < whole {
		return Number{}
	}
	var sum, squares float64
	for _, s := range t.Seconds[:whole] {
		n := float64(rightIn(s))
		sum += n
		squares += n * n
	}
	k := float64(whole)
	return exactly(math.Sqrt(max(0, (squares-sum*sum/k)/(k-1))))
}

func rightIn(s evidence.Second) uint64 {
	if s.Response == nil {
		return 0
	}
	return s.Response.Count()
}

// pooled returns the deviation of several blocks together: the root of their
// mean variance, for what changes from block to block is no unsteadiness.
func pooled(blocks []*digest) Number {
	var sum, n float64
	for _, b := range blocks {
		if b.deviation.Known() {
			sum += b.deviation.X * b.deviation.X
			n++
		}
	}
	return exactly(math.Sqrt(sum / n)) // of none, NaN, which is no number
}

func serverCPU(m *evidence.Measurement) Number {
	if m.Server == nil {
		return Number{}
	}
	return share(float64(m.Server.CPU)/float64(time.Microsecond), float64(m.Server.Answered))
}

// perCPU returns answers per second of CPU time that the process tree used.
func perCPU(m *evidence.Measurement) Number {
	if m.Server == nil {
		return Number{}
	}
	return share(float64(m.Server.Answered), m.Server.CPU.Seconds())
}

// occupied returns how many processors the process tree kept busy.
func occupied(m *evidence.Measurement) Number {
	if m.Server == nil {
		return Number{}
	}
	return share(float64(m.Server.CPU), float64(m.Server.Span))
}

func memory(m *evidence.Measurement) Number {
	if m.Server == nil || m.Server.PeakRSS <= 0 {
		return Number{}
	}
	return exactly(float64(m.Server.PeakRSS) / (1 << 20))
}

func startUp(m *evidence.Measurement) Number {
	if m.Start == nil || m.Start.Ready <= 0 {
		return Number{}
	}
	return exactly(ms(m.Start.Ready))
}

// dueQuantile returns the p-quantile, in ms, over requests that were due, of
// which the histogram holds those that count as answered and all others lie
// beyond. It is AtLeast the timeout where it lies on one of those, and Missing
// where fewer than ten requests lie beyond it.
func dueQuantile(h *latency.Histogram, due uint64, p float64, timeout time.Duration) Number {
	if !tellable(due, p) {
		return Number{}
	}
	rank := latency.RankOf(p, due)
	if h == nil || rank > h.Count() {
		return atLeast(ms(timeout))
	}
	return exactly(ms(h.Rank(rank)))
}

// tellable tells whether n requests are enough for their p-quantile.
func tellable(n uint64, p float64) bool {
	const slack = 1e-9 // 10,000 × (1−0.999) is a little less than 10 in binary
	return float64(n)*(1-p) >= fewest-slack
}

// loopShare returns the share of their CPUs that the engine's loops used.
func loopShare(t *evidence.Tally) Number {
	if t.LoopTime() <= 0 {
		return Number{}
	}
	return exactly(t.LoopShare())
}

// needed returns how many requests are enough for their p-quantile.
func needed(p float64) uint64 {
	const slack = 1e-6 // of 10 / (1−0.999), which binary makes a little more
	return uint64(math.Ceil(fewest/(1-p) - slack))
}

// millis returns what a histogram answers, in ms; Missing of an empty one.
func millis(h *latency.Histogram, ask func(*latency.Histogram) time.Duration) Number {
	if h == nil || h.Count() == 0 {
		return Number{}
	}
	return exactly(ms(ask(h)))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// share returns a divided by b; Missing if b is zero.
func share(a, b float64) Number {
	if b == 0 {
		return Number{}
	}
	return exactly(a / b)
}

// answeredTimes returns the response times of all answers, right and wrong.
func answeredTimes(t *evidence.Tally) *latency.Histogram {
	if t.ResponseWrong == nil || t.ResponseWrong.Count() == 0 {
		return t.Response
	}
	all := t.ResponseWrong.Clone()
	all.Merge(t.Response)
	return all
}
