package report

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// answered is a tally of so many requests, so many of them slow and so many
// timed out.
func answered(due, slow, lost uint64) *evidence.Tally {
	t := evidence.NewTally()
	t.Window = time.Second
	t.Outcomes[evidence.Answered] = due - lost
	t.Outcomes[evidence.TimedOut] = lost
	t.Statuses[200] = due - lost
	t.InWindow = due - lost
	t.Response.RecordN(int64(2*time.Millisecond), due-lost-slow)
	t.Response.RecordN(int64(20*time.Millisecond), slow)
	t.Service.RecordN(int64(time.Millisecond), due-lost)
	return t
}

func TestHoldGoal(t *testing.T) {
	for _, c := range []struct {
		goal string
		*evidence.Tally
		loss float64
		kept bool
	}{
		{"p99<10ms", answered(1000, 10, 0), .01, true}, // a hundredth may be lost
		{"p99<10ms", answered(1000, 11, 0), .011, false},
		{"p99<10ms", answered(1000, 5, 6), .011, false}, // what failed is lost too
		{"p99<20ms", answered(1000, 11, 0), .011, false},
		{"p99<21ms", answered(1000, 11, 0), 0, true},
		{"max<10ms", answered(1000, 1, 0), .001, false},
		{"p50<10ms", answered(1000, 400, 0), .4, true},
		{"p99<50ms,errors<1%", answered(1000, 0, 9), .009, true},
		{"p99<50ms,errors<0.5%", answered(1000, 0, 9), .009, false},
		{"errors<1%", answered(1000, 500, 0), 0, true},
		{"errors<1%", answered(1000, 0, 10), .01, false}, // below is not at
		{"p99<10ms", evidence.NewTally(), 0, true},
	} {
		g, err := plan.ParseGoal(c.goal)
		if err != nil {
			t.Fatal(err)
		}
		loss, kept := HoldGoal(g, c.Tally)
		if math.Abs(loss-c.loss) > 1e-12 || kept != c.kept {
			t.Errorf("%s of %d due, %d failed: loss %v, kept %v; want %v, %v", c.goal, c.Due(), c.Failed(), loss, kept, c.loss, c.kept)
		}
	}
}

// second has so many answers, all of which took so long, and so many errors.
func second(right, errors uint64, took time.Duration) evidence.Second {
	s := evidence.Second{Answered: right, Errors: errors, Response: latency.NewCoarse()}
	s.Response.RecordN(int64(took), right)
	return s
}

// A server is itself again with the first second that is as those before the
// overload were, and not sooner.
func TestRecovery(t *testing.T) {
	const usual, slow = 2 * time.Millisecond, 500 * time.Millisecond
	before := []evidence.Second{second(500, 0, usual), second(500, 0, usual), second(1000, 0, slow)}
	c := &plan.Capacity{Lasts: time.Second}
	step := &evidence.Step{Rate: 500, Capacity: 1000, Times: 1.5}
	for _, k := range []struct {
		name  string
		after []evidence.Second
		want  Number
	}{
		{"at once", []evidence.Second{second(500, 0, usual), second(500, 0, usual)}, exactly(0)},
		{"slow for a second", []evidence.Second{second(900, 0, slow), second(500, 0, usual)}, exactly(1)},
		{"answers little", []evidence.Second{second(449, 0, usual), second(450, 0, usual)}, exactly(1)},
		{"with errors", []evidence.Second{second(500, 6, usual), second(500, 5, usual)}, exactly(1)},
		{"never", []evidence.Second{second(900, 0, slow), second(0, 0, 0)}, atLeast(2)},
	} {
		tally := evidence.NewTally()
		tally.Seconds = slices.Concat(before, k.after)
		tally.Window = time.Duration(len(tally.Seconds)) * time.Second
		tally.Outcomes[evidence.Answered], tally.Outcomes[evidence.TimedOut] = 3000, 300
		s := surgedIn(tally, step, c)
		if s.back != k.want || s.goodput != 1000 {
			t.Errorf("%s: back after %+v with a goodput of %v, want %+v and 1000", k.name, s.back, s.goodput, k.want)
		}
		if s.lost <= 0 || s.lost != s.causes["timed_out"] {
			t.Errorf("%s: %v lost, %v of them timed out", k.name, s.lost, s.causes)
		}
	}
}

