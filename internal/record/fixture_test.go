package record

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// began is a moment that all fixtures begin at.
var began = time.Date(2026, 11, 20, 18, 21, 3, 250_000_000, time.UTC)

const somePlan = "title: What a byte of handler work costs\n"

func someSetup() *evidence.Setup {
	return &evidence.Setup{
		Version: Version,
		Began:   began,
		Webdyno: evidence.Build{Version: "0.1.0", Commit: "0123456789ab", Go: "go1.26.0"},
		Command: []string{"webdyno", "run", "a<b&c.yaml"},
		Facts:   map[string]string{"cpu.model": "unavailable", "kernel.release": "6.18.2"},
		CPUs:    evidence.CPUs{Engine: []int{0}, Subjects: []int{1}, Why: "two processors, one each"},
		Subjects: []evidence.Subject{
			{Name: "go", Command: []string{"webdyno", "serve", "classifier"}, CPUs: []int{1}},
			{Name: "pypy", Variant: map[string]string{"python": "pypy"}, Skipped: "no pypy3 on PATH", Hint: "apt install pypy3"},
		},
		Notes: []evidence.Note{{Kind: "shared-machine", Grade: evidence.B, Text: "A hypervisor is beneath."}},
	}
}

// aTrial is a measurement with a little of everything, the n-th of its run.
func aTrial(n int) *evidence.Measurement {
	t := evidence.NewTally()
	t.Outcomes[evidence.Answered] = 1000
	t.Outcomes[evidence.TimedOut] = 3
	t.Wrong = 2
	t.Statuses = map[int]uint64{200: 998, 503: 2}
	t.Causes = map[string]uint64{"timeout": 3}
	t.Connections = evidence.Connections{Opened: 64, ClosedByUs: 64}
	t.BytesIn, t.BytesOut = 155_000, 41_000
	t.Sent, t.InWindow, t.WrongIn = 1003, 998, 2
	t.Warmup, t.WarmupRequests, t.Window = 500*time.Millisecond, 100, 1500*time.Millisecond
	t.Offered, t.Loops, t.Backend = 1003, 1, "epoll"
	t.ClientCPU, t.LoopCPU = 40*time.Millisecond, 35*time.Millisecond
	t.WrongAnswers = []string{"status 503, want 200"}
	for i := range int64(998) {
		service, lag := 900_000+i*i*i/int64(n+2), i%9*1000
		t.Service.Record(service)
		t.Lag.Record(lag)
		t.Wait.Record(0)
		t.Response.Record(service + lag)
	}
	t.ResponseWrong.RecordN(100_000, 2)
	for range 2 {
		s := evidence.Second{Answered: 500, Errors: 2, Response: latency.NewCoarse()}
		s.Response.RecordN(2_000_000, 499)
		t.Seconds = append(t.Seconds, s)
	}
	return &evidence.Measurement{
		Trial: evidence.Trial{
			ID: "r01-b0" + string(rune('1'+n)) + "-go", Round: 1, Block: n + 1, Subject: "go",
			Factors:  map[string]plan.Level{"path_bytes": plan.Num(11), "channel": plan.TextLevel("64k")},
			LoadSeed: 1<<64 - 1,
		},
		Began:  began.Add(time.Duration(n) * 3 * time.Second),
		Tally:  t,
		Server: &evidence.Usage{Span: 1501 * time.Millisecond, CPU: time.Second, User: 700 * time.Millisecond, System: 300 * time.Millisecond, PeakRSS: 12 << 20, RSS: 11 << 20, Voluntary: 900, Involuntary: 7, Processes: 1, Threads: 5, Source: "clocks", Answered: 1000},
		Start: &evidence.Start{
			Ready: 31 * time.Millisecond, Listens: 28 * time.Millisecond, PID: 4242, Address: "127.0.0.1:28080", Proof: "sock_diag",
			Warmup: evidence.Warmup{Lasted: 2 * time.Second, Requests: 4000, Steady: true, Rates: []float64{1999.5, 2000.25}},
		},
		Host:  evidence.Activity{Foreign: 0.02, Steal: -1},
		Notes: []evidence.Note{{Kind: "client-near-limit", Grade: evidence.B, Text: "The client used 86 % of its processor."}},
	}
}

// aFailure is a trial whose server did not come up: there is no tally.
func aFailure() *evidence.Measurement {
	return &evidence.Measurement{
		Trial:   evidence.Trial{ID: "r02-b01-pypy", Round: 2, Block: 1, Subject: "pypy", Variant: map[string]string{"python": "pypy"}},
		Began:   began.Add(time.Minute),
		Host:    evidence.Activity{Foreign: -1, Steal: -1},
		Failure: &evidence.Failure{Kind: evidence.NotStarted, Text: "It ended with status 1.", Last: []string{"ImportError: no module named tornado"}},
	}
}

// newRecord creates a record of these measurements and returns its folder.
func newRecord(t testing.TB, ms ...*evidence.Measurement) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "record")
	w := begin(t, dir)
	for _, m := range ms {
		if err := w.Append(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func begin(t testing.TB, dir string) *Writer {
	t.Helper()
	w, err := Create(dir, []byte(somePlan), someSetup())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// readAll opens a record and returns all that is in it.
func readAll(t testing.TB, dir string) []*evidence.Measurement {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ms, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// ids returns the ids of the record's trials.
func ids(r *Record) []string {
	var ids []string
	for _, t := range r.Trials() {
		ids = append(ids, t.ID)
	}
	return ids
}

// sameEvidence compares measurements. On disk there is no difference between
// nothing and an empty map, list or histogram, so there is none here.
var sameEvidence = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b plan.Level) bool { return a == b }),
	cmp.Comparer(func(a, b *latency.Histogram) bool {
		return isEmpty(a) && isEmpty(b) || a.Equal(b)
	}),
}

// contents returns every file below dir, by path.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func names(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }
