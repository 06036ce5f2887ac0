package report

import (
	"strconv"

	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// exactLoad fills a plan's load in with the levels of a setting; nil if the plan
// has no load that can be read. It is for reading a record, and so passes over
// what it does not understand: plan.Settings is what the lab obeys.
func exactLoad(l plan.Load, factors Factors) load.Load {
	values := map[string]string{}
	for f, level := range factors {
		values[f] = level.String()
	}
	text := func(s string) string {
		filled, err := plan.Substitute(s, values)
		if err != nil {
			return ""
		}
		return filled
	}
	number := func(s string) int {
		n, _ := unit.ParseCount(text(s))
		return int(n)
	}
	use := load.Use{PerConnection: number(l.PerConnection), Pipeline: number(l.Pipeline)}
	if d, err := unit.ParseDuration(text(l.Timeout)); err == nil {
		use.Timeout = d
	}
	use.Close, _ = load.ParseClose(text(l.Close))
	if l.Open {
		rate, err := strconv.ParseFloat(text(l.Rate), 64)
		if err != nil {
			rate, _ = unit.ParseRate(text(l.Rate))
		}
		arrivals, _ := load.ParseArrivals(text(l.Arrivals))
		return load.Open{Rate: rate, Arrivals: arrivals, Connections: number(l.Connections),
			MaxConnections: number(l.MaxConnections), Use: use}
	}
	if n := number(l.Connections); n > 0 {
		think, _ := unit.ParseDuration(text(l.Think))
		thinking, _ := load.ParseThinking(text(l.ThinkTime))
		return load.Closed{Connections: n, Think: think, Thinking: thinking, Use: use}
	}
	return nil
}
