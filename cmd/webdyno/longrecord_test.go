package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
	"webdyno/internal/record"
)

// The limits of a report over 1,000 trials, from the start of the process to its
// end.
const (
	reportLimit  = time.Second
	reportMemory = 200e6 // bytes resident, at most
)

// BenchmarkReport draws the conclusions of a record of 1,000 trials in a process
// of its own, and prints how much of the limits that took. CPU time counts beside
// the clock: on a busy machine it is what the report itself can do something
// about.
func BenchmarkReport(b *testing.B) {
	dir, webdyno := longRecord(b), webdynoItself(b)
	for _, format := range []string{"json", "text", "html"} {
		b.Run(format, func(b *testing.B) {
			var walls []time.Duration
			var cpu time.Duration
			var resident int64
			for b.Loop() {
				c := exec.Command(os.Args[0], "report", "--format", format, "-o", filepath.Join(b.TempDir(), "out"), dir)
				c.Args[0], c.Path = webdyno, webdyno // for which the test binary stands in, by that name
				began := time.Now()
				if out, err := c.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				walls = append(walls, time.Since(began))
				cpu += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
				resident = max(resident, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss*1024)
			}
			slices.Sort(walls)
			median := walls[len(walls)/2]
			b.ReportMetric(median.Seconds()*1000, "ms-median")
			b.ReportMetric(walls[0].Seconds()*1000, "ms-least")
			b.ReportMetric(cpu.Seconds()*1000/float64(len(walls)), "ms-cpu")
			b.ReportMetric(float64(resident)/1e6, "MB-resident")
			b.ReportMetric(median.Seconds()/reportLimit.Seconds(), "of-1-s")
			b.ReportMetric(float64(resident)/reportMemory, "of-200-MB")
		})
	}
}

// webdynoItself returns a file named webdyno that is this test binary.
func webdynoItself(b *testing.B) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.TempDir(), "webdyno")
	if err := os.Symlink(self, name); err != nil {
		b.Fatal(err)
	}
	return name
}

const longPlan = `title: A thousand trials
subjects:
  - {name: go, start: [./go, "{port}"]}
  - {name: uvloop, start: [./uvloop, "{port}"]}
  - {name: node, start: [./node, "{port}"]}
  - {name: tornado, start: [./tornado, "{port}"]}
factors: {path_bytes: [1, 11, 101, 501, 1001]}
workload: {path: {prefix: "/", repeat: helloworld, bytes: path_bytes}}
load: {closed: {connections: 40}}
window: 5s
blocks: 5
rounds: {min: 10, max: 10}
compare: throughput
`

