package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// Circumstances are what a grade must know beside the measurement.
type Circumstances struct {
	Load       load.Load // nil: not known
	CPUsShared bool      // the engine and the subjects run on the same CPUs

	// Ceiling is the most that one loop got out of a server that does nothing, on
	// this machine, by the same backend and way of using connections, when it was
	// last calibrated, in answers per second; 0: not known.
	Ceiling float64
}

// A limit is where a signal becomes a warning, and where it becomes worse.
type limit struct{ warn, worse float64 }

// The thresholds of every grade. They are about the conditions of a trial and
// never about what is being compared, so that none can favour a subject.
var limits = struct {
	clientCPU   limit // of the loops' CPUs, as a share; worse: the instrument was the limit
	lag         limit // of the response time at the same percentile
	schedule    limit // of the arrivals offered, by which those sent differ
	foreign     limit // CPUs kept busy by others
	steal       limit // share of time
	little      limit // by which rate × response time differs from the requests in flight
	stale       limit // of the requests due
	reconnects  limit // connections beyond those asked for
	ceiling     limit // of what the engine reaches here against a server that does nothing
	stalled     limit // share of the time
	retransmits limit // of the segments sent
	preempted   limit // per loop and second
	service     limit // of a service's own CPUs
	strayCounts uint64
}{
	clientCPU:   limit{0.80, 0.95},
	lag:         limit{0.10, 0.25},
	schedule:    limit{0.003, 0.01},
	foreign:     limit{0.05, 0.10},
	steal:       limit{0.005, 0.02},
	little:      limit{0.02, math.Inf(1)},
	stale:       limit{0.01, math.Inf(1)},
	reconnects:  limit{0.01, math.Inf(1)},
	ceiling:     limit{0.60, 0.80},
	stalled:     limit{0.005, 0.02},
	retransmits: limit{0, 0.0001},
	preempted:   limit{50, math.Inf(1)},
	service:     limit{0.85, math.Inf(1)},
	strayCounts: 3, // requests at the window's edge that say nothing about a schedule
}

// kindAtLimit is the kind of the note that makes figures lower bounds.
const kindAtLimit = "instrument-was-the-limit"

// Grade returns the notes that follow from a measurement's numbers. Those that
// the lab saw while it ran are in the measurement already, and not repeated.
// Notes of grade X are for what makes a number wrong; noise costs a B or an L.
func Grade(m *evidence.Measurement, c Circumstances) []evidence.Note {
	g := &grader{m: m, t: m.Tally, load: c.Load, c: c}
	g.failure()
	if c.CPUsShared && m.Tally != nil {
		g.say("cpus-shared", evidence.B, "the engine and the subject share CPUs, and take time from each other")
	}
	g.machine()
	g.hiccups()
	if m.Tally != nil { // what measures itself sees its own losses
		g.network()
	}
	g.warmup()
	g.services()
	if g.t != nil && g.t.Due() == 0 && g.t.Window > 0 {
		g.say("nothing-due", evidence.B, "nothing fell due in the window: every connection was still waiting for an earlier answer")
	}
	if g.t != nil && g.t.Due() > 0 {
		g.books()
		g.ports()
		g.schedule()
		g.backend()
		g.client()
		g.ceiling()
		g.preempted()
		g.collected()
		g.lag()
		g.errors()
		g.connections()
		g.idle()
		g.little()
	}
	return g.notes
}

type grader struct {
	m     *evidence.Measurement
	t     *evidence.Tally
	load  load.Load
	c     Circumstances
	notes []evidence.Note
}

func (g *grader) say(kind string, grade evidence.Grade, format string, args ...any) {
	g.notes = append(g.notes, evidence.Note{Kind: kind, Grade: grade, Text: fmt.Sprintf(format, args...)})
}

// failure turns what went wrong into a note. A server that lingered has been
// measured all the same.
func (g *grader) failure() {
	f := g.m.Failure
	if f == nil {
		return
	}
	grade := evidence.X
	if f.Kind == evidence.Lingered {
		grade = evidence.B
	}
	g.say("failed-"+string(f.Kind), grade, "%s", f.Text)
}

