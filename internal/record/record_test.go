package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"webdyno/internal/evidence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRecord(t *testing.T) {
	want := []*evidence.Measurement{aTrial(0), aTrial(1), aFailure()}
	dir := newRecord(t, want...)

	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Dir != dir || string(r.Plan) != somePlan || r.Torn {
		t.Errorf("folder %s, plan %q, torn %v", r.Dir, r.Plan, r.Torn)
	}
	if d := cmp.Diff(someSetup(), r.Setup, sameEvidence); d != "" {
		t.Errorf("setup: -want +got\n%s", d)
	}
	if d := cmp.Diff([]string{"r01-b01-go", "r01-b02-go", "r02-b01-pypy"}, ids(r)); d != "" {
		t.Errorf("trials: -want +got\n%s", d)
	}
	if !r.Done("r01-b02-go") || r.Done("r01-b03-go") {
		t.Error("the second trial is done, the third is not; Done says otherwise")
	}
	got, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, sameEvidence); d != "" {
		t.Errorf("measurements: -want +got\n%s", d)
	}
}

// What the record holds is exactly this; a file more would be a promise more.
func TestFolder(t *testing.T) {
	dir := newRecord(t, aTrial(0), aFailure())
	want := []string{"hdr/r01-b01-go.hlog", "host.json", "plan.yaml", "trials.ndjson"}
	if d := cmp.Diff(want, names(contents(t, dir))); d != "" {
		t.Errorf("files: -want +got\n%s", d)
	}
}

func TestEqualEvidenceIsEqualBytes(t *testing.T) {
	one := contents(t, newRecord(t, aTrial(0), aTrial(1), aFailure()))
	two := contents(t, newRecord(t, aTrial(0), aTrial(1), aFailure()))
	if d := cmp.Diff(one, two); d != "" {
		t.Error(d)
	}
}

// A tally that was read can be added to: the report merges them.
func TestReadTallyCanBeMerged(t *testing.T) {
	m := aTrial(0)
	m.Tally.Seconds = append(m.Tally.Seconds, evidence.Second{})
	got := readAll(t, newRecord(t, m, aTrial(1)))
	sum := evidence.NewTally()
	for _, m := range got {
		sum.Merge(m.Tally)
		m.Tally.Merge(evidence.NewTally())
	}
	if sum.Response.Count() != 2*998 || sum.Due() != 2*1003 {
		t.Errorf("%d responses of %d due, want 1996 of 2006", sum.Response.Count(), sum.Due())
	}
}

