package report

import (
	"math"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// HoldGoal holds a goal of a search against what was counted in one trial: which
// share of the requests that were due was lost to it, and whether it was kept. A
// request is lost to a bound on time if it failed or took as long or longer; the
// share a percentile leaves open may be lost, and of max none. Of several parts
// the share is that of the strictest.
//
// It asks for no number of requests, so that a trial always says something. It
// does not make up for few of them that there are many trials: below as many
// requests as let one be lost, a trial misses the goal by a single lost one, and
// what half of the trials keep is another goal ([Capacity.doubt] says so).
func HoldGoal(g plan.Goal, t *evidence.Tally) (loss float64, kept bool) {
	due := float64(t.Due())
	if due == 0 {
		return 0, true
	}
	const slack = 1e-9 // 1 − 0.99 is a little more than 0.01 in binary
	kept = true
	strictest := math.Inf(1)
	for _, o := range g.Parts {
		lost, allowed := float64(t.Failed())/due, o.Bound
		broken := lost >= allowed && lost > 0
		if o.What != "errors" {
			p, ok := quantileCalled(o.What)
			if !ok {
				p = 1 // max
			}
			allowed = 1 - p
			lost = 1 - float64(sooner(t.Response, time.Duration(o.Bound*float64(time.Millisecond))))/due
			broken = lost > allowed+slack
		}
		kept = kept && !broken
		if allowed < strictest {
			strictest, loss = allowed, lost
		}
	}
	return loss, kept
}

// sooner returns how many right answers took less than d; those in the histogram's
// bucket that holds d count as later.
func sooner(h *latency.Histogram, d time.Duration) (n uint64) {
	if h == nil {
		return 0
	}
	for b := range h.Buckets() {
		if b.High >= d {
			break
		}
		n += b.Count
	}
	return n
}