func (g *grader) machine() {
	h, foreign := g.m.Host, g.foreign()
	switch {
	case foreign > limits.foreign.worse:
		g.say("foreign-cpu", evidence.L, "other programs kept %s CPUs busy", unit.Number(foreign))
	case foreign > limits.foreign.warn:
		g.say("foreign-cpu", evidence.B, "other programs kept %s CPUs busy", unit.Number(foreign))
	}
	switch {
	case h.Steal > limits.steal.worse:
		g.say("steal", evidence.L, "the hypervisor took %s of the time", unit.Share(h.Steal))
	case h.Steal > limits.steal.warn:
		g.say("steal", evidence.B, "the hypervisor took %s of the time", unit.Share(h.Steal))
	}
	if h.SwappedIn > 0 {
		g.say("swap", evidence.X, "the machine brought %s pages back from swap: the disk was measured", unit.Count(int64(h.SwappedIn)))
	}
	if s := g.m.Server; s != nil && s.Replaced > 0 {
		g.say("process-replaced", evidence.B, "%s of the subject's processes ended within the window", unit.Count(int64(s.Replaced)))
	}
}

// The kernel wakes CPUs that were idle, and charges the time to no process. On a
// virtual machine with nobody else on it that took, by median, 1.5 us for each
// answer at 50 to 80 thousand answers a second, 1.3 at 80 to 120, and 0.5 beyond,
// where CPUs are seldom idle. No more than a tenth of a CPU is taken off, so that a
// neighbour cannot hide behind a high rate; the rest is told as foreign.
const (
	wakeUps     = 1500 * time.Nanosecond
	mostWakeUps = 0.1 // CPUs
)

// foreign is how many CPUs others kept busy, less what our own answers explain.
func (g *grader) foreign() float64 {
	if g.t == nil || g.t.Window <= 0 {
		return g.m.Host.Foreign
	}
	rate := float64(g.t.InWindow+g.t.WrongIn) / g.t.Window.Seconds()
	return g.m.Host.Foreign - min(rate*wakeUps.Seconds(), mostWakeUps)
}

func (g *grader) warmup() {
	if s := g.m.Start; s != nil && s.Warmup.Lasted > 0 && !s.Warmup.Steady {
		g.say("not-steady", evidence.B, "the rate had not become steady after %s of warm-up",
			unit.Duration(s.Warmup.Lasted))
	}
}

// books checks that what was counted twice agrees.
func (g *grader) books() {
	t := g.t
	var byStatus, byCause uint64
	for _, n := range t.Statuses {
		byStatus += n
	}
	for _, n := range t.Causes {
		byCause += n
	}
	answered := t.Outcomes[evidence.Answered]
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"statuses", byStatus, answered},
		{"response times of right answers", count(t.Response), answered - min(t.Wrong, answered)},
		{"response times of wrong answers", count(t.ResponseWrong), t.Wrong},
		{"service times", count(t.Service), answered},
	} {
		if c.got != c.want {
			g.say("books", evidence.X, "the books do not balance: %d %s for %d answers", c.got, c.what, c.want)
			return
		}
	}
	if lost := t.Due() - answered; byCause > lost {
		g.say("books", evidence.X, "the books do not balance: %d causes for %d failed requests", byCause, lost)
	}
}

func count(h *latency.Histogram) uint64 {
	if h == nil {
		return 0
	}
	return h.Count()
}

func (g *grader) ports() {
	if n := g.t.Sources; n > 1 {
		g.say("several-sources", evidence.A, "connections came from %d addresses, 127.0.0.1 to 127.0.0.%d: each has ports of its own", n, n)
	}
	for cause, n := range g.t.Causes {
		if strings.Contains(cause, "EADDRNOTAVAIL") {
			g.say("ports-ran-out", evidence.X, "%s connections found no free port (EADDRNOTAVAIL): the machine was the limit, not the subject",
				unit.Count(int64(n)))
			return
		}
	}
	if n := g.t.Causes["EMFILE"] + g.t.Causes["ENFILE"]; n > 0 {
		g.say("descriptors-ran-out", evidence.X, "%s connections found no free descriptor: that was webdyno's limit, not the subject's",
			unit.Count(int64(n)))
	}
}

