package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// A round is one time around: every subject started, warmed, measured, stopped.
type round struct {
	lab     *Lab
	x       Experiment
	rec     Record
	n       int // from 1
	precise *precision
	conduct *conduct
	pilots  *pilots
	repeats *repeats
	spoilt  string // why the block under way is to be repeated; "" if it is not
	carried bool   // there was something to do

	ends     int         // of subjects that left something behind, those on record included
	attempts map[int]int // how often each block had been begun before, by number

	seats   []*seat   // one for each entry, in the order of x.Entries
	helpers []*helper // one for each service that is used, in the plan's order
	errs    error     // of stopping services within the round
	hunt    *hunt     // of a plan that searches for capacities
	leg     *leg      // of that search: the trial that is next; nil of any other
	sung    song      // the canaries'
	traced  *Profiler // of the attribution trial under way; nil of any other
	givenUp bool      // requests of the last trial, which its server may still work on
}

// A seat is an entry's place in a round: its server while it is up, and how
// often it has been started.
type seat struct {
	entry  *Entry
	up     *guest // nil while it is down
	starts int
	failed int               // starts and trials in which it did
	last   *evidence.Failure // why it is down
	frozen bool

	idle      time.Duration   // of an answer while nothing else is asked; 0: not known
	undrained []evidence.Note // of what its last trial left behind
}

func (r *round) carryOut(ctx context.Context) (err error) {
	if r.x.Plan.Searches() {
		return r.search(ctx)
	}
	blocks, profiles := r.undone(), r.unprofiled()
	if len(blocks)+len(profiles) == 0 {
		return nil // all of it is on record
	}
	trials := 0
	for _, b := range blocks {
		trials += len(b.Order)
	}
	r.lab.observe(RoundStarted{Round: r.n, Of: r.x.Plan.Rounds.Max, Trials: trials})

	r.seat()
	r.ends = r.pastEnds()
	defer func() { err = errors.Join(err, r.clear(), r.stopServices()) }()
	if err := r.startServices(ctx); err != nil {
		return err
	}
	if len(blocks) > 0 {
		if err := r.gather(ctx); err != nil {
			return err
		}
	}
	for _, b := range blocks {
		if err := r.block(ctx, b); err != nil {
			return err
		}
	}
	if err := r.attribute(ctx, profiles); err != nil {
		return err
	}
	r.lab.observe(RoundDone{Round: r.n})
	return nil
}

// gather brings all subjects up, as far as the mode has them up at all.
func (r *round) gather(ctx context.Context) error {
	r.carried = true
	r.declare()
	if r.conduct.mode == plan.Exclusive {
		return nil // each is started for its trial
	}
	for _, s := range r.shuffled() {
		if err := r.bringUp(ctx, s); err != nil {
			return err
		}
		if err := r.rest(s); err != nil {
			return err
		}
	}
	return r.settleMode(ctx)
}

// undone returns the blocks of the round that are not on record in full. A
// block is taken up again as a whole, for its trials must be close together in
// time; what an interrupted one left is superseded.
func (r *round) undone() []plan.Block {
	var blocks []plan.Block
	r.attempts = map[int]int{}
	for _, b := range r.x.Plan.RoundAmong(r.n, r.present()) {
		begun, whole := r.onRecord(b)
		if whole {
			continue
		}
		r.attempts[b.Number] = begun
		blocks = append(blocks, b)
	}
	return blocks
}

// present are the variants that this machine can run, but for those that are
// skipped by hand.
func (r *round) present() []int {
	var kept []int
	for i := range r.x.Entries {
		if !r.lab.Control.Skipped(r.x.Entries[i].Name) {
			kept = append(kept, r.x.Entries[i].Index)
		}
	}
	return kept
}

// onRecord tells how often the block was begun, and whether its last attempt
// is there in full.
func (r *round) onRecord(b plan.Block) (begun int, whole bool) {
	done := map[string]bool{} // of the last attempt, by subject and variant
	for _, p := range r.x.Past {
		t := p.Trial
		if t.Round != r.n || t.Block != b.Number {
			continue
		}
		if t.Attempt >= begun {
			begun = t.Attempt + 1
			done = map[string]bool{}
		}
		if p.Whole {
			done[report.VariantName(t)] = true
		}
	}
	for _, v := range b.Order {
		if !done[r.entryOf(v).Name] {
			return begun, false
		}
	}
	return begun, true
}

// trialID names a trial, and the attempt if it is not the first.
func (r *round) trialID(b plan.Block, e *Entry) string {
	id := plan.TrialID(r.n, b, e.Variant)
	if n := r.attempts[b.Number]; n > 0 {
		id = fmt.Sprintf("%s-again%d", id, n)
	}
	return id
}

func (r *round) entryOf(variant int) *Entry {
	for i := range r.x.Entries {
		if r.x.Entries[i].Index == variant {
			return &r.x.Entries[i]
		}
	}
	panic(fmt.Sprintf("lab: variant %d has no entry", variant))
}

func (r *round) seat() {
	for i := range r.x.Entries {
		r.seats = append(r.seats, &seat{entry: &r.x.Entries[i]})
	}
}

func (r *round) seatOf(variant int) *seat {
	for _, s := range r.seats {
		if s.entry.Index == variant {
			return s
		}
	}
	panic(fmt.Sprintf("lab: variant %d has no seat", variant))
}

// shuffled returns the seats in the order in which they are started: drawn
// anew each round, so that being first or last falls to each alike.
func (r *round) shuffled() []*seat {
	order := append([]*seat(nil), r.seats...)
	seed := load.Seed(r.x.Plan.Seed, r.n)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(order), func(i, j int) {
		order[i], order[j] = order[j], order[i]
	})
	return order
}

// clear stops whatever is up. What a subject left behind is recorded as a
// failure of its own, beside its trials.
func (r *round) clear() error {
	var errs error
	for _, s := range r.seats {
		errs = errors.Join(errs, r.takeDown(s))
	}
	return errs
}

func (r *round) takeDown(s *seat) error {
	if s.up == nil {
		return nil
	}
	problem, err := s.up.Stop()
	s.up, s.frozen = nil, false
	if err != nil {
		return fmt.Errorf("stop %s: %w", s.entry.Name, err)
	}
	if problem == "" {
		return nil
	}
	f := evidence.Failure{Kind: evidence.Lingered, Text: problem}
	r.lab.observe(SubjectFailed{Name: s.entry.Name, Failure: f})
	r.ends++
	m := &evidence.Measurement{Trial: r.identify(s.entry), Began: time.Now(), Host: unwatched, Failure: &f}
	m.Trial.ID = fmt.Sprintf("r%02d-end%d-%s", r.n, r.ends, s.entry.Name)
	return r.rec.Append(m)
}

// pastEnds is how many ends of this round are on record already.
func (r *round) pastEnds() int {
	n := 0
	for _, p := range r.x.Past {
		if p.Trial.Round == r.n && p.Trial.Block == 0 && p.Trial.Attribution == "" {
			n++
		}
	}
	return n
}

// identify fills in what is the same for all trials of an entry in a round.
func (r *round) identify(e *Entry) evidence.Trial {
	t := evidence.Trial{
		Round:   r.n,
		Subject: e.Subject.Name,
		Bound:   e.Subject.Bound,
	}
	for _, c := range e.Choice {
		if t.Variant == nil {
			t.Variant = map[string]string{}
		}
		t.Variant[c.Factor] = c.Level.String()
	}
	return t
}
