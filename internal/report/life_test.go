package report

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A process in these tests: slices of its warm-up and its trials, each a factor of
// what is usual.
type process struct {
	slices, trials []float64
}

func evenSlices(x float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = x
	}
	return all
}

// staysOf returns the trials of several rounds of one variant at two settings, of
// which the second takes three times as long, in an order of each round's own;
// slices are a fifth quicker than trials. noise is that of trials.
func staysOf(rounds []process, noise float64) []Stay {
	rng := rand.New(rand.NewPCG(3, 4))
	var all []Stay
	for n, p := range rounds {
		start := &evidence.Start{PID: n + 1, Ready: 50 * time.Millisecond, Listens: 40 * time.Millisecond}
		for _, x := range p.slices {
			start.Warmup.Service = append(start.Warmup.Service, 0.8*x*math.Exp(0.01*rng.NormFloat64()))
		}
		start.Warmup.Lasted = time.Duration(len(p.slices)) * 200 * time.Millisecond
		for k, x := range p.trials {
			s := Stay{Variant: "a", Setting: "n = 1", Round: n + 1, Start: start, Began: time.Unix(int64(100*n+k), 0), Lasted: 5 * time.Second}
			if rng.IntN(2) == 1 {
				s.Setting = "n = 2"
				x *= 3
			}
			s.Served = x * math.Exp(noise*rng.NormFloat64())
			all = append(all, s)
		}
	}
	return all
}

func rounds10(n int, p process) []process {
	var all []process
	for range n {
		all = append(all, p)
	}
	return all
}

// What the trials of a process tell of it, with the noise of single trials that
// machines have.
func TestLives(t *testing.T) {
	rising := evenSlices(1, 12)
	for i := range rising {
		rising[i] = 1 + 0.05*float64(i)
	}
	late := process{evenSlices(1.4, 15), append(evenSlices(1.4, 2), evenSlices(1, 10)...)}
	steady := process{evenSlices(1, 15), evenSlices(1, 12)}
	for _, c := range []struct {
		name   string
		rounds []process
		noise  float64
		want   stat.Course
		late   int // trials of each start
	}{
		{"flat", rounds10(10, steady), 0.003, stat.Flat, 0},
		{"flat, noisy", rounds10(10, steady), 0.05, stat.Flat, 0},
		{"warm in time", rounds10(10, process{append(evenSlices(2, 6), evenSlices(1, 12)...), evenSlices(1, 12)}), 0.01, stat.WarmsUp, 0},
		{"late", rounds10(10, late), 0.01, stat.WarmsUp, 2},
		{"late, noisy", rounds10(10, late), 0.04, stat.WarmsUp, 2},
		{"drifting", rounds10(10, process{evenSlices(1, 15), rising}), 0.01, stat.Drifting, 0},
		{"without a warm-up", rounds10(10, process{nil, evenSlices(1, 12)}), 0.01, stat.Flat, 0},
		{"few trials", rounds10(10, process{nil, evenSlices(1, 4)}), 0.01, stat.Untold, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			right := 0
			lives := Lives(staysOf(c.rounds, c.noise))
			for _, l := range lives {
				if l.Course == c.want && (l.Late == c.late || c.noise > .02 && l.Late > 0 && l.Late < c.late) {
					right++
				}
			}
			if len(lives) != len(c.rounds) || right < len(lives)-1 {
				t.Errorf("%d of %d starts told", right, len(lives))
				for _, l := range lives {
					t.Logf("round %d: %v, %d late, steady after %v", l.Round, l.Course, l.Late, l.Warm)
				}
			}
		})
	}
}

// Where service times are too noisy, CPU time tells.
func TestLivesByCPU(t *testing.T) {
	stays := staysOf(rounds10(10, process{append(evenSlices(2, 6), evenSlices(1, 12)...), evenSlices(1, 12)}), 0.5)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range stays {
		w := &stays[i].Start.Warmup
		stays[i].CPU = 20 * math.Exp(0.01*rng.NormFloat64())
		if len(w.CPU) > 0 {
			continue
		}
		for k := range w.Service {
			w.CPU = append(w.CPU, 20*firstOf(k < 6, 2, 1)*math.Exp(0.01*rng.NormFloat64()))
			w.Service[k] *= math.Exp(0.5 * rng.NormFloat64())
		}
	}
	for i := range stays {
		if stays[i].Setting == "n = 2" {
			stays[i].CPU *= 3
		}
	}
	for _, l := range Lives(stays) {
		if l.Course != stat.WarmsUp || l.Late != 0 || l.Warm < time.Second || l.Warm > 1500*time.Millisecond {
			t.Errorf("round %d: %v after %v, %d late", l.Round, l.Course, l.Warm, l.Late)
		}
	}
}

