package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

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
			t.trials++
			t.book(l)
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
		switch st := stairs[l.seat.entry.Index]; {
		case !l.came.told: // the variant is out of the round
		case l.came.counts:
			st.Book(!l.came.trials[g].High)
		default:
			st.Skip()
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
