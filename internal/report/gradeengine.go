package report

import (
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// kindAtLimit is the kind of the note that makes figures lower bounds.
const kindAtLimit = "instrument-was-the-limit"

// backend warns of the one that is less exact: Go wakes sleepers on the
// millisecond, and goroutines stand between a loop and its connections.
func (g *grader) backend(limits) {
	if !onNet(g.t) {
		g.see(0)
		return
	}
	g.see(1)
	why := "it is what this system has"
	if strings.HasSuffix(g.t.Backend, "+tls") {
		why = "TLS needs it"
	}
	g.say("net-backend", evidence.B, "sent through Go's package net (%s): requests get out up to a millisecond late, which is in lag, "+
		"and the engine takes several times the CPU", why)
}

func onNet(t *evidence.Tally) bool { return strings.HasPrefix(t.Backend, "net") }

// client looks at how much of its CPUs the engine's loops used.
func (g *grader) client(l limits) {
	t := g.t
	span := t.Window.Seconds() * float64(t.Loops)
	if span == 0 {
		return
	}
	used := t.LoopShare()
	g.see(used)
	switch {
	case used > l.worse || used > l.invalid:
		g.say(kindAtLimit, l.grade(used),
			"the instrument was the limit: its loops used %s of their CPUs, and the subject may do more", unit.Share(used))
	case used > l.warn:
		g.say("client-near-limit", evidence.B, "the engine's loops used %s of their CPUs", unit.Share(used))
	case onNet(t) && t.ClientCPU.Seconds()/span > l.warn:
		// It works in goroutines beside its loops, and how many CPUs they have
		// is not known here.
		g.say("client-near-limit", evidence.B, "the engine used %s CPUs for %d of its loops, and may have been the limit",
			unit.Number(t.ClientCPU.Seconds()/t.Window.Seconds()), t.Loops)
	}
}

// atInstrumentLimit tells whether the instrument was the limit in at least half
// of the trials.
func atInstrumentLimit(trials []*trial) bool {
	n := 0
	for _, tr := range trials {
		if slices.ContainsFunc(tr.notes, isLimit) {
			n++
		}
	}
	return n > 0 && 2*n >= len(trials)
}

// lag sets the engine's own lateness against what it measured, at each
// percentile that is printed. In a closed load whose loops have no time left, it is
// what that limit looks like from a request, and told with it: how much of it is lag
// and how much of it is in service is then a matter of how a backend sends.
func (g *grader) lag(l limits) {
	limit := -1
	if _, closed := g.load.(load.Closed); closed {
		limit = slices.IndexFunc(g.notes, isLimit)
	}
	worst, at := g.lateness(limit >= 0)
	g.see(worst)
	grade := l.grade(worst)
	if grade == evidence.A {
		g.away(l)
		return
	}
	if limit < 0 {
		g.say("lag", grade, "the engine's own lag is %s of the response time at p%s",
			unit.Share(worst), plainNumber(at*100))
		return
	}
	n := &g.notes[limit]
	n.Grade = max(n.Grade, grade)
	n.Text += fmt.Sprintf("; of the response time at p%s, %s was spent waiting for them", plainNumber(at*100), unit.Share(worst))
	g.now.fired, g.now.grade = true, grade
}

// away looks at the longest time that a loop was late at once in an open load. What
// fell due in it and found no connection free on its return counts as waiting for
// one, and percentiles of lag know nothing of it.
func (g *grader) away(l limits) {
	t := g.t
	if t.Offered == 0 || t.Window <= 0 || t.Response == nil || t.Lag == nil {
		return
	}
	longest := t.Lag.Max()
	struck := float64(longest) / float64(t.Window) / float64(max(t.Loops, 1))
	if struck <= 0.01 || !tellable(t.Response.Count(), 0.99) || float64(longest) <= l.worse*float64(t.Response.Quantile(0.99)) {
		return
	}
	g.say("lag", l.brings, "the engine was late by up to %s at once: what fell due meanwhile (%s of the requests) waited for the engine, "+
		"though some of that is told as wait", unit.Duration(longest), unit.Share(struck))
}

// lateness returns the largest share that the engine's own lateness has in the
// response time at a percentile, and at which; where asked for, with what was
// late to be read, which is a part of service.
func (g *grader) lateness(reading bool) (worst, at float64) {
	t := g.t
	for _, p := range []float64{0.50, 0.90, 0.99} {
		if t.Response == nil || t.Lag == nil || !tellable(t.Response.Count(), p) {
			continue
		}
		late := t.Lag.Quantile(p)
		if reading && tellable(count(t.ReceiveLag), p) {
			late = max(late, t.ReceiveLag.Quantile(p))
		}
		if r := t.Response.Quantile(p); r > 0 {
			if share := float64(late) / float64(r); share > worst {
				worst, at = share, p
			}
		}
	}
	return worst, at
}

func isLimit(n evidence.Note) bool { return n.Kind == kindAtLimit }
