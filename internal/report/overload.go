package report

import (
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// An Overload is what became of one variant when it was asked for a multiple of
// its capacity, and afterwards.
type Overload struct {
	Who
	Factors Factors `json:"factors,omitempty"`
	Goal    string  `json:"goal"`  // whose capacity it is
	Times   float64 `json:"times"` // the capacity
	LastedS float64 `json:"lasts_s"`

	Offered Number `json:"offered"` // requests per second, while it lasted
	Goodput Number `json:"goodput"` // right answers per second, while it lasted
	Share   Number `json:"share"`   // the same as a share of the capacity: median over rounds
	ShareLo Number `json:"share_lo"`
	ShareHi Number `json:"share_hi"`

	// Errors are failed requests in % of those due in the overload; Causes are the
	// parts of it, by how the requests ended.
	Errors Number             `json:"errors"`
	Causes map[string]float64 `json:"causes,omitempty"`

	// Recovery is after how many seconds at half the capacity goodput and p99 were
	// within a tenth of what they had been before: 0 means within the first. It is
	// AtLeast how long the subject was watched where they were not.
	Recovery   Number `json:"recovery_s"`
	RecoveryLo Number `json:"recovery_lo"`
	RecoveryHi Number `json:"recovery_hi"`

	N     int            `json:"n"`
	Fell  int            `json:"fell,omitempty"` // rounds in which the subject ended
	Grade evidence.Grade `json:"grade"`
}

// overloads makes a figure of each multiple.
func (t *table) overloads(q *quarry) []Overload {
	var all []Overload
	for _, times := range t.plan.Capacity.Overload {
		here := slices.DeleteFunc(slices.Clone(q.over), func(tr *trial) bool { return tr.Trial.Step.Times != times })
		if len(here) > 0 {
			all = append(all, t.overloaded(q, times, here))
		}
	}
	return all
}

func (t *table) overloaded(q *quarry, times float64, trials []*trial) Overload {
	o := Overload{
		Who: q.variant.Who, Factors: q.setting.factors, Times: times, Goal: t.plan.Capacity.Goals[0].Text,
		LastedS: t.plan.Capacity.Lasts.Seconds(), Causes: map[string]float64{},
	}
	var offered, goodput, shares, lost, back []Number
	for _, tr := range trials {
		o.Grade = max(o.Grade, tr.grade)
		if tr.fell() {
			o.Fell++
		}
		if !tr.sound() && !tr.fell() {
			continue
		}
		step, s := tr.Trial.Step, tr.surged
		o.N++
		offered = append(offered, exactly(step.Times*step.Capacity))
		goodput = append(goodput, exactly(s.goodput))
		shares = append(shares, exactly(s.goodput/step.Capacity))
		lost = append(lost, exactly(100*s.lost))
		for cause, x := range s.causes {
			o.Causes[cause] += 100 * x
		}
		if tr.fell() {
			back = append(back, atLeast(t.plan.Capacity.AfterOverload(times).Seconds()))
		} else {
			back = append(back, s.back)
		}
	}
	for cause := range o.Causes {
		o.Causes[cause] = tidy(o.Causes[cause] / float64(o.N))
	}
	level := t.confidence()
	o.Offered, _, _ = summary(offered, plan.Throughput, level)
	o.Goodput, _, _ = summary(goodput, plan.Throughput, level)
	o.Share, o.ShareLo, o.ShareHi = summary(shares, plan.Throughput, level)
	o.Errors, _, _ = summary(lost, plan.Errors, level)
	o.Recovery, o.RecoveryLo, o.RecoveryHi = summary(back, plan.Errors, level)
	return o
}
