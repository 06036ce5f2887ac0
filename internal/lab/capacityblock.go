package lab

import (
	"context"
	"math/rand/v2"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
)

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
		again := tries < mostRepeats && p.worthwhile(b.Setting, legs)
		p.lab.observe(BlockSpoilt{Round: p.n, Block: b.Number, Why: p.spoilt, Again: again})
		if !again {
			if tries == mostRepeats {
				p.giveUp(b.Setting, legs)
			}
			return nil
		}
		p.attempts[b.Number]++
	}
}

// worthwhile tells whether the block may yet be without an invalid trial.
func (p *pursuit) worthwhile(setting int, legs []*leg) bool {
	for _, l := range legs {
		if !l.came.counts && p.hunt.vain[l.vain(setting)] {
			return false
		}
	}
	return p.repeats.worthwhile(setting)
}

// giveUp notes what spoilt a block to the last.
func (p *pursuit) giveUp(setting int, legs []*leg) {
	for _, l := range legs {
		if !l.came.counts {
			p.hunt.vain[l.vain(setting)] = true
		}
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

// expected is about how many trials the round has, but for those that find the
// brackets.
func (p *pursuit) expected() int {
	return p.x.Plan.SearchRound() * len(p.x.Settings) * len(p.seats)
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
