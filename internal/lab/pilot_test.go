package lab

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/mono"
	"webdyno/internal/plan"
	"webdyno/internal/report"
	"webdyno/internal/serve"
	"webdyno/internal/stat"
)

// A truth is a theatre whose subjects serve by a queue that is known: one request
// at a time, with service times that change with the age of each process, and 2 %
// of noise from job to job.
type truth struct {
	*theatre
	queue serve.Queue
	began map[*puppet]time.Time
	rng   *rand.Rand
	slice *latency.Histogram // of warm-ups, over and over
}

func newTruth(w serve.Warmth, seed uint64) *truth {
	g := &truth{
		theatre: newTheatre(), began: map[*puppet]time.Time{}, rng: rand.New(rand.NewPCG(seed, 5)), slice: latency.New(),
		queue: serve.Queue{Warmth: w, Times: serve.ServiceTimes{Mean: 200 * time.Microsecond}},
	}
	g.lab.Generate = g
	return g
}

// Run answers for as long as the job's window, by the scripted clock. The queue is
// asked at some ages within it, each of which stands for all requests until the
// next.
func (g *truth) Run(ctx context.Context, job engine.Job) (*evidence.Tally, error) {
	p := g.latest(hostOf(job))
	if g.began[p].IsZero() {
		g.began[p] = time.Now()
	}
	time.Sleep(job.Warmup.Time)
	if job.Edge != nil {
		job.Edge(engine.WindowOpened)
	}
	age := mono.Time(time.Since(g.began[p]))
	tally := &evidence.Tally{Service: g.slice, Response: g.slice, Statuses: map[int]uint64{}}
	g.slice.Reset()
	if job.Edge != nil { // it is kept
		tally.Service = latency.New()
		tally.Response = tally.Service
	}
	tally.Window = job.Window.Time
	noise := 1 + 0.02*g.rng.NormFloat64()
	step := 20 * time.Millisecond
	for d := time.Duration(0); d < job.Window.Time; d += step {
		q := g.queue // nobody waits
		served := time.Duration(noise * float64(q.Finish(0, age.Add(d)).Sub(age.Add(d))))
		n := uint64(step / served)
		tally.Service.RecordN(int64(served), n)
		tally.Outcomes[evidence.Answered] += n
	}
	tally.InWindow = tally.Due()
	tally.Statuses[200] = tally.Due()
	time.Sleep(job.Window.Time)
	if job.Edge != nil {
		job.Edge(engine.WindowClosed)
	}
	return tally, ctx.Err()
}

func automatic(t *testing.T, rounds int, names ...string) Experiment {
	x := experiment(t, names...)
	x.Plan.Warmup = plan.Warmup{Auto: true}
	x.Plan.Rounds = plan.Rounds{Min: rounds, Max: rounds}
	return x
}

// Servers with programmed warm-ups are told for what they are: in at least 95 of
// 100 runs each, by the pilot and by the report.
func TestProgrammedWarmUps(t *testing.T) {
	for _, c := range []struct {
		name   string
		warmth serve.Warmth
		want   stat.Course
		least  time.Duration // until it is steady
		most   time.Duration
	}{
		{"none", serve.Warmth{}, stat.Flat, 0, 0},
		{"step", serve.Warmth{Shape: serve.Step, For: 2 * time.Second, Times: 1.3}, stat.WarmsUp, 1800 * time.Millisecond, 2200 * time.Millisecond},
		{"slow-down", serve.Warmth{Shape: serve.Step, For: 3 * time.Second, Times: 0.8}, stat.SlowsDown, 2800 * time.Millisecond, 3400 * time.Millisecond},
		{"exponential", serve.Warmth{Shape: serve.Fall, For: 800 * time.Millisecond, Times: 2}, stat.WarmsUp, time.Second, 5 * time.Second},
		{"ramp", serve.Warmth{Shape: serve.Ramp, For: 10 * time.Second, Times: 1.5}, stat.Drifting, 0, 10 * time.Second},
		{"collector", serve.Warmth{Shape: serve.GC, For: time.Second, Times: 1.5}, stat.Flat, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			const runs = 100
			byPilot, byReport, placed := 0, 0, 0
			for run := range uint64(runs) {
				synctest.Test(t, func(t *testing.T) {
					g, rec := newTruth(c.warmth, run), new(paper)
					if err := g.lab.Run(t.Context(), automatic(t, 1, "a"), rec); err != nil {
						t.Fatal(err)
					}
					pilot := rec.lines[0].Start.Warmup.Pilot
					if pilot.Course == c.want.String() {
						byPilot++
					}
					if pilot.Warm >= c.least && pilot.Warm <= c.most {
						placed++
					}
					rep, err := report.Build(report.Input{Measurements: rec.lines})
					if err != nil {
						t.Fatal(err)
					}
					if rep.Warmups[0].Class == c.want {
						byReport++
					}
				})
			}
			if byPilot < 95 || byReport < 95 || placed < 95 {
				t.Errorf("of %d runs the pilot told it in %d and placed it in %d, the report told it in %d", runs, byPilot, placed, byReport)
			}
		})
	}
}

