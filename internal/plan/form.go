package plan

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A form is what may stand at one place of a plan. The language is written down
// once, in grammar.go, as forms around the fields they fill; reading a plan,
// writing one and the schema for editors are three walks over the same forms,
// so that they cannot disagree.
type form interface {
	// read stores in the form's field what n says, or complains.
	read(r *reader, at string, n *yaml.Node)
	// write returns the node from which read would store the same; nil if
	// nothing needs to be said.
	write() *yaml.Node
	// schema returns the JSON Schema of what may stand here. In a preset's
	// changes nothing is required, and null takes a key back to its default.
	schema(changes bool) object
}

// An object is a piece of JSON Schema.
type object = map[string]any

// A scalar is a single value.
type scalar struct {
	want   string // "want …"
	json   object
	accept func(r *reader, at string, n *yaml.Node) error
	print  func() *yaml.Node
}

func (s scalar) read(r *reader, at string, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		r.complain(at, s.want, "%s%s stands here", label(at), kindOf(n))
		return
	}
	if !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}, n.Tag) {
		r.complain(at, s.want, "%sthe tag %s means nothing here", label(at), n.Tag)
		return
	}
	if err := s.accept(r, at, n); err != nil {
		what, want, found := strings.Cut(err.Error(), ": want ")
		if want = "want " + want; !found {
			want = s.want
		}
		r.complain(at, want, "%s%s", label(at), what)
	}
}

func (s scalar) write() *yaml.Node { return s.print() }

func (s scalar) schema(bool) object { return s.json }

// A key is one entry that a mapping may have.
type key struct {
	name     string
	doc      string // for the schema: one sentence, with the default
	form     form
	required bool
}

// A mapping has fixed keys, read in the order in which they are listed here and
// not in the order in which the plan has them.
type mapping struct {
	what  string // "a subject"
	keys  []key
	empty bool // it is written even if there is nothing in it
}

