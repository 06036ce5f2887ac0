package bench_test

import (
	"fmt"
	"math"

	"webdyno/internal/stat"
)

// A standing is what came of a mark.
type standing string

const (
	kept         standing = "kept"
	missed       standing = "missed"
	undetermined standing = "undetermined" // the interval has the bound in it, or there is none
	notTried     standing = "not tried"
)

// A mark is something webdyno has set itself, and what came of it.
type mark struct {
	what     string
	standing standing
	estimate stat.Estimate
	unit     string // of the estimate; "" for a ratio
	why      string // of one that was missed or not tried
}

// A bound is what an estimate has to stay on one side of.
type bound struct {
	at      float64
	atLeast bool // or else at most
	strict  bool // and not at it
}

// holds returns what an estimate says of b: kept or missed if its whole interval
// does.
func (b bound) holds(e stat.Estimate) standing {
	if !e.HasInterval() {
		return undetermined
	}
	lo, hi := b.admits(e.Lo), b.admits(e.Hi)
	switch {
	case lo && hi:
		return kept
	case !lo && !hi:
		return missed
	}
	return undetermined
}

func (b bound) admits(x float64) bool {
	switch {
	case x == b.at:
		return !b.strict
	case b.atLeast:
		return x > b.at
	}
	return x < b.at
}

// againstPeers are the marks that name a peer, in their comparisons.
func againstPeers() []struct {
	comparison, what, peer string
	inverse                bool // peer's CPU by ours: requests per CPU-second
	bound
} {
	type row = struct {
		comparison, what, peer string
		inverse                bool
		bound
	}
	return []row{
		{"keepalive-64", "kept connections: at most 0.95 of gcannon's CPU per request", "gcannon", false, bound{at: 0.95}},
		{"keepalive-64", "kept connections: at least 1.3 times wrk's requests per CPU-second", "wrk", true, bound{at: 1.3, atLeast: true}},
		{"close-reset", "a connection each, all reset: at most 0.75 of gcannon's CPU per request", "gcannon", false, bound{at: 0.75}},
		{"close-reset", "a connection each, all reset: no more than h1load's CPU per request", "h1load", false, bound{at: 1}},
		{"pipeline-16", "16 deep: less than gcannon's CPU per request", "gcannon", false, bound{at: 1, strict: true}},
		{"open", "50,000/s: less than wrk2's CPU per request", "wrk2", false, bound{at: 1, strict: true}},
	}
}

// judge returns the marks that hang on r, for each of our backends.
func judge(r *result, missing []string) (marks []mark) {
	for _, row := range againstPeers() {
		if row.comparison != r.name {
			continue
		}
		for _, ours := range []string{oursEpoll, oursUring} {
			mine, peer := ours, row.peer
			if row.inverse {
				mine, peer = peer, mine
			}
			m := mark{what: ours + ", " + row.what, estimate: r.ratio(mine, peer, cpuPerRequest)}
			m.standing = row.holds(m.estimate)
			switch {
			case m.estimate.N == 0:
				m.standing, m.why = notTried, r.whyNot(ours, row.peer, missing)
			case m.standing == missed:
				m.why = r.where(ours) + "; " + r.where(row.peer)
			}
			marks = append(marks, m)
		}
	}
	if r.rate > 0 {
		marks = append(marks, r.lagMarks(missing)...)
	}
	return marks
}

// quiet is how many CPUs others may use, in the median, for lateness to be ours.
const quiet = 0.1

// lagMarks judge how punctual our open load is. Its bounds are for a quiet
// machine: where others have the CPU, they can be kept but not missed.
func (r *result) lagMarks(missing []string) (marks []mark) {
	for _, ours := range []string{oursEpoll, oursUring} {
		for _, l := range []struct {
			what   string
			figure func(trial) float64
			bound
		}{
			{"median lag under 15 µs", lagMedian, bound{at: 15, strict: true}},
			{"99th percentile of lag under 200 µs", lag99, bound{at: 200, strict: true}},
		} {
			m := mark{what: ours + ", 50,000/s: " + l.what, unit: "µs", estimate: r.typical(ours, l.figure)}
			m.standing = l.holds(m.estimate)
			switch {
			case m.estimate.N == 0:
				m.standing, m.why = notTried, r.whyNot(ours, ours, missing)
			case m.standing == missed:
				m.why = r.where(ours)
				if median, most := r.foreign(); median > quiet {
					m.standing = undetermined
					m.why = fmt.Sprintf("beyond the bound, which is for a quiet machine: others used %.2f CPUs, at worst %.2f", median, most)
				}
			}
			marks = append(marks, m)
		}
	}
	return marks
}

// whyNot tells why there is no round with both tools in it.
func (r *result) whyNot(mine, peer string, missing []string) string {
	for _, name := range missing {
		if name == peer {
			return peer + " is not on PATH"
		}
	}
	return fmt.Sprintf("no round in which %s and %s both went well", mine, peer)
}

// where tells where a tool's time goes.
func (r *result) where(name string) string {
	return fmt.Sprintf("%s: %s user, %s system, %.3f switches a request", name,
		short(r.median(name, userPerRequest)), short(r.median(name, systemPerRequest)), r.median(name, switchesPerRequest))
}

// exactly is the estimate of what was not sampled.
func exactly(x float64, n int) stat.Estimate {
	return stat.Estimate{Value: x, Lo: x, Hi: x, Level: 1, N: n}
}

// short writes x with three significant digits.
func short(x float64) string {
	if math.IsNaN(x) || x <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.*f", min(4, max(0, 2-int(math.Floor(math.Log10(x))))), x)
}
