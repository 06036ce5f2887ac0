package bench_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"webdyno/internal/host"
)

// asked returns how many rounds WEBDYNO_BENCH_ROUNDS asks for. Twenty pairs are
// what a mark is judged by.
func asked(b *testing.B) int {
	text := os.Getenv("WEBDYNO_BENCH_ROUNDS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("WEBDYNO_BENCH_ROUNDS=%s: want a count of rounds, 1 or more", text)
	}
	return n
}

// BenchmarkPeers carries out the comparisons, then what is judged without a peer,
// and prints tables and marks at its end. Each comparison reports a line for
// each tool in the format of Go's benchmarks as well.
func BenchmarkPeers(b *testing.B) {
	s := newStand(b)
	rounds := asked(b)
	found, missing := look(tools(s.webdyno))
	var results []*result
	var marks []mark
	for _, c := range comparisons() {
		b.Run(c.name, func(b *testing.B) {
			r := s.compare(b, c, found, c.rounds(rounds))
			results = append(results, r)
			marks = append(marks, judge(r, missing)...)
			report(b, r)
		})
	}
	var startups []string
	for _, t := range found {
		if t.isOurs() {
			b.Run("startup/"+strings.ReplaceAll(t.name, " ", "-"), func(b *testing.B) {
				ms := s.startup(b, t)
				startups = append(startups, fmt.Sprintf("%s %s ms", t.name, short(ms)))
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(ms, "cpu-ms")
			})
		}
	}
	b.Run("memory", func(b *testing.B) { marks = append(marks, s.memory(b)...) })
	b.Run("allocations", func(b *testing.B) { marks = append(marks, s.allocations(b)...) })

	fmt.Printf("\nServer on CPU %s, client on CPU %s of %d; %s\n", host.FormatList(s.server), host.FormatList(s.client(1)), runtime.NumCPU(), kernel())
	fmt.Println("CPU is of the client's process, from its start to its end, in µs per request answered.")
	if len(startups) > 0 {
		fmt.Println("Of a trial's CPU, starting up and ending takes", strings.Join(startups, ", ")+".")
	}
	for _, r := range results {
		printResult(os.Stdout, r)
	}
	printMarks(os.Stdout, marks, missing)
}

func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS
	}
	return "Linux " + strings.TrimSpace(string(release))
}

// compare has every tool that can do c do it once a round. The order stays, but
// each round begins one tool further on, so that none is always the one that
// comes after the heaviest, or after a pause. A tool that fails in the first
// round is left out of the others.
func (s *stand) compare(b *testing.B, c comparison, found []tool, rounds int) *result {
	r := &result{comparison: c, shared: c.loops >= len(s.all)}
	srv := s.serve(b, c.bytes)
	var taking []tool
	for _, t := range found {
		if t.args(c, srv.url, 1) != nil {
			taking = append(taking, t)
		}
	}
	guess := int64(20_000)
	for i := range rounds {
		round := map[string]trial{}
		for k := range taking {
			t := taking[(i+k)%len(taking)]
			got, err := s.try(b.Context(), t, c, srv, guess)
			if err != nil {
				r.out = append(r.out, fmt.Sprintf("%s, round %d: %v", t.name, i+1, err))
				continue
			}
			round[t.name] = got
			if t.name == oursEpoll {
				guess = got.answered
			}
		}
		if i == 0 {
			taking = slices.DeleteFunc(taking, func(t tool) bool { return round[t.name].answered == 0 })
		}
		r.rounds = append(r.rounds, round)
	}
	for _, t := range taking {
		r.tools = append(r.tools, t.name)
	}
	return r
}

// report gives each tool a line of its own.
func report(b *testing.B, r *result) {
	_, foreign := r.foreign()
	for _, name := range r.tools {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // of nothing: the trials are over
			cpu := r.typical(name, cpuPerRequest)
			b.ReportMetric(cpu.Value, "cpu-us/req")
			b.ReportMetric(r.median(name, requestsPerSecond), "req/s")
			b.ReportMetric(r.median(name, userPerRequest), "user-us/req")
			b.ReportMetric(r.median(name, systemPerRequest), "system-us/req")
			b.ReportMetric(float64(cpu.N), "rounds")
			b.ReportMetric(foreign, "foreign-cpus-max")
			if isOurs(name) {
				reportOurs(b, r, name)
			}
		})
	}
}

// reportOurs reports what one of ours needs for each of what a peer needs.
func reportOurs(b *testing.B, r *result, ours string) {
	for _, peer := range r.tools {
		if isOurs(peer) {
			continue
		}
		e := r.ratio(ours, peer, cpuPerRequest)
		b.ReportMetric(e.Value, "ratio-"+peer)
		if e.HasInterval() {
			b.ReportMetric(e.Lo, "ratio-"+peer+"-lo")
			b.ReportMetric(e.Hi, "ratio-"+peer+"-hi")
		}
	}
	if r.rate > 0 {
		b.ReportMetric(r.median(ours, lagMedian), "lag-p50-us")
		b.ReportMetric(r.median(ours, lag99), "lag-p99-us")
	}
}
