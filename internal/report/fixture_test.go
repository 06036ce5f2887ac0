package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// A server is a subject as the tests imagine it: what a request costs, in us, at
// each length of path.
type server struct {
	name    string
	variant map[string]string
	cost    func(n float64) float64
	bound   bool
}

// A bench makes the measurements of a plan that was never carried out, the same
// ones every time.
type bench struct {
	servers []server
	bytes   []float64
	rounds  int
	blocks  int
	noise   float64 // standard deviation of logarithms
	stretch float64 // what all times are multiplied by; 1 if zero
}

func line(a, b float64) func(float64) float64 { return func(n float64) float64 { return a + b*n } }

// handlerWork is the study that the first shipped plan repeats: a server in Go
// against one in Python, which is quicker while there is nothing to do.
func handlerWork() bench {
	return bench{
		servers: []server{{name: "go", cost: line(20, 0.02)}, {name: "uvloop", cost: line(15, 0.2)}},
		bytes:   []float64{1, 11, 101, 1001},
		rounds:  10, blocks: 2, noise: 0.01,
	}
}

func (b bench) plan() *plan.Plan {
	p := &plan.Plan{
		Name: "handler-work", Title: "What a byte of handler work costs",
		Factors:  []plan.Factor{{Name: "path_bytes"}},
		Workload: plan.Workload{Path: plan.Text{Prefix: "/", Repeat: "helloworld", Bytes: "{path_bytes}"}},
		Load:     plan.Load{Connections: "40"},
		Window:   5 * time.Second, Blocks: b.blocks,
		Rounds:  plan.Rounds{Min: b.rounds, Max: b.rounds},
		Compare: plan.Throughput, Seed: 7,
	}
	seen := map[string]bool{}
	for _, s := range b.servers {
		if !seen[s.name] {
			p.Subjects = append(p.Subjects, plan.Subject{Name: s.name, Bound: s.bound})
		}
		seen[s.name] = true
	}
	for _, n := range b.bytes {
		p.Factors[0].Levels = append(p.Factors[0].Levels, plan.Num(n))
	}
	return p
}

func (b bench) setup() *evidence.Setup {
	s := &evidence.Setup{
		Version: 1, Began: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Webdyno: evidence.Build{Version: "v0.1.0", Commit: "abc1234"},
		Facts:   map[string]string{"cpu.model": "Core2 Duo", "kernel.release": "6.18.0"},
		CPUs:    evidence.CPUs{Engine: []int{1}, Subjects: []int{0}, Why: "one of two for each"},
	}
	for _, sv := range b.servers {
		s.Subjects = append(s.Subjects, evidence.Subject{Name: sv.name, Variant: sv.variant, Bound: sv.bound})
	}
	return s
}

func (b bench) measurements() []*evidence.Measurement {
	rng := rand.New(rand.NewPCG(1, 9))
	var all []*evidence.Measurement
	for round := 1; round <= b.rounds; round++ {
		starts := make([]float64, len(b.servers))
		for i := range starts {
			starts[i] = math.Exp(b.noise * rng.NormFloat64())
		}
		for block := 1; block <= b.blocks*len(b.bytes); block++ {
			n := b.bytes[(block-1)%len(b.bytes)]
			weather := math.Exp(3 * b.noise * rng.NormFloat64()) // alike for all in a block
			for i, s := range b.servers {
				us := s.cost(n) * weather * starts[i] * math.Exp(b.noise*rng.NormFloat64())
				all = append(all, b.measurement(s, n, round, block, us))
			}
		}
	}
	return all
}

func (b bench) measurement(s server, n float64, round, block int, us float64) *evidence.Measurement {
	if b.stretch != 0 {
		us *= b.stretch
	}
	const connections = 40
	answered := uint64(5e6 / us)
	t := &evidence.Tally{Statuses: map[int]uint64{200: answered}, Causes: map[string]uint64{}}
	t.Outcomes[evidence.Answered] = answered
	t.InWindow, t.Sent = answered, answered
	t.Window, t.Loops, t.Backend = 5*time.Second, 1, "uring"
	t.ClientCPU, t.LoopCPU = 2100*time.Millisecond, 2*time.Second
	t.Connections.Opened = connections
	t.Response = evenly(us*connections*1e3, answered) // as Little's law demands
	t.Service = t.Response
	t.Lag = evenly(5000, answered)
	t.Wait, t.ResponseWrong, t.Connect = evenly(0, 0), evenly(0, 0), evenly(0, 0)
	m := &evidence.Measurement{
		Trial: evidence.Trial{
			ID: fmt.Sprintf("r%02d-b%02d-%s", round, block, s.name), Round: round, Block: block, Subject: s.name,
			Variant: s.variant, Bound: s.bound, Factors: map[string]plan.Level{"path_bytes": plan.Num(n)},
		},
		Began: time.Date(2026, 3, 4, 5, round, block, 0, time.UTC),
		Tally: t,
		Server: &evidence.Usage{Span: 5 * time.Second, CPU: time.Duration(float64(answered) * us * 980),
			PeakRSS: 40 << 20, Answered: answered, Source: "clocks"},
		Start: &evidence.Start{Ready: time.Duration(120e6 * max(b.stretch, 1)), Warmup: evidence.Warmup{Lasted: time.Second, Steady: true}},
	}
	return m
}

// evenly returns n durations that lie evenly between half and one and a half of
// a mean, in ns.
func evenly(mean float64, n uint64) *latency.Histogram {
	const steps = 60
	h := latency.NewCoarse() // three digits would take the tests ten times as long
	for i := range uint64(steps) {
		share := n / steps
		if i < n%steps {
			share++
		}
		h.RecordN(int64(mean*(0.5+(float64(i)+0.5)/steps)), share)
	}
	h.Compact()
	return h
}

func (b bench) input() Input {
	return Input{Plan: b.plan(), Setup: b.setup(), Measurements: b.measurements()}
}
