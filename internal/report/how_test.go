package report

import (
	"testing"

	"webdyno/internal/plan"
)

// A factor of one level is told by it, as though the plan had no factor.
func TestLoadText(t *testing.T) {
	level := plan.Num
	open := plan.Load{Open: true, Rate: "{rate}", Arrivals: "poisson", PerConnection: "{k}", Pipeline: "1"}
	for _, tc := range []struct {
		load    plan.Load
		factors []plan.Factor
		want    string
	}{
		{open, []plan.Factor{{Name: "rate", Levels: []plan.Level{level(300)}}, {Name: "k", Levels: []plan.Level{level(1)}}},
			"open, 300 requests per second, poisson arrivals, 1 request per connection, 1 in flight on each"},
		{open, []plan.Factor{{Name: "rate", Levels: []plan.Level{level(20), level(40)}}, {Name: "k", Levels: []plan.Level{level(0), level(1)}}},
			"open, varying rates, poisson arrivals, varying requests per connection, 1 in flight on each"},
		{plan.Load{Connections: "40", PerConnection: "{k}", Pipeline: "1"}, []plan.Factor{{Name: "k", Levels: []plan.Level{level(0)}}},
			"closed, 40 connections, 1 in flight on each"},
	} {
		if got := loadText(tc.load, tc.factors); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}
