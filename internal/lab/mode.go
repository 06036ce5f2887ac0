package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

const (
	// idleLook is how long the idle subjects are looked at, all of them up and
	// warm. A subject that still works off its warm-up is looked at twice.
	idleLook = 2 * time.Second
	// idleLimit is the share of a CPU that an idle subject may use beside the one
	// under load.
	idleLimit = 0.005
	// thawWarmth is the least that is discarded after a thaw: what stood still has
	// lost its caches, and its timers all come due at once.
	thawWarmth = time.Second
)

// A freezer is a Server that can be brought to a stand where it is. Those that
// are not ours cannot.
type freezer interface {
	Freeze() (how string, err error)
	Thaw() error
}

// conduct is which subjects are alive while one is under load. It is settled
// once for a whole run, in the first round that is carried out, so that no two
// rounds are conducted differently.
type conduct struct {
	mode plan.Mode // "" until it is settled
	saw  evidence.Mode
}

// remember takes up what was settled before the run was broken off.
func (c *conduct) remember(m *evidence.Measurement) {
	if m.Mode != nil {
		c.mode, c.saw = plan.Mode(m.Mode.Name), *m.Mode
	}
}

// settled returns what is to be told of it; nil before it is settled.
func (c *conduct) settled() *evidence.Mode {
	if c.mode == "" {
		return nil
	}
	return &c.saw
}

func (c *conduct) settle(m plan.Mode, why string) {
	c.mode = m
	c.saw.Name, c.saw.Why = string(m), why
}

// declare settles the mode before the first start where the plan says it.
func (r *round) declare() {
	if p := r.x.Plan; r.conduct.mode == "" && p.Mode != plan.AutoMode && p.Mode != "" {
		r.conduct.settle(p.Mode, "as the plan says")
	}
}

// settleMode settles the mode by a look at the subjects, all of which are up.
func (r *round) settleMode(ctx context.Context) error {
	if r.conduct.mode != "" {
		return nil
	}
	if len(r.awake()) == 0 {
		return nil // commands that measure themselves, or nothing has come up yet
	}
	busy, err := r.busyWhileIdle(ctx)
	if err != nil {
		return err
	}
	switch {
	case len(r.awake()) == 1 && len(r.x.Entries) == 1:
		r.conduct.settle(plan.Resident, "there is one subject only")
	case len(r.conduct.saw.Idle) == 0:
		r.conduct.settle(plan.Resident, "what the subjects use is not known")
	case len(busy) == 0:
		r.conduct.settle(plan.Resident, idleText(r.worstIdle().Share))
	default:
		r.fallBack(busy)
	}
	r.lab.observe(ModeSettled{Mode: r.conduct.saw})
	if r.conduct.mode == plan.Exclusive {
		return r.clear()
	}
	return nil
}

func (r *round) worstIdle() evidence.IdleUse {
	return slices.MaxFunc(r.conduct.saw.Idle, func(a, b evidence.IdleUse) int { return cmp.Compare(a.Share, b.Share) })
}

// busyWhileIdle looks at the subjects that are up while nobody asks them for
// anything, and says which use CPU all the same: those that do so twice.
func (r *round) busyWhileIdle(ctx context.Context) ([]string, error) {
	suspects := r.awake()
	for range 2 {
		saw, err := r.lookAtIdle(ctx)
		if err != nil {
			return nil, err
		}
		r.conduct.saw.Idle = nil
		var busy []*seat
		for _, s := range r.seats {
			u, ok := saw[s]
			if !ok {
				continue
			}
			r.conduct.saw.Idle = append(r.conduct.saw.Idle, u)
			if u.Share > idleLimit && slices.Contains(suspects, s) {
				busy = append(busy, s)
			}
		}
		if suspects = busy; len(busy) == 0 {
			return nil, nil
		}
	}
	var said []string
	for _, u := range r.conduct.saw.Idle {
		name := plan.VariantName(u.Subject, u.Variant)
		if slices.ContainsFunc(suspects, func(s *seat) bool { return s.entry.Name == name }) {
			said = append(said, fmt.Sprintf("%s used %s of a CPU", name, unit.Share(u.Share)))
		}
	}
	return said, nil
}

// lookAtIdle returns what each subject used in a while of idleness. It takes no
// time where nothing of them can be read.
func (r *round) lookAtIdle(ctx context.Context) (map[*seat]evidence.IdleUse, error) {
	o := r.others(nil)
	if len(o.uses) == 0 {
		return nil, nil
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(idleLook):
	}
	saw := map[*seat]evidence.IdleUse{}
	span := time.Since(o.began)
	for _, u := range o.uses {
		if spent, ok := u.since(); ok {
			t := r.identify(u.seat.entry)
			saw[u.seat] = evidence.IdleUse{Subject: t.Subject, Variant: t.Variant, Share: spent.Seconds() / span.Seconds()}
		}
	}
	return saw, nil
}