// What a pilot has shown is how long the other rounds are warmed; where that was
// not enough, they are warmed longer from the next round on.
func TestWarmUpsFollowThePilot(t *testing.T) {
	for _, c := range []struct {
		warmth serve.Warmth
		least  time.Duration
		most   time.Duration
	}{
		{serve.Warmth{}, warmLeast, warmLeast + warmSlice},
		{serve.Warmth{Shape: serve.Step, For: 4 * time.Second, Times: 1.4}, 5500 * time.Millisecond, 6500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, rec := newTruth(c.warmth, 3), new(paper)
			if err := g.lab.Run(t.Context(), automatic(t, 3, "a"), rec); err != nil {
				t.Fatal(err)
			}
			for _, m := range rec.lines {
				w := m.Start.Warmup
				first := m.Trial.Round == 1
				if first != w.Pilot.Here || first && w.Lasted < (10*time.Second) || !w.Steady || w.Cycle != 2 {
					t.Errorf("round %d: %v of warm-up, pilot %+v, steady %v", m.Trial.Round, w.Lasted, *w.Pilot, w.Steady)
				}
				if !first && (w.Lasted < c.least || w.Lasted > c.most) {
					t.Errorf("round %d: %v of warm-up; want %v to %v", m.Trial.Round, w.Lasted, c.least, c.most)
				}
			}
		})
	}
}

// A pilot of code that compiles while it runs is longer, and no longer than the
// budget bears; so are the warm-ups it asks for.
func TestPilotsWithinTheBudget(t *testing.T) {
	x := automatic(t, 10, "a", "b", "c")
	x.Entries[2].JIT = true
	for _, c := range []struct {
		budget, jit time.Duration
		longest     time.Duration // warm-up
	}{
		{0, time.Minute, time.Minute},
		{30 * time.Minute, time.Minute, 15 * time.Second},
		{6 * time.Minute, 25 * time.Second, 3 * time.Second},
		{time.Minute, (10 * time.Second), warmLeast},
	} {
		x.Plan.Budget = c.budget
		p := newPilots(&x, nil)
		if got := p.lasts(&x.Entries[2]); got != c.jit {
			t.Errorf("budget %v: a pilot of %v, want %v", c.budget, got, c.jit)
		}
		if got := p.lasts(&x.Entries[0]); got != (10 * time.Second) {
			t.Errorf("budget %v: a pilot of compiled code of %v", c.budget, got)
		}
		w := p.learn(&x.Entries[2], evidence.Pilot{Course: "warms-up", Warm: 50 * time.Second, Lasted: time.Minute})
		if w.wanted != c.longest || !w.short {
			t.Errorf("budget %v: warmed for %v (short %v), want %v", c.budget, w.wanted, w.short, c.longest)
		}
	}
	x.Plan.Warmup.Pilot = 20 * time.Second
	if got := newPilots(&x, nil).lasts(&x.Entries[0]); got != 20*time.Second {
		t.Errorf("a plan that says 20 s has a pilot of %v", got)
	}
}

// A subject that was measured before it was steady is warmed longer in the next
// round, half as long again.
func TestLateWarmUpGrows(t *testing.T) {
	x := automatic(t, 4, "a")
	p := newPilots(&x, nil)
	w := p.learn(&x.Entries[0], evidence.Pilot{Course: "flat", Lasted: 10 * time.Second})
	for round := 1; round <= 2; round++ {
		start := &evidence.Start{PID: round, Warmup: evidence.Warmup{Lasted: 2 * time.Second}}
		for range 10 {
			start.Warmup.Service = append(start.Warmup.Service, 1.3)
		}
		for trial := range 10 {
			served := 1.0
			if trial < 2 {
				served = 1.3
			}
			p.stays = append(p.stays, report.Stay{Variant: "a", Round: round, Start: start, Served: served, Lasted: 5 * time.Second,
				Began: time.Unix(int64(1000*round+trial), 0)})
		}
	}
	p.confirm(3)
	if w.wanted != warmLeast {
		t.Errorf("a round without trials: %v", w.wanted)
	}
	p.confirm(2)
	if w.wanted != 3*time.Second {
		t.Errorf("after a late round %v, want 3 s", w.wanted)
	}
}

