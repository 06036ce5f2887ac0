package plan

import (
	"fmt"
	"slices"
)

// A kinship is a key by which one subject names another.
type kinship struct {
	key   string
	of    func(*Subject) string // the name; "" of who names none
	self  string                // what it cannot be to itself
	chain string                // what is said of a name that names another in its turn
	want  string                // instead of that

	// rest complains of what else forbids it; "" if nothing does.
	rest func(s, other *Subject) (want, complaint string)
}

// checkKin complains of names that are not those of a subject that can be named so.
func (r *reader) checkKin(k kinship) {
	for i := range r.plan.Subjects {
		s := &r.plan.Subjects[i]
		name := k.of(s)
		if name == "" {
			continue
		}
		place := join(item("subjects", i), k.key)
		say := func(want, format string, args ...any) {
			r.complain(place, want, "%s: %s", k.key, fmt.Sprintf(format, args...))
		}
		at := slices.IndexFunc(r.plan.Subjects, func(o Subject) bool { return o.Name == name })
		switch {
		case at < 0:
			say("want the name of another subject of the plan", "there is no subject %s", show(name))
		case at == i:
			say("want the name of another subject", "%s cannot be %s of itself", s.called(), k.self)
		case k.of(&r.plan.Subjects[at]) != "":
			say(k.want, "%s is %s of another itself", show(name), k.chain)
		default:
			if want, complaint := k.rest(s, &r.plan.Subjects[at]); complaint != "" {
				say(want, "%s", complaint)
			}
		}
	}
}

// checkOldOf complains of subjects that are said to be the old build of
// something that cannot be set against them.
func (r *reader) checkOldOf() {
	r.checkKin(kinship{
		key: "old_of", of: func(s *Subject) string { return s.OldOf },
		self: "the old build", chain: "the old build", want: "want the newest of them",
		rest: func(s, other *Subject) (want, complaint string) {
			if s.Bound || other.Bound {
				return "want bound: left out of both", "a bound takes part in no verdict"
			}
			return "", ""
		},
	})
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
