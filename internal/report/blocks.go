package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// Blocks says how many blocks a round should hold, for the pair of the primary
// metric whose interval is the widest (Kalibera and Jones, 2013). It is advice for
// the next run: a number that followed from what was seen would depend on it.
type Blocks struct {
	Now  int `json:"now"`
	Best int `json:"best"`

	Between Number `json:"between_rounds"` // standard deviation of the ratio that a fresh start adds, as a share
	Within  Number `json:"within_rounds"`  // and from block to block of one round

	Round  float64 `json:"round_s"` // what starting, warming and stopping takes, of all subjects
	Block  float64 `json:"block_s"` // and one block
	Change float64 `json:"change"`  // of the interval's width, in the same time: -0.2 is a fifth narrower
}

const (
	roundsForBlocks = 4    // before which scatter is not taken apart
	worthTelling    = 0.10 // narrower by so much
)

// blocks advises on the number of blocks; nil where there is nothing to advise:
// with one block in a round the two sources of scatter cannot be told apart.
func (t *table) blocks(pairs []*pair) *Blocks {
	widest := t.widestPair(pairs)
	if widest == nil {
		return nil
	}
	levels, err := stat.VarianceLevels(t.blockRatios(widest))
	if err != nil {
		return nil
	}
	b := &Blocks{
		Now: t.plan.Blocks, Between: exactly(math.Sqrt(levels.Between)), Within: exactly(math.Sqrt(levels.Within)),
	}
	if b.Round, b.Block = t.spending(); b.Round <= 0 || b.Block <= 0 {
		return nil
	}
	b.Best = levels.BestBlocks(b.Round, b.Block)
	b.Change = tidy(math.Sqrt(b.variance(levels, b.Best)/b.variance(levels, b.Now)) - 1)
	return b
}

// variance is that of the mean of all rounds of k blocks that fit into a unit of
// time.
func (b *Blocks) variance(l stat.Levels, k int) float64 {
	return (l.Between + l.Within/float64(k)) * (b.Round + float64(k)*b.Block)
}

func (t *table) widestPair(pairs []*pair) *pair {
	var widest *pair
	for _, p := range pairs {
		if p.metric != t.primary() || len(p.logs) < roundsForBlocks || p.oneSided()+p.silent > 0 || !p.ratio.HasInterval() {
			continue
		}
		if widest == nil || p.ratio.Hi-p.ratio.Lo > widest.ratio.Hi-widest.ratio.Lo {
			widest = p
		}
	}
	return widest
}

// blockRatios returns, of each round in which every block tells it, the
// logarithm of the pair's ratio in each block.
func (t *table) blockRatios(p *pair) [][]float64 {
	var rounds [][]float64
	timeout := t.timeout(p.setting)
	ca, cb := t.at(p.a, p.setting), t.at(p.b, p.setting)
	for _, ra := range ca.rounds {
		rb := cb.round(ra.number)
		var logs []float64
		for _, x := range ra.trials {
			i := slices.IndexFunc(rb.trials, func(y *trial) bool { return y.Trial.Block == x.Trial.Block })
			if i < 0 {
				continue
			}
			one, other := &sample{blocks: []*digest{x.digest}}, &sample{blocks: []*digest{rb.trials[i].digest}}
			d, ok := logRatio(p.metric, one.measure(p.metric, timeout), other.measure(p.metric, timeout))
			if ok && d.Known() {
				logs = append(logs, d.Lo)
			}
		}
		if len(logs) > 1 {
			rounds = append(rounds, logs)
		}
	}
	return rounds
}

// spending returns, in seconds, what a round costs beside its blocks, and what a
// block of each setting costs, by the median of what was seen.
func (t *table) spending() (round, block float64) {
	window := (t.plan.Rewarm + t.plan.Window).Seconds()
	for _, v := range t.variants {
		var starts []float64
		for _, tr := range t.trials {
			if tr.variant == v && tr.came > 0 {
				starts = append(starts, tr.came.Seconds())
			}
		}
		if len(starts) > 0 {
			round += stat.Median(starts)
			block += window
		}
	}
	return round, block * float64(max(1, len(t.settings)))
}

// came is how long the subject of a trial took to come up, its warm-up included.
func came(m *evidence.Measurement) time.Duration {
	if m.Start == nil {
		return 0
	}
	return m.Start.Ready + m.Start.Warmup.Lasted
}

// text says it, where it is worth saying; "" otherwise.
func (b *Blocks) text() string {
	if b == nil || b.Best == b.Now || b.Change > -worthTelling {
		return ""
	}
	return fmt.Sprintf("With %s in a round (blocks: %d) instead of %d, the widest interval would be about %s narrower in the same time: from block to block of a round the ratio varies by %s, from start to start by %s.",
		plural(b.Best, "block"), b.Best, b.Now, unit.Share(-b.Change), unit.Share(b.Within.X), unit.Share(b.Between.X))
}
