package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// What a plan may be at most. A plan that needs more is made by a program, and
// should be several plans.
const (
	maxSource = 1 << 20 // bytes
	maxDepth  = 32      // lists and mappings within each other
	maxNodes  = 50_000  // after aliases are followed
)

// parse turns the text into a tree without aliases and merge keys. It returns
// nil if it has complained of something that leaves no tree.
func (r *reader) parse(src []byte) *yaml.Node {
	if len(src) > maxSource {
		r.complainAt(1, 1, "a plan is at most 1 MiB; for larger bodies there is `file:`", "the plan has %d bytes", len(src))
		return nil
	}
	if !r.legible(src) {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(src))
	if err != nil {
		r.complainAt(1, 1, "", "%v", err)
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		r.unparsed(err)
		return nil
	}
	if len(doc.Content) == 0 {
		r.unparsed(io.EOF)
		return nil
	}
	if err := loader.Load(&second); err == nil {
		r.complainAt(second.Line, second.Column, "want one plan in a file, without a line ---", "a second document begins here")
	} else if !errors.Is(err, io.EOF) {
		r.unparsed(err)
	}
	x := resolver{reader: r}
	root := x.resolve(doc.Content[0], 0)
	if x.gaveUp {
		return nil
	}
	return root
}

// legible complains of bytes that no YAML may have, which the parser reports
// without their place.
func (r *reader) legible(src []byte) bool {
	line, column := 1, 1
	for rest := src; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		if c == utf8.RuneError && size == 1 {
			r.complainAt(line, column, "want UTF-8", "the byte 0x%02x is not UTF-8", rest[0])
			return false
		}
		if c < ' ' && !strings.ContainsRune("\t\n\r", c) || c == 0x7f {
			r.complainAt(line, column, `want an escape such as "\x1b" in double quotes`, "the control character 0x%02x stands in the text", c)
			return false
		}
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
		rest = rest[size:]
	}
	return true
}

// unparsed complains of what the YAML parser could not read.
func (r *reader) unparsed(err error) {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		want := ""
		if errors.Is(err, io.EOF) {
			err = errors.New("the plan is empty")
			want = "want at least `subjects:`; `webdyno plans first-look` prints a plan to begin with"
		}
		r.complainAt(1, 1, want, "%v", err)
		return
	}
	want := ""
	if le.ContextMsg != "" && le.ContextMark.Line > 0 {
		want = fmt.Sprintf("%s that begins at %d:%d", le.ContextMsg, le.ContextMark.Line, le.ContextMark.Column)
	}
	if r.hasOpenName(le.Mark.Line) {
		want = `want quotes around what holds {name}, as in "--port={port}": in a list in brackets YAML takes the brace for its own`
	}
	if r.hasTab(le.Mark.Line) {
		want = "want spaces: YAML is indented with spaces only"
	}
	line, column := le.Mark.Line, le.Mark.Column
	if last := len(r.lines); line > last { // the text ends where it should go on
		line, column = last, len([]rune(r.lines[last-1]))+1
	}
	r.complainAt(line, column, want, "%s", le.Message)
}

// hasTab tells whether a line is indented with a tab.
func (r *reader) hasTab(line int) bool {
	if line < 1 || line > len(r.lines) {
		return false
	}
	text := r.lines[line-1]
	return strings.ContainsRune(text[:len(text)-len(strings.TrimLeft(text, " \t"))], '\t')
}

// hasOpenName tells whether a line has a {name} inside a word without quotes.
func (r *reader) hasOpenName(line int) bool {
	if line < 1 || line > len(r.lines) {
		return false
	}
	quote := ' '
	for i, c := range r.lines[line-1] {
		before := strings.TrimLeft(r.lines[line-1][:i], " \t")
		switch {
		case c == quote && c != ' ':
			quote = ' '
		case (c == '"' || c == '\'') && quote == ' ':
			quote = c
		case c == '{' && quote == ' ' && before != "" && !strings.ContainsAny(before[len(before)-1:], " \t[{,"):
			return true
		}
	}
	return false
}

// A resolver copies a tree and puts what an alias stands for in its place. The
// budget of nodes is what keeps a few lines of aliases of aliases from filling
// the memory.
type resolver struct {
	*reader
	nodes  int
	gaveUp bool
}