// hunted is a record of a search, in which a server keeps what lies below its
// limit.
func hunted(limits map[string]float64, rounds int) Input {
	goal, _ := plan.ParseGoal("p99<10ms")
	later, _ := plan.ParseGoal("p99<50ms")
	p := &plan.Plan{
		Name: "hunt", Title: "How much", Window: time.Second, Rounds: plan.Rounds{Min: rounds, Max: rounds}, Compare: plan.ResponseP90,
		Load:     plan.Load{Open: true, Rate: "{rate}"},
		Capacity: plan.Capacity{Goals: []plan.Goal{goal, later}, Width: .02, Trials: 5, Steps: 4, Overload: []float64{1.5}, Lasts: time.Second},
	}
	var all []*evidence.Measurement
	for name, limit := range limits {
		p.Subjects = append(p.Subjects, plan.Subject{Name: name})
		block := 0
		add := func(round int, step evidence.Step, kept bool) {
			block++
			slow := uint64(0)
			if !kept {
				slow = 50
			}
			m := &evidence.Measurement{
				Trial: evidence.Trial{
					ID: fmt.Sprintf("r%02d-b%02d-%s", round, block, name), Round: round, Block: block, Subject: name,
					Factors: map[string]plan.Level{"rate": plan.Num(step.Rate)}, Step: &step,
				},
				Began: time.Date(2026, 1, 1, 0, round, block, 0, time.UTC), Tally: answered(1000, slow, 0),
				Start: &evidence.Start{Ready: time.Second},
			}
			m.Tally.Seconds = []evidence.Second{second(500, 0, 1e6), second(500, 0, 1e6), second(1000, 0, 1e9), second(500, 0, 1e6)}
			m.Tally.Window = 4 * time.Second
			all = append(all, m)
		}
		for _, rate := range []float64{limit * .99, limit * 1.009} {
			for range 3 {
				add(1, evidence.Step{Stage: evidence.Seek, Rate: rate}, rate < limit)
			}
		}
		for round := 1; round <= rounds; round++ {
			block = 100
			drift := 1 + .03*float64(round%3)
			for _, g := range p.Capacity.Goals {
				for i := range 4 {
					rate := limit * drift * (1 + .01*float64(i%2) + .001*float64(round))
					add(round, evidence.Step{Stage: evidence.Refine, Goal: g.Text, Rate: rate}, true)
				}
			}
			add(round, evidence.Step{Stage: evidence.Overload, Goal: goal.Text, Rate: limit / 2, Capacity: limit, Times: 1.5}, false)
		}
	}
	return Input{Plan: p, Measurements: all}
}

// The report of a search says the capacities first, tells who takes more, and does
// not depend on the order of what is on record; the rates it came to are no
// settings.
func TestReportOfASearch(t *testing.T) {
	in := hunted(map[string]float64{"quick": 2000, "slow": 1000}, 8)
	slices.SortFunc(in.Measurements, func(a, b *evidence.Measurement) int { return strings.Compare(a.Trial.ID, b.Trial.ID) })
	slices.SortFunc(in.Plan.Subjects, func(a, b plan.Subject) int { return strings.Compare(a.Name, b.Name) })
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range append(r.Notes, evidence.Note{}) {
		if n.Grade == evidence.X {
			t.Errorf("invalid: %s", n.Text)
		}
	}
	if len(r.Capacities) != 4 || len(r.CapacityComparisons) != 2 || len(r.Critical) != 2 || len(r.Overloads) != 2 {
		t.Fatalf("%d capacities, %d comparisons, %d critical, %d overloads; want 4, 2, 2, 2",
			len(r.Capacities), len(r.CapacityComparisons), len(r.Critical), len(r.Overloads))
	}
	c := r.Capacities[0]
	if c.Subject != "quick" || !c.Certified || c.Lower.X != 1980 || math.Abs(c.Upper.X-2018) > 1e-9 || c.N != 8 || !c.Lo.Known() || !c.Hi.Known() {
		t.Errorf("capacity %+v", c)
	}
	if v := r.CapacityComparisons[0]; v.Verdict != Faster || math.Abs(v.Ratio.X-2) > 1e-9 || v.N != 8 {
		t.Errorf("comparison %+v, want twice, faster", v)
	}
	if o := r.Overloads[0]; o.Recovery != exactly(0) || o.Share.X != .5 {
		t.Errorf("overload %+v", o)
	}
	if !strings.HasPrefix(r.Answer[0], "quick keeps p99 under 10ms up to 2.08k req/s (2.04k to 2.14k req/s), slow up to 1.04k") || !strings.Contains(r.Answer[1], "2.00 to 2.00 times that of slow") {
		t.Errorf("the answer is %q", r.Answer)
	}
	for _, row := range r.Rows {
		if _, ok := row.Factors["rate"]; ok || row.Metric == plan.Throughput {
			t.Errorf("there is a row of %s at %v", row.Metric, row.Factors)
		}
	}
	var straight, turned bytes.Buffer
	if err := r.JSON(&straight); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(in.Measurements)
	back, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := back.JSON(&turned); err != nil {
		t.Fatal(err)
	}
	if straight.String() != turned.String() {
		t.Error("the report depends on the order of the measurements")
	}
	if err := r.Text(&straight, TextOptions{Width: 80}); err != nil || !strings.Contains(straight.String(), "Beyond capacity") {
		t.Errorf("the text has no overloads: %v", err)
	}
}

// Failed requests are told by how they ended, at each setting.
func TestCauses(t *testing.T) {
	in := Input{Plan: &plan.Plan{}}
	for round := 1; round <= 2; round++ {
		m := &evidence.Measurement{
			Trial: evidence.Trial{ID: fmt.Sprint(round), Round: round, Block: 1, Subject: "a"},
			Tally: answered(1000, 0, 150),
		}
		m.Tally.Outcomes[evidence.Refused], m.Tally.Outcomes[evidence.TimedOut] = 50, 100
		m.Tally.Causes["ECONNREFUSED"] = 50
		in.Measurements = append(in.Measurements, m)
	}
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range r.Notes {
		if n.Grade == evidence.X {
			t.Errorf("invalid: %s", n.Text)
		}
	}
	if len(r.Causes) != 1 || r.Causes[0].By["timed_out"] != 10 || r.Causes[0].By["refused"] != 5 || r.Causes[0].Errnos["ECONNREFUSED"] != 100 {
		t.Errorf("causes are %+v", r.Causes)
	}
}
