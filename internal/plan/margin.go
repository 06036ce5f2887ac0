package plan

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/unit"
)

// DefaultMargin is how far a ratio may be from one for two to count as
// equivalent, and a change as none that matters, where a plan does not say.
const DefaultMargin = 0.02

// DefaultErrorsMargin is the same for the share of failed requests, which is
// compared by its difference: a thousandth of those due.
const DefaultErrorsMargin = 0.001

// OtherMetrics is the name under which a plan's `margin:` has what holds for all
// metrics that it does not name.
const OtherMetrics Metric = "others"

// Margins say for each metric how large a difference must be to matter. The zero
// Margins are the defaults.
type Margins struct {
	Others float64        // of every metric not named, but for errors; 0: DefaultMargin
	Named  []MetricMargin // in the order written
}

// A MetricMargin is the margin of one metric.
type MetricMargin struct {
	Metric Metric
	Margin float64 // as a share of one: 0.02 of a ratio; of errors, of the requests due
}

// Of returns the margin of a metric, as a share: a ratio from 1/(1+m) to 1+m is
// within it. For errors it is a difference of shares, 0.001 for a tenth of a
// point of per cent.
func (m Margins) Of(metric Metric) float64 {
	for _, n := range m.Named {
		if n.Metric == metric {
			return n.Margin
		}
	}
	switch {
	case metric == Errors:
		return DefaultErrorsMargin
	case m.Others > 0:
		return m.Others
	}
	return DefaultMargin
}

// Names tells whether the metric has a margin of its own.
func (m Margins) Names(metric Metric) bool {
	return slices.ContainsFunc(m.Named, func(n MetricMargin) bool { return n.Metric == metric })
}

// With returns the margins, those of more going before.
func (m Margins) With(more Margins) Margins {
	if more.Others > 0 {
		m.Others = more.Others
	}
	named := slices.Clone(more.Named)
	for _, n := range m.Named {
		if !more.Names(n.Metric) {
			named = append(named, n)
		}
	}
	m.Named = named
	return m
}

// MarginOf returns how large a difference in a metric must be to matter; see
// Margins.Of.
func (p *Plan) MarginOf(metric Metric) float64 { return p.Margin.Of(metric) }

// margins is one share for all metrics, or one for each of some.
func margins(into *Margins) form {
	one := margin(&into.Others)
	return either{
		want:    "want a share such as 2%, or one for each metric such as {throughput: 2%, response_p99: 5%}",
		scalar:  one,
		mapping: marginsByMetric{into},
		chosen: func() form {
			if len(into.Named) == 0 {
				return one
			}
			return marginsByMetric{into}
		},
	}
}

// margin is a share that is more than nothing.
func margin(into *float64) form {
	s := share(into).(scalar)
	accept := s.accept
	s.accept = func(r *reader, at string, n *yaml.Node) error {
		if err := accept(r, at, n); err != nil {
			return err
		}
		if *into <= 0 {
			return fmt.Errorf("%s leaves no room at all: want more than 0%%, such as 2%%", n.Value)
		}
		return nil
	}
	print := s.print
	s.print = func() *yaml.Node {
		if *into == 0 {
			return nil
		}
		return print()
	}
	return s
}

func parseMargin(s string) (float64, error) {
	x, err := unit.ParseShare(s)
	if err != nil {
		return 0, err
	}
	if x <= 0 || x > 1 {
		return 0, fmt.Errorf("a margin of %s: want more than 0%% and at most 100%%, such as 2%%", s)
	}
	return x, nil
}

// marginsByMetric is a margin for each of some metrics.
type marginsByMetric struct{ into *Margins }

func (m marginsByMetric) table(into *[]MetricMargin) table[MetricMargin] {
	return table[MetricMargin]{
		into: into, what: "a metric", most: 100,
		name: func(x *MetricMargin) *string { return (*string)(&x.Metric) },
		each: func(x *MetricMargin) form { return margin(&x.Margin) },
		rule: func(string) error { return nil }, // checkMargins knows what subjects measure of themselves
	}
}

func (m marginsByMetric) read(r *reader, at string, n *yaml.Node) {
	var all []MetricMargin
	m.table(&all).read(r, at, n)
	m.into.Named = nil
	for _, x := range all {
		if x.Metric == OtherMetrics {
			m.into.Others = x.Margin
			continue
		}
		m.into.Named = append(m.into.Named, x)
	}
}

func (m marginsByMetric) write() *yaml.Node {
	all := slices.Clone(m.into.Named)
	if m.into.Others > 0 {
		all = append(all, MetricMargin{OtherMetrics, m.into.Others})
	}
	n := m.table(&all).write()
	if n != nil {
		n.Style = yaml.FlowStyle
	}
	return n
}

func (m marginsByMetric) schema(changes bool) object {
	return m.table(new([]MetricMargin)).schema(changes)
}

// checkMargins complains of margins of what no metric of the plan is called.
func (r *reader) checkMargins() {
	for _, n := range r.plan.Margin.Named {
		if err := r.plan.CheckMetric(n.Metric); err != nil {
			r.complainOfKey(join("margin", string(n.Metric)), "want one of "+strings.Join(append(r.plan.metricNames(), string(OtherMetrics)), ", "), "margin: %v", err)
		}
	}
}

// CheckMetric returns an error unless m is a metric that the plan's trials may
// have.
func (p *Plan) CheckMetric(m Metric) error {
	if slices.Contains(p.metricNames(), string(m)) {
		return nil
	}
	return fmt.Errorf("there is no metric %s", show(string(m)))
}

// metricNames are the names of all metrics, and of those that subjects measure
// of themselves.
func (p *Plan) metricNames() []string {
	names := metricNames()
	for _, own := range p.OwnMetrics() {
		names = append(names, string(own.Name))
	}
	return names
}

// ParseMargins reads margins as the command line has them: "2%" for all metrics,
// or "throughput=3%" for one; several may be given, of each metric one.
func ParseMargins(texts []string) (Margins, error) {
	var all Margins
	for _, text := range texts {
		name, value, named := strings.Cut(text, "=")
		if !named {
			name, value = string(OtherMetrics), text
		}
		x, err := parseMargin(value)
		if err != nil {
			return Margins{}, fmt.Errorf("%q: %w", text, err)
		}
		if Metric(name) == OtherMetrics {
			all.Others = x
			continue
		}
		if all.Names(Metric(name)) {
			return Margins{}, fmt.Errorf("%q: %s has a margin already", text, name)
		}
		all.Named = append(all.Named, MetricMargin{Metric(name), x})
	}
	return all, nil
}
