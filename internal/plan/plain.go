package plan

import "slices"

// checkPlain complains of subjects that are said to be the profiled form of
// something that they cannot be held beside.
func (r *reader) checkPlain() {
	for i := range r.plan.Subjects {
		s := &r.plan.Subjects[i]
		if s.Plain == "" {
			continue
		}
		place := join(item("subjects", i), "plain")
		at := slices.IndexFunc(r.plan.Subjects, func(o Subject) bool { return o.Name == s.Plain })
		switch {
		case at < 0:
			r.complain(place, "want the name of another subject of the plan", "plain: there is no subject %s", show(s.Plain))
		case at == i:
			r.complain(place, "want the name of another subject", "plain: %s cannot be the plain form of itself", s.called())
		case r.plan.Subjects[at].Plain != "":
			r.complain(place, "want the one that no profiler is in", "plain: %s is the profiled form of another itself", show(s.Plain))
		case s.Measures() != r.plan.Subjects[at].Measures():
			r.complain(place, "want a subject of the same kind", "plain: %s and %s have no figure in common", s.called(), show(s.Plain))
		}
	}
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