// schedule checks that an open load was sent as it was due. Where the server made
// requests wait, being late is its own doing and what was to be measured.
func (g *grader) schedule() {
	t := g.t
	if t.Offered == 0 || t.Outcomes[evidence.Unfinished] > 0 || overloaded(t) {
		return
	}
	stray := max(t.Sent, t.Offered) - min(t.Sent, t.Offered)
	off := float64(t.Sent)/float64(t.Offered) - 1
	if stray <= limits.strayCounts || math.Abs(off) <= limits.schedule.warn {
		return
	}
	grade := evidence.B
	if math.Abs(off) > limits.schedule.worse {
		grade = evidence.X
	}
	g.say("schedule-not-kept", grade, "%s requests were sent in the window and %s were due (%s off)",
		unit.Count(int64(t.Sent)), unit.Count(int64(t.Offered)), unit.Share(math.Abs(off)))
}

// overloaded tells whether requests were late because no connection was to be
// had, and not because the engine was behind.
func overloaded(t *evidence.Tally) bool {
	stuck := t.Outcomes[evidence.Refused] + t.Outcomes[evidence.Unsent]
	if float64(stuck) > limits.schedule.warn*float64(t.Due()) {
		return true
	}
	return t.Wait != nil && t.Lag != nil && t.Wait.Quantile(0.99) > t.Lag.Quantile(0.99) &&
		t.Wait.Quantile(0.99) > time.Millisecond
}

// backend warns of the one that is less exact: Go wakes sleepers on the
// millisecond, and goroutines stand between a loop and its connections.
func (g *grader) backend() {
	if !onNet(g.t) {
		return
	}
	why := "it is what this system has"
	if strings.HasSuffix(g.t.Backend, "+tls") {
		why = "TLS needs it"
	}
	g.say("net-backend", evidence.B, "sent through Go's package net (%s): requests get out up to a millisecond late, which is in lag, "+
		"and the engine takes several times the CPU", why)
}

func onNet(t *evidence.Tally) bool { return strings.HasPrefix(t.Backend, "net") }