func (x *resolver) resolve(n *yaml.Node, depth int) *yaml.Node {
	if x.nodes++; !x.gaveUp && x.nodes > maxNodes {
		x.gaveUp = true
		x.complainAt(n.Line, n.Column, "want no aliases of aliases", "the plan has more than %d parts once its aliases are followed", maxNodes)
	}
	if !x.gaveUp && depth > maxDepth {
		x.gaveUp = true
		x.complainAt(n.Line, n.Column, "", "lists and mappings lie more than %d deep within each other", maxDepth)
	}
	if x.gaveUp {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	}
	if n.Kind == yaml.AliasNode {
		return x.resolve(n.Alias, depth+1)
	}
	c := &yaml.Node{Kind: n.Kind, Tag: n.ShortTag(), Value: n.Value, Line: n.Line, Column: n.Column}
	if n.Kind == yaml.MappingNode {
		x.mapping(c, n, depth)
		return c
	}
	for _, child := range n.Content {
		c.Content = append(c.Content, x.resolve(child, depth+1))
	}
	return c
}

// mapping copies the entries of n to c, complains of keys that occur twice, and
// puts in what `<<:` brings where n itself does not say otherwise.
func (x *resolver) mapping(c, n *yaml.Node, depth int) {
	var merged []*yaml.Node
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], x.resolve(n.Content[i+1], depth+1)
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			x.complainAt(n.Content[i].Line, n.Content[i].Column, "want a word", "a list or mapping is used as a key")
			continue
		}
		if key.ShortTag() == "!!merge" {
			merged = append(merged, x.merged(value)...)
			continue
		}
		if first := seen[key.Value]; first != nil {
			x.complainAt(key.Line, key.Column, "want each key once", "%s: is here a second time; the first is in line %d", show(key.Value), first.Line)
			continue
		}
		seen[key.Value] = key
		c.Content = append(c.Content, plainKey(key), value)
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if seen[merged[i].Value] == nil {
			seen[merged[i].Value] = merged[i]
			c.Content = append(c.Content, merged[i], merged[i+1])
		}
	}
}

// merged returns the entries that `<<: value` brings: those of a mapping, or of
// several, of which the earlier win.
func (x *resolver) merged(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.MappingNode {
		return value.Content
	}
	if value.Kind == yaml.SequenceNode {
		var all []*yaml.Node
		for _, v := range value.Content {
			if v.Kind == yaml.MappingNode {
				all = append(all, v.Content...)
			}
		}
		if len(all) > 0 || len(value.Content) == 0 {
			return all
		}
	}
	if !x.gaveUp {
		x.complainAt(value.Line, value.Column, "want an alias of a mapping, such as <<: *common", "<<: brings in %s", kindOf(value))
	}
	return nil
}

func plainKey(n *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: n.Value, Line: n.Line, Column: n.Column}
}

// overlay returns base with a preset's changes: a mapping is merged key by key,
// null takes a key back to its default, anything else replaces. Where a mapping
// is a choice of one key, such as `load`, another choice replaces it.
func overlay(base, change *yaml.Node, at string) *yaml.Node {
	if base == nil || base.Kind != yaml.MappingNode || change.Kind != yaml.MappingNode {
		return change
	}
	out := &yaml.Node{Kind: base.Kind, Tag: base.Tag, Line: base.Line, Column: base.Column}
	if at != "load" || len(change.Content) == 0 || lookup(base, change.Content[0].Value) != nil {
		out.Content = slices.Clone(base.Content)
	}
	for i := 0; i+1 < len(change.Content); i += 2 {
		key, value := change.Content[i], change.Content[i+1]
		old := index(out, key.Value)
		switch {
		case isNull(value) && old >= 0:
			out.Content = slices.Delete(out.Content, old, old+2)
		case isNull(value):
		case old < 0:
			out.Content = append(out.Content, key, value)
		default:
			out.Content[old+1] = overlay(out.Content[old+1], value, join(at, key.Value))
		}
	}
	return out
}

// lookup returns the value of a key of a mapping, or nil.
func lookup(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	if i := index(n, key); i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

// index returns where in a mapping's content a key stands, or -1.
func index(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// without returns a mapping without one of its keys.
func without(n *yaml.Node, key string) *yaml.Node {
	c := *n
	c.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			c.Content = append(c.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &c
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kindOf says in words what a node is.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case isNull(n):
		return "nothing"
	case n.Tag == "!!bool":
		return "the truth value " + n.Value
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "the number " + n.Value
	}
	return "the text " + show(n.Value)
}

// show quotes a text for a complaint and shortens a long one.
func show(s string) string {
	if rs := []rune(s); len(rs) > 60 {
		s = string(rs[:57]) + "..."
	}
	return fmt.Sprintf("%q", s)
}
