package report

import (
	"math"
	"strconv"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// hiccups looks at how long the CPUs in use stood still for everybody. That
// spoils response times where it lasted as long as what is shown of them, and
// slows the subject wherever it was often.
func (g *grader) hiccups(l limits) {
	h := g.m.Host.Hiccups
	if h == nil {
		return
	}
	g.see(h.Stalled)
	grade := l.grade(h.Stalled)
	if grade == evidence.A {
		return
	}
	if g.t != nil && count(g.t.Response) > 0 && h.Max > g.t.Response.Quantile(.99) {
		grade = max(grade, l.brings)
	}
	g.say("hiccups", grade, "the machine stood still for %s of the time, for up to %s at once",
		unit.Share(h.Stalled), unit.Duration(h.Max))
}

// acceptQueue looks at what the kernel counts of listeners. A queue that
// overflowed is the subject's own where it is asked for a connection per request:
// then it is what overload looks like, and the requests that it cost are counted
// as failed or late.
func (g *grader) acceptQueue(l limits) {
	n := g.m.Host.Network
	g.see(float64(n.Overflows))
	grade, why := l.grade(float64(n.Overflows)), "connections waited for a second or more before they were kept open"
	if grade == evidence.A {
		return
	}
	if g.load != nil && g.load.Usage().PerConnection > 0 {
		grade, why = evidence.B, "the subject accepts them more slowly than they come; a larger backlog would hide it"
	}
	if t := g.t; t != nil && n.Overflows > 2*(t.Connections.Opened+t.Connections.Failed) {
		grade, why = evidence.B, "more than this load can have made, so that others listen here too and are overrun"
	}
	g.say("accept-queue-overflow", grade, "full accept queues on this machine turned %s away: %s",
		plural(int(n.Overflows), "connection"), why)
}

// retransmits looks at segments that were lost. What a full accept queue turned
// away is sent again, and would be told twice.
func (g *grader) retransmits(l limits) {
	n := g.m.Host.Network
	if n.Overflows > 0 {
		return
	}
	lost := max(n.Retransmits+n.Drops, n.Timeouts)
	share := 0.0
	if lost > 0 {
		share = float64(lost) / float64(max(n.Segments, lost))
	}
	g.see(share)
	const retry = 200 * time.Millisecond // Linux's least time before it sends again
	grade := l.grade(share)
	if grade == evidence.A {
		return
	}
	if grade > evidence.B && g.slowest() < retry {
		grade = evidence.B // it was not ours
	}
	g.say("retransmits", grade, "%s of %s segments were lost on this machine and sent again: what waited for them took 200 ms or more",
		unit.Count(int64(lost)), unit.Count(int64(n.Segments)))
}

// slowest returns the longest response time, for ever where a request failed: the
// kernel's counters are of all programs, and what was lost may not have been ours.
func (g *grader) slowest() time.Duration {
	switch {
	case g.t == nil || g.t.Response == nil:
		return 0
	case g.t.Failed() > 0:
		return math.MaxInt64
	}
	return g.t.Response.Max()
}

// ceiling holds a closed load against what this engine reaches here at most. What
// comes near that is compressed: a subject twice as fast would not look it. Bounds
// are shown as such in any case.
func (g *grader) ceiling(l limits) {
	t := g.t
	if g.c.Ceiling <= 0 || g.m.Trial.Bound || t.Offered > 0 || t.Loops == 0 || t.Window <= 0 {
		return
	}
	share := float64(t.InWindow+t.WrongIn) / t.Window.Seconds() / float64(t.Loops) / g.c.Ceiling
	g.graded(l, share, "near-ceiling", "the rate is %s of the most this engine reached here against a server that does nothing (%s)",
		unit.Share(share), unit.Rate(g.c.Ceiling))
}

// preempted looks at how often others took a loop's CPU.
func (g *grader) preempted(l limits) {
	t := g.t
	span := t.LoopTime().Seconds()
	if span <= 0 || g.c.CPUsShared {
		return // beside the subject it is to be expected, and has been said
	}
	often := float64(t.Preempted) / span
	g.graded(l, often, "loops-preempted", "other threads, the kernel's and our own among them, took the CPU from a loop of the engine's %s times a second",
		unit.Number(often))
}

// collected looks at webdyno's own garbage collector, whose workers take the
// CPU that a loop should have.
func (g *grader) collected(l limits) {
	n := g.t.Collections
	g.graded(l, float64(n), "instrument-collected", "webdyno collected its own garbage (%s) meanwhile, which took CPU from the engine", plural(int(n), "time"))
}

// CeilingOf finds among a machine's facts the ceiling of a backend for a load:
// the keys are those that package calibrate writes. It is 0 where there is none.
func CeilingOf(facts map[string]string, backend string, l load.Load) float64 {
	if l == nil {
		return 0
	}
	use := l.Usage()
	mode := "keep-alive"
	switch {
	case use.PerConnection > 1, use.Depth() > 1 && use.Depth() < 8:
		return 0 // none was measured that it could be held against
	case use.PerConnection == 1 && use.Close == load.ByReset:
		mode = "reset"
	case use.PerConnection == 1 && use.Close == load.ByServer:
		mode = "close"
	case use.PerConnection == 1:
		return 0
	case use.Depth() > 1:
		mode = "pipelined"
	}
	rate, err := strconv.ParseFloat(facts["calibration.ceiling."+backend+"."+mode], 64)
	if err != nil {
		return 0
	}
	return rate
}
