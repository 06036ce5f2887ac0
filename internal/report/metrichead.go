package report

import (
	"strings"

	"webdyno/internal/plan"
)

// metricHead is a metric's name over a table or a plot.
func metricHead(m plan.Metric) string {
	switch m {
	case plan.Throughput:
		return "Throughput, right answers per second"
	case plan.Goodput:
		return "Goodput, right answers to what fell due, per second"
	case plan.Deviation:
		return "Standard deviation of throughput between seconds"
	case plan.Memory:
		return "Memory, peak RSS"
	case plan.Errors:
		return "Failed requests, of those due"
	case plan.StartUp:
		return "Start-up, from exec to the first right answer"
	case plan.ServerCPU:
		return "Server CPU per request"
	case plan.ThroughputPerCPU:
		return "Answers per second of server CPU"
	}
	s := strings.TrimPrefix(metricName(m), "the ")
	return strings.ToUpper(s[:1]) + s[1:]
}

func (r *Report) better(m plan.Metric) string {
	if m == r.Primary && r.higher || m.HigherIsBetter() {
		return "more is better"
	}
	return "less is better"
}
