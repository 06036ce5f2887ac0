package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	trails map[trailKey]*trail
	past   map[pastKey]*pastBlock
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
	rate   float64 // right answers per second
	trials []stat.LoadTrial
}

func newHunt(p *plan.Plan) *hunt {
	return &hunt{plan: p, trails: map[trailKey]*trail{}, past: map[pastKey]*pastBlock{}}
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

// search carries out a round of a plan that searches for capacities: at each
// setting first the bracket, where none has been found, then the staircases, then
// what lies beyond. The variants go side by side: a block is one trial of each,
// at its own rate.
func (r *round) search(ctx context.Context) (err error) {
	p := &pursuit{round: r, hunt: r.hunt, out: map[int]bool{}}
	r.attempts = map[int]int{}
	r.seat()
	r.ends = r.pastEnds()
	defer func() {
		r.leg = nil
		if p.open {
			err = errors.Join(err, r.clear(), r.stopServices())
		}
	}()
	rng := rand.New(rand.NewPCG(load.Seed(r.x.Plan.Seed, r.n), 2))
	for _, setting := range rng.Perm(len(r.x.Settings)) {
		if err := p.seek(ctx, setting); err != nil {
			return err
		}
		found, err := p.refine(ctx, setting)
		if err != nil {
			return err
		}
		if err := p.overload(ctx, setting, found); err != nil {
			return err
		}
	}
	if p.open {
		r.lab.observe(RoundDone{Round: r.n})
	}
	return nil
}

// seek finds the brackets that are not known yet.
func (p *pursuit) seek(ctx context.Context, setting int) error {
	var legs []*leg
	for _, s := range p.present() {
		if t := p.hunt.trail(s.entry, setting, p.n); !t.settled && t.search.Start == 0 {
			legs = append(legs, &leg{seat: s, step: evidence.Step{Stage: evidence.Saturate}, load: p.x.Settings[setting].Load})
		}
	}
	if err := p.block(ctx, setting, legs); err != nil {
		return err
	}
	for _, l := range legs {
		p.hunt.trail(l.seat.entry, setting, p.n).search.Start = l.came.rate
	}
	for {
		var legs []*leg
		for _, s := range p.present() {
			t := p.hunt.trail(s.entry, setting, p.n)
			rate, more := t.search.Next()
			if t.settled = t.settled || t.search.Start > 0 && (!more || t.trials >= p.hunt.mostSought()); t.settled || !more {
				continue
			}
			l, err := p.at(s, setting, rate, evidence.Step{Stage: evidence.Seek})
			if err != nil {
				return err
			}
			legs = append(legs, l)
		}
		if len(legs) == 0 {
			return nil
		}
		if err := p.block(ctx, setting, legs); err != nil {
			return err
		}
		for _, l := range legs {
			t := p.hunt.trail(l.seat.entry, setting, p.n)
			if t.trials++; l.came.told {
				t.search.Book(l.step.Rate, l.came.trials)
			}
		}
	}
}

// refine climbs the staircases: one step of each goal after the other, so that
// what changes meanwhile falls on all of them alike. It returns the capacities of
// the first goal, by entry.
func (p *pursuit) refine(ctx context.Context, setting int) (map[int]float64, error) {
	c := p.x.Plan.Capacity
	stairs := make([]map[int]*stat.Staircase, len(c.Goals))
	for g := range c.Goals {
		stairs[g] = map[int]*stat.Staircase{}
		for _, s := range p.present() {
			if b := p.hunt.trail(s.entry, setting, p.n).search.Bracket(g); b.Found() {
				stairs[g][s.entry.Index] = stat.NewStaircase(b.Middle())
			}
		}
	}
	for range c.Steps {
		for g, goal := range c.Goals {
			if err := p.tread(ctx, setting, g, goal.Text, stairs[g]); err != nil {
				return nil, err
			}
		}
	}
	found := map[int]float64{}
	for g, goal := range c.Goals {
		for _, s := range p.present() {
			st := stairs[g][s.entry.Index]
			if st == nil || st.Steps() == 0 {
				continue
			}
			p.precise.book(cell{s.entry.Name, fmt.Sprint(setting, " ", goal.Text), p.n}, st.Estimate())
			if g == 0 {
				found[s.entry.Index] = st.Estimate()
			}
		}
	}
	return found, nil
}

// tread takes one step of every variant's staircase of one goal.
func (p *pursuit) tread(ctx context.Context, setting, g int, goal string, stairs map[int]*stat.Staircase) error {
	var legs []*leg
	for _, s := range p.present() {
		if st := stairs[s.entry.Index]; st != nil {
			l, err := p.at(s, setting, st.Next(), evidence.Step{Stage: evidence.Refine, Goal: goal})
			if err != nil {
				return err
			}
			legs = append(legs, l)
		}
	}
	if err := p.block(ctx, setting, legs); err != nil {
		return err
	}
	for _, l := range legs {
		if l.came.told {
			stairs[l.seat.entry.Index].Book(!l.came.trials[g].High)
		}
	}
	return nil
}

// overload asks for more than the capacity for a while, and watches the time
// after it.
func (p *pursuit) overload(ctx context.Context, setting int, found map[int]float64) error {
	c := p.x.Plan.Capacity
	for _, times := range c.Overload {
		var legs []*leg
		for _, s := range p.present() {
			most := stat.RoundLoad(found[s.entry.Index])
			if most == 0 {
				continue
			}
			l, err := p.at(s, setting, stat.RoundLoad(plan.HalfLoad*most), evidence.Step{
				Stage: evidence.Overload, Goal: c.Goals[0].Text, Capacity: most, Times: times,
			})
			if err != nil {
				return err
			}
			from := p.rewarm() + plan.BeforeOverload
			o := l.load.(load.Open)
			o.Surge = load.Surge{From: from, To: from + c.Lasts, Times: times * most / o.Rate}
			l.load, l.window = o, c.OverloadWindow(times)
			legs = append(legs, l)
		}
		if err := p.block(ctx, setting, legs); err != nil {
			return err
		}
	}
	return nil
}

// present returns the seats of those that can be put under load in this round.
func (p *pursuit) present() []*seat {
	var all []*seat
	for _, s := range p.seats {
		if !p.out[s.entry.Index] && slices.Contains(p.round.present(), s.entry.Index) {
			all = append(all, s)
		}
	}
	return all
}

func (p *pursuit) at(s *seat, setting int, rate float64, step evidence.Step) (*leg, error) {
	o, err := p.x.Plan.LoadAt(p.x.Settings[setting], rate)
	if err != nil {
		return nil, fmt.Errorf("%s at %v a second: %w", s.entry.Name, rate, err)
	}
	step.Rate = rate
	return &leg{seat: s, step: step, load: o}, nil
}

// block carries the legs out, in an order drawn from the plan's seed, or has them
// from the record. A block that is not on record in full is done again as a whole.
func (p *pursuit) block(ctx context.Context, setting int, legs []*leg) error {
	if len(legs) == 0 {
		return nil
	}
	p.number++
	seed := load.Seed(p.x.Plan.Seed, p.n, p.number)
	rand.New(rand.NewPCG(seed, 3)).Shuffle(len(legs), func(i, j int) { legs[i], legs[j] = legs[j], legs[i] })
	b := plan.Block{Number: p.number, Setting: setting, Seed: seed}
	for _, l := range legs {
		b.Order = append(b.Order, l.seat.entry.Index)
	}
	if !p.onRecord(b.Number, legs) {
		if err := p.carryOutLegs(ctx, b, legs); err != nil {
			return err
		}
	}
	for _, l := range legs {
		p.out[l.seat.entry.Index] = !l.came.told
	}
	return nil
}

// onRecord fills the legs in from the record, if it has the whole block.
func (p *pursuit) onRecord(number int, legs []*leg) bool {
	past := p.hunt.past[pastKey{p.n, number}]
	if past == nil {
		return false
	}
	p.attempts[number] = past.attempt + 1
	if past.broken {
		return false
	}
	for _, l := range legs {
		came, ok := past.left[l.seat.entry.Name]
		if !ok {
			return false
		}
		l.came = came
	}
	return true
}

func (p *pursuit) carryOutLegs(ctx context.Context, b plan.Block, legs []*leg) error {
	if err := p.begin(ctx); err != nil {
		return err
	}
	for tries := 0; ; tries++ {
		p.spoilt = ""
		for _, l := range legs {
			if err := p.carryOutLeg(ctx, b, l); err != nil {
				return err
			}
		}
		if p.spoilt == "" {
			return nil
		}
		again := tries < mostRepeats && p.repeats.worthwhile(b.Setting)
		p.lab.observe(BlockSpoilt{Round: p.n, Block: b.Number, Why: p.spoilt, Again: again})
		if !again {
			p.repeats.gaveUp(b.Setting, tries)
			return nil
		}
		p.attempts[b.Number]++
	}
}

func (p *pursuit) carryOutLeg(ctx context.Context, b plan.Block, l *leg) error {
	l.notes, l.left, l.came = l.seat.undrained, nil, outcome{}
	l.seat.undrained = nil
	p.leg = l
	if err := p.trial(ctx, b, l.seat); err != nil {
		return err
	}
	if l.left != nil { // else it was skipped by hand
		l.came = p.hunt.outcome(l.left)
	}
	if err := p.drain(ctx, l.seat); err != nil {
		return err
	}
	return p.rest(l.seat)
}

// begin starts the round's subjects, once.
func (p *pursuit) begin(ctx context.Context) error {
	if p.open {
		return nil
	}
	p.open = true
	p.lab.observe(RoundStarted{Round: p.n, Of: p.x.Plan.Rounds.Max, Trials: p.expected()})
	if err := p.startServices(ctx); err != nil {
		return err
	}
	return p.gather(ctx)
}

// expected is about how many trials the round has.
func (p *pursuit) expected() int {
	return p.x.Plan.SearchLength() / p.x.Plan.Rounds.Max * len(p.seats)
}

// mark writes into a trial what it is to the search.
func (l *leg) mark(t *evidence.Trial) {
	t.Step = new(l.step)
	if l.step.Rate > 0 {
		t.Factors[plan.RateFactor] = plan.Num(l.step.Rate)
	}
}

// loadFor and windowFor are what the trial that is next asks for.
func (r *round) loadFor(b plan.Block) load.Load {
	if r.leg != nil {
		return r.leg.load
	}
	return r.x.Settings[b.Setting].Load
}

func (r *round) windowFor() time.Duration {
	if r.traced != nil {
		return r.x.Plan.Profile.Window
	}
	if r.leg != nil && r.leg.window > 0 {
		return r.leg.window
	}
	return r.x.Plan.Window
}

// What a server must be after a trial before the next one is asked for anything.
const (
	idleProbes    = 5
	drainProbes   = 3 // in a row
	drainFactor   = 2 // times the idle answer, and a millisecond for the machine's own moods
	drainSlack    = time.Millisecond
	drainPatience = 10 * time.Second
	drainPause    = 20 * time.Millisecond
)

// idle measures how long an answer takes while nothing else is asked.
func (r *round) idle(ctx context.Context, s *seat) {
	if s.up == nil {
		return
	}
	var times []time.Duration
	for range idleProbes {
		if d, err := r.probe(ctx, s); err == nil {
			times = append(times, d)
		}
	}
	slices.Sort(times)
	if len(times) > 0 {
		s.idle = times[len(times)/2]
	}
}

func (r *round) probe(ctx context.Context, s *seat) (time.Duration, error) {
	began := time.Now()
	_, err := r.lab.Ask(ctx, s.up.Address(), &s.up.sets[0].Requests[0])
	return time.Since(began), err
}

// drain waits until a server answers as soon as an idle one does, three times in a
// row, so that what it still has to do does not fall on the next trial, be it its
// own or another's. The engine has no request in flight once a trial is over. A
// server that takes longer than ten seconds is noted.
func (r *round) drain(ctx context.Context, s *seat) error {
	limit := drainFactor*s.idle + drainSlack
	until := time.Now().Add(drainPatience)
	for good := 0; s.up != nil && s.idle > 0 && good < drainProbes; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d, err := r.probe(ctx, s)
		if err == nil && d <= limit {
			good++
			continue
		}
		if good = 0; time.Now().After(until) {
			s.undrained = []evidence.Note{{
				Kind: "not-drained", Grade: evidence.B,
				Text: fmt.Sprintf("the trial before had left work behind: %v after it, answers still took more than %v", drainPatience, limit.Round(100*time.Microsecond)),
			}}
			return nil
		}
		time.Sleep(drainPause)
	}
	return nil
}