// Each field that evidence has must come back. The fields are found by
// reflection, so that one added later is not forgotten.
func TestEveryFieldIsKept(t *testing.T) {
	m := aTrial(0)
	m.Client, m.Failure = m.Server, aFailure().Failure
	m.Server.Replaced, m.Host.SwappedIn = 2, 3
	m.Host.Network = evidence.Network{Overflows: 1, Retransmits: 2, Timeouts: 3, Drops: 4, Segments: 5}
	m.Host.Hiccups = &evidence.Hiccups{P50: 1, P99: 2, Max: 3, Stalled: 0.5}
	m.Server.OutOfMemory, m.Tally.Unbalanced = 1, 2
	m.Tally.Preempted, m.Tally.Collections, m.Tally.LoopSpan = 7, 1, 1_501_000_000
	m.Failure.Exit, m.Failure.After = "exited with status 139", 4
	m.Start.Warmup.Service = []float64{0.5, 0.25}
	m.Start.Backlog = 128
	m.Start.Bodies = []evidence.Body{{Asked: "GET /", Bytes: 12, SHA256: "0123456789abcdef"}}
	m.Start.Date, m.Start.Unread = evidence.DateStands, true
	m.Host.Neighbours, m.Host.OutOfMemory = 0.01, 1
	m.Host.Pressure = &evidence.Pressure{CPU: 0.1, Memory: 0.2, IO: 0.3}
	m.Host.Speed = evidence.Speed{Canaries: []evidence.Canary{{CPU: 1, Took: 20e6}}, Frequency: 3e6, Throttled: 1}
	m.Host.Ports = evidence.Ports{All: 28232, Waiting: 7}
	m.Start.FirstAnswer = 3e6
	m.Start.Warmup.CPU, m.Start.Warmup.Cycle, m.Start.Warmup.Wanted = []float64{12.5, 0}, 2, 2e9
	m.Start.Warmup.Pilot = &evidence.Pilot{Course: "warms-up", Warm: 1e9, Lasted: 10e9, Began: began, Kept: true, Here: true}
	m.Start.Answers = []evidence.Answer{{
		Asked: "GET /", Status: 200, Version: "1.1", Head: 120, Body: 12, Framing: evidence.ByLength, Kept: true, Headers: []string{"Date"},
	}}
	wantFilled(t, "Answer", reflect.ValueOf(m.Start.Answers[0]))
	m.Trial.Variant = map[string]string{"python": "pypy"}
	m.Trial.Bound, m.Trial.Attempt = true, 1
	m.Trial.Step = &evidence.Step{Stage: evidence.Overload, Goal: "p99<10ms", Rate: 500, Capacity: 1000, Times: 1.5}
	wantFilled(t, "Step", reflect.ValueOf(*m.Trial.Step))
	m.Tally.Connections = evidence.Connections{Opened: 1, Failed: 2, Stale: 3, ClosedByServer: 4, ClosedByUs: 5}
	m.Tally.Connect.Record(7)
	m.Tally.ReceiveLag.Record(9)
	m.Tally.Sources = 2
	m.Tally.WrongBytes = 1
	m.Tally.HeldIn, m.Tally.HeldOver = 4, 1
	m.Tally.Idle = evidence.Idle{Asked: 3, Opened: 2, Ended: 1}
	m.Measured = &evidence.Measured{Metric: "loop", Unit: "s", Better: "lower", Values: []float64{0.0912, 0.09}, Lasted: 5}
	wantFilled(t, "Measured", reflect.ValueOf(*m.Measured))
	m.Mode = &evidence.Mode{Name: "frozen", Why: "while idle, b used 3 % of a CPU", Idle: []evidence.IdleUse{
		{Subject: "b", Variant: map[string]string{"python": "pypy"}, Share: 0.03}}}
	m.Services = []evidence.Service{{
		Name: "store", Says: "Redis 7.0.15", Usage: m.Server, CPUs: 1, Shared: true,
		Calls: &evidence.Calls{Commands: []string{"xrange"}, Made: 1, Due: 2, Answered: 3, Wrong: 4, Resent: 5},
	}}
	wantFilled(t, "Service", reflect.ValueOf(m.Services[0]))
	m.Trial.Attribution = "sampler"
	m.Profile = &evidence.Profile{By: "sampler", File: "profiles/a.pb.gz", Requests: 7, Span: 8, Processes: 2, Says: []string{"this"}, Unavailable: "that"}
	wantFilled(t, "Profile", reflect.ValueOf(*m.Profile))
	wantFilled(t, "Measurement", reflect.ValueOf(*m))
	wantFilled(t, "Second", reflect.ValueOf(m.Tally.Seconds[0]))
	if d := cmp.Diff([]*evidence.Measurement{m}, readAll(t, newRecord(t, m)), sameEvidence); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestEveryFieldOfTheSetupIsKept(t *testing.T) {
	s := someSetup()
	s.PlanDir, s.CPUs.Shared = "/home/somebody/plans", true
	s.Services = []evidence.Subject{{
		Name: "store", Variant: map[string]string{"python": "pypy"}, Command: []string{"x"}, Dir: "/", Env: []string{"A=1"}, CPUs: []int{1},
		Tools: map[string]string{"python": "3"}, URL: "redis://x", Bound: true, Uses: []string{"other"},
		Modules: map[string]string{"tornado": "6.2, /x"}, Content: map[string]string{"folder": "sha256:0"},
		Skipped: "no", Hint: "do", Last: []string{"oops"}, EnvBytes: 4,
	}}
	wantFilled(t, "Subject", reflect.ValueOf(s.Services[0]))
	wantFilled(t, "Setup", reflect.ValueOf(*s))
	b, err := encodeSetup(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeSetup(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s, got, sameEvidence); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// wantFilled fails if a field of evidence is zero: the test would not notice
// that it was lost.
func wantFilled(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.Type().PkgPath() != "webdyno/internal/evidence" {
		if v.IsZero() {
			t.Errorf("%s is zero: fill it in", name)
		}
		return
	}
	for i := range v.NumField() {
		wantFilled(t, name+"."+v.Type().Field(i).Name, v.Field(i))
	}
}

func TestEachEndsAtTheFirstError(t *testing.T) {
	r, err := Open(newRecord(t, aTrial(0), aTrial(1), aTrial(2), aTrial(3)))
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	var seen []string
	err = r.Each(func(m *evidence.Measurement) error {
		seen = append(seen, m.Trial.ID)
		if len(seen) == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || fmt.Sprint(seen) != "[r01-b01-go r01-b02-go]" {
		t.Errorf("saw %v and ended with %v; want the first two, then %v", seen, err, enough)
	}
}

// Whatever is wrong with a record, the reader is told where.
func TestFaultsNameTheirPlace(t *testing.T) {
	second := func(old, new string) func(map[string]string) {
		return func(files map[string]string) {
			lines := strings.SplitAfter(files["trials.ndjson"], "\n")
			changed := strings.Replace(lines[1], old, new, 1)
			if changed == lines[1] {
				panic("the fixture does not hold " + old)
			}
			lines[1] = changed
			files["trials.ndjson"] = strings.Join(lines, "")
		}
	}
	file := func(name, content string) func(map[string]string) {
		return func(files map[string]string) { files[name] = content }
	}
	const hlog = "hdr/r01-b02-go.hlog"
	for _, c := range []struct {
		name   string
		change func(map[string]string)
		want   string // each part of it, in this order
	}{
		{"no plan", func(f map[string]string) { delete(f, "plan.yaml") }, "plan.yaml: |the folder is no record"},
		{"no trials", func(f map[string]string) { delete(f, "trials.ndjson") }, "trials.ndjson: |the folder is no record"},
		{"setup is not JSON", file("host.json", "{"), "host.json: |unexpected end"},
		{"newer setup", file("host.json", `{"version": 2, "cpus": "all"}`), "host.json: |version 2|up to version 1|newer one"},
		{"newer line", second(`"version":1,`, `"version":7,`), "trials.ndjson:2: |version 7|newer one"},
		{"newer line of another shape", second(`"version":1,"trial":{`, `"version":7,"trials":{},"host":[],"tally":{`), "trials.ndjson:2: |version 7"},
		{"no version", second(`"version":1,`, ``), "trials.ndjson:2: |version 0"},
		{"not JSON", second(`{"version"`, `?{"version"`), "trials.ndjson:2: |invalid character '?'"},
		{"wrong type", second(`"round":1`, `"round":"one"`), "trials.ndjson:2: |trial.round"},
		{"no id", second(`"id":"r01-b02-go"`, `"id":""`), "trials.ndjson:2: |no id"},
		{"trial twice", second(`r01-b02-go`, `r01-b01-go`), `trials.ndjson:2: |"r01-b01-go" is on line 1`},
		{"unknown outcome", second(`"answered":1000,`, `"answered":999,"misplaced":1,`), `trials.ndjson:2: |outcome "misplaced"`},
		{"books", second(`"answered":1000,`, `"answered":999,`), "trials.ndjson:2: |1003 requests were due|1002"},
		{"unknown grade", second(`"grade":"B"`, `"grade":"Z"`), "trials.ndjson:2: |unknown grade Z"},
		{"hlog elsewhere", second(hlog, `hdr/../../secret`), "trials.ndjson:2: |does not lie in hdr"},
		{"no hlog", func(f map[string]string) { delete(f, hlog) }, hlog + ": |no such file"},
		{"hlog cut", func(f map[string]string) { f[hlog] = f[hlog][:len(f[hlog])-400] }, hlog + ": "},
		{"hlog empty", file(hlog, ""), hlog + ": |ends after 0 bytes"},
		{"hlog longer", func(f map[string]string) { f[hlog] += "\n" }, hlog + ": |it is longer"},
		{"hlog changed", func(f map[string]string) { f[hlog] = strings.Replace(f[hlog], "1.3]", "1.2]", 1) }, hlog + ": |changed since"},
		{"hlog of another trial", func(f map[string]string) { f[hlog] = f["hdr/r01-b01-go.hlog"] }, hlog + ": "},
		{"hlog is not one", file(hlog, strings.Repeat("x", 200)), hlog + ": |line 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := contents(t, newRecord(t, aTrial(0), aTrial(1)))
			c.change(files)
			err := readFault(layDown(t, files))
			wantParts(t, err, c.want)
		})
	}
}

// layDown writes files into a new folder.
func layDown(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, hdrFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// readFault reads a whole record and returns what went wrong.
func readFault(dir string) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	_, err = r.Measurements()
	return err
}

// wantParts fails unless err says each of the parts, which are separated by "|".
func wantParts(t *testing.T, err error, parts string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %s", parts)
	}
	rest := err.Error()
	for part := range strings.SplitSeq(parts, "|") {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("error\n%v\nwant it to say %q", err, part)
		}
		rest = after
	}
}

// A reader of today must get along with what a later version adds.
func TestUnknownFieldsArePassedOver(t *testing.T) {
	files := contents(t, newRecord(t, aTrial(0)))
	for _, name := range []string{"trials.ndjson", "host.json"} {
		files[name] = strings.Replace(files[name], `{`, `{"colour":{"of":["the","sky"]},`, 1)
	}
	got := readAll(t, layDown(t, files))
	if d := cmp.Diff([]*evidence.Measurement{aTrial(0)}, got, sameEvidence); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// A link in a record that came from elsewhere must not lead out of it.
func TestLinksDoNotLeadOut(t *testing.T) {
	files := contents(t, newRecord(t, aTrial(0)))
	const hlog = "hdr/r01-b01-go.hlog"
	outside := filepath.Join(t.TempDir(), "hlog")
	if err := os.WriteFile(outside, []byte(files[hlog]), 0o644); err != nil {
		t.Fatal(err)
	}
	delete(files, hlog)
	dir := layDown(t, files)
	if err := os.Symlink(outside, filepath.Join(dir, hlog)); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	wantParts(t, readFault(dir), hlog+": |escapes")
}

func TestSafeNames(t *testing.T) {
	long := strings.Repeat("ü", 300)
	seen := map[string]string{}
	for _, c := range []struct{ name, want string }{
		{"r03-b05-uvloop", "r03-b05-uvloop"},
		{"a.b+c_d", "a.b+c_d"},
		{"", "%"},
		{"%", "%25"},
		{"..", "%2E."},
		{".hidden", "%2Ehidden"},
		{"a/b", "a%2Fb"},
		{"a_b", "a_b"},
		{`a\b c:d`, "a%5Cb%20c%3Ad"},
		{"nul\x00", "nul%00"},
		{long, ""},
		{long + "x", ""},
	} {
		got := safeName(c.name)
		if c.want != "" && got != c.want {
			t.Errorf("safeName(%q) = %q, want %q", c.name, got, c.want)
		}
		if len(got) > maxName || !filepath.IsLocal(got) || got != filepath.Base(got) {
			t.Errorf("safeName(%q) = %q is not safe", c.name, got)
		}
		if other, twice := seen[got]; twice {
			t.Errorf("%q and %q are both called %q", c.name, other, got)
		}
		seen[got] = c.name
	}
}

// What Open has read is handed on once; who asks again gets its own, from the disk.
func TestEachTwice(t *testing.T) {
	dir := newRecord(t, aTrial(0), aTrial(1), aFailure())
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	want := readAll(t, dir)
	first[0].Notes[0].Text, first[0].Tally.Causes["other"] = "changed by its owner", 9
	second, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, second, sameEvidence); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
