package bench_test

import (
	"math"

	"webdyno/internal/stat"
)

// level is that of all intervals.
const level = 0.95

// A result is what all tools did in one comparison.
type result struct {
	comparison
	tools  []string           // that took part, in order
	rounds []map[string]trial // by tool; a trial that failed is not there
	out    []string           // tools that did not take part and trials that failed, with the reason
	shared bool               // the client's CPUs are the server's as well
}

// ratio estimates how much of a figure mine has for each of its peer's, over the
// rounds in which both have one. A round gives one ratio; their centre is
// estimated on a scale of logarithms, on which "half" and "twice" are as far
// from 1. N is 0 if there is no such round.
func (r *result) ratio(mine, peer string, figure func(trial) float64) stat.Estimate {
	var logs []float64
	for _, round := range r.rounds {
		a, okA := round[mine]
		b, okB := round[peer]
		if okA && okB {
			logs = append(logs, math.Log(figure(a)/figure(b)))
		}
	}
	return centre(logs)
}

// typical estimates a figure of one tool over its rounds. The figure must be
// positive.
func (r *result) typical(name string, figure func(trial) float64) stat.Estimate {
	var logs []float64
	for _, round := range r.rounds {
		if t, ok := round[name]; ok {
			logs = append(logs, math.Log(figure(t)))
		}
	}
	return centre(logs)
}

// centre estimates the centre of values from their logarithms. With fewer than
// six it has no interval.
func centre(logs []float64) stat.Estimate {
	e, _ := stat.HodgesLehmann(logs, level)
	return e.Exp()
}

// median returns the median of a figure of one tool, which may be zero.
func (r *result) median(name string, figure func(trial) float64) float64 {
	var xs []float64
	for _, round := range r.rounds {
		if t, ok := round[name]; ok {
			xs = append(xs, figure(t))
		}
	}
	return stat.Median(xs)
}

// foreign returns what others used of the CPUs in use: the median over all
// trials, and the most. Both are negative if nobody can tell.
func (r *result) foreign() (median, most float64) {
	var xs []float64
	most = -1
	for _, round := range r.rounds {
		for _, t := range round {
			if t.foreign >= 0 {
				xs = append(xs, t.foreign)
				most = max(most, t.foreign)
			}
		}
	}
	if len(xs) == 0 {
		return -1, -1
	}
	return stat.Median(xs), most
}

// Figures of a trial.
func cpuPerRequest(t trial) float64     { return t.perRequest() }
func userPerRequest(t trial) float64    { return micros(t.user) / float64(t.answered) }
func systemPerRequest(t trial) float64  { return micros(t.system) / float64(t.answered) }
func requestsPerSecond(t trial) float64 { return t.rate() }
func switchesPerRequest(t trial) float64 {
	return float64(t.voluntary+t.involuntary) / float64(t.answered)
}
func serverPerRequest(t trial) float64 { return micros(t.server) / float64(t.answered) }

// A lag of nothing has no logarithm; a nanosecond is as good.
func lagMedian(t trial) float64 { return micros(max(t.lagMedian, 1)) }
func lag99(t trial) float64     { return micros(max(t.lag99, 1)) }