func (m mapping) read(r *reader, at string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.complain(at, "want a mapping with "+m.list(), "%s%s stands here", label(at), kindOf(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		place := join(at, name)
		r.keys[place], r.values[place] = n.Content[i], n.Content[i+1]
		if !slices.ContainsFunc(m.keys, func(k key) bool { return k.name == name }) {
			r.complainOfKey(place, m.suggest(name), "%s has no key %s", m.what, show(name))
		}
	}
	for _, k := range m.keys {
		value, place := lookup(n, k.name), join(at, k.name)
		if value != nil {
			k.form.read(r, place, value)
		} else if k.required {
			r.complain(place, "want "+k.name+": "+k.doc, "%s has no `%s:`", m.what, k.name)
		}
	}
}

func (m mapping) list() string {
	var names []string
	for _, k := range m.keys {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// suggest says which keys there are, and first which one was most likely meant.
func (m mapping) suggest(name string) string {
	best, distance := "", 3
	for _, k := range m.keys {
		if d := edits(name, k.name); d < distance && d < len(name) {
			best, distance = k.name, d
		}
	}
	if other := elsewhere[name]; best == "" && slices.ContainsFunc(m.keys, func(k key) bool { return k.name == other }) {
		best = other
	}
	if best != "" {
		return fmt.Sprintf("did you mean `%s:`? There are %s", best, m.list())
	}
	return "there are " + m.list()
}

// elsewhere holds what other tools call a thing.
var elsewhere = map[string]string{
	"command": "start", "cmd": "start", "exec": "start", "run": "start",
	"dir": "in", "cwd": "in", "folder": "in", "environment": "env",
	"duration": "window", "measure": "window", "repeat": "rounds", "repeats": "rounds", "iterations": "rounds",
	"concurrency": "connections", "clients": "connections", "users": "connections",
	"qps": "rate", "rps": "rate", "keepalive": "per_connection", "keep_alive": "per_connection",
	"pipelining": "pipeline", "servers": "subjects", "targets": "subjects", "parameters": "factors",
	"metric": "compare", "primary": "compare", "slo": "objectives", "header": "headers", "data": "body",
	"cores": "cpus", "address": "url", "depends": "needs", "requires": "needs", "health": "ready",
}

func (m mapping) write() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, k := range m.keys {
		if value := k.form.write(); value != nil {
			n.Content = append(n.Content, textNode(k.name), value)
		}
	}
	if len(n.Content) == 0 && !m.empty {
		return nil
	}
	return n
}

func (m mapping) schema(changes bool) object {
	properties, required := object{}, []string{}
	for _, k := range m.keys {
		s := k.form.schema(changes)
		if changes {
			s = object{"anyOf": []any{s, object{"type": "null"}}}
		}
		properties[k.name] = described(s, k.doc)
		if k.required && !changes {
			required = append(required, k.name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// described returns s with a description.
func described(s object, doc string) object {
	c := object{"description": doc}
	for k, v := range s {
		c[k] = v
	}
	return c
}

// A list holds any number of the same thing.
type list[T any] struct {
	into  *[]T
	each  func(*T) form
	what  string // what the list is of: "names", for complaints
	least int
	most  int
	lines bool // written one below the other
	empty bool // written even if nothing is in it
}

func (l list[T]) read(r *reader, at string, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.complain(at, "want a list of "+l.what, "%s%s stands here", label(at), kindOf(n))
		return
	}
	if len(n.Content) < l.least {
		r.complain(at, fmt.Sprintf("want at least %d of the %s", l.least, l.what), "%sthe list is empty", label(at))
	}
	if len(n.Content) > l.most {
		r.complain(at, fmt.Sprintf("want at most %d of the %s", l.most, l.what), "%sthe list has %d", label(at), len(n.Content))
		return
	}
	*l.into = make([]T, len(n.Content))
	for i, value := range n.Content {
		place := item(at, i)
		r.values[place] = value
		l.each(&(*l.into)[i]).read(r, place, value)
	}
	if len(n.Content) == 0 {
		*l.into = nil
	}
}

func (l list[T]) write() *yaml.Node {
	if len(*l.into) == 0 && !l.empty {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if !l.lines {
		n.Style = yaml.FlowStyle
	}
	for i := range *l.into {
		n.Content = append(n.Content, l.each(&(*l.into)[i]).write())
	}
	return n
}

func (l list[T]) schema(changes bool) object {
	s := object{"type": "array", "items": l.each(new(T)).schema(changes), "maxItems": l.most}
	if l.least > 0 {
		s["minItems"] = l.least
	}
	return s
}

// A table maps names of the plan's own choosing to the same thing.
type table[T any] struct {
	into *[]T
	what string // "a factor"
	name func(*T) *string
	each func(*T) form
	rule func(name string) error // what names must be like
	most int
}

func (t table[T]) read(r *reader, at string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.complain(at, "want a mapping of names to what they stand for", "%s%s stands here", label(at), kindOf(n))
		return
	}
	if len(n.Content)/2 > t.most {
		r.complain(at, fmt.Sprintf("want at most %d", t.most), "%sthe mapping has %d keys", label(at), len(n.Content)/2)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, place := n.Content[i].Value, join(at, n.Content[i].Value)
		r.keys[place], r.values[place] = n.Content[i], n.Content[i+1]
		if err := t.rule(name); err != nil {
			what, want, _ := strings.Cut(err.Error(), ": ")
			r.complainOfKey(place, want, "%s", what)
		}
		var entry T
		*t.name(&entry) = name
		t.each(&entry).read(r, place, n.Content[i+1])
		*t.into = append(*t.into, entry)
	}
}

func (t table[T]) write() *yaml.Node {
	if len(*t.into) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := range *t.into {
		entry := &(*t.into)[i]
		n.Content = append(n.Content, textNode(*t.name(entry)), t.each(entry).write())
	}
	return n
}

func (t table[T]) schema(changes bool) object {
	each := t.each(new(T)).schema(changes)
	if changes {
		each = object{"anyOf": []any{each, object{"type": "null"}}}
	}
	return object{"type": "object", "additionalProperties": each, "maxProperties": t.most}
}

// An either is one of several forms that a glance tells apart: a scalar, a list
// or a mapping.
type either struct {
	want    string
	scalar  form // nil: not possible
	list    form
	mapping form
	chosen  func() form // the one that write needs
}

func (e either) read(r *reader, at string, n *yaml.Node) {
	f := e.scalar
	switch n.Kind {
	case yaml.SequenceNode:
		f = e.list
	case yaml.MappingNode:
		f = e.mapping
	}
	if f == nil || isNull(n) {
		r.complain(at, e.want, "%s%s stands here", label(at), kindOf(n))
		return
	}
	f.read(r, at, n)
}

func (e either) write() *yaml.Node { return e.chosen().write() }

func (e either) schema(changes bool) object {
	var any []any
	for _, f := range []form{e.scalar, e.list, e.mapping} {
		if f != nil {
			any = append(any, f.schema(changes))
		}
	}
	return object{"anyOf": any}
}

func textNode(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

// edits returns the least number of letters to insert, delete or replace to
// turn a into b (Levenshtein 1966). Long words are not worth the while.
func edits(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
