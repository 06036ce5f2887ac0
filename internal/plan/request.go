package plan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The part of the language that says what is asked.

func (w *Workload) grammar() form {
	return mapping{what: "`workload:`", keys: []key{
		{"method", "GET.", method(&w.Method), false},
		{"path", "A text, or one made to length: {prefix, repeat, bytes}. It may hold {factor}. /.", texts(&w.Path, maxPath, false), false},
		{"headers", "The name of a set, a list of further headers, or {set, add, extra}. minimal.", headers{&w.Headers}, false},
		{"body", "A text, one made to length, or {file: …}. None.", texts(&w.Body, maxBody, true), false},
		{"expect", "How a right answer looks.", w.Expect.grammar(), false},
		{"mix", "Several requests by weight, instead of one; what they do not say is as it is said beside them.", mixed(&w.Mix), false},
	}}
}

func method(into *string) form {
	return oneOf(into, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}

func (e *Expect) grammar() form {
	return mapping{what: "`expect:`", keys: []key{
		{"status", "One status or several. Any from 200 to 399.", statuses(&e.Status), false},
		{"body", "Exactly these bytes.", expectedBody{&e.Body}, false},
		{"bytes", "So many bytes of body.", amount{into: &e.Bytes, quantity: bytesUpTo(1 << 40)}, false},
		{"oracle", "The right answer is computed: classifier.", name(&e.Oracle), false},
	}}
}

// expectedBody is a text that may be missing.
type expectedBody struct{ into **Text }

func (e expectedBody) read(r *reader, at string, n *yaml.Node) {
	*e.into = new(Text)
	texts(*e.into, maxBody, true).read(r, at, n)
}

func (e expectedBody) write() *yaml.Node {
	if *e.into == nil {
		return nil
	}
	if n := texts(*e.into, maxBody, true).write(); n != nil {
		return n
	}
	return textNode("") // an empty body is expected
}

func (expectedBody) schema(changes bool) object {
	return texts(new(Text), maxBody, true).schema(changes)
}

// statuses is one status, or a list.
func statuses(into *[]int) form {
	one := func(s *int) form { return count(s, 100, 599) }
	first := scalar{
		want: "want a status such as 200, or a list of them",
		json: object{"type": "integer", "minimum": 100, "maximum": 599},
		accept: func(r *reader, at string, n *yaml.Node) error {
			var s int
			one(&s).read(r, at, n)
			*into = []int{s}
			return nil
		},
	}
	all := list[int]{into: into, each: one, what: "statuses", least: 1, most: 100}
	return either{want: first.want, scalar: first, list: all, chosen: func() form { return all }}
}

// texts is a text: given outright, made to length, or, where files says so, a
// file's content.
func texts(into *Text, most int64, files bool) form {
	given := text(&into.Literal, "want a text")
	made := func() mapping {
		m := mapping{what: "a text", keys: []key{
			{"literal", "The text itself.", text(&into.Literal, "want a text"), false},
			{"prefix", "What it begins with.", text(&into.Prefix, "want a text"), false},
			{"repeat", "What is repeated behind it.", text(&into.Repeat, "want a text"), false},
			{"bytes", "How long it is in all: a number, or a factor.", amount{into: &into.Bytes, quantity: bytesUpTo(most)}, false},
		}}
		if files {
			m.keys = append(m.keys, key{"file", "The file whose content it is.", text(&into.File, "want the name of a file"), false})
		}
		return m
	}
	want := "want a text, or {prefix: …, repeat: …, bytes: …}"
	if files {
		want += ", or {file: …}"
	}
	return either{
		want: want, scalar: given, mapping: made(),
		chosen: func() form {
			if into.made() {
				return made()
			}
			return given
		},
	}
}

// made tells whether the text is anything but given outright.
func (t Text) made() bool { return t.Repeat != "" || t.File != "" || t.Bytes != "" || t.Prefix != "" }

// headers is the name of a set, a list of further headers, or both, and more made
// to number and length.
type headers struct{ into *Headers }

func (h headers) add() list[Var] {
	return list[Var]{
		into: &h.into.Add, what: `headers such as "Accept: */*"`, most: 100,
		each: func(v *Var) form { return header{v} },
	}
}

func (h headers) both() mapping {
	return mapping{what: "`headers:`", keys: []key{
		{"set", "The name of a set: minimal, wrk, ab, httperf, curl, chrome-2013 or chrome; or a factor.", headerSet(&h.into.Set), false},
		{"add", "Further headers.", h.add(), false},
		{"extra", "So many more of one length: {count, bytes}.", h.into.Extra.grammar(), false},
	}}
}

func (h headers) form() form {
	return either{
		want:    `want the name of a set such as wrk, a list such as ["Accept: */*"], or {set: wrk, add: […], extra: {count: …, bytes: …}}`,
		scalar:  headerSet(&h.into.Set),
		list:    h.add(),
		mapping: h.both(),
		chosen: func() form {
			if len(h.into.Add) == 0 && h.into.Extra == (Extra{}) {
				return headerSet(&h.into.Set)
			}
			return h.both()
		},
	}
}

// headerSet is the name of a set, or a factor whose levels are such names.
func headerSet(into *string) form {
	return scalar{
		want: "want " + nameRule + ", or a {factor}",
		json: object{"type": "string", "pattern": `^([a-z0-9][a-z0-9._-]{0,63}|\{[a-z0-9._-]+\})$`},
		accept: func(r *reader, _ string, n *yaml.Node) error {
			f, varies := whole(n.Value)
			if varies {
				if err := r.hasFactor(f); err != nil {
					return err
				}
			} else if !isName(n.Value) {
				return fmt.Errorf("%s is no name", show(n.Value))
			}
			*into = n.Value
			return nil
		},
		print: func() *yaml.Node { return textOrNothing(*into) },
	}
}

func (h headers) read(r *reader, at string, n *yaml.Node) { h.form().read(r, at, n) }
func (h headers) write() *yaml.Node                       { return h.form().write() }
func (h headers) schema(changes bool) object              { return h.form().schema(changes) }

// header is one header: "Accept: */*", or, since that is how it comes out
// without the quotes, a mapping of one key.
type header struct{ into *Var }

func (h header) read(r *reader, at string, n *yaml.Node) {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		r.values[at] = n.Content[0]
		h.into.Name = n.Content[0].Value
		template(&h.into.Value).read(r, at, n.Content[1])
	} else {
		var line string
		before := len(r.complaints)
		text(&line, `want a header such as "Accept: */*"`).read(r, at, n)
		if len(r.complaints) > before {
			return
		}
		name, value, _ := strings.Cut(line, ":")
		*h.into = Var{Name: name, Value: strings.TrimSpace(value)}
		if !strings.Contains(line, ":") {
			r.complain(at, `want a header such as "Accept: */*"`, "headers: %s has no colon", show(line))
			return
		}
	}
	if err := h.into.isHeader(); err != nil {
		r.complainErr(at, err)
	}
}

// isHeader returns an error unless v can be sent as a header as it stands.
func (v Var) isHeader() error {
	if v.Name == "" || strings.Trim(v.Name, tokenBytes) != "" || strings.ContainsFunc(v.Name, func(c rune) bool { return !strings.ContainsRune(tokenBytes, c) }) {
		return fmt.Errorf("%s is no name of a header: want letters, digits and !#$%%&'*+-.^_`|~", show(v.Name))
	}
	switch strings.ToLower(v.Name) {
	case "content-length", "transfer-encoding", "connection", "host":
		return fmt.Errorf("%s is set by webdyno: want it left out; connections are ended by the load's per_connection and close", v.Name)
	}
	if strings.ContainsAny(v.Value, "\r\n\x00") {
		return fmt.Errorf("the value of %s has a line break: want one line", v.Name)
	}
	return nil
}

// tokenBytes are those of a token (RFC 9110, section 5.6.2).
const tokenBytes = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func (h header) write() *yaml.Node { return textNode(h.into.Name + ": " + h.into.Value) }

func (header) schema(bool) object {
	return object{"anyOf": []any{
		object{"type": "string", "pattern": "^[^:]+:"},
		object{"type": "object", "minProperties": 1, "maxProperties": 1},
	}}
}
