package screen

import (
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
)

// script plays events at given seconds and returns everything written.
func script(p *Progress, events map[int]lab.Event) string {
	var out strings.Builder
	start := time.Unix(0, 0)
	p.Out = &out
	for s := range 200 {
		if e, ok := events[s]; ok {
			p.Now = func() time.Time { return start.Add(time.Duration(s) * time.Second) }
			p.Observe(e)
		}
	}
	return out.String()
}

func trial(subject string) evidence.Trial {
	return evidence.Trial{Subject: subject, Factors: map[string]plan.Level{"path_bytes": plan.Num(101)}}
}

// On a terminal one line is rewritten: what is under way, and how long still,
// by the plan's own estimate in the first round and by the rounds' pace after.
func TestOneLine(t *testing.T) {
	got := script(&Progress{Terminal: true, Rounds: 4, Expected: 100 * time.Second}, map[int]lab.Event{
		0:  lab.RoundStarted{Round: 1, Of: 4, Trials: 2},
		1:  lab.TrialStarted{Trial: trial("go")},
		30: lab.RoundStarted{Round: 2, Of: 4, Trials: 2},
		31: lab.TrialDone{},
		45: lab.TrialStarted{Trial: trial("uvloop")},
		60: lab.Finished{},
	})
	want := "\r\x1b[Kround 1 of 4 · starting · 100 s left" +
		"\r\x1b[Kround 1 of 4 · go path_bytes=101 · 99 s left" +
		"\r\x1b[Kround 2 of 4 · starting · 90 s left" +
		"\r\x1b[Kround 2 of 4 · uvloop path_bytes=101 · 75 s left" +
		"\r\x1b[K"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What goes wrong stays on the screen, above the line that is rewritten.
func TestTroubleStays(t *testing.T) {
	got := script(&Progress{Terminal: true, Rounds: 1}, map[int]lab.Event{
		0: lab.RoundStarted{Round: 1, Of: 1, Trials: 1},
		1: lab.SubjectFailed{Name: "go", Failure: evidence.Failure{Text: "exited with status 2"}},
	})
	if !strings.HasSuffix(got, "\r\x1b[Kgo in round 1: exited with status 2\n") {
		t.Errorf("got %q", got)
	}
}

// Without a terminal only what must be told is written, in plain lines.
func TestQuiet(t *testing.T) {
	got := script(&Progress{Rounds: 1}, map[int]lab.Event{
		0: lab.RoundStarted{Round: 1, Of: 1, Trials: 1},
		1: lab.TrialStarted{Trial: trial("go")},
		2: lab.SubjectFailed{Name: "go", Failure: evidence.Failure{Text: "exited with status 2"}},
		3: lab.PrecisionReached{Rounds: 12, Until: 0.02},
		4: lab.BudgetSpent{Round: 13, Budget: time.Minute},
		5: lab.Finished{},
	})
	want := "go in round 1: exited with status 2\n" +
		"precise enough after 12 rounds: every interval within 2 %\n" +
		"the budget of 1m0s is spent: round 13 is not begun\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A narrow terminal gets a short line, never a wrapped one.
func TestNarrow(t *testing.T) {
	got := script(&Progress{Terminal: true, Width: 30, Rounds: 4, Expected: time.Hour}, map[int]lab.Event{
		0: lab.RoundStarted{Round: 1, Of: 4, Trials: 2},
		1: lab.TrialStarted{Trial: trial("a-subject-with-a-long-name")},
	})
	for _, line := range strings.Split(got, "\r\x1b[K") {
		if n := len([]rune(line)); n >= 30 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}
