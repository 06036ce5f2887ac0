package plan

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxLevels is how many levels one factor may have.
const maxLevels = 1000

// levels are those of a factor: a list, or a range {from, to, step}.
func levels(f *Factor) form {
	return either{
		want:    "want a list of levels such as [1, 10, 100], or {from: 20, to: 2000, step: 20}",
		list:    list[Level]{into: &f.Levels, each: level, what: "levels", least: 1, most: maxLevels},
		mapping: &stairs{into: &f.Levels},
		chosen: func() form {
			return list[Level]{into: &f.Levels, each: level, what: "levels", most: maxLevels}
		},
	}
}

// level is one level: a number or a text, kept as it is written.
func level(into *Level) form {
	return scalar{
		want: "want a number or a text",
		json: object{"type": []string{"number", "string", "boolean"}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if n.Tag != "!!int" && n.Tag != "!!float" {
				*into = TextLevel(n.Value)
				return nil
			}
			x, err := strconv.ParseFloat(n.Value, 64)
			if err != nil || !json.Valid([]byte(n.Value)) {
				return fmt.Errorf("%s is written in a way that not everybody reads alike: want a plain decimal number, or quotes around it", n.Value)
			}
			*into = Level{text: n.Value, number: x, isNum: true}
			return nil
		},
		print: func() *yaml.Node {
			if !into.isNum {
				return textNode(into.text)
			}
			if strings.ContainsAny(into.text, ".eE") {
				return scalarNode("!!float", into.text)
			}
			return scalarNode("!!int", into.text)
		},
	}
}

// A stairs is a range of numbers: from, from + step, and so on up to to.
type stairs struct {
	into           *[]Level
	from, to, step string
}

func (s *stairs) keys() mapping {
	return mapping{what: "a range of levels", keys: []key{
		{"from", "The first level.", decimal(&s.from), true},
		{"to", "No level lies above it.", decimal(&s.to), true},
		{"step", "From one level to the next; more than 0.", decimal(&s.step), true},
	}}
}

func (s *stairs) read(r *reader, at string, n *yaml.Node) {
	s.keys().read(r, at, n)
	if !r.sound(at) {
		return
	}
	steps, err := climb(s.from, s.to, s.step)
	if err != nil {
		r.complainErr(at, err)
		return
	}
	*s.into = steps
}

func (s *stairs) write() *yaml.Node { return nil } // levels are written as a list

func (s *stairs) schema(bool) object { return s.keys().schema(false) }

// climb returns from, from + step, … as long as they do not pass to. It
// calculates exactly, so that ten steps of 0.1 are 1.
func climb(from, to, step string) ([]Level, error) {
	a, b, c := rational(from), rational(to), rational(step)
	if c.Sign() <= 0 {
		return nil, fmt.Errorf("the step %s leads nowhere: want one that is more than 0", step)
	}
	if a.Cmp(b) > 0 {
		return nil, fmt.Errorf("the range begins at %s, above its end at %s: want from: below to", from, to)
	}
	n := new(big.Rat).Quo(new(big.Rat).Sub(b, a), c)
	if n.Cmp(big.NewRat(maxLevels-1, 1)) > 0 {
		return nil, fmt.Errorf("the range has more than %d levels: want a larger step", maxLevels)
	}
	var ls []Level
	for x := a; x.Cmp(b) <= 0; x = new(big.Rat).Add(x, c) {
		f, _ := x.Float64()
		ls = append(ls, Num(f))
	}
	return ls, nil
}

func rational(s string) *big.Rat {
	x, _ := new(big.Rat).SetString(s) // decimal has seen that it is one
	return x
}

// decimal is a plain number, kept as a text so that it stays exact.
func decimal(into *string) form {
	return scalar{
		want: "want a number such as 20 or 0.5",
		json: object{"type": "number"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			digits := strings.TrimPrefix(n.Value, "-")
			if len(digits) > 18 || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 || strings.Trim(digits, ".") == "" {
				return fmt.Errorf("%s is no plain number", show(n.Value))
			}
			*into = n.Value
			return nil
		},
		print: func() *yaml.Node { return nil },
	}
}
