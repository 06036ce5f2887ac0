package plan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxComplaints is how many complaints are kept. Nobody mends more at a time.
const maxComplaints = 100

// A reader holds what is known while a plan is read: where things stand, and
// what is wrong so far. Places are written as paths: "subjects[0].start[1]".
type reader struct {
	file  string
	lines []string
	opt   Options

	complaints Complaints
	spoilt     map[string]bool       // places that have been complained of
	values     map[string]*yaml.Node // by place
	keys       map[string]*yaml.Node // by place: the key that leads there
	inPlace    map[string]string     // by factor: the place of its levels, where that is not under `factors:`
	keptClaims bool                  // a preset is applied that leaves the plan's claims as they are

	plan *Plan // as far as it has been read
}

func newReader(name string, src []byte, opt Options) *reader {
	file := name
	if !strings.HasSuffix(file, ".yaml") && !strings.HasSuffix(file, ".yml") {
		file += ".yaml"
	}
	r := &reader{file: file, lines: strings.Split(string(src), "\n"), opt: opt}
	return r.again()
}

// again returns a reader of the same text that has read nothing yet.
func (r *reader) again() *reader {
	return &reader{
		file: r.file, lines: r.lines, opt: r.opt, keptClaims: r.keptClaims,
		spoilt:  map[string]bool{},
		values:  map[string]*yaml.Node{},
		keys:    map[string]*yaml.Node{},
		inPlace: map[string]string{},
		plan:    &Plan{},
	}
}

// complain notes what is wrong with the value at a place, or with the nearest
// thing around it that the plan has written down.
func (r *reader) complain(at, want, format string, args ...any) {
	r.spoilt[at] = true
	n := r.nearest(at)
	r.complainAt(n.Line, n.Column, want, format, args...)
}

// complainOfKey notes what is wrong with a key.
func (r *reader) complainOfKey(at, want, format string, args ...any) {
	r.spoilt[at] = true
	n := r.keys[at]
	if n == nil {
		n = r.nearest(at)
	}
	r.complainAt(n.Line, n.Column, want, format, args...)
}

// complainErr notes an error at a place. Its text says, after ": want ", what
// would be right.
func (r *reader) complainErr(at string, err error) {
	what, want, found := strings.Cut(err.Error(), ": want ")
	if found {
		want = "want " + want
	}
	r.complain(at, want, "%s%s", label(at), what)
}

func (r *reader) complainAt(line, column int, want, format string, args ...any) {
	if len(r.complaints) >= maxComplaints {
		return
	}
	c := Complaint{File: r.file, Line: max(line, 1), Column: max(column, 1), What: fmt.Sprintf(format, args...), Want: want}
	if c.Line <= len(r.lines) {
		c.Excerpt = strings.TrimRight(r.lines[c.Line-1], " \t\r")
	}
	r.complaints = append(r.complaints, c)
}

// nearest returns the value at a place, or the one that encloses it.
func (r *reader) nearest(at string) *yaml.Node {
	for {
		if n := r.values[at]; n != nil {
			return n
		}
		i := strings.LastIndexAny(at, ".[")
		if i < 0 {
			break
		}
		at = at[:i]
	}
	if n := r.values[""]; n != nil {
		return n
	}
	return &yaml.Node{Line: 1, Column: 1}
}

// sound tells whether nothing at the places, or below them, or on the way to
// them, has been complained of.
func (r *reader) sound(places ...string) bool {
	for bad := range r.spoilt {
		for _, at := range places {
			if within(bad, at) || within(at, bad) {
				return false
			}
		}
	}
	return true
}

// within tells whether place a is b or lies below it.
func within(a, b string) bool {
	rest, ok := strings.CutPrefix(a, b)
	return ok && (b == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// written tells whether the plan itself says something at the place.
func (r *reader) written(at string) bool { return r.values[at] != nil }

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func item(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }

// label returns the last key of a place, to begin a complaint with.
func label(at string) string {
	at, _, _ = strings.Cut(at[strings.LastIndexByte(at, '.')+1:], "[")
	if at == "" {
		return ""
	}
	return at + ": "
}
