package report

import (
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A capacity is noted, and its bracket not called certified, where trials of its
// window cannot tell what its goal asks.
func TestCapacityIsDoubted(t *testing.T) {
	for _, c := range []struct {
		name, goal string
		rate       float64
		window     time.Duration
		kind       string
		grade      evidence.Grade
		certified  bool
	}{
		{"23 requests for p99", "p99<6ms", 45.7, 500 * time.Millisecond, "too-few-requests", evidence.L, false},
		{"230 for p99.9", "p99.9<5ms", 460, 500 * time.Millisecond, "too-few-requests", evidence.L, false},
		{"ten times too few", "p99<6ms", 150, time.Second, "few-requests", evidence.B, true},
		{"enough", "p99<6ms", 1000, time.Second, "", evidence.A, true},
		{"few for errors", "p50<6ms,errors<1%", 99, time.Second, "too-few-requests", evidence.L, false},
		{"a window of 5 bounds", "p99.9<20ms", 200_000, 100 * time.Millisecond, "short-window", evidence.L, false},
		{"a window of 20 bounds", "p99.9<20ms", 200_000, 400 * time.Millisecond, "", evidence.A, true},
	} {
		g, err := plan.ParseGoal(c.goal)
		if err != nil {
			t.Fatal(err)
		}
		x := Capacity{Goal: g.Text, Value: exactly(c.rate), Certified: true}
		x.doubt(g, c.window, 0)
		kind := ""
		if len(x.Notes) > 0 {
			kind = x.Notes[0].Kind
		}
		if kind != c.kind || x.Grade != c.grade || x.Certified != c.certified {
			t.Errorf("%s: %v, grade %v, certified %v; want %q, %v, %v", c.name, x.Notes, x.Grade, x.Certified, c.kind, c.grade, c.certified)
		}
	}
	g, _ := plan.ParseGoal("p99<6ms")
	var none Capacity
	if none.doubt(g, time.Second, 0); none.Grade != evidence.X || none.Notes[0].Kind != "no-capacity" {
		t.Errorf("without a value: %+v", none)
	}
	few := Capacity{Value: exactly(45.7)}
	few.doubt(g, 500*time.Millisecond, 0)
	if want := "about 22.9 requests a trial, of which the goal lets 0.229 be lost: half of the trials lose none at a loss of 2.99% each"; !strings.HasPrefix(few.Notes[0].Text, want) {
		t.Errorf("said %q, want it to begin %q", few.Notes[0].Text, want)
	}
}

// Invalid trials are booked for neither end of the bracket, nor for a staircase.
func TestInvalidTrialsAreNotBooked(t *testing.T) {
	in := hunted(map[string]float64{"quick": 2000}, 8)
	want, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	last := in.Measurements[len(in.Measurements)-1].Trial.Block
	for _, rate := range []float64{500, 1000, 1900} { // missed, if they counted
		for range 3 {
			last++
			m := *in.Measurements[0]
			m.Tally = answered(1000, 50, 0)
			m.Notes = []evidence.Note{{Kind: "test", Grade: evidence.X, Text: "the ports ran out"}}
			m.Trial.ID, m.Trial.Block = strings.Repeat("x", last), last
			m.Trial.Step = &evidence.Step{Stage: evidence.Seek, Rate: rate}
			in.Measurements = append(in.Measurements, &m)
		}
	}
	got, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	a, b := want.Capacities[0], got.Capacities[0]
	if b.Lower != a.Lower || b.Upper != a.Upper || !b.Certified || b.Value != a.Value {
		t.Errorf("with invalid trials the capacity is %+v, without %+v", b, a)
	}
	if b.Grade != evidence.B {
		t.Errorf("grade %v, want B: invalid trials are in no figure", b.Grade)
	}
	if len(b.Notes) == 0 || b.Notes[0].Kind != "trials-not-booked" {
		t.Errorf("notes %v", b.Notes)
	}
}

// Standing lines of a search say what was found so far.
func TestRunningCapacities(t *testing.T) {
	in := hunted(map[string]float64{"quick": 2000}, 1)
	r := NewRunning(in.Plan, nil)
	for _, m := range in.Measurements {
		if _, err := r.Take(m); err != nil {
			t.Fatal(err)
		}
	}
	c := r.Capacities()
	if len(c) != 2 || !strings.HasPrefix(c[0].Found(), "quick p99<10ms up to 2.") {
		t.Errorf("found %+v", c)
	}
}

// Two records of searches are not set against each other, and the reader is told so.
func TestSearchesAreNotCompared(t *testing.T) {
	in := hunted(map[string]float64{"quick": 2000}, 8)
	c, err := Compare(in, in, ChangeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Held() || len(c.Answer) == 0 || !strings.Contains(c.Answer[0], "a search for capacities") {
		t.Errorf("the answer is %q", c.Answer)
	}
}
