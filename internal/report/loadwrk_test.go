package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
)

func wrkText(t *testing.T, r *LoadResult) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Wrk(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func closedJob() Job {
	j := openJob()
	j.Load = load.Closed{Connections: 40}
	return j
}

func TestGoldenWrk(t *testing.T) {
	golden(t, "load-open.wrk", []byte(wrkText(t, NewLoadResult(openJob(), tenSeconds(0, 0)))))
	golden(t, "load-failing.wrk", []byte(wrkText(t, NewLoadResult(openJob(), tenSeconds(200, 100)))))
	golden(t, "load-closed.wrk", []byte(wrkText(t, NewLoadResult(closedJob(), tenSeconds(0, 0)))))
}

// What scripts pick out of wrk's lines they must find in ours, and it must be
// right. The expressions are those of such scripts.
func TestWrkExpressions(t *testing.T) {
	failing := tenSeconds(200, 100)
	failing.Outcomes[evidence.Refused], failing.Outcomes[evidence.Reset], failing.Outcomes[evidence.Cut] = 7, 5, 3
	failing.Causes["ECONNREFUSED"], failing.Causes["EPIPE"] = 7, 2
	text := wrkText(t, NewLoadResult(openJob(), failing))
	for expression, want := range map[string]string{
		`Running (\w+) test @ (\S+)`:                                                       "10s http://127.0.0.1:8080/",
		`(\d+) threads and (\d+) connections`:                                              "1 64",
		`Latency\s+([\d.]+)(us|ms|s|m|h)\s+([\d.]+\w+)\s+([\d.]+\w+)\s+([\d.]+)%`:          "1.49 ms 282.90us 1.98ms 57.68",
		`Req/Sec\s+([\d.]+)(k|M|)\s+([\d.]+)(?:k|M|)\s+([\d.]+)(?:k|M|)\s+([\d.]+)%`:       "980.00  0.00 980.00 100.00",
		`(?s)Latency Distribution\s+50%\s+(\S+)\s+75%\s+(\S+)\s+90%\s+(\S+)\s+99%\s+(\S+)`: "1.51ms 1.76ms 1.91ms 10.00s",
		`([0-9]+) requests in ([0-9]+\.*[0-9]*[ms|s|m|h]+)`:                                "9800 10.00s",
		`requests in [\d.]+\w+, ([\d.]+)([KMG]?B) read`:                                    "1.17 MB",
		`Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout ([0-9]+)`: "7 6 2 200",
		`Non-2xx or 3xx responses: ([0-9]+)`:                                               "100",
		`(?m)^Requests/sec:\s*([\d.]+)$`:                                                   "980.00",
		`(?m)^Transfer/sec:\s*([\d.]+)([KMG]?B)$`:                                          "120.12 KB",
	} {
		m := regexp.MustCompile(expression).FindStringSubmatch(text)
		if m == nil {
			t.Errorf("%s finds nothing in\n%s", expression, text)
		} else if got := strings.Join(m[1:], " "); got != want {
			t.Errorf("%s finds %q, want %q", expression, got, want)
		}
	}
	// A script that looks for "Latency" line by line takes the one with four numbers.
	four := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, "Latency") && len(regexp.MustCompile(`[0-9]+\.*[0-9]*[us|ms|s|m|%]+`).FindAllString(line, -1)) == 4 {
			four++
		}
	}
	if four != 1 {
		t.Errorf("%d lines of Latency have four numbers, want 1:\n%s", four, text)
	}
}

// In a closed load wrk's Latency is service time, which is what wrk times.
func TestWrkTimesWhatWrkTimes(t *testing.T) {
	ta := evidence.NewTally()
	ta.Outcomes[evidence.Answered], ta.Statuses[200] = 2000, 2000
	ta.Response.RecordN(9_000_000, 2000)
	ta.Service.RecordN(4_000_000, 2000)
	ta.Window, ta.InWindow, ta.Loops = time.Second, 2000, 1
	for job, want := range map[*Job]string{ptr(openJob()): "9.00ms", ptr(closedJob()): "4.00ms"} {
		text := wrkText(t, NewLoadResult(*job, ta))
		if strings.Count(text, want) < 6 {
			t.Errorf("%T: want %s throughout:\n%s", job.Load, want, text)
		}
	}
}

func ptr[T any](x T) *T { return &x }

// Nothing, and next to nothing, must come out as numbers too.
func TestWrkOfNothing(t *testing.T) {
	empty := evidence.NewTally()
	dead := evidence.NewTally()
	dead.Outcomes[evidence.Refused], dead.Causes["ECONNREFUSED"] = 3, 3
	dead.Window = 300 * time.Millisecond
	for _, ta := range []*evidence.Tally{empty, dead} {
		text := wrkText(t, NewLoadResult(closedJob(), ta))
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || !strings.Contains(text, "Requests/sec:      0.00\n") {
			t.Errorf("got\n%s", text)
		}
	}
}

// An answer that is wrong in what wrk does not look at is not passed over.
func TestWrkTellsWrongAnswers(t *testing.T) {
	ta := tenSeconds(0, 100)
	ta.Statuses = map[int]uint64{200: 10_000}
	if text := wrkText(t, NewLoadResult(closedJob(), ta)); !strings.Contains(text, "\n  Wrong answers: 100\n") || strings.Contains(text, "Non-2xx") {
		t.Errorf("got\n%s", text)
	}
}

func TestWrkUnits(t *testing.T) {
	for ns, want := range map[float64]string{
		0: "0.00us", 999: "1.00us", 462_140: "462.14us", 1_430_000: "1.43ms", 20.61e6: "20.61ms",
		30.00e9: "30.00s", 90e9: "1.50m", 5400e9: "1.50h",
	} {
		if got := wrkTime(ns); got != want {
			t.Errorf("%v ns: %s, want %s", ns, got, want)
		}
	}
	for x, want := range map[float64]string{0: "0.00", 999: "999.00", 57_380: "57.38k", 1.5e6: "1.50M", 2e9: "2.00G", 2e12: "2000.00G"} {
		if got := wrkMetric(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
	for x, want := range map[float64]string{512: "512.00", 1024: "1.00K", 11.58 * (1 << 20): "11.58M"} {
		if got := wrkBinary(x); got != want {
			t.Errorf("%v bytes: %s, want %s", x, got, want)
		}
	}
	for cell, want := range map[string]string{"57.38k": "  57.38k ", "1.43ms": "   1.43ms", "30.00s": "  30.00s ", "980.00": " 980.00  "} {
		if got := wrkCell(cell, 9); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
