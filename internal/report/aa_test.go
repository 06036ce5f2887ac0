package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// withTwin is the fixture with a control: go and its twin, apart by so much.
func withTwin(apart float64, aa bool) Input {
	b := handlerWork()
	b.servers = append(b.servers, server{name: "go.twin", cost: func(n float64) float64 { return (20 + 0.02*n) * apart }})
	in := b.input()
	in.Plan.Subjects = in.Plan.Subjects[:2] // a twin is written down as its subject's control
	in.Plan.Subjects[0].Control = true
	in.Plan.AA = aa
	return in
}

// A control is compared with its subject and with nobody else, and takes nothing
// from the verdicts of the others.
func TestControlIsAFamilyOfItsOwn(t *testing.T) {
	plain, r := build(t, handlerWork().input()), build(t, withTwin(1, false))
	if r.AA == nil || r.AA.Run || r.AA.Pairs != 4 || r.AA.Corrected != 0 || math.Abs(r.AA.Expected-0.2) > 1e-9 || r.AA.Differs() {
		t.Fatalf("%+v", r.AA)
	}
	if len(r.Comparisons) != len(plain.Comparisons) {
		t.Errorf("%d comparisons; want the %d of the plan without the control", len(r.Comparisons), len(plain.Comparisons))
	}
	for _, c := range r.Comparisons {
		if strings.HasSuffix(c.A.Subject, ".twin") || strings.HasSuffix(c.B.Subject, ".twin") {
			t.Errorf("%s is compared with %s", c.A.name(), c.B.name())
		}
	}
	for _, row := range r.Rows {
		if row.Subject == "go.twin" && row.Rank != nil {
			t.Errorf("the twin has the rank %v", row.Rank)
		}
	}
}

// A subject that differs from itself is told, and the report is not fit to be
// published.
func TestControlThatDiffers(t *testing.T) {
	r := build(t, withTwin(1.1, false))
	if !r.AA.Differs() || r.AA.Different != 4 || r.AA.Corrected != 4 {
		t.Fatalf("%+v", r.AA)
	}
	if all := strings.Join(r.Answer, " "); !strings.Contains(all, "go differs from itself") || r.Publishable {
		t.Errorf("publishable %v: %s", r.Publishable, all)
	}
}

// An A/A run compares nothing else, and its answer is about itself.
func TestAARun(t *testing.T) {
	r := build(t, withTwin(1, true))
	if len(r.Comparisons) != 0 || !r.AA.Run || r.Publishable {
		t.Errorf("%d comparisons, run %v, publishable %v", len(r.Comparisons), r.AA.Run, r.Publishable)
	}
	if len(r.Answer) == 0 || !strings.Contains(r.Answer[0], "A/A: of 4 pairs of a subject with itself") {
		t.Errorf("answer %q", r.Answer)
	}
	var text bytes.Buffer
	if err := r.Text(&text, TextOptions{Width: 80}); err != nil || !strings.Contains(text.String(), "Subjects against themselves") {
		t.Errorf("%v: the text says nothing of it", err)
	}
}

// Superseded attempts count in no figure, are listed where they were invalid,
// and in the removals.
func TestRemovals(t *testing.T) {
	in := handlerWork().input()
	var repeats []*evidence.Measurement
	for _, m := range in.Measurements {
		if m.Trial.Block != 1 {
			continue
		}
		again := *m
		again.Trial.Attempt, again.Trial.ID = 1, m.Trial.ID+"-again1"
		repeats = append(repeats, &again)
		if m.Trial.Subject == "go" {
			m.Notes = append(m.Notes, evidence.Note{Kind: "ports-ran-out", Grade: evidence.X, Text: "no port was free"})
		}
	}
	want := build(t, handlerWork().input())
	in.Measurements = append(in.Measurements, repeats...)
	r := build(t, in)
	if len(r.Invalid) != 10 || !r.Invalid[0].Repeated {
		t.Fatalf("%d invalid: %+v", len(r.Invalid), r.Invalid)
	}
	if len(r.Removals) != 2 || r.Removals[0].Invalid != 10 || r.Removals[0].Trials != 90 || r.Removals[1].Invalid != 0 {
		t.Errorf("removals %+v", r.Removals)
	}
	// 10 of 90 against none is 11 points.
	uneven := false
	for _, n := range r.Notes {
		uneven = uneven || n.Kind == "removals-uneven"
	}
	if !uneven {
		t.Error("nothing is said of it, though they fell on one subject only")
	}
	for i, row := range r.Rows {
		if row.Value != want.Rows[i].Value || row.N != want.Rows[i].N {
			t.Errorf("%s %s: %v of %d rounds; want %v of %d", row.name(), row.Metric, row.Value, row.N, want.Rows[i].Value, want.Rows[i].N)
		}
	}
}

