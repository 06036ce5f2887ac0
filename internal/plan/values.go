package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// The single values of the language. Each constructor takes the field that the
// value fills.

// text is a string given in so many words. A number or truth value in its place
// is refused, for YAML reads 3.10 as 3.1 and no as a text.
func text(into *string, want string) form {
	return scalar{
		want: want,
		json: object{"type": "string"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if n.Tag != "!!str" {
				return fmt.Errorf("%s stands here: %s; put it in quotes", kindOf(n), want)
			}
			if strings.ContainsRune(n.Value, 0) {
				return fmt.Errorf("%s holds a zero byte", show(n.Value))
			}
			*into = n.Value
			return nil
		},
		print: func() *yaml.Node { return textOrNothing(*into) },
	}
}

func textOrNothing(s string) *yaml.Node {
	if s == "" {
		return nil
	}
	return textNode(s)
}

// template is one argument of a command, or the value of a variable: whatever
// stands there, numbers too, as it is written. It may hold {name}.
func template(into *string) form {
	return scalar{
		want: "want a text",
		json: object{"type": []string{"string", "number", "boolean"}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if strings.ContainsRune(n.Value, 0) {
				return fmt.Errorf("%s holds a zero byte", show(n.Value))
			}
			*into = n.Value
			return nil
		},
		print: func() *yaml.Node { return textNode(*into) },
	}
}

// name is a name of the plan's own choosing, or one known elsewhere.
func name(into *string) form {
	return scalar{
		want: "want " + nameRule,
		json: object{"type": "string", "pattern": namePattern},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if !isName(n.Value) {
				return fmt.Errorf("%s is no name", show(n.Value))
			}
			*into = n.Value
			return nil
		},
		print: func() *yaml.Node { return textOrNothing(*into) },
	}
}

const namePattern = "^[a-z0-9][a-z0-9._-]{0,63}$"

// boolean is true or false.
func boolean(into *bool) form {
	return scalar{
		want: "want true or false",
		json: object{"type": "boolean"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			switch n.Value {
			case "true":
				*into = true
			case "false":
				*into = false
			default:
				return fmt.Errorf("%s is neither true nor false", show(n.Value))
			}
			return nil
		},
		print: func() *yaml.Node {
			if !*into {
				return nil
			}
			return scalarNode("!!bool", "true")
		},
	}
}

// whole number within bounds; zero is not written.
func count[T int | int64](into *T, least, most T) form {
	return scalar{
		want: fmt.Sprintf("want a whole number from %d to %d", least, most),
		json: object{"anyOf": []any{
			object{"type": "integer", "minimum": least, "maximum": most},
			object{"type": "string", "pattern": `^[0-9.]+[kM]?$`},
		}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			x, err := unit.ParseCount(n.Value)
			if err != nil {
				return err
			}
			if x < int64(least) || x > int64(most) {
				return fmt.Errorf("%s is out of range", n.Value)
			}
			*into = T(x)
			return nil
		},
		print: func() *yaml.Node {
			if *into == 0 && least > 0 {
				return nil
			}
			return scalarNode("!!int", strconv.FormatInt(int64(*into), 10))
		},
	}
}

// size is a number of bytes.
func size(into *int64, least, most int64) form {
	return scalar{
		want: fmt.Sprintf("want a number of bytes from %s to %s", unit.Bytes(least), unit.Bytes(most)),
		json: object{"type": []string{"integer", "string"}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			x, err := unit.ParseBytes(n.Value)
			if err != nil {
				return err
			}
			if x < least || x > most {
				return fmt.Errorf("%s is out of range", n.Value)
			}
			*into = x
			return nil
		},
		print: func() *yaml.Node {
			if *into == 0 {
				return nil
			}
			return scalarNode("!!int", strconv.FormatInt(*into, 10))
		},
	}
}

const timePattern = `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^[0-9.]+$`

// span is a time within bounds.
func span(into *time.Duration, least, most time.Duration) form {
	return scalar{
		want: fmt.Sprintf("want a time from %s to %s, such as 500ms, 2s or 1m; a bare number is seconds",
			unit.ExactDuration(least), unit.ExactDuration(most)),
		json: timeSchema(),
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			d, err := unit.ParseDuration(n.Value)
			if err != nil {
				return err
			}
			if d < least || d > most {
				return fmt.Errorf("%s is out of range", n.Value)
			}
			*into = d
			return nil
		},
		print: func() *yaml.Node {
			if *into == 0 && least > 0 {
				return nil
			}
			return textNode(unit.ExactDuration(*into))
		},
	}
}

func timeSchema() object {
	return object{"anyOf": []any{
		object{"type": "string", "pattern": timePattern},
		object{"type": "number", "minimum": 0},
	}}
}

// share is a part of one, such as 2%.
func share(into *float64) form {
	return scalar{
		want: "want a share such as 2% or 0.02",
		json: object{"anyOf": []any{
			object{"type": "string", "pattern": `^[0-9.]+%$`},
			object{"type": "number", "minimum": 0, "maximum": 1},
		}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			x, err := unit.ParseShare(n.Value)
			if err == nil && x > 1 {
				err = fmt.Errorf("%s is more than all", n.Value)
			}
			if err != nil {
				return err
			}
			*into = x
			return nil
		},
		print: func() *yaml.Node { return textNode(unit.ExactShare(*into)) },
	}
}

// oneOf is one of a few words.
func oneOf[T ~string](into *T, words ...T) form {
	list := fmt.Sprint(words)
	return scalar{
		want: "want one of " + strings.ReplaceAll(strings.Trim(list, "[]"), " ", ", "),
		json: object{"enum": words},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if !slices.Contains(words, T(n.Value)) {
				return fmt.Errorf("%s is none of the words known here", show(n.Value))
			}
			*into = T(n.Value)
			return nil
		},
		print: func() *yaml.Node { return textOrNothing(string(*into)) },
	}
}

