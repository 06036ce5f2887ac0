package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// Without a terminal there is a line for each round and for each thing that goes
// wrong, and no escape in them.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	now := midnight
	p := &plan.Plan{Load: plan.Load{Connections: "40"}, Compare: plan.Throughput}
	l := &Lines{Out: &out, Rounds: 20, Running: report.NewRunning(p, nil), Now: func() time.Time { return now }}
	for n := 1; n <= 7; n++ {
		l.Observe(lab.RoundStarted{Round: n, Of: 20, Trials: 2})
		for name := range map[string]bool{"go": true, "uvloop[python=cpython]": true} {
			tr := trialOf(name, n, 1, 11)
			var spoil func(*evidence.Measurement)
			if n == 2 && name == "go" {
				spoil = func(m *evidence.Measurement) {
					m.Failure = &evidence.Failure{Kind: evidence.Instrument, Text: "the disk was full"}
				}
			}
			l.Observe(lab.TrialDone{Measurement: measured(tr, cost[name], spoil)})
		}
		now = now.Add(time.Minute)
		l.Observe(lab.RoundDone{Round: n})
	}
	l.Observe(lab.SubjectFailed{Name: "go", Failure: evidence.Failure{Kind: evidence.Died, Text: "exited with status 3"}})
	l.Observe(lab.PrecisionReached{Rounds: 7, Until: 0.02})
	l.Observe(lab.Finished{})
	want := `round 1 of 20, 60 s: go 43.3k req/s, uvloop[python=cpython] 21.6k req/s
`
	got := out.String()
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant it to begin\n%s", got, want)
	}
	for _, want := range []string{
		"go path_bytes=11 in round 2: invalid: the disk was full\n",
		"round 7 of 20, 7 min: go 43.6k req/s ±0.829%, uvloop",
		"go in round 7: exited with status 3\n",
		"precise enough after 7 rounds: every interval within 2 %\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Error("an escape where there is no terminal")
	}
}

// A round of a search says what was found, and not that nothing was measured.
func TestLinesOfASearch(t *testing.T) {
	goal, err := plan.ParseGoal("p99<10ms")
	if err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{
		Load: plan.Load{Open: true, Rate: "{rate}"}, Window: time.Second,
		Capacity: plan.Capacity{Goals: []plan.Goal{goal}, Width: .02, Trials: 5, Steps: 2},
	}
	var out bytes.Buffer
	l := &Lines{Out: &out, Rounds: 2, Running: report.NewRunning(p, nil), Now: func() time.Time { return midnight }}
	l.Observe(lab.RoundStarted{Round: 1, Of: 2})
	for block := 1; block <= 2; block++ {
		tr := trialOf("go", 1, block, 11)
		delete(tr.Factors, "path_bytes")
		tr.Factors["rate"] = plan.Num(5000)
		tr.Step = &evidence.Step{Stage: evidence.Refine, Goal: goal.Text, Rate: 5000}
		l.Observe(lab.TrialDone{Measurement: measured(tr, cost["go"], nil)})
	}
	l.Observe(lab.RoundDone{Round: 1})
	if got, want := out.String(), "round 1 of 2, 0 s: go p99<10ms up to 5.00k req/s\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
