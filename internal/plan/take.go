package plan

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A Pick names a subject that takes part, or those of its variants that have
// certain levels.
type Pick struct {
	Subject string
	Levels  []PickLevel // in the order written; none: every variant
}

// A PickLevel is a level that a picked variant may have. Of a factor that occurs
// more than once, any of the levels will do.
type PickLevel struct{ Factor, Level string }

// maxPicks is how many there may be.
const maxPicks = 1000

// String writes the pick as a plan does: "go", "gevent[python=cpython]".
func (p Pick) String() string {
	if len(p.Levels) == 0 {
		return p.Subject
	}
	var parts []string
	for _, l := range p.Levels {
		parts = append(parts, l.Factor+"="+l.Level)
	}
	return p.Subject + "[" + strings.Join(parts, ",") + "]"
}

// parsePick reads what String writes.
func parsePick(s string) (Pick, error) {
	const want = "want a subject's name, or such as gevent[python=cpython]"
	name, rest, some := strings.Cut(s, "[")
	p := Pick{Subject: name}
	if !isName(name) {
		return p, fmt.Errorf("%s names no subject: %s", show(s), want)
	}
	if !some {
		return p, nil
	}
	list, closed := strings.CutSuffix(rest, "]")
	if !closed || list == "" {
		return p, fmt.Errorf("%s has no levels between brackets: %s", show(s), want)
	}
	for part := range strings.SplitSeq(list, ",") {
		factor, level, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || !isName(factor) || level == "" {
			return p, fmt.Errorf("%s is no level of a factor: %s", show(part), want)
		}
		p.Levels = append(p.Levels, PickLevel{factor, level})
	}
	return p, nil
}

// takes tells whether the pick is of v.
func (p Pick) takes(v Variant) bool {
	if p.Subject != v.Subject.Name {
		return false
	}
	for _, c := range v.Choice {
		asked := func(l PickLevel) bool { return l.Factor == c.Factor }
		right := func(l PickLevel) bool { return asked(l) && l.Level == c.Level.String() }
		if slices.ContainsFunc(p.Levels, asked) && !slices.ContainsFunc(p.Levels, right) {
			return false
		}
	}
	return true
}

// Takes tells whether v takes part.
func (p *Plan) Takes(v Variant) bool {
	return len(p.Take) == 0 || slices.ContainsFunc(p.Take, func(k Pick) bool { return k.takes(v) })
}

// takesAnyOf tells whether any variant of s takes part.
func (p *Plan) takesAnyOf(s *Subject) bool {
	return len(p.Take) == 0 || slices.ContainsFunc(p.Take, func(k Pick) bool { return k.Subject == s.Name })
}

// picks is a list of picks, or `all`.
type picks struct{ into *[]Pick }

func (k picks) form() form {
	all := scalar{
		want: "want a list of subjects such as [go, \"gevent[python=cpython]\"], or all",
		json: object{"const": "all"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if n.Value != "all" {
				return fmt.Errorf("%s is no list", show(n.Value))
			}
			*k.into = nil
			return nil
		},
	}
	some := list[Pick]{into: k.into, each: pick, what: "subjects", least: 1, most: maxPicks}
	return either{want: all.want, scalar: all, list: some, chosen: func() form { return some }}
}

func pick(into *Pick) form {
	return scalar{
		want: "want a subject's name, or such as gevent[python=cpython]",
		json: object{"type": "string", "pattern": `^[a-z0-9][a-z0-9._-]{0,63}(\[.+\])?$`},
		accept: func(_ *reader, _ string, n *yaml.Node) (err error) {
			*into, err = parsePick(n.Value)
			return err
		},
		print: func() *yaml.Node { return textNode(into.String()) },
	}
}

func (k picks) read(r *reader, at string, n *yaml.Node) { k.form().read(r, at, n) }
func (k picks) write() *yaml.Node                       { return k.form().write() }
func (k picks) schema(changes bool) object              { return k.form().schema(changes) }

// checkTake complains of picks of what there is not.
func (r *reader) checkTake() {
	for i, k := range r.plan.Take {
		if place := item("take", i); r.sound(place) && r.sound("subjects") {
			r.checkPick(k, place)
		}
	}
}

func (r *reader) checkPick(k Pick, place string) {
	var there []string
	for i := range r.plan.Subjects {
		s := &r.plan.Subjects[i]
		there = append(there, s.Name)
		if s.Name != k.Subject {
			continue
		}
		for _, l := range k.Levels {
			if err := s.hasLevel(l); err != nil {
				r.complainErr(place, err)
			}
		}
		return
	}
	r.complain(place, "want one of "+strings.Join(there, ", "), "take: there is no subject %s", show(k.Subject))
}

// hasLevel returns an error unless the subject has the factor, with the level.
func (s *Subject) hasLevel(l PickLevel) error {
	if len(s.Variants) == 0 {
		return fmt.Errorf("subject %s has no variants: want its name alone", s.Name)
	}
	var there []string
	for _, f := range s.Variants {
		there = append(there, f.Name)
		if f.Name != l.Factor {
			continue
		}
		var levels []string
		for _, level := range f.Levels {
			levels = append(levels, level.String())
		}
		if slices.Contains(levels, l.Level) {
			return nil
		}
		return fmt.Errorf("%s of subject %s has no level %s: want one of %s", l.Factor, s.Name, show(l.Level), strings.Join(levels, ", "))
	}
	return fmt.Errorf("subject %s has no factor %s: want one of %s", s.Name, show(l.Factor), strings.Join(there, ", "))
}