// longRecord is a record of 1,000 trials as runs leave them: 4 subjects at 5
// settings in 10 rounds of 5 blocks, windows of 5 s. The histograms of the five
// blocks of a round are those of its first; every figure is its own.
func longRecord(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "record")
	w, err := record.Create(dir, []byte(longPlan), &evidence.Setup{
		Version: 1, Began: longBegan, CPUs: evidence.CPUs{Engine: []int{1}, Subjects: []int{0}},
		Subjects: []evidence.Subject{{Name: "go"}, {Name: "uvloop"}, {Name: "node"}, {Name: "tornado"}},
		Facts:    map[string]string{"cpu.model": "one of these"},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	random := rand.New(rand.NewPCG(1, 2))
	for _, level := range []float64{1, 11, 101, 501, 1001} {
		for k, cost := range []float64{12 + level/50, 20 + level/2, 30 + level/10, 90 + level/2} {
			m := longTrial(random, cost)
			m.Trial.Subject = []string{"go", "uvloop", "node", "tornado"}[k]
			m.Trial.Factors = map[string]plan.Level{"path_bytes": plan.Num(level)}
			appendAll(b, w, m, random)
		}
	}
	return dir
}

var longBegan = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// appendAll appends a trial for every block of every round, each with counts of
// its own.
func appendAll(b *testing.B, w *record.Writer, m *evidence.Measurement, random *rand.Rand) {
	b.Helper()
	server, answered := *m.Server, m.Tally.InWindow
	for round := range 10 {
		for block := range 5 {
			m.Trial.Round, m.Trial.Block = round+1, block+1
			m.Trial.ID = fmt.Sprintf("r%02d-b%02d-%s.%v", round+1, block+1, m.Trial.Subject, m.Trial.Factors["path_bytes"])
			m.Began = longBegan.Add(time.Duration(round*1000+block*100) * time.Second)
			m.Tally.InWindow = uint64(float64(answered) * (1 - 0.02*random.Float64()))
			usage := server
			usage.CPU = time.Duration(float64(server.CPU) * (1 + 0.02*random.Float64()))
			usage.User, usage.System = usage.CPU*2/3, usage.CPU-usage.CPU*2/3
			m.Server = &usage
			if err := w.Append(m); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// longTrial is a trial of 5 s on a server that takes cost microseconds of CPU for
// a request.
func longTrial(random *rand.Rand, cost float64) *evidence.Measurement {
	const seconds, connections = 5, 40
	t := evidence.NewTally()
	t.Window, t.Warmup = seconds*time.Second, 500*time.Millisecond
	for range seconds {
		s := evidence.Second{Answered: uint64(1e6 / cost), Response: latency.NewCoarse()}
		for range s.Answered {
			service := int64(cost * connections * 1000 * (0.7 + 0.2*random.ExpFloat64()))
			wait, lag := int64(random.ExpFloat64()*400), int64(600+random.ExpFloat64()*3000)
			t.Service.Record(service)
			t.Wait.Record(wait)
			t.Lag.Record(lag)
			t.Response.Record(service + wait + lag)
			s.Response.Record(service + wait + lag)
			if random.IntN(8) == 0 {
				t.ReceiveLag.Record(int64(random.ExpFloat64() * 2000))
			}
		}
		t.Seconds = append(t.Seconds, s)
		t.Outcomes[evidence.Answered] += s.Answered
	}
	n := t.Outcomes[evidence.Answered]
	t.Statuses, t.InWindow, t.Sent = map[int]uint64{200: n}, n, n
	t.Connections = evidence.Connections{Opened: connections, ClosedByUs: connections}
	t.Loops, t.Backend, t.LoopSpan = 1, "uring", t.Window
	t.LoopCPU, t.ClientCPU = time.Duration(n)*3*time.Microsecond, time.Duration(n)*3100
	return &evidence.Measurement{
		Tally: t, Start: longStart(random),
		Server: &evidence.Usage{Span: t.Window, CPU: time.Duration(float64(n)*cost) * time.Microsecond, PeakRSS: 30 << 20, RSS: 29 << 20, Processes: 1, Threads: 1, Source: "cgroup", Answered: n},
		Client: &evidence.Usage{Span: t.Window, CPU: t.ClientCPU, PeakRSS: 40 << 20, RSS: 40 << 20, Processes: 1, Threads: 11, Source: "clocks", Answered: n},
		Mode:   &evidence.Mode{Name: "resident", Why: "the subjects that were up and asked for nothing used less than 0.5 % of a CPU each"},
		Host: evidence.Activity{
			Foreign: random.Float64() / 50, Network: evidence.Network{Segments: 2 * n},
			Hiccups:  &evidence.Hiccups{P50: 6559, P99: 33535, Max: 36351},
			Pressure: &evidence.Pressure{CPU: 0.01}, Ports: evidence.Ports{All: 28232, Waiting: 100},
			Speed: evidence.Speed{Canaries: []evidence.Canary{{CPU: 0, Took: 17 * time.Millisecond}}},
		},
	}
}

// longStart is how a server comes up, its warm-up slice by slice.
func longStart(random *rand.Rand) *evidence.Start {
	s := &evidence.Start{
		Ready: 19 * time.Millisecond, Listens: 16 * time.Millisecond, PID: 14864, Address: "127.0.0.1:15632", FirstAnswer: 3 * time.Millisecond, Backlog: 4096,
		Proof:   "socket 59912044 listens on 127.0.0.1:15632 and is held by process 14864, of the tree of 14864 under keeper 14855",
		Answers: []evidence.Answer{{Asked: "GET /", Status: 200, Version: "1.1", Head: 64, Body: 1, Framing: evidence.ByLength, Kept: true, Headers: []string{"Content-Type", "Content-Length"}}},
		Bodies:  []evidence.Body{{Asked: "GET /", Bytes: 1, SHA256: "6b86b273ff34fce1"}},
		Warmup:  evidence.Warmup{Lasted: 10 * time.Second, Requests: 40628, Steady: true, Cycle: 5, Wanted: 10 * time.Second},
	}
	for range 80 {
		s.Warmup.Rates = append(s.Warmup.Rates, 173220+float64(random.IntN(20000)))
		s.Warmup.Service = append(s.Warmup.Service, float64(random.IntN(3000000))/1e6)
		s.Warmup.CPU = append(s.Warmup.CPU, float64(random.IntN(300000))/1e4)
	}
	return s
}
