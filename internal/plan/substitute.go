package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Substitute returns s with every {name} replaced by its value. "{{" and "}}"
// stand for the braces themselves. A brace that is neither, and a name that has
// no value, are errors; nothing is left in place in silence.
func Substitute(s string, values map[string]string) (string, error) {
	if !strings.ContainsAny(s, "{}") {
		return s, nil
	}
	var b strings.Builder
	for _, p := range cut(s) {
		switch {
		case p.stray != "":
			return "", fmt.Errorf("%q: %s", s, p.stray)
		case p.name == "":
			b.WriteString(p.text)
		default:
			v, ok := values[p.name]
			if !ok {
				return "", fmt.Errorf("%q: there is no {%s}: %s", s, p.name, known(slices.Sorted(maps.Keys(values))))
			}
			b.WriteString(v)
		}
	}
	return b.String(), nil
}

// known lists the names that could have been meant.
func known(names []string) string {
	if len(names) == 0 {
		return "no names can be used here"
	}
	return "known are {" + strings.Join(names, "}, {") + "}"
}

// Escape returns a text that Substitute turns into s.
func Escape(s string) string {
	return strings.NewReplacer("{", "{{", "}", "}}").Replace(s)
}

// A piece is a stretch of a text with placeholders: words as they stand, one
// name, or a brace that makes no sense.
type piece struct {
	text  string
	name  string
	stray string // what is wrong
}

// cut takes a text apart. It stops at the first stray brace.
func cut(s string) []piece {
	var ps []piece
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return append(ps, piece{text: s})
		}
		if i > 0 {
			ps = append(ps, piece{text: s[:i]})
			s = s[i:]
		}
		if len(s) > 1 && s[0] == s[1] {
			ps = append(ps, piece{text: s[:1]})
			s = s[2:]
			continue
		}
		if s[0] == '}' {
			return append(ps, piece{stray: "a } without its {; write }} for the brace itself"})
		}
		name, rest, found := strings.Cut(s[1:], "}")
		if !found || !isName(name) {
			return append(ps, piece{stray: "a { that begins no {name}; write {{ for the brace itself"})
		}
		ps = append(ps, piece{name: name})
		s = rest
	}
	return ps
}

// names returns the names used in s, each once, in the order of their first use.
func names(s string) []string {
	var found []string
	for _, p := range cut(s) {
		if p.name != "" && !slices.Contains(found, p.name) {
			found = append(found, p.name)
		}
	}
	return found
}

// whole returns the name if s is one {name} and nothing else.
func whole(s string) (string, bool) {
	ps := cut(s)
	if len(ps) != 1 || ps[0].name == "" {
		return "", false
	}
	return ps[0].name, true
}

// isName tells whether s is a name as subjects, factors and presets have them:
// [a-z0-9][a-z0-9._-]*, 64 characters at most.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("._-", rune(c))) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

const nameRule = "a name of small letters, digits, '.', '_' and '-' that begins with a letter or digit"