func firstOf(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

// Trials before their process was steady are graded B, and told; in a strict plan
// they are in no figure. So is a variant that comes to no rest.
func TestLateTrialsAreGraded(t *testing.T) {
	for _, c := range []struct {
		strict bool
		slow   func(trial int) float64 // of "go"
		kind   string
		each   int // trials of a round that have it
	}{
		{false, func(int) float64 { return 1 }, "", 0},
		{false, func(k int) float64 { return firstOf(k < 2, 1.5, 1) }, "late-warm", 2},
		{true, func(k int) float64 { return firstOf(k < 2, 1.5, 1) }, "late-warm", 2},
		{false, func(k int) float64 { return 1 + 0.04*float64(k) }, "no-steady-state", 8},
		{true, func(k int) float64 { return 1 + 0.04*float64(k) }, "no-steady-state", 8},
	} {
		b := handlerWork()
		b.noise = 0.001
		in := b.input()
		in.Plan.Strict = c.strict
		for _, m := range in.Measurements {
			k := m.Trial.Block - 1
			// Each round has an order of its own, or settings could not be told from ages.
			m.Trial.Factors["path_bytes"] = plan.Num(b.bytes[(k+m.Trial.Round+k/4*m.Trial.Round)%4])
			if m.Trial.Subject == "go" {
				m.Tally.Service = evenly(1e6*c.slow(k), m.Tally.Outcomes[evidence.Answered])
			}
			m.Start.PID = m.Trial.Round
			m.Start.Warmup = evidence.Warmup{Lasted: 2 * time.Second, Steady: true, Service: evenSlices(c.slow(0), 10)}
		}
		table, err := arrange(in)
		if err != nil {
			t.Fatal(err)
		}
		grade, n := evidence.B, 0
		if c.strict {
			grade = evidence.X
		}
		for _, tr := range table.trials {
			for _, note := range tr.notes {
				if note.Kind != "late-warm" && note.Kind != "no-steady-state" {
					continue
				}
				n++
				if tr.variant.name != "go" || note.Kind != c.kind || note.Grade != grade {
					t.Errorf("%s: %+v", tr.Trial.ID, note)
				}
			}
		}
		if n != c.each*b.rounds {
			t.Errorf("%q, strict %v: %d trials noted, want %d", c.kind, c.strict, n, c.each*b.rounds)
		}
	}
}

// The cold figures are medians over starts, with an interval where there are
// enough, and the class is the commonest.
func TestWarmings(t *testing.T) {
	b := handlerWork()
	in := b.input()
	for _, m := range in.Measurements {
		r := time.Duration(m.Trial.Round)
		m.Start = &evidence.Start{PID: int(r), Listens: 30*time.Millisecond + r*time.Millisecond, Ready: 40*time.Millisecond + r*time.Millisecond, FirstAnswer: 2 * time.Millisecond,
			Warmup: evidence.Warmup{Lasted: 4 * time.Second, Steady: true, Service: append(evenSlices(2, 8), evenSlices(1, 12)...),
				Pilot: &evidence.Pilot{Course: "warms-up", Warm: 1600 * time.Millisecond, Lasted: 10 * time.Second, Kept: true}}}
	}
	rep, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Warmups) != 2 {
		t.Fatalf("%d variants", len(rep.Warmups))
	}
	w := rep.Warmups[0]
	if w.Class != stat.WarmsUp || w.Starts != 10 || w.Took["warms-up"] != 10 || w.Late != 0 {
		t.Errorf("%v in %d starts (%v), %d late", w.Class, w.Starts, w.Took, w.Late)
	}
	if w.Ready.Value.X != 45.5 || w.Ready.N != 10 || !w.Ready.Lo.Known() || w.FirstAnswer.Value.X != 2 || w.Listens.Value.X != 35.5 {
		t.Errorf("ready %+v, listens %+v, first answer %+v", w.Ready, w.Listens, w.FirstAnswer)
	}
	if w.Warm.Value.X != 1.6 || w.Lo.X != 1.6 || w.Hi.X != 1.6 || w.Steady.Value.X != 1645.5 {
		t.Errorf("steady after %+v (%v to %v), at %+v", w.Warm, w.Lo, w.Hi, w.Steady)
	}
	if w.Pilot == nil || !w.Pilot.Kept || w.Pilot.Lasted != 10 || w.Trajectory == nil || w.Trajectory.Slice != 0.2 || len(w.Trajectory.Service) != 20 {
		t.Errorf("pilot %+v, trajectory %+v", w.Pilot, w.Trajectory)
	}
	if rep.Warmups[1].Class != w.Class {
		t.Error("two subjects that did the same are told apart")
	}
}
