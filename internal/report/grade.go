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
	"webdyno/internal/plan"
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

	Unmodified bool // the plan expects status 304

	Strict bool             // the plan's: doubt about the machine makes a trial invalid
	Moved  []plan.Threshold // the plan's own limits
}

// CircumstancesOf returns those of a measurement in a record. Either of the first
// two may be nil.
func CircumstancesOf(p *plan.Plan, s *evidence.Setup, m *evidence.Measurement) Circumstances {
	var c Circumstances
	if p != nil {
		c.Load = exactLoad(p.Load, m.Trial.Factors)
		if l := stepLoad(p.Load, &m.Trial); l != nil {
			c.Load = l
		}
		c.Strict, c.Moved, c.Unmodified = p.Strict, p.Thresholds, expects(&p.Workload, 304)
	}
	if s != nil {
		c.CPUsShared = s.CPUs.Shared
		if m.Tally != nil {
			c.Ceiling = CeilingOf(s.Facts, m.Tally.Backend, c.Load)
		}
	}
	return c
}

// expects tells whether a status is among those that a plan asks for by name.
func expects(w *plan.Workload, status int) bool {
	if slices.Contains(w.Expect.Status, status) {
		return true
	}
	return slices.ContainsFunc(w.Mix, func(p plan.Part) bool { return p.Expect != nil && slices.Contains(p.Expect.Status, status) })
}

// Grade returns the notes that follow from a measurement's numbers. Those that
// the lab saw while it ran are in the measurement already, and not repeated.
// Notes of grade X are for what makes a number wrong; noise costs a B or an L.
func Grade(m *evidence.Measurement, c Circumstances) []evidence.Note {
	notes, _ := grade(m, c)
	return notes
}

// grade walks the table of signals, and returns what each of them was as well.
func grade(m *evidence.Measurement, c Circumstances) ([]evidence.Note, []sighting) {
	table := signals()
	g := &grader{m: m, t: m.Tally, load: c.Load, c: c, seen: make([]sighting, len(table))}
	for i := range table {
		s := &table[i]
		if s.look == nil || !g.covers(s.over) {
			continue
		}
		g.now = &g.seen[i]
		l, _ := c.limitsOf(s)
		s.look(g, l)
	}
	return g.notes, g.seen
}

type grader struct {
	m     *evidence.Measurement
	t     *evidence.Tally
	load  load.Load
	c     Circumstances
	notes []evidence.Note

	seen []sighting
	now  *sighting // of the signal that is looked at
}

func (g *grader) covers(o over) bool {
	switch o {
	case ofLoads: // what measures itself sees its own losses
		return g.t != nil
	case ofRequests:
		return g.t != nil && g.t.Due() > 0
	}
	return true
}

// see writes down what the signal is that is looked at.
func (g *grader) see(v float64) {
	g.now.value, g.now.known = v, true
}

// say makes a note of the signal that is looked at.
func (g *grader) say(kind string, grade evidence.Grade, format string, args ...any) {
	g.notes = append(g.notes, evidence.Note{Kind: kind, Grade: grade, Text: fmt.Sprintf(format, args...)})
	g.now.fired, g.now.grade = true, max(g.now.grade, grade)
}

// graded sees a value, and makes a note of the grade that it brings, if any.
func (g *grader) graded(l limits, v float64, kind, format string, args ...any) {
	g.see(v)
	if grade := l.grade(v); grade > evidence.A {
		g.say(kind, grade, format, args...)
	}
}

// failure turns what went wrong into a note. A server that lingered has been
// measured all the same.
func (g *grader) failure(limits) {
	f := g.m.Failure
	if f == nil {
		g.see(0)
		return
	}
	g.see(1)
	grade := evidence.X
	if f.Kind == evidence.Lingered {
		grade = evidence.B
	}
	g.say("failed-"+string(f.Kind), grade, "%s", f.Text)
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

func (g *grader) warmup(l limits) {
	w := g.m.Start
	if w == nil || w.Warmup.Lasted <= 0 {
		return
	}
	unsteady := 0.0
	if !w.Warmup.Steady {
		unsteady = 1
	}
	if w.Warmup.Wanted > 0 {
		g.graded(l, unsteady, "not-steady", "%s of warm-up is less than it needs by its pilot, or the pilot came to no rest", unit.Duration(w.Warmup.Lasted))
		return
	}
	g.graded(l, unsteady, "not-steady", "the rate had not become steady after %s of warm-up", unit.Duration(w.Warmup.Lasted))
}

// books checks that what was counted twice agrees.
func (g *grader) books(limits) {
	t := g.t
	g.see(0)
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
			g.see(math.Abs(float64(c.got) - float64(c.want)))
			g.say("books", evidence.X, "the books do not balance: %d %s for %d answers", c.got, c.what, c.want)
			return
		}
	}
	if n := t.Unbalanced; n > 0 {
		g.see(float64(n))
		g.say("books", evidence.X, "the books do not balance: of %s the engine's own times or bytes do not add up", plural(int(n), "request"))
		return
	}
	if lost := t.Due() - answered; byCause > lost {
		g.see(float64(byCause - lost))
		g.say("books", evidence.X, "the books do not balance: %d causes for %d failed requests", byCause, lost)
	}
}

func count(h *latency.Histogram) uint64 {
	if h == nil {
		return 0
	}
	return h.Count()
}

