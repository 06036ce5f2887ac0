package lab

import (
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/report"
	"webdyno/internal/stat"
)

// A pilot is the warm-up of a variant's first start in a run, longer than the
// others have to be. What it shows says how long they last. No rule that looks on
// ends a warm-up: it would see only the past, and not the compiler's next step.
const (
	warmLeast  = 2 * time.Second // of a warm-up that a pilot says is needless
	warmBeyond = 1.5             // times what the pilot took to become steady
	warmGrows  = 1.5             // times what was not enough in a round

	// The part of a plan's budget that all warm-ups but pilots may take: a
	// half-hour's plan has ten rounds of several subjects to warm.
	warmShare = 1.0 / 4
)

// A PilotStore keeps what pilots have shown, from run to run. It may forget.
type PilotStore interface {
	Pilot(e *Entry) (evidence.Pilot, bool)
	KeepPilot(e *Entry, p evidence.Pilot)
}

// pilots are what is known of how long variants have to be warmed.
type pilots struct {
	plan    *plan.Plan
	entries []Entry
	store   PilotStore // nil: nothing is kept

	known map[string]*warmPlan // by variant
	stays []report.Stay
	once  time.Duration // that pilots took longer than other warm-ups
}

// A warmPlan is how long the next start of a variant is warmed.
type warmPlan struct {
	pilot  evidence.Pilot
	wanted time.Duration
	steady bool // the pilot came to rest
	short  bool // the plan's budget allows no more
}

func newPilots(x *Experiment, store PilotStore) *pilots {
	return &pilots{plan: x.Plan, entries: x.Entries, store: store, known: map[string]*warmPlan{}}
}

// wanted tells whether warm-ups are planned by pilots at all.
func (p *pilots) wanted() bool { return p.plan.Warmup.Auto && !p.plan.Quick }

// of returns how long a variant is to be warmed; nil as long as there is no pilot
// of it.
func (p *pilots) of(e *Entry) *warmPlan {
	w := p.known[e.Name]
	if w == nil && p.store != nil && p.plan.Warmup.Pilot == 0 {
		if kept, ok := p.store.Pilot(e); ok {
			kept.Kept, kept.Here = true, false
			w = p.learn(e, kept)
		}
	}
	return w
}

// lasts is how long the pilot of e takes.
func (p *pilots) lasts(e *Entry) time.Duration {
	return p.plan.Pilot(e.JIT, len(p.entries), JITs(p.entries))
}

// JITs returns how many of the entries compile while they run.
func JITs(entries []Entry) int {
	n := 0
	for i := range entries {
		if entries[i].JIT {
			n++
		}
	}
	return n
}

// learned takes up what a warm-up that was a pilot has shown.
func (p *pilots) learned(e *Entry, saw *evidence.Warmup, began time.Time) *warmPlan {
	course, warm := report.SettleWarmup(saw)
	pilot := evidence.Pilot{Course: course.String(), Warm: warm, Lasted: saw.Lasted.Round(time.Millisecond), Began: began.UTC().Truncate(time.Second)}
	w := p.learn(e, pilot)
	p.once += max(0, saw.Lasted-w.wanted)
	if p.store != nil && course.Steady() { // what came to no rest may have been the machine
		p.store.KeepPilot(e, pilot)
	}
	return w
}

// learn plans the warm-ups of e by its pilot.
func (p *pilots) learn(e *Entry, pilot evidence.Pilot) *warmPlan {
	var course stat.Course
	_ = course.UnmarshalText([]byte(pilot.Course)) // what is no course is untold
	w := &warmPlan{pilot: pilot, steady: course.Steady()}
	p.known[e.Name] = w
	wanted := time.Duration(warmBeyond * float64(pilot.Warm))
	if !w.steady { // nor would it be after as much again
		wanted = pilot.Lasted / 2
	}
	p.want(w, wanted)
	return w
}

// want sets how long warm-ups last, as far as the plan's budget allows.
func (p *pilots) want(w *warmPlan, d time.Duration) {
	most := max(warmLeast, w.pilot.Lasted)
	if b := p.plan.Budget; b > 0 {
		starts := time.Duration(p.plan.Rounds.Max * len(p.entries))
		most = min(most, max(warmLeast, time.Duration(float64(b)*warmShare)/max(starts, 1)))
	}
	w.wanted = min(max(d, warmLeast), most).Round(warmSlice)
	w.short = w.wanted < d || !w.steady
}

// recall takes up what is on record already.
func (p *pilots) recall(m *evidence.Measurement) {
	if !p.wanted() {
		return
	}
	p.add(m)
	if m.Start == nil || m.Start.Warmup.Pilot == nil {
		return
	}
	name := report.VariantName(m.Trial)
	for i := range p.entries {
		if e := &p.entries[i]; e.Name == name && p.known[name] == nil {
			pilot := *m.Start.Warmup.Pilot
			pilot.Here = false
			p.learn(e, pilot)
		}
	}
	if w := p.known[name]; w != nil && m.Start.Warmup.Wanted > w.wanted {
		p.want(w, m.Start.Warmup.Wanted)
	}
}

// add books a trial.
func (p *pilots) add(m *evidence.Measurement) {
	if !p.wanted() {
		return
	}
	if s := report.StayOf(m); s.Start != nil {
		p.stays = append(p.stays, s)
	}
}

// confirm looks back at round n: whoever was measured in it before it was steady
// is warmed longer from then on.
func (p *pilots) confirm(n int) {
	grown := map[string]bool{}
	for _, l := range report.Lives(p.stays) {
		w := p.known[l.Variant]
		if l.Round == n && l.Late > 0 && w != nil && !grown[l.Variant] {
			grown[l.Variant] = true
			p.want(w, time.Duration(warmGrows*float64(w.wanted)))
		}
	}
}
