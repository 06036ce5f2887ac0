package plan

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// A FactorBuild is what is carried out for each level of one of a subject's own
// factors, and each interpreter, into the folder {build}: empty at first, and
// kept from one run to the next as long as nothing of what goes into it has
// changed. Those of several factors go into one folder, one after the other.
type FactorBuild struct {
	Factor string
	Steps  [][]string
}

// builds is one command or several, or a mapping of factors to them.
func builds(s *Subject) form { return buildForm{s} }

type buildForm struct{ subject *Subject }

func (b buildForm) keyed() table[FactorBuild] {
	return table[FactorBuild]{
		into: &b.subject.Builds, what: "a build", most: maxFactors, rule: planFactor,
		name: func(f *FactorBuild) *string { return &f.Factor },
		each: func(f *FactorBuild) form { return stepsForm{&f.Steps} },
	}
}

func (b buildForm) plain() stepsForm { return stepsForm{&b.subject.Build} }

func (b buildForm) read(r *reader, at string, n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		b.keyed().read(r, at, n)
		return
	}
	b.plain().read(r, at, n)
}

func (b buildForm) write() *yaml.Node {
	if len(b.subject.Builds) > 0 {
		return b.keyed().write()
	}
	return b.plain().write()
}

func (b buildForm) schema(changes bool) object {
	return object{"anyOf": []any{b.plain().schema(changes), b.keyed().schema(changes)}}
}

// A stepsForm is one command, or a list of several.
type stepsForm struct{ into *[][]string }

func (f stepsForm) many() list[[]string] {
	return list[[]string]{into: f.into, what: "commands", most: 100, lines: true,
		each: func(c *[]string) form { return arguments(c, 1) }}
}

func (f stepsForm) read(r *reader, at string, n *yaml.Node) {
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.ScalarNode {
		var one []string
		arguments(&one, 1).read(r, at, n)
		*f.into = [][]string{one}
		return
	}
	f.many().read(r, at, n)
}

func (f stepsForm) write() *yaml.Node { return f.many().write() }

func (f stepsForm) schema(changes bool) object {
	return object{"anyOf": []any{f.many().schema(changes), arguments(new([]string), 1).schema(changes)}}
}

// buildUses are the texts in the subject's builds in which names are replaced.
func (s *Subject) buildUses(at string) []use {
	var texts []use
	for _, b := range s.Builds {
		place := join(join(at, "build"), b.Factor)
		for i, step := range b.Steps {
			for j, a := range step {
				texts = append(texts, use{item(item(place, i), j), a})
			}
		}
	}
	return texts
}

// builtBy tells whether what is built depends on the factor.
func (s *Subject) builtBy(factor string) bool {
	return slices.ContainsFunc(s.Builds, func(b FactorBuild) bool { return b.Factor == factor })
}

// checkBuilds complains of builds by factors that the subject has not.
func (r *reader) checkBuilds(s *Subject, at string) {
	for _, b := range s.Builds {
		has := slices.ContainsFunc(s.Variants, func(f Factor) bool { return f.Name == b.Factor })
		if place := join(join(at, "build"), b.Factor); !has && r.sound(place, join(at, "variants")) {
			r.complainOfKey(place, "want a factor under `variants:`, or a plain list of commands",
				"%s: builds by %s, which is no factor of its own", s.called(), b.Factor)
		}
	}
	if r.sound(at) && len(s.Builds) > 0 && !slices.ContainsFunc(s.buildUses(at), func(u use) bool { return slices.Contains(names(u.text), "build") }) {
		r.complain(join(at, "build"), "want {build}, the folder to build into, in one of its commands",
			"%s: nothing says where its builds put what they make", s.called())
	}
}
