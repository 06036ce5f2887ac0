package plan

import "slices"

// checkOldOf complains of subjects that are said to be the old build of
// something that cannot be set against them.
func (r *reader) checkOldOf() {
	for i := range r.plan.Subjects {
		s := &r.plan.Subjects[i]
		if s.OldOf == "" {
			continue
		}
		place := join(item("subjects", i), "old_of")
		at := slices.IndexFunc(r.plan.Subjects, func(o Subject) bool { return o.Name == s.OldOf })
		switch {
		case at < 0:
			r.complain(place, "want the name of another subject of the plan", "old_of: there is no subject %s", show(s.OldOf))
		case at == i:
			r.complain(place, "want the name of another subject", "old_of: %s cannot be the old build of itself", s.called())
		case r.plan.Subjects[at].OldOf != "":
			r.complain(place, "want the newest of them", "old_of: %s is the old build of another itself", show(s.OldOf))
		case s.Bound || r.plan.Subjects[at].Bound:
			r.complain(place, "want bound: left out of both", "old_of: a bound takes part in no verdict")
		}
	}
}

// NewOf returns the name of the subject that an old build is set against, variant
// by variant; "" if it is none.
func (p *Plan) NewOf(subject string) string {
	for i := range p.Subjects {
		if s := &p.Subjects[i]; s.Name == subject {
			return s.OldOf
		}
	}
	return ""
}