// What is kept is found again by the same subject only, and what is broken, old
// or another's is as good as nothing.
func TestPilotShelf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pilots")
	e, other := &Entry{Name: "a"}, &Entry{Name: "b"}
	shelf := &PilotShelf{dir: dir, keys: map[string]string{"a": "k1", "b": "k2"}}
	want := evidence.Pilot{Course: "warms-up", Warm: 3 * time.Second, Lasted: 10 * time.Second, Began: time.Now().UTC().Truncate(time.Second)}

	if _, ok := shelf.Pilot(e); ok {
		t.Error("found something in no folder")
	}
	shelf.KeepPilot(e, want)
	if got, ok := shelf.Pilot(e); !ok || got != want {
		t.Errorf("found %+v, %v; want %+v", got, ok, want)
	}
	if _, ok := shelf.Pilot(other); ok {
		t.Error("found another's")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files; want one", len(entries))
	}
	path := filepath.Join(dir, "k1.json")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := want
	old.Began = want.Began.Add(-2 * pilotsKept)
	aged, _ := json.Marshal(pilotNote{pilotVersion, "k1", "a", old})
	for name, text := range map[string]string{
		"empty": "", "cut": string(sound[:len(sound)/2]), "no pilot": `{"version": 1, "key": "k1"}`, "old": string(aged),
		"another's": `{"version": 1, "key": "k2", "pilot": {"course": "flat", "lasted_ns": 1}}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, ok := shelf.Pilot(e); ok {
			t.Errorf("%s: found %+v", name, got)
		}
	}
	(&PilotShelf{dir: filepath.Join(path, "below-a-file"), keys: shelf.keys}).KeepPilot(e, want) // and does no harm
}

// A kept pilot saves the long warm-up; a plan that says how long pilots are has
// them anew.
func TestKeptPilot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		g, rec := newTruth(serve.Warmth{}, 1), new(paper)
		g.lab.Pilots = &PilotShelf{dir: dir, keys: map[string]string{"a": "k"}}
		if err := g.lab.Run(t.Context(), automatic(t, 1, "a"), rec); err != nil {
			t.Fatal(err)
		}
		again := new(paper)
		if err := g.lab.Run(t.Context(), automatic(t, 1, "a"), again); err != nil {
			t.Fatal(err)
		}
		first, second := rec.lines[0].Start.Warmup, again.lines[0].Start.Warmup
		if first.Lasted < (10*time.Second) || second.Lasted > warmLeast+warmSlice || !second.Pilot.Kept || second.Pilot.Course != "flat" {
			t.Errorf("first %v, then %v with %+v", first.Lasted, second.Lasted, *second.Pilot)
		}
		x, third := automatic(t, 1, "a"), new(paper)
		x.Plan.Warmup.Pilot = 20 * time.Second
		if err := g.lab.Run(t.Context(), x, third); err != nil {
			t.Fatal(err)
		}
		if got := third.lines[0].Start.Warmup; got.Lasted < 20*time.Second || !got.Pilot.Here {
			t.Errorf("a pilot of 20 s lasted %v", got.Lasted)
		}
	})
}

// What is run by a program that compiles while it runs is known by its name.
func TestCompilesLate(t *testing.T) {
	for _, c := range []struct {
		s    evidence.Subject
		want bool
	}{
		{evidence.Subject{Command: []string{"/usr/bin/node", "app.js"}}, true},
		{evidence.Subject{Command: []string{"/usr/bin/python3", "node.py"}, Tools: map[string]string{"python": "/usr/bin/python3 (CPython 3.11.2)"}}, false},
		{evidence.Subject{Command: []string{"/usr/bin/gunicorn", "app"}, Tools: map[string]string{"python": "/usr/bin/pypy3 (PyPy 7.3.11)"}}, true},
		{evidence.Subject{Command: []string{"./server"}}, false},
		{evidence.Subject{Command: []string{"java", "-jar", "x.jar"}}, true},
		{evidence.Subject{Command: []string{"./javaesque"}}, false},
		{evidence.Subject{URL: "http://127.0.0.1:1"}, false},
	} {
		if got := compilesLate(&c.s); got != c.want {
			t.Errorf("%v %v: %v", c.s.Command, c.s.Tools, got)
		}
	}
}

// Reading what is kept never panics, and what it takes makes sense.
func FuzzReadPilot(f *testing.F) {
	f.Add([]byte(`{"version": 1, "key": "k", "pilot": {"course": "flat", "warm_ns": 0, "lasted_ns": 10000000000, "began": "2026-01-02T03:04:05Z"}}`))
	f.Add([]byte(`{"version": 1, "key": "k", "pilot": {"course": "flat", "warm_ns": -1}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := readPilot(text, "k")
		if err == nil && (p.Warm < 0 || p.Warm > p.Lasted || p.Lasted > time.Hour || p.Course == "" || p.Here || p.Kept) {
			t.Errorf("took %+v", p)
		}
	})
}
