package plan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/unit"
)

// A Threshold moves the limits of one signal, by which trials are graded. What is
// Unmoved stays as the report has it.
type Threshold struct {
	Signal  string  // its name: "foreign_cpu"
	Warn    float64 // above it there is a warning
	Worse   float64 // above it the signal's next grade
	Invalid float64 // above it the trial is invalid
}

// Unmoved stands in a Threshold for a limit that the plan says nothing of. Every
// limit is at least 0; one that is never passed is infinite.
const Unmoved = -1.0

// never is the word for a limit that nothing passes.
const never = "never"

// thresholds maps names of signals to their limits.
func thresholds(into *[]Threshold) form {
	return table[Threshold]{
		into: into, what: "a signal", most: 100,
		name: func(t *Threshold) *string { return &t.Signal },
		each: func(t *Threshold) form { return threshold{t.grammar(), t} },
		rule: func(string) error { return nil }, // checkThresholds knows the names
	}
}

// A threshold is a mapping whose fields stay Unmoved where it says nothing.
type threshold struct {
	mapping

	into *Threshold
}

func (t threshold) read(r *reader, at string, n *yaml.Node) {
	t.into.Warn, t.into.Worse, t.into.Invalid = Unmoved, Unmoved, Unmoved
	t.mapping.read(r, at, n)
}

func (t *Threshold) grammar() mapping {
	return mapping{what: "a threshold", empty: true, keys: []key{
		{"warn", "Above it there is a warning (B): a number, a share such as 5%, or never.", limit(&t.Warn), false},
		{"worse", "Above it the signal's next grade, as docs/method.md lists it.", limit(&t.Worse), false},
		{"invalid", "Above it the trial is invalid (X). Without it: as the signal has it.", limit(&t.Invalid), false},
	}}
}

// limit is a number from 0, a share, or never.
func limit(into *float64) form {
	return scalar{
		want: "want a number from 0, a share such as 5%, or never",
		json: object{"anyOf": []any{
			object{"type": "number", "minimum": 0},
			object{"type": "string", "pattern": `^[0-9.]+%?$|^never$`},
		}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			x, err := parseLimit(n.Value)
			if err == nil {
				*into = x
			}
			return err
		},
		print: func() *yaml.Node {
			switch {
			case *into < 0:
				return nil
			case math.IsInf(*into, 1):
				return textNode(never)
			}
			return scalarNode("!!float", strconv.FormatFloat(*into, 'f', -1, 64))
		},
	}
}

func parseLimit(s string) (float64, error) {
	if s == never {
		return math.Inf(1), nil
	}
	if strings.HasSuffix(s, "%") {
		return unit.ParseShare(s)
	}
	x, err := strconv.ParseFloat(s, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && (math.IsNaN(x) || math.IsInf(x, 0)):
		return 0, fmt.Errorf("%s is no finite number", show(s))
	case err != nil:
		return 0, fmt.Errorf("%s is no number", show(s))
	case x < 0:
		return 0, fmt.Errorf("%s is below zero", s)
	}
	return x, nil
}

// checkThresholds complains of signals that there are not, and of limits that lie
// the wrong way round.
func (r *reader) checkThresholds() {
	for _, t := range r.plan.Thresholds {
		at := join("thresholds", t.Signal)
		if known := r.opt.Signals; known != nil && !slices.Contains(known, t.Signal) {
			r.complainOfKey(at, "want one of "+strings.Join(known, ", "), "thresholds: there is no signal %s", show(t.Signal))
			continue
		}
		if !r.sound(at) {
			continue
		}
		if t.Warn < 0 && t.Worse < 0 && t.Invalid < 0 {
			r.complain(at, "want warn, worse or invalid", "thresholds: nothing is said of %s", t.Signal)
			continue
		}
		last, before := 0.0, ""
		for _, l := range []struct {
			name string
			at   float64
		}{{"warn", t.Warn}, {"worse", t.Worse}, {"invalid", t.Invalid}} {
			if l.at < 0 {
				continue
			}
			if l.at < last {
				r.complain(join(at, l.name), "want it at least as large", "thresholds: %s of %s lies below %s", l.name, t.Signal, before)
				break
			}
			last, before = l.at, l.name
		}
	}
}