// client looks at how much of its CPUs the engine's loops used.
func (g *grader) client() {
	t := g.t
	span := t.Window.Seconds() * float64(t.Loops)
	if span == 0 {
		return
	}
	used := t.LoopShare()
	switch {
	case used >= limits.clientCPU.worse:
		g.say(kindAtLimit, evidence.B,
			"the instrument was the limit: its loops used %s of their CPUs, and the subject may do more", unit.Share(used))
	case used >= limits.clientCPU.warn:
		g.say("client-near-limit", evidence.B, "the engine's loops used %s of their CPUs", unit.Share(used))
	case onNet(t) && t.ClientCPU.Seconds()/span >= limits.clientCPU.warn:
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
func (g *grader) lag() {
	limit := -1
	if _, closed := g.load.(load.Closed); closed {
		limit = slices.IndexFunc(g.notes, isLimit)
	}
	worst, at := g.lateness(limit >= 0)
	if worst <= limits.lag.warn {
		g.away()
		return
	}
	grade := evidence.B
	if worst > limits.lag.worse {
		grade = evidence.L
	}
	if limit < 0 {
		g.say("lag", grade, "the engine's own lag is %s of the response time at p%s",
			unit.Share(worst), plainNumber(at*100))
		return
	}
	n := &g.notes[limit]
	n.Grade = max(n.Grade, grade)
	n.Text += fmt.Sprintf("; of the response time at p%s, %s was spent waiting for them", plainNumber(at*100), unit.Share(worst))
}

// away looks at the longest time that a loop was late at once in an open load. What
// fell due in it and found no connection free on its return counts as waiting for
// one, and percentiles of lag know nothing of it.
func (g *grader) away() {
	t := g.t
	if t.Offered == 0 || t.Window <= 0 || t.Response == nil || t.Lag == nil {
		return
	}
	longest := t.Lag.Max()
	struck := float64(longest) / float64(t.Window) / float64(max(t.Loops, 1))
	if struck <= 0.01 || !tellable(t.Response.Count(), 0.99) || float64(longest) <= limits.lag.worse*float64(t.Response.Quantile(0.99)) {
		return
	}
	g.say("lag", evidence.L, "the engine was late by up to %s at once: what fell due meanwhile (%s of the requests) waited for the engine, "+
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

// kindWrong is the kind of the note that a subject did other work than was asked
// for.
const kindWrong = "answer-wrong"

// errors looks at requests that were not rightly answered. A status other than
// expected is what overload looks like, and counts as a failure; other bytes under
// a right status mean that something else was measured than what was asked for.
func (g *grader) errors() {
	t := g.t
	if t.WrongBytes > 0 {
		g.say(kindWrong, evidence.X, "the answer was wrong: %s of %s answers held another body than expected%s",
			unit.Count(int64(t.WrongBytes)), unit.Count(int64(t.Outcomes[evidence.Answered])), g.example(false))
	}
	if failed := t.Failed(); failed > t.WrongBytes {
		example := ""
		if t.Wrong > t.WrongBytes {
			example = g.example(true)
		}
		g.say("requests-failed", evidence.B, "%s of %s not rightly answered (%s)%s",
			unit.Count(int64(failed)), requestsWere(t.Due()),
			unit.Share(float64(failed)/float64(t.Due())), example)
	}
}

// example quotes the first wrong answer of a kind, those with a wrong status or
// the others: ", such as: status 500, want 200"; "" if none was put into words.
func (g *grader) example(status bool) string {
	for _, w := range g.t.WrongAnswers {
		if strings.HasPrefix(w, "status ") == status {
			return ", such as: " + printable(w)
		}
	}
	return ""
}

// connections looks at what the server does with connections that were to be
// kept.
func (g *grader) connections() {
	c := g.t.Connections
	if float64(c.Stale) > limits.stale.warn*float64(g.t.Due()) {
		g.say("stale-connections", evidence.B, "the server ended %s kept connections before the next answer",
			unit.Count(int64(c.Stale)))
	}
	closed, ok := g.load.(load.Closed)
	if !ok || closed.PerConnection != 0 || closed.Connections == 0 {
		return
	}
	// Who thinks may have asked for nothing by the window's end.
	if c.Opened > 0 && c.Opened < uint64(closed.Connections) && g.t.Due() > c.Opened && closed.Think == 0 {
		g.say("connections-missing", evidence.B, "only %s of %s were opened before the window ended",
			unit.Count(int64(c.Opened)), plural(closed.Connections, "connection"))
	}
	extra := float64(c.Opened) - float64(c.Failed) - float64(closed.Connections)
	if extra > limits.reconnects.warn*float64(closed.Connections) && extra > float64(c.Stale) {
		g.notKept(closed.Connections, extra)
	}
}

// notKept says who ended the connections that were replaced. Those that webdyno
// closed at the end are its own as well, and there are as many as it keeps.
func (g *grader) notKept(kept int, extra float64) {
	c := g.t.Connections
	if 2*float64(c.ClosedByServer) >= extra {
		g.say("connections-not-kept", evidence.A, "the server did not keep connections: %s were opened for %s",
			unit.Count(int64(c.Opened)), unit.Count(int64(kept)))
		return
	}
	g.say("connections-given-up", evidence.A, "%s were opened for %s: webdyno itself closes one on which a request timed out or an answer was malformed",
		plural(int(c.Opened), "connection"), unit.Count(int64(kept)))
}

// little checks Little's law on a closed load: rate × mean response time, with
// the think time if there is one, is the number of requests in flight. It needs
// many turns of every connection, and answers to nearly all.
func (g *grader) little() {
	t := g.t
	closed, ok := g.load.(load.Closed)
	flight := float64(closed.Connections * closed.Depth())
	answered := float64(t.InWindow + t.WrongIn)
	if !ok || closed.PerConnection != 0 || flight == 0 || t.Window == 0 || answered < 100*flight ||
		float64(t.Due()-t.Outcomes[evidence.Answered]) > 0.01*float64(t.Due()) {
		return
	}
	times := answeredTimes(t)
	if times == nil || times.Count() == 0 {
		return
	}
	turn := times.Mean() + closed.Think
	off := answered/t.Window.Seconds()*turn.Seconds()/flight - 1
	chance := 0.0 // of random think times: four standard deviations of their mean
	if closed.Thinking == load.ExponentialThinking {
		chance = 4 * float64(closed.Think) / float64(turn) / math.Sqrt(answered)
	}
	if math.Abs(off) > limits.little.warn+chance {
		g.say("littles-law", evidence.B, "rate × response time is %s off the %s requests in flight: some time is not accounted for",
			unit.Share(math.Abs(off)), unit.Number(flight))
	}
}

func isLimit(n evidence.Note) bool { return n.Kind == kindAtLimit }
