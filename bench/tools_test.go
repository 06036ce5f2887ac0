package bench_test

import (
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"webdyno/internal/stat"
)

// The outputs are what the tools really printed: of a good load, of one on a
// page that is not there (404), and on a port where nobody listens (down). A tool
// that changes its format must be noticed here and not as a wrong figure.
func TestReadOutputs(t *testing.T) {
	read := map[string]func([]byte) (count, error){}
	for _, tool := range tools("webdyno") {
		read[strings.TrimSuffix(tool.name, " epoll")] = tool.read
	}
	for _, want := range []struct {
		output           string
		answered, failed int64
	}{
		{"webdyno", 1000, 0},
		{"webdyno-404", 0, 4470},
		{"gcannon", 83586, 0},
		{"gcannon-404", 0, 2975},
		{"gcannon-down", 0, 61661},
		{"h1load", 60000, 0},
		{"h1load-404", 300, 0}, // it does not look at statuses
		{"h1load-down", 0, 111649},
		{"wrk", 40695, 0},
		{"wrk-404", 0, 2082},
		{"wrk2", 988, 0},
		{"h2load", 61900, 0},
		{"h2load-404", 0, 300},
		{"h2load-down", 0, 10},
		{"ab", 33934, 0},
		{"ab-404", 0, 1907},
		{"hey", 35224, 0},
		{"hey-404", 0, 2425},
	} {
		name, _, _ := strings.Cut(want.output, "-")
		output, err := os.ReadFile("testdata/outputs/" + want.output + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		got, err := read[name](output)
		if err != nil || got.answered != want.answered || got.failed != want.failed {
			t.Errorf("%s: %d answered, %d failed, %v; want %d, %d", want.output, got.answered, got.failed, err, want.answered, want.failed)
		}
	}
}

// No machine that tests ran on had these two: the samples are made after their
// documentation.
func TestReadDocumentedFormats(t *testing.T) {
	oha := `{"summary": {"successRate": 1.0, "total": 1.0, "requestsPerSec": 5012.0},
		"statusCodeDistribution": {"200": 5000, "204": 8, "503": 4}, "errorDistribution": {"aborted due to deadline": 64, "connection error": 2}}`
	if got, err := readOha([]byte(oha)); err != nil || got.answered != 5008 || got.failed != 6 {
		t.Errorf("oha: %+v, %v; want 5008 answered, 6 failed", got, err)
	}
	bombardier := `{"spec": {"numberOfConnections": 64}, "result": {"bytesRead": 1, "timeTakenSeconds": 1.0,
		"req1xx": 0, "req2xx": 4000, "req3xx": 1, "req4xx": 2, "req5xx": 3, "others": 4, "errors": [{"description": "dial tcp", "count": 4}]}}`
	if got, err := readBombardier([]byte(bombardier)); err != nil || got.answered != 4000 || got.failed != 10 {
		t.Errorf("bombardier: %+v, %v; want 4000 answered, 10 failed", got, err)
	}
}

// An output that says nothing of requests is an error, and no fast tool.
func TestReadNothing(t *testing.T) {
	for _, tool := range tools("webdyno") {
		for _, output := range []string{"", "{}", "Bombing run complete.\n", "#     time conns tot_conn  tot_req      tot_bytes    err  cps\n"} {
			if got, err := tool.read([]byte(output)); err == nil {
				t.Errorf("%s reads %q as %+v", tool.name, output, got)
			}
		}
	}
	hey, err := os.ReadFile("testdata/outputs/hey-down.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readHey(hey); err == nil {
		t.Errorf("hey, where nobody listens: %+v", got)
	}
}

func TestReadLag(t *testing.T) {
	output, err := os.ReadFile("testdata/outputs/webdyno.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := readWebdyno(output)
	if err != nil || got.lagMedian != 9943*time.Nanosecond || got.lag99 != 799743*time.Nanosecond || got.openedConnections != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	if n, err := readWebdyno([]byte(`{"requests": {"due": 2, "answered": 2}, "lag_ms": {"p50": ">=10000", "p99": null}}`)); err == nil && n.lagMedian >= 0 {
		t.Errorf("a lag that cannot be told is read as %v", n.lagMedian)
	}
}

// A tool must not take part in what it does otherwise than the others.
func TestWhoTakesPart(t *testing.T) {
	want := map[string]string{
		"keepalive-64":   "webdyno epoll, webdyno uring, gcannon, h1load, wrk, h2load, ab, hey, oha, bombardier",
		"close-reset":    "webdyno epoll, webdyno uring, gcannon, h1load",
		"close-orderly":  "webdyno epoll, webdyno uring, wrk, h2load, ab, hey, oha, bombardier",
		"pipeline-16":    "webdyno epoll, webdyno uring, gcannon, wrk, h2load",
		"open":           "webdyno epoll, webdyno uring, wrk2",
		"keepalive-1":    "webdyno epoll, webdyno uring, gcannon, h1load, wrk, h2load, ab, hey, oha, bombardier",
		"keepalive-1024": "webdyno epoll, webdyno uring, gcannon, h1load, wrk, h2load, ab, hey, oha, bombardier",
		"bytes-1k":       "webdyno epoll, webdyno uring, gcannon, h1load, wrk, h2load, ab, hey, oha, bombardier",
		"bytes-64k":      "webdyno epoll, webdyno uring, gcannon, h1load, wrk, h2load, ab, hey, oha, bombardier",
		"loops-2":        "webdyno epoll, webdyno uring, gcannon, h1load, wrk, h2load, hey, oha, bombardier",
	}
	got := map[string]string{}
	for _, c := range comparisons() {
		var taking []string
		for _, tool := range tools("webdyno") {
			if tool.args(c, "http://127.0.0.1/", 1000) != nil {
				taking = append(taking, tool.name)
			}
		}
		got[c.name] = strings.Join(taking, ", ")
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// Ratios are taken inside a round: a machine that is twice as slow in one round
// than in the next changes none of them.
func TestRatiosAreOfRounds(t *testing.T) {
	r := &result{comparison: comparison{name: "keepalive-64"}}
	for i := range 8 {
		slow := time.Duration(1 + i%2)
		r.rounds = append(r.rounds, map[string]trial{
			oursEpoll: {count: counted(1000, 0), user: slow * time.Millisecond, system: 2 * slow * time.Millisecond},
			"gcannon": {count: counted(1000, 0), user: slow * time.Millisecond, system: 3 * slow * time.Millisecond},
		})
	}
	delete(r.rounds[3], "gcannon") // that round says nothing
	e := r.ratio(oursEpoll, "gcannon", cpuPerRequest)
	if math.Abs(e.Value-.75) > 1e-9 || math.Abs(e.Lo-.75) > 1e-9 || math.Abs(e.Hi-.75) > 1e-9 || e.N != 7 {
		t.Errorf("got %+v, want 0.75 exactly, of 7", e)
	}
	if e := r.ratio(oursEpoll, "wrk", cpuPerRequest); e.N != 0 {
		t.Errorf("a tool that took no part is compared: %+v", e)
	}

	marks := judge(r, []string{"wrk"})
	got := map[string]mark{}
	for _, m := range marks {
		got[m.what] = m
	}
	if m := got["webdyno epoll, kept connections: at most 0.95 of gcannon's CPU per request"]; m.standing != kept {
		t.Errorf("got %+v, want kept", m)
	}
	if m := got["webdyno epoll, kept connections: at least 1.3 times wrk's requests per CPU-second"]; m.standing != notTried || m.why != "wrk is not on PATH" {
		t.Errorf("got %+v, want not tried for want of wrk", m)
	}
	if m := got["webdyno uring, kept connections: at most 0.95 of gcannon's CPU per request"]; m.standing != notTried {
		t.Errorf("got %+v, want not tried", m)
	}
}

// What others do to our punctuality is no fault of ours.
func TestLagIsJudgedOnQuietMachines(t *testing.T) {
	for _, c := range []struct {
		foreign float64
		want    standing
	}{{0.02, missed}, {1.1, undetermined}} {
		r := &result{comparison: comparison{name: "open", rate: 50_000}}
		for range 6 {
			late := trial{count: counted(50_000, 0), foreign: c.foreign}
			late.lagMedian, late.lag99 = 5*time.Microsecond, 3*time.Millisecond
			r.rounds = append(r.rounds, map[string]trial{oursEpoll: late})
		}
		marks := r.lagMarks(nil)
		if marks[0].standing != kept || marks[1].standing != c.want || marks[3].standing != notTried {
			t.Errorf("others used %v CPUs: %+v; want kept, %s, and uring's not tried", c.foreign, marks, c.want)
		}
	}
}

func TestBounds(t *testing.T) {
	within := func(lo, hi float64) stat.Estimate {
		return stat.Estimate{Value: (lo + hi) / 2, Lo: lo, Hi: hi, Level: level, N: 20}
	}
	for _, c := range []struct {
		bound
		stat.Estimate
		want standing
	}{
		{bound{at: .95}, within(.90, .95), kept},
		{bound{at: .95}, within(.94, .96), undetermined},
		{bound{at: .95}, within(.96, .99), missed},
		{bound{at: 1, strict: true}, within(.90, 1), undetermined},
		{bound{at: 1, strict: true}, within(1, 1.1), missed},
		{bound{at: 1.3, atLeast: true}, within(1.3, 1.5), kept},
		{bound{at: 1.3, atLeast: true}, within(1.2, 1.29), missed},
		{bound{at: .95}, stat.Estimate{Value: .5, Lo: math.NaN(), Hi: math.NaN(), N: 3}, undetermined}, // too few rounds for an interval
		{bound{at: 64, strict: true}, exactly(64, 3), missed},
	} {
		if got := c.holds(c.Estimate); got != c.want {
			t.Errorf("%v of %+v: got %s, want %s", c.bound, c.Estimate, got, c.want)
		}
	}
}

func TestPrintMarks(t *testing.T) {
	var out strings.Builder
	printMarks(&out, []mark{
		{what: "a", standing: kept, estimate: stat.Estimate{Value: .9, Lo: .8912, Hi: .9123, Level: .95, N: 20}},
		{what: "b", standing: missed, estimate: exactly(71.25, 3), unit: "MiB", why: "where it goes"},
		{what: "c", standing: notTried, why: "d is not on PATH"},
		{what: "e", standing: undetermined, estimate: stat.Estimate{Value: 12.5, N: 3}},
	}, []string{"d"})
	want := `
marks
  kept          a: 0.900 (0.891–0.912), n 20
  missed        b: 71.2 MiB, n 3
                where it goes
  not tried     c
                d is not on PATH
  undetermined  e: 12.5 (?), n 3

not on PATH: d
`
	if out.String() != want {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
}

func TestRoundsOfComparisons(t *testing.T) {
	for _, c := range []struct {
		marked      bool
		asked, want int
	}{{true, 20, 20}, {false, 20, 6}, {false, 3, 3}, {false, 12, 6}, {false, 60, 20}} {
		if got := (comparison{marked: c.marked}).rounds(c.asked); got != c.want {
			t.Errorf("%d rounds asked for, marked %v: %d, want %d", c.asked, c.marked, got, c.want)
		}
	}
}
