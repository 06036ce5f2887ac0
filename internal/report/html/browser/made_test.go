package browser_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

const window = 5 // seconds

// A server is a subject as these tests imagine it.
type server struct {
	name    string
	variant map[string]string
	cost    func(level float64) float64 // us of a request
	bound   bool
	dies    bool // where more is asked of it than twice what it can do
}

// A bench is a plan that was never carried out, and what answers it: the same
// measurements every time.
type bench struct {
	plan    string // YAML, without its subjects
	servers []server
	factor  string // whose levels cost depends on; "rate" of an open load
	levels  []float64
	rounds  int
	skipped string // a subject that this machine lacks
}

func line(a, b float64) func(float64) float64 { return func(n float64) float64 { return a + b*n } }

// input is what the report is drawn from.
func (b bench) input(t testing.TB) report.Input {
	t.Helper()
	in := report.Input{Setup: &evidence.Setup{
		Version: 1, Began: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Webdyno: evidence.Build{Version: "v0.1.0", Commit: "abc1234", Go: "go1.26"},
		Facts: map[string]string{"cpu.model": "Core2 Duo", "cpu.logical": "2", "kernel.release": "6.18.0", "memory.total": "7.7 GiB", "sysctl.net.core.somaxconn": "4096"},
		CPUs:  evidence.CPUs{Engine: []int{1}, Subjects: []int{0}, Why: "one of two for each"},
	}}
	text := b.plan + "\nsubjects:\n"
	seen := map[string]bool{}
	for _, s := range b.servers {
		in.Setup.Subjects = append(in.Setup.Subjects, evidence.Subject{Name: s.name, Variant: s.variant, Bound: s.bound})
		if !seen[s.name] {
			text += fmt.Sprintf("  - {name: %q, start: [./a, \"{port}\"], bound: %v%s}\n", s.name, s.bound, b.variants(s.name))
		}
		seen[s.name] = true
	}
	if b.skipped != "" {
		text += fmt.Sprintf("  - {name: %s, start: [./b, \"{port}\"]}\n", b.skipped)
		in.Setup.Subjects = append(in.Setup.Subjects, evidence.Subject{Name: b.skipped, Skipped: "there is no " + b.skipped + " here", Hint: "apt install " + b.skipped})
	}
	p, err := plan.Read("made.yaml", []byte(text), plan.Options{Recorded: true})
	if err != nil {
		t.Fatal(err)
	}
	in.Plan = p
	random := rand.New(rand.NewPCG(1, 2))
	for round := 1; round <= b.rounds; round++ {
		for i := range b.servers {
			start := math.Exp(0.01 * random.NormFloat64())
			for block, level := range b.levels {
				in.Measurements = append(in.Measurements, b.trial(random, i, level, round, block+1, start))
			}
		}
	}
	return in
}

// variants writes down what a plan says of a subject's own factors.
func (b bench) variants(name string) string {
	levels := map[string][]string{}
	for _, s := range b.servers {
		for k, v := range s.variant {
			if s.name == name {
				levels[k] = append(levels[k], strconv.Quote(v))
			}
		}
	}
	text := ""
	for k, all := range levels {
		text += fmt.Sprintf(", env: {KIND: \"{%s}\"}, variants: {%s: [%s]}", k, k, strings.Join(all, ", "))
		if k == "cores" {
			text += `, cpus: "{cores}"`
		}
	}
	return text
}

