package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A MeanRatio is the geometric mean, over settings, of the ratios of A to B. It
// is made of ratios and never of figures, whose units and sizes differ from
// setting to setting; and it is made within each round, so that its interval is
// that of any comparison.
type MeanRatio struct {
	A      Who         `json:"a"`
	B      Who         `json:"b"`
	Metric plan.Metric `json:"metric"`
	Over   int         `json:"over"` // settings, that weigh alike

	Ratio Number  `json:"ratio"` // of A to B; missing where WhyNot says so
	Lo    Number  `json:"lo"`
	Hi    Number  `json:"hi"`
	N     int     `json:"n"` // rounds that have every setting
	Level float64 `json:"level"`

	Least Number `json:"least"` // of the settings' own ratios: a mean hides them
	Most  Number `json:"most"`

	WhyNot string `json:"why_not,omitempty"`
}

// means returns the mean ratios of all pairs on the primary metric, where there
// are two settings or more. Over the rates of an open load there is none: where
// servers keep up their throughput is the schedule's, and beyond it there is a knee.
func (t *table) means(pairs []*pair) []MeanRatio {
	if len(t.settings) < 2 || t.rateFactor() != "" {
		return nil
	}
	byPair := map[[2]int][]*pair{}
	var order [][2]int
	for _, p := range pairs {
		if p.metric != t.primary() {
			continue
		}
		key := [2]int{p.a.index, p.b.index}
		if byPair[key] == nil {
			order = append(order, key)
		}
		byPair[key] = append(byPair[key], p)
	}
	var all []MeanRatio
	for _, key := range order {
		if len(byPair[key]) == len(t.settings) {
			all = append(all, t.mean(byPair[key]))
		}
	}
	return all
}

// mean takes the mean of one pair's logarithms over its settings in each round
// that has them all. If a round at some setting does not tell the whole ratio,
// there is no mean: leaving it out would choose rounds by their values.
func (t *table) mean(at []*pair) MeanRatio {
	m := MeanRatio{A: at[0].a.Who, B: at[0].b.Who, Metric: at[0].metric, Over: len(at), Level: tidy(t.confidence())}
	least, most := math.Inf(1), math.Inf(-1)
	for _, p := range at {
		if p.oneSided()+p.silent > 0 {
			m.WhyNot = "not every round tells the whole ratio at every setting"
			return m
		}
		least, most = min(least, p.ratio.Value), max(most, p.ratio.Value)
	}
	var logs []float64
	for _, round := range slices.Sorted(maps.Keys(at[0].logs)) {
		var ratios []float64
		for _, p := range at {
			if d, ok := p.logs[round]; ok {
				ratios = append(ratios, math.Exp(d.Lo))
			}
		}
		if len(ratios) == len(at) {
			logs = append(logs, math.Log(stat.GeometricMean(ratios)))
		}
	}
	if len(logs) == 0 {
		m.WhyNot = "no round has every setting"
		return m
	}
	e, _ := stat.HodgesLehmann(logs, t.confidence())
	e = e.Exp()
	m.Ratio, m.Lo, m.Hi, m.N = exactly(e.Value), exactly(e.Lo), exactly(e.Hi), e.N
	m.Least, m.Most = exactly(math.Exp(least)), exactly(math.Exp(most))
	return m
}

// meanLine writes the mean ratios below the full table: those against the first
// variant, for the others follow from them but for their intervals, which are in
// report.json.
func (r *Report) meanLine(p *page) {
	var parts, without []string
	var over int
	for _, m := range r.Means {
		if m.A.name() != r.Means[0].A.name() {
			continue
		}
		if m.WhyNot != "" {
			without = append(without, fmt.Sprintf("none to %s, for %s", m.B.name(), m.WhyNot))
			continue
		}
		over = m.Over
		parts = append(parts, fmt.Sprintf("%s : %s %s%s, from %s to %s", m.A.name(), m.B.name(),
			m.Ratio.in(""), inBrackets(m.Lo, m.Hi), m.Least.in(""), m.Most.in("")))
	}
	if len(parts) > 0 {
		p.paragraph("  ", fmt.Sprintf("Geometric mean of the ratios of %s over the %d settings: %s.", metricName(r.Primary), over, strings.Join(append(parts, without...), "; ")))
	}
}
