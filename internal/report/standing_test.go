package report

import (
	"strings"
	"testing"

	"webdyno/internal/evidence"
	"webdyno/internal/stat"
)

func whyNot(r *Report) string { return strings.Join(r.WhyNot, "; ") }

// Whom a Ctrl-C struck is chance, and no loss of that subject's.
func TestInterruptedIsNoLoss(t *testing.T) {
	in := handlerWork().input()
	for _, m := range in.Measurements {
		if m.Trial.Subject == "go" && m.Trial.Round <= 5 {
			m.Failure = &evidence.Failure{Kind: evidence.Abandoned, Text: "cut off"}
			m.Notes = append(m.Notes, evidence.Note{Kind: "failed-abandoned", Grade: evidence.X, Text: "cut off"})
		}
	}
	if why := whyNot(build(t, in)); strings.Contains(why, "lost") || strings.Contains(why, "grade A or B") {
		t.Error(why)
	}
}

// A subject that mostly came to no rest has no figure that is fit to be published.
func TestRestlessIsNotPublishable(t *testing.T) {
	for not, want := range map[int]bool{0: false, 2: false, 3: true, 10: true} {
		tb := &table{variants: []*variant{{name: "a"}, {name: "b"}}}
		for n := range 10 {
			life := Life{Variant: "a"}
			life.Course = stat.Flat
			if n < not {
				life.Course = stat.NeverSteady
			}
			tb.lives = append(tb.lives, life)
		}
		if names := tb.unsettled(); (len(names) == 1 && names[0] == "a") != want || len(names) > 1 {
			t.Errorf("%d of 10 starts: %v, want %v", not, names, want)
		}
	}
}

// An old build and a new one are a pair, and not one subject.
func TestBuildsAreAPair(t *testing.T) {
	in := withTwin(1, false)
	in.Plan.Subjects[0].Control = false
	for _, m := range in.Measurements {
		if m.Trial.Subject == "go.twin" {
			m.Trial.Subject = "go-old"
		}
	}
	in.Setup.Subjects = in.Setup.Subjects[:1]
	in.Plan.Subjects = in.Plan.Subjects[:1]
	old := in.Plan.Subjects[0]
	old.Name, old.OldOf = "go-old", "go"
	in.Plan.Subjects = append(in.Plan.Subjects, old)
	kept := in.Measurements[:0]
	for _, m := range in.Measurements {
		if m.Trial.Round <= 7 && m.Trial.Subject != "uvloop" {
			kept = append(kept, m)
		}
	}
	in.Measurements = kept
	if why := whyNot(build(t, in)); !strings.Contains(why, "7 rounds are fewer than the 8 that an old build and a new one take") {
		t.Error(why)
	}
}

// That time ended a run is told with how it was measured; a run that was gone on
// with was not ended by it.
func TestEndedByItsBudget(t *testing.T) {
	for round, want := range map[int]string{10: "the time was up", 6: ""} {
		in := handlerWork().input()
		in.Measurements = append(in.Measurements, &evidence.Measurement{
			Trial: evidence.Trial{ID: "out-of-time", Round: round},
			Notes: []evidence.Note{{Kind: evidence.BudgetSpent, Text: "the time was up"}},
		})
		if r := build(t, in); r.Method.Ended != want {
			t.Errorf("after round %d: %q, want %q", round, r.Method.Ended, want)
		}
	}
}

// Where nothing decides, no empty list is printed; and what a change is is said.
func TestStandingOfNothingHeld(t *testing.T) {
	if s := (&Changes{}).standing(); strings.Contains(s, ": .") || !strings.Contains(s, "Nothing is held") || !strings.Contains(s, "Hodges–Lehmann") {
		t.Error(s)
	}
}
