package report

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// What is shown of a run while it lasts is what a report of the rounds so far
// would say: figure, interval, rank and n of the primary metric.
func TestRunningStandsLikeBuild(t *testing.T) {
	b := handlerWork()
	all := b.measurements()
	slices.SortStableFunc(all, func(x, y *evidence.Measurement) int { return cmp.Compare(x.Trial.Round, y.Trial.Round) })
	running := NewRunning(b.plan(), b.setup())
	for i, m := range all {
		if _, err := running.Take(m); err != nil {
			t.Fatal(err)
		}
		if last := i+1 == len(all) || all[i+1].Trial.Round != m.Trial.Round; !last {
			continue
		}
		rep, err := Build(Input{Plan: b.plan(), Setup: b.setup(), Measurements: all[:i+1]})
		if err != nil {
			t.Fatal(err)
		}
		standings := running.Standings()
		found := 0
		for _, want := range rep.Rows {
			if want.Metric != rep.Primary {
				continue
			}
			found++
			at := slices.IndexFunc(standings, func(r Row) bool { return r.Name() == want.Name() && r.Setting() == want.Setting() })
			if at < 0 {
				t.Fatalf("after round %d: %s at %s does not stand anywhere", m.Trial.Round, want.Name(), want.Setting())
			}
			got := standings[at]
			if got.Value != want.Value || got.Lo != want.Lo || got.Hi != want.Hi || got.N != want.N || !slices.Equal(got.Rank, want.Rank) {
				t.Errorf("after round %d: %+v, the report has %+v", m.Trial.Round, got, want)
			}
		}
		if found != len(standings) {
			t.Errorf("after round %d: %d standings, the report has %d rows", m.Trial.Round, len(standings), found)
		}
	}
}

// Who was taken out of the run is told as skipped, by hand, and neither failed nor
// is a trial of theirs invalid; that a run was ended by hand is a note.
func TestByHand(t *testing.T) {
	b := handlerWork()
	all := append(b.measurements(), &evidence.Measurement{
		Trial:   evidence.Trial{ID: "r03-skipped-go", Round: 3, Subject: "go"},
		Failure: &evidence.Failure{Kind: evidence.ByHand, Text: "skipped by hand in round 3"},
	}, &evidence.Measurement{
		Trial: evidence.Trial{ID: "r10-stopped", Round: 10},
		Notes: []evidence.Note{{Kind: "stopped-by-hand", Grade: evidence.B, Text: "the run was ended by hand after round 10"}},
	})
	rep, err := Build(Input{Plan: b.plan(), Setup: b.setup(), Measurements: all})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Skipped) != 1 || rep.Skipped[0].Subject != "go" || !strings.Contains(rep.Skipped[0].Reason, "by hand") {
		t.Errorf("skipped: %+v", rep.Skipped)
	}
	if len(rep.Failed) != 0 || len(rep.Invalid) != 0 {
		t.Errorf("failed: %+v, invalid: %+v; want neither", rep.Failed, rep.Invalid)
	}
	if !slices.ContainsFunc(rep.Notes, func(n evidence.Note) bool { return n.Kind == "stopped-by-hand" }) {
		t.Errorf("no note says that the run was ended by hand: %+v", rep.Notes)
	}
	if !slices.ContainsFunc(rep.WhyNot, func(s string) bool { return strings.Contains(s, "go was skipped by hand") }) {
		t.Errorf("why not publishable: %q", rep.WhyNot)
	}
}

// A plan without a name for what it compares compares throughput.
func TestRunningOfNothing(t *testing.T) {
	if rows := NewRunning(&plan.Plan{}, nil).Standings(); len(rows) != 0 {
		t.Errorf("%d rows of no measurement", len(rows))
	}
}
