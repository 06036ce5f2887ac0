package plan

import (
	"strings"
	"testing"
	"time"

	"webdyno/internal/load"
)

const searching = `
subjects:
  - {name: a, url: "http://127.0.0.1:1/"}
capacity: {goals: ["p99 < 10ms", "p99<50ms, errors<1%"], overload: [1.5, 3]}
load: {open: {timeout: 2s}}
factors: {path_bytes: [1, 11]}
workload: {path: {prefix: /, repeat: a, bytes: path_bytes}}
rounds: 8
`

func readSearching(t *testing.T, text string) (*Plan, error) {
	t.Helper()
	return Read("search.yaml", []byte(text), Options{})
}

// A plan that searches says nothing of the rate: it warms with a closed load, and
// a rate is filled in when it is known. What a record keeps of it reads the same.
func TestCapacity(t *testing.T) {
	p, err := readSearching(t, searching)
	if err != nil {
		t.Fatal(err)
	}
	c := p.Capacity
	if len(c.Goals) != 2 || c.Goals[1].Text != "p99<50ms,errors<1%" || len(c.Goals[1].Parts) != 2 || c.Goals[1].Parts[1].Bound != .01 ||
		c.Width != .02 || c.Trials != 5 || c.Steps != 20 || c.Lasts != 2*time.Second || len(c.Overload) != 2 {
		t.Errorf("capacity is %+v", c)
	}
	settings, err := p.Settings()
	if err != nil || len(settings) != 2 {
		t.Fatalf("%d settings, %v; want 2", len(settings), err)
	}
	if l, ok := settings[1].Load.(load.Closed); !ok || l.Connections != 64 || l.Timeout != 2*time.Second {
		t.Errorf("the load that warms is %+v, want a closed one on 64 connections", settings[1].Load)
	}
	if o, err := p.LoadAt(settings[1], 1234.5); err != nil || o.Rate != 1234.5 || o.Timeout != 2*time.Second {
		t.Errorf("at 1234.5 the load is %+v, %v", o, err)
	}
	written, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := readSearching(t, string(written))
	if err != nil {
		t.Fatalf("the plan as written: %v\n%s", err, written)
	}
	if again.Capacity.Goals[1].Text != c.Goals[1].Text || again.Capacity.Overload[1] != 3 || again.Load.Rate != p.Load.Rate {
		t.Errorf("written and read again it is %+v", again.Capacity)
	}
	if whole := p.Estimate(2, 0); whole < 20*time.Minute || whole > time.Hour*3 {
		t.Errorf("two variants take %v", whole)
	}
	if got := c.AfterOverload(3); got != 10*time.Second {
		t.Errorf("after three times the capacity for 2 s it is watched for %v, want 10 s", got)
	}
}

func TestCapacityComplaints(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"a rate beside it", "timeout: 2s", "rate: 100", "the rate is what capacity: searches for"},
		{"a closed load", "open: {timeout: 2s}", "closed: {}", "a closed load has no rate"},
		{"a factor", "path_bytes: [1, 11]", "path_bytes: [1, 11], rate: [1, 2]", "a factor sets it too"},
		{"a mean", "p99 < 10ms", "mean<10ms", "is no goal of a search"},
		{"a rate as a goal", "p99 < 10ms", "rate>100", "is no goal of a search"},
		{"twice", "p99 < 10ms", "p99<50ms,errors<1%", "here twice"},
		{"no overload", "[1.5, 3]", "[0.5]", "is no overload"},
		{"wide", "goals:", "width: 80%, goals:", "a bracket 80.0% wide"},
		{"half a second", "goals:", "overload_lasts: 1500ms, goals:", "an overload of 1.5s"},
		{"no errors at all", "p99 < 10ms", "errors<0%", "search.yaml:4:20: goals: \"errors<0%\": nothing lies below 0%"},
		{"all errors", "errors<1%", "errors<200%", "below 100%"},
		{"no time", "p99 < 10ms", "p99<0ms", "search.yaml:4:20: goals: \"p99<0ms\": nothing lies below 0ms"},
		{"beyond the timeout", "p99 < 10ms", "p99<3s", "search.yaml:4:20: capacity: no answer takes as long as p99<3s allows: requests are given up after 2s"},
		{"a percentile twice", "p99 < 10ms", "p99<10ms, p99<20ms", "bounds p99 twice"},
		{"an overload twice", "[1.5, 3]", "[1.5, 1.5]", "search.yaml:4:74: capacity: the overload 1.5 is here twice"},
		{"blocks", "rounds: 8", "blocks: 2\nrounds: 8", "search.yaml:8:9: blocks: a search for capacities has no number of blocks"},
		{"objectives", "rounds: 8", "objectives: [p99<10ms]\nrounds: 8", "search.yaml:8:13: objectives: a search"},
		{"compare", "rounds: 8", "compare: throughput\nrounds: 8", "search.yaml:8:10: compare: a search for capacities compares capacities, and not throughput"},
		{"a threshold of nothing", "rounds: 8", "thresholds: {foreign_cpu: {}}\nrounds: 8", "search.yaml:8:27: thresholds: nothing is said of foreign_cpu"},
		{"nothing", `["p99 < 10ms", "p99<50ms, errors<1%"]`, "[]", "the list is empty"},
	} {
		_, err := readSearching(t, strings.Replace(searching, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want a complaint of %q", c.name, err, c.want)
		}
	}
}
