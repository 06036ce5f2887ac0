package report

import (
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// sought is what a trial of a search leaves beside its digest.
type sought struct {
	held   []stat.LoadTrial // against each goal of the plan; none if it was under no load
	counts bool             // it may be booked
	surged *surged          // of an overload
}

// surged is an overload, second by second.
type surged struct {
	goodput float64 // right answers per second while it lasted
	before  float64 // the same, in the seconds before
	back    Number  // seconds after it until what was usual was usual again

	lost   float64            // failed requests, as a share of those due in the overload
	causes map[string]float64 // of them, by outcome
}

// Held holds the plan's goals against what a trial of its search left, in their
// order. A server that ended under the load has kept none. It returns nil of a
// trial that tells nothing: no load was put on the subject, or not wholly, and
// that was not its doing.
func Held(m *evidence.Measurement, p *plan.Plan) []stat.LoadTrial {
	fell := m.Failure != nil && m.Failure.Kind == evidence.Died
	if m.Tally == nil || m.Failure != nil && !fell {
		return nil
	}
	var all []stat.LoadTrial
	for _, g := range p.Capacity.Goals {
		loss, kept := HoldGoal(g, m.Tally)
		if fell {
			loss, kept = 1, false
		}
		all = append(all, stat.LoadTrial{Seconds: p.Window.Seconds(), Loss: loss, High: !kept})
	}
	return all
}

// Counts tells whether a trial of a search may be booked for what it was held to
// be: it is not invalid, or ended because the server did. One that is tells
// neither that its rate is kept nor that it is missed. It looks at the trial
// alone, so that whoever searches and whoever reports book the same ones.
func Counts(m *evidence.Measurement, c Circumstances) bool {
	if f := m.Failure; f != nil {
		return f.Kind == evidence.Died
	}
	return evidence.Worst(slices.Concat(m.Notes, Grade(m, c))) < evidence.X
}

func soughtIn(m *evidence.Measurement, p *plan.Plan, counts bool) sought {
	var s sought
	step := m.Trial.Step
	if step == nil {
		return s
	}
	s.counts = counts
	if s.held = Held(m, p); s.held != nil && step.Stage == evidence.Overload {
		s.surged = surgedIn(m.Tally, step, &p.Capacity)
	}
	return s
}

// What counts as usual again: within a tenth of what was before.
const usualAgain = 0.10

// surgedIn reads an overload. What was usual is the mean number of right answers
// of the seconds before it, and the longest p99 of them; a second is as usual
// again if it has nine tenths of the one and no more than eleven tenths of the
// other. A second with more than a hundredth of errors has no p99. It is back with
// the first such second: 0 means in the first second after the overload.
func surgedIn(t *evidence.Tally, step *evidence.Step, c *plan.Capacity) *surged {
	before := int(plan.BeforeOverload / time.Second)
	during := before + int(c.Lasts/time.Second)
	all := min(len(t.Seconds), int(t.Window/time.Second))
	s := &surged{causes: map[string]float64{}}
	worst := 0.0
	for i := range min(before, all) {
		s.before += float64(rightIn(t.Seconds[i])) / float64(before)
		worst = max(worst, secondP99(t.Seconds[i]))
	}
	for i := before; i < min(during, all); i++ {
		s.goodput += float64(rightIn(t.Seconds[i])) / float64(during-before)
	}
	s.back = atLeast(float64(max(all-during, 0)))
	for i := during; i < all; i++ {
		second := t.Seconds[i]
		if float64(rightIn(second)) >= s.before*(1-usualAgain) && secondP99(second) <= worst*(1+usualAgain) {
			s.back = exactly(float64(i - during))
			break
		}
	}
	s.book(t, step, c)
	return s
}

// book counts what failed, against what fell due in the overload.
func (s *surged) book(t *evidence.Tally, step *evidence.Step, c *plan.Capacity) {
	around := step.Rate * (plan.BeforeOverload + c.AfterOverload(step.Times)).Seconds()
	due := max(float64(t.Due())-around, float64(t.Failed()), 1)
	s.lost = float64(t.Failed()) / due
	for cause, n := range failures(t.Outcomes, t.Wrong) {
		s.causes[cause] = float64(n) / due
	}
}

// failures returns how many requests failed, by how they ended; those that were
// answered wrongly too.
func failures(outcomes [evidence.NumOutcomes]uint64, wrong uint64) map[string]uint64 {
	all := map[string]uint64{}
	for o, n := range outcomes {
		if o := evidence.Outcome(o); o != evidence.Answered && n > 0 {
			all[o.String()] = n
		}
	}
	if wrong > 0 {
		all["wrong"] = wrong
	}
	return all
}

// secondP99 returns the p99 of the response times of what ended in a second, in
// ms; infinite where it lies on an error, and where nothing ended.
func secondP99(s evidence.Second) float64 {
	right := rightIn(s)
	rank := latency.RankOf(.99, right+s.Errors)
	if rank == 0 || rank > right {
		return math.Inf(1)
	}
	return ms(s.Response.Rank(rank))
}

// stepLoad returns the load of a trial of a search; nil of any other.
func stepLoad(l plan.Load, t *evidence.Trial) load.Load {
	if t.Step == nil {
		return nil
	}
	o, ok := exactLoad(l, t.Factors).(load.Open)
	if !ok {
		return nil
	}
	if t.Step.Stage == evidence.Saturate {
		return plan.ClosedLike(o)
	}
	return o
}

// settled returns the factors of a trial's setting: of a search's, without the
// rate, which is no level of the plan's.
func (t *trial) settled() Factors {
	if t.Trial.Step == nil {
		return t.Trial.Factors
	}
	f := Factors{}
	for name, level := range t.Trial.Factors {
		if name != plan.RateFactor {
			f[name] = level
		}
	}
	return f
}
