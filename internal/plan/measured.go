package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// An OwnMetric is what a subject that measures itself prints: each line
// "NAME: NUMBER", or a bare number, is one value, and their median is the
// trial's figure. The zero OwnMetric is none.
type OwnMetric struct {
	Name   Metric // none of Metrics
	Unit   string // as it is written behind numbers; may be empty
	Better Better

	// Requests is how many requests each value stands for, so that what a profile
	// shows is told for one of them; 0: it is not said.
	Requests int
}

// Better says which way of a metric is good.
type Better string

const (
	Lower  Better = "lower"  // times and costs
	Higher Better = "higher" // rates
)

// DefaultMeasureTimeout is how long one run of a command that measures itself
// may take where the plan does not say.
const DefaultMeasureTimeout = 10 * time.Minute

// maxUnit is how many characters a unit has at most.
const maxUnit = 16

// Measures tells whether the subject is a command that measures itself, and no
// server.
func (s *Subject) Measures() bool { return len(s.Measure) > 0 }

// Measures tells whether those that take part measure themselves: nothing is
// then asked of them, and workload, load and window mean nothing. A plan that
// Read has returned takes either such subjects or servers.
func (p *Plan) Measures() bool {
	return slices.ContainsFunc(p.Subjects, func(s Subject) bool { return s.Measures() && p.takesAnyOf(&s) })
}

// OwnMetrics returns what the plan's subjects print of themselves, each once, in
// the order of the subjects.
func (p *Plan) OwnMetrics() []OwnMetric {
	var all []OwnMetric
	for _, s := range p.Subjects {
		if s.Measures() && !slices.Contains(all, s.Metric) {
			all = append(all, s.Metric)
		}
	}
	return all
}

// namesMeasured returns the names that are used in a command that measures
// itself, which may be factors of the plan.
func (s *Subject) namesMeasured() []string {
	if !s.Measures() {
		return nil
	}
	var all []string
	for _, a := range s.Measure {
		all = append(all, names(a)...)
	}
	for _, v := range s.Env {
		all = append(all, names(v.Value)...)
	}
	return all
}

// serves tells whether any of the plan's subjects, taken or not, is a server.
func (p *Plan) serves() bool {
	return slices.ContainsFunc(p.Subjects, func(s Subject) bool { return !s.Measures() })
}

func (m *OwnMetric) grammar() form {
	return mapping{what: "`metric:`", keys: []key{
		{"name", "What is written before the colon of a line that holds a value.", name((*string)(&m.Name)), true},
		{"unit", "Written behind its numbers. None.", metricUnit(&m.Unit), false},
		{"better", "Which way is good: lower or higher. lower.", oneOf(&m.Better, Lower, Higher), false},
		{"requests", "How many requests each value stands for: profiles are told for one of them.", count(&m.Requests, 1, 1_000_000_000), false},
	}}
}

func metricUnit(into *string) form {
	const want = "want a unit such as s or MB/s"
	f := text(into, want).(scalar)
	accept := f.accept
	f.json = object{"type": "string", "maxLength": maxUnit}
	f.accept = func(r *reader, at string, n *yaml.Node) error {
		if utf8.RuneCountInString(n.Value) > maxUnit || strings.ContainsFunc(n.Value, func(c rune) bool { return !unicode.IsPrint(c) }) {
			return fmt.Errorf("%s is no unit of at most %d characters", show(n.Value), maxUnit)
		}
		return accept(r, at, n)
	}
	return f
}

// compared is the figure that verdicts are about: one of webdyno's, or what a
// subject of the plan prints of itself.
func comparedMetric(p *Plan) form {
	return scalar{
		want: "want one of " + strings.Join(metricNames(), ", "),
		json: object{"anyOf": []any{object{"enum": Metrics}, object{"type": "string", "pattern": namePattern}}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if p.Compare = Metric(n.Value); !isName(n.Value) && !slices.Contains(Metrics, p.Compare) {
				return fmt.Errorf("%s is none of the words known here", show(n.Value))
			}
			return nil
		},
		print: func() *yaml.Node { return textOrNothing(string(p.Compare)) },
	}
}

func metricNames() []string {
	var all []string
	for _, m := range Metrics {
		all = append(all, string(m))
	}
	return all
}

// fillMeasured fills in the defaults of a subject that measures itself.
func fillMeasured(s *Subject) {
	s.Metric.Better = cmp.Or(s.Metric.Better, Lower)
	s.Timeout = cmp.Or(s.Timeout, DefaultMeasureTimeout)
}

// checkMeasured complains of a subject that measures itself, where it says too
// little or what its metric cannot be.
func (r *reader) checkMeasured(s *Subject, at string) {
	place := join(at, "metric")
	if s.Metric.Name == "" {
		if r.sound(at) {
			r.complain(place, "want metric: {name: loop, unit: s, better: lower}", "%s: nothing says what it prints", s.called())
		}
		return
	}
	if slices.Contains(Metrics, s.Metric.Name) {
		r.complain(join(place, "name"), "want another name", "%s is a figure of webdyno's own", s.Metric.Name)
	}
	for _, other := range r.plan.OwnMetrics() {
		if other.Name == s.Metric.Name && other != s.Metric {
			r.complain(place, "want the same unit and direction, or another name",
				"%s: the metric %s is of another kind for another subject", s.called(), s.Metric.Name)
			return
		}
	}
}

// checkComparable complains of a plan whose subjects have no figure in common:
// servers and commands that measure themselves can only be told apart by
// different figures. It says which figure can be compared.
func (r *reader) checkComparable() {
	p := r.plan
	if !r.sound("subjects", "take") {
		if len(p.OwnMetrics()) == 0 {
			r.checkCompare(nil)
		}
		return
	}
	var measured, served, own []string
	for _, s := range p.Subjects {
		switch {
		case !p.takesAnyOf(&s):
		case !s.Measures():
			served = append(served, s.Name)
		default:
			measured = append(measured, s.Name)
			own = append(own, string(s.Metric.Name))
		}
	}
	own = slices.Compact(own)
	if len(measured) > 0 && len(served) > 0 {
		place := "subjects"
		if len(p.Take) > 0 {
			place = "take"
		}
		r.complain(place, "want either, by `take:` or in two plans",
			"%s measures itself and %s is a server: they have no figure in common", measured[0], served[0])
		return
	}
	r.checkCompare(own)
	r.checkUnasked()
}

// checkCompare complains of a figure to compare that nothing here has.
func (r *reader) checkCompare(own []string) {
	p := r.plan
	known := metricNames()
	if len(own) > 0 {
		known = own
	}
	if r.sound("compare") && !slices.Contains(known, string(p.Compare)) {
		r.complain("compare", "want one of "+strings.Join(known, ", "), "compare: %s is none of the figures known here", show(string(p.Compare)))
	}
}

// checkUnasked complains of what is asked of servers where the plan has none.
func (r *reader) checkUnasked() {
	if r.plan.serves() {
		return
	}
	for _, k := range unasked {
		if r.written(k) {
			r.complainOfKey(k, "want it left out", "%s: the plan's subjects measure themselves, and nothing is asked of them", k)
		}
	}
}

// unasked are the keys that mean nothing to a plan without servers.
var unasked = []string{"workload", "load", "warmup", "rewarm", "window", "objectives"}