// What spoils a trial is told from what its subject did.
func TestSpoilt(t *testing.T) {
	in := handlerWork().input()
	m := in.Measurements[0]
	if m.Start == nil {
		m.Start = &evidence.Start{}
	}
	c := CircumstancesOf(in.Plan, in.Setup, m)
	if why, ok := Spoilt(m, c); ok {
		t.Errorf("a sound trial is spoilt: %s", why)
	}
	m.Host.SwappedIn = 3
	if why, ok := Spoilt(m, c); !ok || !strings.Contains(why, "swap") {
		t.Errorf("a machine that swaps: %q, %t", why, ok)
	}
	m.Host.SwappedIn, m.Server.OutOfMemory = 0, 1
	if why, ok := Spoilt(m, c); ok {
		t.Errorf("a subject that had no memory left spoils the trial: %s", why)
	}
	m.Host.SwappedIn, m.Server.OutOfMemory = 3, 0
	for kind, want := range map[evidence.FailureKind]bool{
		evidence.Died: false, evidence.NotItself: false, evidence.Abandoned: false, evidence.NoService: false, evidence.Instrument: true,
	} {
		m.Failure = &evidence.Failure{Kind: kind, Text: "x"}
		if _, ok := Spoilt(m, c); ok != want {
			t.Errorf("%s: spoilt %t, want %t", kind, ok, want)
		}
	}
}

// Where blocks vary much and starts do not, more blocks are worth their while;
// where starts vary and blocks do not, one is enough. The text speaks up only
// where it gains something.
func TestBlocksAdvice(t *testing.T) {
	for _, c := range []struct {
		starts, blocks float64
		more           bool
	}{{0.001, 0.05, true}, {0.05, 0.0005, false}} {
		rng := rand.New(rand.NewPCG(5, 6))
		b := handlerWork()
		b.bytes, b.noise, b.rounds = []float64{1}, 0, 60
		in := b.input()
		start := map[int]float64{}
		for _, m := range in.Measurements {
			if m.Start == nil {
				m.Start = &evidence.Start{}
			}
			m.Start.Warmup.Lasted = 10e9
			if m.Trial.Subject != "go" {
				continue
			}
			if _, ok := start[m.Trial.Round]; !ok {
				start[m.Trial.Round] = c.starts * rng.NormFloat64()
			}
			m.Tally.InWindow = uint64(float64(m.Tally.InWindow) * math.Exp(start[m.Trial.Round]+c.blocks*rng.NormFloat64()))
		}
		r := build(t, in)
		best := r.Method.BestBlocks
		if best == nil || best.Now != 2 || best.Round < 20 || best.Block <= 0 {
			t.Fatalf("%+v", best)
		}
		if more := best.Best > 2; more != c.more {
			t.Errorf("starts %v, blocks %v: %d blocks", c.starts, c.blocks, best.Best)
		}
		if said := best.text() != ""; c.more && !said {
			t.Errorf("nothing is said of %+v", best)
		}
	}
	if b := build(t, Input{Plan: &plan.Plan{}}).Method.BestBlocks; b != nil {
		t.Errorf("advice from nothing: %+v", b)
	}
}

// Two pairs of six rounds: the least p there is is 2 × 1/32, and no pair could have
// been told from itself whatever it had done. That is no clean bill.
func TestUntestableIsNoCleanBill(t *testing.T) {
	for _, c := range []struct{ rounds, untested, needs int }{{6, 2, 7}, {7, 0, 0}} {
		b := handlerWork()
		b.servers = append(b.servers[:1], server{name: "go.twin", cost: b.servers[0].cost})
		b.bytes, b.rounds = []float64{1, 11}, c.rounds
		in := b.input()
		in.Plan.Subjects = in.Plan.Subjects[:1]
		in.Plan.Subjects[0].Control, in.Plan.AA = true, true
		r := build(t, in)
		if r.AA.Pairs != 2 || r.AA.Untested != c.untested || r.AA.NeedsRounds != c.needs {
			t.Errorf("%d rounds: %+v; want %d untested, %d rounds", c.rounds, r.AA, c.untested, c.needs)
		}
		said := strings.Join(r.AA.sentences(), " ")
		if clean := strings.Contains(said, "Nothing here makes differences up"); clean != (c.untested == 0) {
			t.Errorf("%d rounds: %s", c.rounds, said)
		}
		if c.untested > 0 && (!strings.Contains(said, "none has the 7 rounds") || r.AA.Widest.Known() || r.AA.Expected != 0) {
			t.Errorf("%d rounds: %s %+v", c.rounds, said, r.AA)
		}
	}
}

// An interval that is open is as wide as can be, and not 0 wide.
func TestOpenIntervalOfAControl(t *testing.T) {
	in := withTwin(1, false)
	for _, m := range in.Measurements { // in some rounds one of the two answers nothing rightly
		if strings.HasPrefix(m.Trial.Subject, "go") && m.Trial.Round <= 4 && (m.Trial.Round%2 == 0) == (m.Trial.Subject == "go") {
			m.Tally.InWindow = 0
		}
	}
	r := build(t, in)
	if r.AA.Open != 4 || r.AA.Widest.Known() {
		t.Fatalf("%+v; want 4 open, and no width", r.AA)
	}
	if said := strings.Join(r.AA.sentences(), " "); strings.Contains(said, "either side") || !strings.Contains(said, "the interval of 4 pairs is open") {
		t.Errorf("%s", said)
	}
}
