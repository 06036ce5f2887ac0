package report

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
)

func benchText(t *testing.T, r *LoadResult) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Bench(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenBench(t *testing.T) {
	golden(t, "load-open.bench", []byte(benchText(t, NewLoadResult(openJob(), tenSeconds(0, 0)))))
	golden(t, "load-failing.bench", []byte(benchText(t, NewLoadResult(openJob(), tenSeconds(200, 100)))))
	j := closedJob()
	j.Load = load.Closed{Connections: 40, Use: load.Use{PerConnection: 10, Pipeline: 4}}
	golden(t, "load-closed.bench", []byte(benchText(t, NewLoadResult(j, tenSeconds(0, 0)))))
}

// Each line is one of those that the format knows, and the figures are a count
// and then pairs of value and unit.
func TestBenchSyntax(t *testing.T) {
	config := regexp.MustCompile(`^[a-z][^\sA-Z:]*: \S.*$`)
	unit := regexp.MustCompile(`^Unit \S+ better=(higher|lower)$`)
	text := benchText(t, NewLoadResult(openJob(), tenSeconds(200, 100)))
	figures := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "Benchmark"):
			figures++
			checkFigures(t, strings.Fields(line))
		case !config.MatchString(line) && !unit.MatchString(line):
			t.Errorf("the format knows no such line: %q", line)
		}
	}
	if figures != 1 {
		t.Errorf("%d lines of figures, want 1:\n%s", figures, text)
	}
}

func checkFigures(t *testing.T, fields []string) {
	t.Helper()
	if n, err := strconv.Atoi(fields[1]); err != nil || n != 10_000 {
		t.Errorf("counted %s, want 10000", fields[1])
	}
	if len(fields)%2 != 0 {
		t.Fatalf("a value without a unit: %q", fields)
	}
	got := map[string]string{}
	for i := 2; i < len(fields); i += 2 {
		if _, err := strconv.ParseFloat(fields[i], 64); err != nil {
			t.Error(err)
		}
		got[fields[i+1]] = fields[i]
	}
	// The 99th percentile lies on a failure: it is the timeout at least.
	for unit, want := range map[string]string{"req/s": "970", "p50-ns": "1510399", "p99-ns": "10000000000", "failed-%": "3"} {
		if got[unit] != want {
			t.Errorf("%s is %s, want %s", unit, got[unit], want)
		}
	}
}

// A server that is not there has no figures.
func TestBenchOfNothing(t *testing.T) {
	ta := evidence.NewTally()
	ta.Outcomes[evidence.Refused] = 3
	if text := benchText(t, NewLoadResult(closedJob(), ta)); strings.Contains(text, "\nBenchmark") || !strings.Contains(text, "--- FAIL: BenchmarkLoad/load=closed/connections=40-1\n") {
		t.Errorf("got\n%s", text)
	}
}
