package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// selfMeasured are the measurements of commands that measured themselves: each round's
// value is that of the subject times the round's weather, which is the same for
// both.
func selfMeasured(metric plan.OwnMetric, values map[string]float64) Input {
	p := &plan.Plan{Title: "Loops", Compare: metric.Name, Rounds: plan.Rounds{Min: 10, Max: 10}, Blocks: 1, Seed: 1}
	in := Input{Plan: p, Setup: &evidence.Setup{
		Version: 1, Began: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		CPUs: evidence.CPUs{Engine: []int{1}, Subjects: []int{0}, Shared: true, Why: "one for the engine"},
	}}
	for _, name := range []string{"plain", "compiled"} {
		p.Subjects = append(p.Subjects, plan.Subject{Name: name, Measure: []string{"bm"}, Metric: metric})
		for round := 1; round <= 10; round++ {
			x := values[name] * (1 + float64(round)/100)
			in.Measurements = append(in.Measurements, &evidence.Measurement{
				Trial:    evidence.Trial{ID: fmt.Sprint(name, round), Round: round, Block: 1, Subject: name},
				Host:     evidence.Activity{Foreign: -1, Steal: -1},
				Measured: &evidence.Measured{Metric: string(metric.Name), Unit: metric.Unit, Better: string(metric.Better), Values: []float64{9 * x, x, x / 2}},
			})
		}
	}
	return in
}

// Less of a time is faster, and it is written as what one loop takes.
func TestOwnMetricOfTime(t *testing.T) {
	r, text := ownReport(t, selfMeasured(plan.OwnMetric{Name: "loop", Unit: "s", Better: plan.Lower}, map[string]float64{"plain": 0.0912, "compiled": 0.0456}))
	if r.Primary != "loop" || len(r.Comparisons) != 1 || r.Comparisons[0].Verdict != Slower || r.Comparisons[0].A.Subject != "plain" {
		t.Errorf("primary %s, comparisons %+v", r.Primary, r.Comparisons)
	}
	row := r.Rows[0]
	if row.Unit != "s" || row.Metric != "loop" || row.N != 10 || len(r.Rows) != 2 {
		t.Errorf("first of %d rows %+v", len(r.Rows), row)
	}
	wants(t, text, "compiled is 2.00 to 2.00 times as fast as plain.", "Loop, less is better", "0.0962 s per loop",
		"0.0939 to 0.0985 s per loop", "plain : compiled", "slower", "10 rounds, 20 trials, each one run of a command that measures itself.",
		"CPUs: subjects on CPU 0.")
	for _, word := range []string{"engine", "request", "connection", "throughput", "Throughput", "Window", "5.00 s"} {
		if strings.Contains(text, word) {
			t.Errorf("the report speaks of %q:\n%s", word, text)
		}
	}
}

// More of a rate is better; it is no time, and nothing is said to be fast.
func TestOwnMetricOfRate(t *testing.T) {
	r, text := ownReport(t, selfMeasured(plan.OwnMetric{Name: "copied", Unit: "MB/s", Better: plan.Higher}, map[string]float64{"plain": 400, "compiled": 500}))
	if len(r.Comparisons) != 1 || r.Comparisons[0].Verdict != Slower {
		t.Errorf("comparisons %+v", r.Comparisons)
	}
	if first := r.Rows[1]; first.Subject != "compiled" || first.Rank[0] != 1 {
		t.Errorf("second row %+v, want compiled in the first place", first)
	}
	wants(t, text, "compiled is better: copied of compiled is 1.25 to 1.25 times that of plain.", "Copied, more is better", "528 MB/s")
}

// A round without the value is none; one that failed is told.
func TestOwnMetricMissing(t *testing.T) {
	in := selfMeasured(plan.OwnMetric{Name: "loop", Unit: "s", Better: plan.Lower}, map[string]float64{"plain": 2, "compiled": 1})
	in.Measurements[0].Measured, in.Measurements[1].Measured = nil, &evidence.Measured{Metric: "loop"}
	in.Measurements[0].Failure = &evidence.Failure{Kind: evidence.Died, Text: "exited with status 7; its last words: no"}
	r, _ := ownReport(t, in)
	if r.Rows[0].N != 8 || len(r.Failed) != 1 || r.Comparisons[0].N != 8 {
		t.Errorf("%d rounds, %d failed, %d compared; want 8, 1, 8", r.Rows[0].N, len(r.Failed), r.Comparisons[0].N)
	}
}

func ownReport(t *testing.T, in Input) (*Report, string) {
	t.Helper()
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Text(&b, TextOptions{Width: 80}); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(text), " ")
	for _, p := range parts {
		if !strings.Contains(flat, p) {
			t.Errorf("no %q in:\n%s", p, text)
		}
	}
}

// Idle connections that were not there all the time are told.
func TestGradeIdle(t *testing.T) {
	m := cleanClosed()
	m.Tally.Idle = evidence.Idle{Asked: 100, Opened: 90, Ended: 3}
	var got []string
	for _, n := range Grade(m, Circumstances{Load: closed40}) {
		got = append(got, n.Kind+": "+n.Text)
	}
	want := "idle-missing: only 90 of 100 idle connections could be opened\nidle-ended: the server ended 3 of 90 idle connections before the load was over"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("notes:\n%s\nwant:\n%s", s, want)
	}
}
