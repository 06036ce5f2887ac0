package plan

import "fmt"

// checkPlain complains of subjects that are said to be the profiled form of
// something that they cannot be held beside.
func (r *reader) checkPlain() {
	r.checkKin(kinship{
		key: "plain", of: func(s *Subject) string { return s.Plain },
		self: "the plain form", chain: "the profiled form", want: "want the one that no profiler is in",
		rest: func(s, other *Subject) (want, complaint string) {
			if s.Measures() != other.Measures() {
				return "want a subject of the same kind", fmt.Sprintf("%s and %s have no figure in common", s.called(), show(other.Name))
			}
			return "", ""
		},
	})
}

// PlainOf returns the name of the subject that another one is when no profiler is
// in it, variant by variant; "" if it is none.
func (p *Plan) PlainOf(subject string) string {
	for i := range p.Subjects {
		if s := &p.Subjects[i]; s.Name == subject {
			return s.Plain
		}
	}
	return ""
}

// RequestsOf returns how many requests each value stands for that a subject prints
// of itself under this metric; 0: it is not said.
func (p *Plan) RequestsOf(metric Metric) int {
	for _, m := range p.OwnMetrics() {
		if m.Name == metric {
			return m.Requests
		}
	}
	return 0
}