func (g *grader) ports(l limits) {
	if n := g.t.Sources; n > 1 {
		g.say("several-sources", evidence.A, "connections came from %d addresses, 127.0.0.1 to 127.0.0.%d: each has ports of its own", n, n)
	}
	var none uint64
	for cause, n := range g.t.Causes {
		if strings.Contains(cause, "EADDRNOTAVAIL") {
			none += n
		}
	}
	g.graded(l, float64(none), "ports-ran-out", "%s connections found no free port (EADDRNOTAVAIL): the machine was the limit, not the subject",
		unit.Count(int64(none)))
}

func (g *grader) descriptors(l limits) {
	n := g.t.Causes["EMFILE"] + g.t.Causes["ENFILE"]
	g.graded(l, float64(n), "descriptors-ran-out", "%s connections found no free descriptor: that was webdyno's limit, not the subject's",
		unit.Count(int64(n)))
}

// schedule checks that an open load was sent as it was due. Where the server made
// requests wait, being late is its own doing and what was to be measured: so are
// those that it kept waiting across an edge of the window, of which the times of
// the window's own requests know nothing.
func (g *grader) schedule(l limits) {
	t := g.t
	if t.Offered == 0 || t.Outcomes[evidence.Unfinished] > 0 || overloaded(t) {
		return
	}
	sent := t.Sent - min(t.HeldIn, t.Sent) + t.HeldOver
	stray := max(sent, t.Offered) - min(sent, t.Offered)
	off := math.Abs(float64(sent)/float64(t.Offered) - 1)
	if stray <= strayCounts {
		g.see(0)
		return
	}
	g.graded(l, off, "schedule-not-kept", "%s requests were sent in the window and %s were due (%s off)",
		unit.Count(int64(sent)), unit.Count(int64(t.Offered)), unit.Share(off))
}

const (
	strayCounts = 3     // requests at the window's edge that say nothing about a schedule
	stuckShare  = 0.003 // of the requests due: where so many found no connection, the server was behind
)

// overloaded tells whether requests were late because no connection was to be
// had, and not because the engine was behind.
func overloaded(t *evidence.Tally) bool {
	stuck := t.Outcomes[evidence.Refused] + t.Outcomes[evidence.Unsent]
	if float64(stuck) > stuckShare*float64(t.Due()) {
		return true
	}
	return t.Wait != nil && t.Lag != nil && t.Wait.Quantile(0.99) > t.Lag.Quantile(0.99) &&
		t.Wait.Quantile(0.99) > time.Millisecond
}

// kindWrong is the kind of the note that a subject did other work than was asked
// for.
const kindWrong = "answer-wrong"

// errors looks at requests that were not rightly answered. A status other than
// expected is what overload looks like, and counts as a failure; other bytes under
// a right status mean that something else was measured than what was asked for.
func (g *grader) errors(limits) {
	t := g.t
	failed := t.Failed()
	g.see(float64(failed) / float64(t.Due()))
	if failed <= t.WrongBytes {
		return
	}
	example := ""
	if t.Wrong > t.WrongBytes {
		example = g.example(true)
	}
	g.say("requests-failed", evidence.B, "%s of %s not rightly answered (%s)%s",
		unit.Count(int64(failed)), requestsWere(t.Due()),
		unit.Share(float64(failed)/float64(t.Due())), example)
}

// wrongBytes looks at right statuses with other bytes than expected.
func (g *grader) wrongBytes(l limits) {
	t := g.t
	g.graded(l, float64(t.WrongBytes), kindWrong, "the answer was wrong: %s of %s answers held another body than expected%s",
		unit.Count(int64(t.WrongBytes)), unit.Count(int64(t.Outcomes[evidence.Answered])), g.example(false))
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

// stale looks at connections that the server ended between two requests.
func (g *grader) stale(l limits) {
	n := g.t.Connections.Stale
	g.graded(l, float64(n)/float64(g.t.Due()), "stale-connections", "the server ended %s kept connections before the next answer",
		unit.Count(int64(n)))
}

// keeps returns the closed load whose connections are to be kept, if it is one.
func (g *grader) keeps() (load.Closed, bool) {
	closed, ok := g.load.(load.Closed)
	return closed, ok && closed.PerConnection == 0 && closed.Connections > 0
}

// missing looks at connections that were never opened. Who thinks may have asked
// for nothing by the window's end.
func (g *grader) missing(limits) {
	c := g.t.Connections
	closed, ok := g.keeps()
	if !ok {
		return
	}
	g.see(0)
	if c.Opened > 0 && c.Opened < uint64(closed.Connections) && g.t.Due() > c.Opened && closed.Think == 0 {
		g.see(float64(closed.Connections) - float64(c.Opened))
		g.say("connections-missing", evidence.B, "only %s of %s were opened before the window ended",
			unit.Count(int64(c.Opened)), plural(closed.Connections, "connection"))
	}
}

// reopened looks at what the server does with connections that were to be kept.
func (g *grader) reopened(l limits) {
	c := g.t.Connections
	closed, ok := g.keeps()
	if !ok {
		return
	}
	extra := max(0, float64(c.Opened)-float64(c.Failed)-float64(closed.Connections))
	g.see(extra / float64(closed.Connections))
	if extra > l.warn*float64(closed.Connections) && extra > float64(c.Stale) {
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
func (g *grader) little(l limits) {
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
	off := math.Abs(answered/t.Window.Seconds()*turn.Seconds()/flight - 1)
	chance := 0.0 // of random think times: four standard deviations of their mean
	if closed.Thinking == load.ExponentialThinking {
		chance = 4 * float64(closed.Think) / float64(turn) / math.Sqrt(answered)
	}
	g.see(max(0, off-chance))
	if grade := l.grade(off - chance); grade > evidence.A {
		g.say("littles-law", grade, "rate × response time is %s off the %s requests in flight: some time is not accounted for",
			unit.Share(off), unit.Number(flight))
	}
}
