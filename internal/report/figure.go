package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// rows makes the figures: metric by metric, setting by setting, variant by
// variant.
func (t *table) rows() []Row {
	rows := []Row{}
	for _, s := range t.settings {
		for _, v := range t.variants {
			rows = append(rows, t.rowsOf(t.at(v, s), t.metrics())...)
		}
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return r.Metric == plan.StartUp })
	order := t.metrics()
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Compare(slices.Index(order, a.Metric), slices.Index(order, b.Metric))
	})
	return append(rows, t.startUpRows()...)
}

// rowsOf makes the figures of one cell, as many of the metrics as it has. All of
// them are asked of the same samples, so that histograms are merged once and
// not kept.
func (t *table) rowsOf(c *cell, metrics []plan.Metric) []Row {
	samples := c.samples()
	trials := c.trials()
	notes := gather(trials)
	limited := atInstrumentLimit(trials)
	var rows []Row
	for _, metric := range metrics {
		values := valuesOf(metric, samples, t.timeout(c.setting))
		if len(values) == 0 {
			continue
		}
		unit, _ := t.metric(metric)
		row := Row{
			Who: c.variant.Who, Factors: c.setting.factors, Metric: metric, Unit: unit, shown: t.shown(metric), speed: t.ofSpeed(metric),
			N: known(values), Notes: notes, Bound: c.variant.bound, LowerBound: limited && ofLoad(metric), rounds: values, numbers: c.roundNumbers(),
		}
		row.Value, row.Lo, row.Hi = summary(values, metric, t.confidence())
		for _, tr := range trials {
			row.Grade = max(row.Grade, gradeFor(metric, tr.grade))
		}
		rows = append(rows, row)
	}
	return rows
}

// gradeFor returns what a grade means for a metric: L is about times only.
func gradeFor(m plan.Metric, g evidence.Grade) evidence.Grade {
	if g == evidence.L && !ofTimes(m) {
		return evidence.B
	}
	return g
}

// startUpRows makes a figure of each variant's start-up, which does not depend on
// the setting: one value for each round.
func (t *table) startUpRows() []Row {
	var rows []Row
	for _, v := range t.variants {
		starts := &cell{variant: v, setting: &setting{factors: Factors{}}}
		for _, tr := range t.trials {
			if tr.variant == v && tr.sound() && tr.startUp.Known() {
				starts.add(tr)
			}
		}
		rows = append(rows, t.rowsOf(starts, []plan.Metric{plan.StartUp})...)
	}
	return rows
}

// samples returns the cell's rounds, each as something to be measured.
func (c *cell) samples() []*sample {
	var all []*sample
	for _, r := range c.rounds {
		all = append(all, r.sample())
	}
	return all
}

func (r round) sample() *sample {
	s := &sample{}
	for _, tr := range r.trials {
		s.blocks = append(s.blocks, tr.digest)
	}
	return s
}

// valuesOf returns the value of a metric in each round; none if no round has the
// metric in principle, be it with too few requests to tell it.
func valuesOf(metric plan.Metric, samples []*sample, timeout time.Duration) []Number {
	var all []Number
	told := false
	for _, s := range samples {
		v := s.measure(metric, timeout)
		all = append(all, v)
		told = told || v.Known() || (ofTimes(metric) && s.loaded())
	}
	if !told {
		return nil
	}
	return all
}

func (c *cell) trials() []*trial {
	var all []*trial
	for _, r := range c.rounds {
		all = append(all, r.trials...)
	}
	return all
}

func (c *cell) roundNumbers() []int {
	var all []int
	for _, r := range c.rounds {
		all = append(all, r.number)
	}
	return all
}

func known(values []Number) int {
	n := 0
	for _, v := range values {
		if v.Known() {
			n++
		}
	}
	return n
}

// summary returns the median of the values that are known, and the exact
// signed-rank interval of their centre, on the scale of logarithms unless a
// value is zero or they are errors. There is no interval of fewer than six.
//
// A value known only from below is taken at its bound; as it is also the
// largest, the median stays right, and the upper end is marked.
func summary(values []Number, metric plan.Metric, level float64) (mid, lo, hi Number) {
	var sound []Number
	for _, v := range values {
		if v.Known() {
			sound = append(sound, v)
		}
	}
	if len(sound) == 0 {
		return Number{}, Number{}, Number{}
	}
	slices.SortFunc(sound, Number.compare)
	mid = middle(sound)
	xs, logs := scale(sound, metric)
	e, err := stat.HodgesLehmann(xs, level)
	if err != nil {
		return mid, Number{}, Number{}
	}
	if logs {
		e = e.Exp()
	}
	// The interval is of the pseudo-median; where the values are skewed the
	// median may lie just outside, and widening only makes it safer.
	lo, hi = exactly(min(e.Lo, mid.X)), exactly(max(e.Hi, mid.X))
	lo.Kind, hi.Kind = sound[0].Kind, sound[len(sound)-1].Kind
	return mid, lo, hi
}

// scale returns the values on the scale that their interval is computed on, and
// whether that is of logarithms.
func scale(values []Number, metric plan.Metric) (xs []float64, logs bool) {
	logs = metric != plan.Errors && values[0].X > 0
	for _, v := range values {
		x := v.X
		if logs {
			x = math.Log(x)
		}
		xs = append(xs, x)
	}
	return xs, logs
}

func middle(asc []Number) Number {
	n := len(asc)
	upper := asc[n/2]
	if n%2 == 1 {
		return upper
	}
	return Number{asc[n/2-1].X/2 + upper.X/2, upper.Kind}
}

func (t *table) timeout(s *setting) time.Duration {
	if l := exactLoad(t.plan.Load, s.factors); l != nil {
		return l.Usage().Limit()
	}
	return load.DefaultTimeout
}
