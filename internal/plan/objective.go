package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"webdyno/internal/unit"
)

// objectiveFigures are what an objective may bound: response times, the share
// of failed requests, and right answers per second.
var objectiveFigures = []string{"p50", "p75", "p90", "p95", "p99", "p99.9", "mean", "max", "errors", "rate"}

// ParseObjective reads an objective such as "p99<50ms", "errors<0.1%" or
// "rate>1000". Response times and errors must stay below their bound, a rate
// above it; a bare number of time is seconds.
func ParseObjective(s string) (Objective, error) {
	text := strings.Join(strings.Fields(s), "")
	i := strings.IndexAny(text, "<>")
	if i < 0 {
		return Objective{}, fmt.Errorf("%q is no objective: want one such as p99<50ms, errors<0.1%% or rate>1000", s)
	}
	o := Objective{Text: text, What: text[:i], Less: text[i] == '<'}
	if !slices.Contains(objectiveFigures, o.What) {
		return Objective{}, fmt.Errorf("%q: there is no figure %q to set an objective for: want one of %s",
			s, o.What, strings.Join(objectiveFigures, ", "))
	}
	if o.Less == (o.What == "rate") {
		return Objective{}, fmt.Errorf("%q: %s is kept %s its bound: write %s", s, o.What,
			map[bool]string{true: "above", false: "below"}[o.Less],
			o.What+map[bool]string{true: ">", false: "<"}[o.Less]+text[i+1:])
	}
	bound, err := parseBound(o.What, text[i+1:])
	if err != nil {
		return Objective{}, fmt.Errorf("objective %q: %w", s, err)
	}
	o.Bound = bound
	return o, nil
}

func parseBound(what, s string) (float64, error) {
	switch what {
	case "errors":
		return unit.ParseShare(s)
	case "rate":
		return unit.ParseRate(s)
	}
	d, err := unit.ParseDuration(s)
	return float64(d) / float64(time.Millisecond), err
}
