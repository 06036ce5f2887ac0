package screen

import (
	"fmt"
	"math"
	"testing"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// A scripted run: three subjects at two lengths of path, no clock but its own.
type script struct {
	t     *testing.T
	m     *Model
	now   time.Time
	total engine.Snapshot
	cpu   time.Duration
}

var midnight = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)

// cost is what an answer takes of the imagined servers, in us.
var cost = map[string]float64{"go": 23, "uvloop[python=cpython]": 46, "tornado[python=pypy]": 47}

func scripted(t *testing.T) *script {
	p := &plan.Plan{
		Title:    "What a byte of handler work costs",
		Subjects: []plan.Subject{{Name: "go"}, {Name: "uvloop"}, {Name: "tornado"}},
		Factors:  []plan.Factor{{Name: "path_bytes", Levels: []plan.Level{plan.Num(11), plan.Num(101)}}},
		Load:     plan.Load{Connections: "40"},
		Window:   4 * time.Second, Blocks: 1,
		Rounds:  plan.Rounds{Min: 8, Max: 20, Until: 0.02},
		Compare: plan.Throughput,
	}
	m := NewModel(Model{
		Title: p.Title, Names: []string{"go", "uvloop[python=cpython]", "tornado[python=pypy]"},
		Rounds: p.Rounds, Expected: 25 * time.Minute, Keys: true, Running: report.NewRunning(p, nil),
	}, midnight)
	return &script{t: t, m: m, now: midnight}
}

func (s *script) pass(d time.Duration) { s.now = s.now.Add(d) }
func (s *script) observe(e lab.Event)  { s.m.Observe(s.now, e) }

// read gives the model a reading half a second on, in which the subject under
// way has answered at its pace.
func (s *script) read(name string) {
	const step = 500 * time.Millisecond
	s.pass(step)
	n := uint64(float64(step.Microseconds()) / cost[name])
	s.total.Due += n
	s.total.Answered += n
	s.total.Sent += n
	s.total.Lag += time.Duration(n) * 3 * time.Microsecond
	s.total.Window = true
	s.cpu += step / 4
	r := Reading{At: s.now, CPU: s.cpu, Snapshot: s.total, Server: 2 * s.cpu}
	r.Second.Response = latency.NewCoarse()
	r.Second.Response.RecordN(int64(40*cost[name]*1e3), 980)
	r.Second.Response.RecordN(int64(90*cost[name]*1e3), 20)
	s.m.Read(r)
}

func subjectOf(name string) (string, map[string]string) {
	switch name {
	case "go":
		return name, nil
	case "uvloop[python=cpython]":
		return "uvloop", map[string]string{"python": "cpython"}
	}
	return "tornado", map[string]string{"python": "pypy"}
}

func trialOf(name string, round, block int, bytes float64) evidence.Trial {
	subject, variant := subjectOf(name)
	return evidence.Trial{
		ID: fmt.Sprintf("r%02d-b%02d-%s", round, block, name), Round: round, Block: block,
		Subject: subject, Variant: variant, Factors: map[string]plan.Level{"path_bytes": plan.Num(bytes)},
	}
}

// trial plays a trial to its end; wobble is the round's own deviation.
func (s *script) trial(name string, round, block int, bytes float64, spoil func(*evidence.Measurement)) {
	tr := trialOf(name, round, block, bytes)
	s.observe(lab.TrialStarted{Trial: tr, Lasts: 5 * time.Second, Used: nil})
	for range 8 {
		s.read(name)
	}
	s.observe(lab.TrialDone{Measurement: measured(tr, cost[name]*(1+bytes/1000), spoil)})
}

func measured(tr evidence.Trial, us float64, spoil func(*evidence.Measurement)) *evidence.Measurement {
	us *= 1 + 0.01*math.Sin(float64(tr.Round*7+len(tr.Subject)))
	n := uint64(4e6 / us)
	t := evidence.NewTally()
	t.Window, t.LoopSpan, t.Loops, t.Backend = 4*time.Second, 4*time.Second, 1, "uring"
	t.LoopCPU, t.ClientCPU = time.Second, time.Second
	t.Outcomes[evidence.Answered], t.InWindow, t.Sent = n, n, n
	t.Statuses[200] = n
	t.Response.RecordN(int64(40*us*1e3), n*98/100)
	t.Response.RecordN(int64(90*us*1e3), n-n*98/100)
	t.Service.Merge(t.Response)
	t.Wait.RecordN(1, n)
	t.Lag.RecordN(3000, n)
	m := &evidence.Measurement{
		Trial: tr, Tally: t, Host: evidence.Activity{Foreign: 0, Steal: 0},
		Server: &evidence.Usage{CPU: 3900 * time.Millisecond, Span: 4 * time.Second, Answered: n},
		Client: &evidence.Usage{CPU: 1100 * time.Millisecond, Span: 4 * time.Second, Answered: n},
		Start:  &evidence.Start{Ready: 80 * time.Millisecond, Warmup: evidence.Warmup{Steady: true}},
	}
	if spoil != nil {
		spoil(m)
	}
	return m
}

// round plays a whole round.
func (s *script) round(n int, spoil func(*evidence.Measurement)) {
	s.begin(n)
	for b, bytes := range []float64{11, 101} {
		for _, name := range s.m.Names {
			s.trial(name, n, b+1, bytes, spoil)
			spoil = nil
		}
	}
	s.observe(lab.RoundDone{Round: n})
}

func (s *script) begin(n int) {
	s.observe(lab.RoundStarted{Round: n, Of: 20, Trials: 6})
	for _, name := range s.m.Names {
		s.observe(lab.SubjectStarting{Name: name})
		s.pass(3 * time.Second)
		s.observe(lab.SubjectReady{Name: name})
	}
}