// seed is any whole number of 64 bits.
func seed(into *uint64) form {
	return scalar{
		want: "want a whole number from 0 to 18446744073709551615",
		json: object{"type": "integer", "minimum": 0},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			x, err := strconv.ParseUint(n.Value, 10, 64)
			if err != nil {
				return fmt.Errorf("%s is no seed", show(n.Value))
			}
			*into = x
			return nil
		},
		print: func() *yaml.Node { return scalarNode("!!int", strconv.FormatUint(*into, 10)) },
	}
}

// cpus is a number of processors, or all.
func cpus(into *CPUs) form {
	return scalar{
		want: "want a number of processors such as 1, or all",
		json: object{"anyOf": []any{object{"type": "integer", "minimum": 1, "maximum": maxCPUs}, object{"const": "all"}}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			c, err := parseCPUs(n.Value)
			if err != nil {
				return fmt.Errorf("%s is no number of processors", show(n.Value))
			}
			*into = c
			return nil
		},
		print: func() *yaml.Node {
			switch {
			case into.All:
				return textNode("all")
			case into.N == 0:
				return nil
			}
			return scalarNode("!!int", strconv.Itoa(into.N))
		},
	}
}

const maxCPUs = 4096

// subjectCPUs is cpus, or a factor of the subject whose levels are such.
func subjectCPUs(into *CPUs) form {
	fixed := cpus(into).(scalar)
	return scalar{
		want: fixed.want + `, or one of its own factors, such as "{cores}"`,
		json: object{"anyOf": []any{fixed.json, object{"type": "string", "pattern": `^\{[a-z0-9._-]+\}$`}}},
		accept: func(r *reader, at string, n *yaml.Node) error {
			if f, ok := whole(n.Value); ok {
				*into = CPUs{Factor: f}
				return nil
			}
			return fixed.accept(r, at, n)
		},
		print: func() *yaml.Node {
			if into.Factor != "" {
				return textNode("{" + into.Factor + "}")
			}
			return fixed.print()
		},
	}
}

// parseCPUs reads a number of processors, or all.
func parseCPUs(s string) (CPUs, error) {
	if s == "all" {
		return CPUs{All: true}, nil
	}
	x, err := strconv.Atoi(s)
	if err != nil || x < 1 || x > maxCPUs {
		return CPUs{}, fmt.Errorf("%s is no number of processors: want one such as 1, or all", show(s))
	}
	return CPUs{N: x}, nil
}

// warmup is a time, a count such as 30000req, auto or none; or a mapping that says
// how long the pilot of an automatic one is.
func warmup(into *Warmup) form {
	plain := scalar{
		want: "want a time such as 2s, a count such as 30000req, auto or none",
		json: object{"anyOf": []any{
			object{"enum": []string{"auto", "none"}},
			object{"type": "string", "pattern": `^[0-9.]+[kM]?req$`},
			timeSchema(),
		}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			w, err := parseWarmup(n.Value)
			if err == nil {
				*into = w
			}
			return err
		},
		print: func() *yaml.Node { return textNode(into.String()) },
	}
	detailed := mapping{what: "`warmup:`", keys: []key{
		{"pilot", "How long the first start of each variant is warmed, to learn how long the others have to be.", pilotSpan(into), true},
	}}
	return either{
		want: plain.want + ", or {pilot: a time}", scalar: plain, mapping: detailed,
		chosen: func() form {
			if into.Pilot > 0 {
				return detailed
			}
			return plain
		},
	}
}

// pilotSpan is the pilot's time, which makes a warm-up automatic.
func pilotSpan(into *Warmup) form {
	f := span(&into.Pilot, 5*time.Second, 10*time.Minute).(scalar)
	accept := f.accept
	f.accept = func(r *reader, at string, n *yaml.Node) error {
		err := accept(r, at, n)
		if err == nil {
			*into = Warmup{Auto: true, Pilot: into.Pilot}
		}
		return err
	}
	return f
}

func parseWarmup(s string) (Warmup, error) {
	switch s {
	case "auto":
		return Warmup{Auto: true}, nil
	case "none":
		return Warmup{}, nil
	}
	if digits, ok := strings.CutSuffix(s, "req"); ok {
		n, err := unit.ParseCount(digits)
		if err == nil && n > maxRequests {
			err = fmt.Errorf("%s is out of range", s)
		}
		return Warmup{Extent: load.Extent{Count: n}}, err
	}
	d, err := unit.ParseDuration(s)
	if err == nil && d > time.Hour {
		err = fmt.Errorf("%s is out of range: want an hour at most", s)
	}
	return Warmup{Extent: load.Extent{Time: d}}, err
}

const maxRequests = 1e9

// String writes the warm-up as a plan does: "auto", "none", "2s", "30000req".
func (w Warmup) String() string {
	switch {
	case w.Auto:
		return "auto"
	case w.Extent.IsZero():
		return "none"
	case w.Extent.Count > 0:
		return strconv.FormatInt(w.Extent.Count, 10) + "req"
	}
	return unit.ExactDuration(w.Extent.Time)
}

// objective is a bound such as p99<50ms.
func objective(into *Objective) form {
	return scalar{
		want: "want an objective such as p99<50ms, errors<0.1% or rate>1000",
		json: object{"type": "string", "pattern": "[<>]"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			o, err := ParseObjective(n.Value)
			if err == nil {
				*into = o
			}
			return err
		},
		print: func() *yaml.Node { return textNode(into.Text) },
	}
}

func scalarNode(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}
