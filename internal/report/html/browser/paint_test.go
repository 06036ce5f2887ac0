package browser_test

import (
	"slices"
	"testing"
)

// BenchmarkThousandTrials opens the page of a record of 1,000 trials from disk, and
// prints when its first words were seen and when all of it was drawn: medians, in
// ms since it was asked for.
func BenchmarkThousandTrials(b *testing.B) {
	levels := []float64{1, 11, 101, 501, 1001}
	record := bench{plan: "title: A thousand trials" + work, rounds: 40, factor: "path_bytes", levels: levels, servers: []server{
		{name: "go", cost: line(20, 0.02)}, {name: "uvloop", cost: line(15, 0.2)}, {name: "node", cost: line(30, 0.1)},
		{name: "tornado", cost: line(90, 0.5)}, {name: "gevent", cost: line(70, 0.4)},
	}}
	m := drawn(b, "long", record.input(b))
	p := open(start(b), b, m.bytes)
	var seen, complete []float64
	for b.Loop() {
		p.load("")
		times := eval[[]float64](p, `new Promise((done) => new PerformanceObserver((all) => {
			const first = all.getEntriesByName("first-contentful-paint")[0];
			if (first) done([first.startTime, performance.getEntriesByType("navigation")[0].loadEventEnd]);
		}).observe({ type: "paint", buffered: true }))`)
		seen, complete = append(seen, times[0]), append(complete, times[1])
	}
	slices.Sort(seen)
	slices.Sort(complete)
	b.ReportMetric(seen[len(seen)/2], "ms-first-paint")
	b.ReportMetric(complete[len(complete)/2], "ms-loaded")
	b.ReportMetric(float64(len(m.bytes))/1e3, "kB")
}
