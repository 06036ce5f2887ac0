package lab

import (
	"context"
	"fmt"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// mostRepeats is how often a block is repeated one of whose trials was invalid.
const mostRepeats = 3

// repeats says which blocks are worth repeating. What spoils a block four times
// in a row is no accident, and would spoil those of the same setting in every
// round to come: they are measured once each, and the report says what is wrong.
type repeats struct {
	until    time.Time    // after it no block is repeated; zero: always
	hopeless map[int]bool // settings
}

// block carries out the trials of a block, again if one of them is spoilt.
func (r *round) block(ctx context.Context, b plan.Block) error {
	for tries := 0; ; tries++ {
		r.spoilt = ""
		for _, v := range b.Order {
			if err := r.trial(ctx, b, r.seatOf(v)); err != nil {
				return err
			}
		}
		if r.spoilt == "" {
			return nil
		}
		again := tries < mostRepeats && r.repeats.worthwhile(b.Setting)
		r.lab.observe(BlockSpoilt{Round: r.n, Block: b.Number, Why: r.spoilt, Again: again})
		if !again {
			r.repeats.gaveUp(b.Setting, tries)
			return nil
		}
		r.attempts[b.Number]++
	}
}

func (p *repeats) worthwhile(setting int) bool {
	return !p.hopeless[setting] && (p.until.IsZero() || time.Now().Before(p.until))
}

// gaveUp notes that a block stayed spoilt after so many repeats.
func (p *repeats) gaveUp(setting, tries int) {
	if tries == mostRepeats {
		p.hopeless[setting] = true
	}
}

// inspect looks whether a trial spoils its block: whether a number in it is
// wrong for a cause that is not the subject's. It does not look at what is being
// compared.
func (r *round) inspect(m *evidence.Measurement) {
	why, ok := report.Spoilt(m, report.CircumstancesOf(r.x.Plan, r.x.Setup, m))
	if ok && r.spoilt == "" {
		r.spoilt = fmt.Sprintf("%s: %s", report.VariantName(m.Trial), why)
	}
}