// fallBack freezes the subjects, or, where one of them cannot be, has each of
// them live alone.
func (r *round) fallBack(busy []string) {
	why := "while idle, " + strings.Join(busy, ", ")
	for _, s := range r.awake() {
		if err := s.freeze(); err != nil {
			r.conduct.settle(plan.Exclusive, fmt.Sprintf("%s; and %v", why, err))
			return // those that were frozen are thawed as they are stopped
		}
	}
	r.conduct.settle(plan.Frozen, why)
}

// awake are the seats whose subjects are up.
func (r *round) awake() []*seat {
	var up []*seat
	for _, s := range r.seats {
		if s.up != nil {
			up = append(up, s)
		}
	}
	return up
}

// freeze brings the subject to a stand; of what is not ours, or frozen already,
// it does nothing.
func (s *seat) freeze() error {
	f, ok := s.up.Server.(freezer)
	if !ok || s.frozen {
		return nil
	}
	if _, err := f.Freeze(); err != nil {
		return err
	}
	s.frozen = true
	return nil
}

func (s *seat) thaw() error {
	f, ok := s.up.Server.(freezer)
	if !ok || !s.frozen {
		return nil
	}
	s.frozen = false
	return f.Thaw()
}

// rouse has the subject of s ready for its trial, as the mode has it. What goes
// wrong with the subject is kept in s.
func (r *round) rouse(ctx context.Context, s *seat) error {
	if s.up == nil && r.mayStart(s) {
		return r.bringUp(ctx, s)
	}
	if s.up == nil {
		return nil
	}
	if err := s.thaw(); err != nil {
		return r.unmoved(s, err)
	}
	return nil
}

// mayStart tells whether a subject that is down is to be started for its trial:
// one that died, unless it did so again and again, and where each lives alone,
// any that has not failed.
func (r *round) mayStart(s *seat) bool {
	if s.last == nil {
		return r.conduct.mode == plan.Exclusive
	}
	return s.last.Kind == evidence.Died && s.failed <= restartsPerRound
}

// rest leaves the subject of s, after its trial or its start, as the mode has it.
func (r *round) rest(s *seat) error {
	if s.up == nil {
		return nil
	}
	switch r.conduct.mode {
	case plan.Exclusive:
		return r.takeDown(s)
	case plan.Frozen:
		if err := s.freeze(); err != nil {
			return r.unmoved(s, err)
		}
	}
	return nil
}

// unmoved takes a subject down that could not be frozen or thawed: it would
// disturb the others, or not answer.
func (r *round) unmoved(s *seat, err error) error {
	s.last = &evidence.Failure{Kind: evidence.Instrument, Text: err.Error()}
	r.lab.observe(SubjectFailed{Name: s.entry.Name, Failure: *s.last})
	return r.takeDown(s)
}

// rewarm is what is discarded at the start of a trial.
func (r *round) rewarm() time.Duration {
	if r.conduct.mode == plan.Frozen {
		return max(r.x.Plan.Rewarm, thawWarmth)
	}
	return r.x.Plan.Rewarm
}

// others is a look at the subjects that are up beside one.
type others struct {
	began time.Time
	uses  []use
}

// A use is what a subject's process tree had used when it was first looked at.
type use struct {
	seat *seat
	used func() (time.Duration, error)
	then time.Duration
}

// since returns what it has used from then on; false if it has ended.
func (u use) since() (time.Duration, bool) {
	now, err := u.used()
	return max(now-u.then, 0), err == nil
}

// others begins to watch the subjects that are up, but for one; none of which
// nothing can be read.
func (r *round) others(but *seat) others {
	o := others{began: time.Now()}
	for _, s := range r.awake() {
		used := s.up.used()
		if s == but || used == nil {
			continue
		}
		if then, err := used(); err == nil {
			o.uses = append(o.uses, use{s, used, then})
		}
	}
	return o
}

// end returns what they have used together, and how many CPUs that kept busy.
func (o others) end() (spent time.Duration, cpus float64) {
	for _, u := range o.uses {
		if d, ok := u.since(); ok {
			spent += d
		}
	}
	if span := time.Since(o.began); span > 0 {
		cpus = spent.Seconds() / span.Seconds()
	}
	return spent, cpus
}

// leastIdle is the least share of a CPU that is told as a number: a look at idle
// subjects is too short for less.
const leastIdle = 0.001

// idleText says that idle subjects keep still.
func idleText(worst float64) string {
	if worst < leastIdle {
		return fmt.Sprintf("no idle subject used as much as %s of a CPU", unit.ExactShare(leastIdle))
	}
	return fmt.Sprintf("no idle subject used more than %s of a CPU", unit.Share(worst))
}
