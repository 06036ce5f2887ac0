package report

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// figuresBeside are the metrics by which a profiled trial is held against a plain
// one: what subjects measure of themselves, or throughput, unless a schedule fixes
// it, and the server's CPU.
func (t *table) figuresBeside() []plan.Metric {
	switch {
	case t.isOwn(t.primary()):
		return []plan.Metric{t.primary()}
	case t.plan.Load.Open:
		return []plan.Metric{plan.ServerCPU}
	}
	return []plan.Metric{plan.Throughput, plan.ServerCPU}
}

// plainForm returns the variant that another one is when no profiler is in it;
// nil if there is none.
func (t *table) plainForm(w Who) *variant {
	if subject := t.plan.PlainOf(w.Subject); subject != "" {
		return t.variantNamed(plan.VariantName(subject, w.Variant))
	}
	return nil
}

// plainOf returns the variant whose trials were without the profiler.
func (t *table) plainOf(p *Profiled) *variant {
	if slices.ContainsFunc(p.heap, func(x taken) bool { return x.apart }) {
		return t.variantNamed(p.name())
	}
	return t.plainForm(p.Who)
}

func (t *table) settingNamed(name string) *setting {
	for _, s := range t.settings {
		if settingName(t.factorNames, s.factors) == name {
			return s
		}
	}
	return nil
}

// costsOf holds profiled trials against the plain ones of the same round, variant
// and setting.
func (t *table) costsOf(p *Profiled) []ProfilerCost {
	var costs []ProfilerCost
	for _, m := range t.figuresBeside() {
		logs := slices.Collect(maps.Values(t.profiledToPlain(p, m)))
		slices.Sort(logs)
		if len(logs) == 0 {
			continue
		}
		c := ProfilerCost{Metric: m, PairedRatio: t.pairedRatio(logs)}
		if !c.Lo.Known() {
			c.Note = fmt.Sprintf("%s %s too few for an interval: %d would do", plural(len(logs), "round"), isAre(len(logs)), stat.MinFor(t.confidence()))
		}
		costs = append(costs, c)
	}
	return costs
}

// profiledToPlain returns of each round that has both the logarithm of the ratio of
// a metric with the profiler to that without.
func (t *table) profiledToPlain(p *Profiled, m plan.Metric) map[int]float64 {
	at := t.settingNamed(settingName(t.factorNames, p.Factors))
	if at == nil {
		return nil
	}
	plain := t.plainOf(p)
	if plain == nil {
		return nil
	}
	cell, with := t.at(plain, at), p.samples()
	logs := map[int]float64{}
	for n, s := range with {
		x, y := s.measure(m, t.timeout(at)), cell.round(n).sample().measure(m, t.timeout(at))
		if d := math.Log(x.X) - math.Log(y.X); x.Kind == Exactly && y.Kind == Exactly && !math.IsInf(d, 0) && !math.IsNaN(d) {
			logs[n] = d
		}
	}
	return logs
}

// samples returns what was measured while the profiler was on, by round.
func (p *Profiled) samples() map[int]*sample {
	with := map[int]*sample{}
	for _, x := range p.heap {
		if x.Failure != nil || !x.sound() || x.profile.File == "" {
			continue
		}
		if with[x.Trial.Round] == nil {
			with[x.Trial.Round] = &sample{}
		}
		with[x.Trial.Round].blocks = append(with[x.Trial.Round].blocks, x.digest)
	}
	return with
}

// inWords says what profiling costs: "2.9 times the time (2.75 to 3.05)".
func (c ProfilerCost) inWords(t *Report) string {
	r, what := c.PairedRatio, "of "+metricName(c.Metric)
	switch {
	case c.Metric == plan.Throughput:
		what = "the throughput"
	case c.Metric == plan.ServerCPU:
		what = "the CPU per request"
	case c.Metric == t.Primary && !t.higher:
		what = "the time"
	}
	return r.Ratio.in("") + " times " + what + r.interval()
}