// trial is one of a server at a level.
func (b bench) trial(random *rand.Rand, who int, level float64, round, block int, start float64) *evidence.Measurement {
	s := b.servers[who]
	cost := s.cost(level) * start * math.Exp(0.01*random.NormFloat64())
	can := 1e6 / cost
	asked := can
	if b.factor == "rate" {
		asked = level
	}
	t := evidence.NewTally()
	t.Window, t.Warmup, t.Loops, t.Backend = window*time.Second, time.Second, 1, "uring"
	service := cost * 40 * 1e3
	if b.factor == "rate" {
		service = 2e6
		if asked > can {
			service = 1.5e9
		}
	}
	for i := range window {
		right := uint64(min(asked, can))
		sec := evidence.Second{Answered: right, Response: latency.NewCoarse()}
		if lost := asked - 1.5*can; lost > 0 {
			sec.Errors = uint64(lost)
			t.Outcomes[evidence.TimedOut] += uint64(lost)
			t.Causes["no answer in time"] += uint64(lost)
		}
		for step := range uint64(40) {
			share := right / 40
			if step < right%40 {
				share++
			}
			took := int64(service * (0.6 + 0.02*float64(step)) * (1 + 0.05*float64(i)))
			sec.Response.RecordN(took, share)
			t.Response.RecordN(took, share)
			t.Service.RecordN(took-6000, share)
			t.Wait.RecordN(1000, share)
			t.Lag.RecordN(5000, share)
		}
		t.Seconds = append(t.Seconds, sec)
		t.Outcomes[evidence.Answered] += right
	}
	n := t.Outcomes[evidence.Answered]
	t.Statuses, t.InWindow, t.Sent = map[int]uint64{200: n}, n, n+t.Outcomes[evidence.TimedOut]
	if b.factor == "rate" {
		t.Offered = t.Sent
	}
	t.Connections = evidence.Connections{Opened: 40, ClosedByUs: 40}
	t.ClientCPU, t.LoopCPU, t.LoopSpan = 2100*time.Millisecond, 2*time.Second, t.Window
	m := &evidence.Measurement{
		Trial: evidence.Trial{ID: fmt.Sprintf("r%02d-b%02d-%d", round, block, who), Round: round, Block: block, Subject: s.name, Variant: s.variant, Bound: s.bound},
		Began: time.Date(2026, 3, 4, 5, round, block, who, time.UTC), Tally: t, Start: up(random, can),
		Server: &evidence.Usage{Span: t.Window, CPU: time.Duration(float64(n) * cost * 980), PeakRSS: int64(20+who) << 20, RSS: 20 << 20, Processes: 1, Threads: 2, Source: "cgroup", Answered: n},
		Client: &evidence.Usage{Span: t.Window, CPU: t.ClientCPU, PeakRSS: 40 << 20, Processes: 1, Threads: 11, Source: "clocks", Answered: n},
		Host: evidence.Activity{Foreign: random.Float64() / 20, Hiccups: &evidence.Hiccups{P50: 6559, P99: 33535, Max: 36351},
			Pressure: &evidence.Pressure{CPU: 0.01}, Ports: evidence.Ports{All: 28232, Waiting: 100}},
	}
	if b.factor != "" {
		m.Trial.Factors = map[string]plan.Level{b.factor: plan.Num(level)}
	}
	if s.dies && asked > 2*can && round%2 == 1 {
		m.Failure = &evidence.Failure{Kind: evidence.Died, Text: "exited with status 139 after 3.2 s of load", Exit: "exited with status 139",
			After: 3200 * time.Millisecond, Last: []string{"Fatal error: buffer overflow"}}
	}
	return m
}

// up is how a server comes up, and gets faster while it is warmed.
func up(random *rand.Rand, can float64) *evidence.Start {
	s := &evidence.Start{
		Ready: 19 * time.Millisecond, Listens: 16 * time.Millisecond, Backlog: 128,
		Answers: []evidence.Answer{{Asked: "GET /", Status: 200, Version: "1.1", Head: 64, Body: 1, Framing: evidence.ByLength, Kept: true, Headers: []string{"Date", "Content-Length"}}},
		Warmup:  evidence.Warmup{Lasted: 6 * time.Second, Requests: 40628, Steady: true},
	}
	for i := range 60 {
		rate := can * (1 - 0.5*math.Exp(-float64(i)/8)) * (1 + 0.01*random.NormFloat64())
		s.Warmup.Rates = append(s.Warmup.Rates, rate)
		s.Warmup.Service = append(s.Warmup.Service, 40e3/rate)
		s.Warmup.CPU = append(s.Warmup.CPU, 1e6/rate)
	}
	return s
}
