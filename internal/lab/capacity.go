package lab

import (
	"math"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/report"
	"webdyno/internal/stat"
)

// A hunt is what a run knows of the capacities its plan searches for. What it
// knows follows from the trials booked so far, and so does every rate that is
// offered next: a run that is taken up again books those on record in the same
// order, and goes on as if it had not been interrupted.
type hunt struct {
	plan   *plan.Plan
	setup  *evidence.Setup
	trails map[trailKey]*trail
	past   map[pastKey]*pastBlock
	vain   map[vainKey]bool
}

// A vainKey is a variant, a setting, and about a rate: what spoilt a block there
// four times in a row would spoil the next one like it, and those at other rates
// perhaps not.
type vainKey struct {
	trailKey
	about int // twenty to a factor of e
}

func (l *leg) vain(setting int) vainKey {
	return vainKey{trailKey{l.seat.entry.Name, setting}, int(math.Round(20 * math.Log(max(l.step.Rate, 1))))}
}

type trailKey struct {
	variant string
	setting int
}

// A trail is the search for the brackets of one variant at one setting. It is
// made in the first round, and the rounds after it refine what it found; where it
// found no bracket of any goal, the next round searches afresh.
type trail struct {
	round   int // that searched
	search  stat.LoadSearch
	trials  int
	settled bool
}

// mostSought is how many trials a bracket may take: about twice what a server
// whose limit is sharp takes. One that is never twice the same would be measured
// for ever, and its bracket is not certified.
func (h *hunt) mostSought() int {
	c := h.plan.Capacity
	return c.Trials*(5+5*len(c.Goals)) + 10
}

type pastKey struct{ round, block int }

// A pastBlock is the last attempt at a block that is on record.
type pastBlock struct {
	attempt int
	left    map[string]outcome // by variant
	broken  bool               // a trial of it was cut off
}

// An outcome is what a trial of the search came to.
type outcome struct {
	told   bool    // it tells something: the variant was under load
	counts bool    // and what it tells is not wrong, so that it may be booked
	rate   float64 // right answers per second
	trials []stat.LoadTrial
}

func newHunt(p *plan.Plan, setup *evidence.Setup) *hunt {
	return &hunt{plan: p, setup: setup, trails: map[trailKey]*trail{}, past: map[pastKey]*pastBlock{}, vain: map[vainKey]bool{}}
}

// recall keeps what a measurement on record says.
func (h *hunt) recall(m *evidence.Measurement) {
	if m.Trial.Step == nil || m.Trial.Block == 0 {
		return
	}
	k := pastKey{m.Trial.Round, m.Trial.Block}
	b := h.past[k]
	if b == nil || m.Trial.Attempt > b.attempt {
		b = &pastBlock{attempt: m.Trial.Attempt, left: map[string]outcome{}}
		h.past[k] = b
	}
	b.broken = b.broken || m.Failure != nil && m.Failure.Kind == evidence.Abandoned
	b.left[report.VariantName(m.Trial)] = h.outcome(m)
}

func (h *hunt) outcome(m *evidence.Measurement) outcome {
	o := outcome{trials: report.Held(m, h.plan)}
	o.counts = report.Counts(m, report.CircumstancesOf(h.plan, h.setup, m))
	if o.told = o.trials != nil; o.told && m.Tally.Window > 0 {
		o.rate = float64(m.Tally.InWindow) / m.Tally.Window.Seconds()
	}
	return o
}

// found tells whether there is anything to refine.
func (t *trail) found() bool {
	for g := range t.search.Goals {
		if t.search.Bracket(g).Found() {
			return true
		}
	}
	return false
}

// trail returns the search as it stands in a round.
func (h *hunt) trail(e *Entry, setting, round int) *trail {
	k := trailKey{e.Name, setting}
	if old := h.trails[k]; old == nil || old.round != round && (!old.settled || !old.found()) {
		t := &trail{round: round}
		c := h.plan.Capacity
		seconds := h.plan.Window.Seconds()
		for range c.Goals {
			t.search.Goals = append(t.search.Goals, stat.LoadGoal{
				Full: seconds, Sum: seconds * float64(c.Trials), Exceed: plan.Exceed, Width: c.Width,
			})
		}
		h.trails[k] = t
	}
	return h.trails[k]
}

// A pursuit is one round of a hunt.
type pursuit struct {
	*round
	hunt   *hunt
	open   bool         // the subjects have been started
	number int          // of the block before
	out    map[int]bool // entries that could not be put under load in this round
}

// A leg is a trial of the search as it is asked for, and afterwards what it left.
type leg struct {
	seat   *seat
	step   evidence.Step
	load   load.Load
	window time.Duration
	notes  []evidence.Note

	left *evidence.Measurement
	came outcome
}

// book books what a trial of the search left. A rate whose trial stayed invalid is
// neither kept nor missed: the search goes around it.
func (t *trail) book(l *leg) {
	switch {
	case !l.came.told: // the variant is out of the round
	case l.came.counts:
		t.search.Book(l.step.Rate, l.came.trials)
	default:
		t.search.Skip(l.step.Rate)
	}
}
