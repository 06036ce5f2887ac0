package calibrate

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/sys"
)

// calibrated is the report of a fakery's machine.
func calibrated(t *testing.T, f *fakery) *Report {
	t.Helper()
	c := Config{Root: machineRoot(), Build: evidence.Build{Version: "0.1.0", Commit: "abc", Go: "go1"}}
	k := &calibration{
		config: c, stand: f.stand(), patience: patience{left: time.Minute, wait: 5 * time.Second, tries: 2},
		effort: effort{
			look: time.Second, ceiling: time.Second, rates: []float64{1000}, lag: time.Second,
			steady: 3000, queues: 3, queue: 3000, periods: 1, control: time.Second, counts: 100,
		},
		report: &Report{Version: 1, Webdyno: c.Build, Taken: time.Unix(1e9, 0).UTC()},
	}
	if err := k.carryOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k.report
}

func machineRoot() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"proc/cpuinfo":                   file("model name\t: Fake 9000\n"),
		"proc/net/sockstat":              file("sockets: used 9\nTCP: inuse 5 orphan 0 tw 17 alloc 6 mem 1\n"),
		"proc/sys/net/ipv4/tcp_tw_reuse": file("0\n"),
		"proc/sys/kernel/random/boot_id": file("11-22\n"),
		"proc/sys/net/core/somaxconn":    file("128\n"),
		"sys/devices/system/clocksource/clocksource0/current_clocksource": file("hpet\n"),
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            file("powersave\n"),
	}
}

func TestReportOfAQuietMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakery{t: t, error: 40 * time.Microsecond, foreign: []float64{.02}}
		r := calibrated(t, f)
		have, _ := backends()
		if want := 33 + len(r.Lags) + 4*len(have); r.count(Kept) != len(r.Findings) || len(r.Findings) != want {
			t.Errorf("%d of %d findings kept; want all of %d: %+v", r.count(Kept), len(r.Findings), want, r.Findings)
		}
		text := textOf(t, r)
		for _, want := range []string{
			"Response times can be measured here to about 39.9 us", "governor to performance", "tcp_tw_reuse=1",
			"One loop (epoll) asks up to", "17 waiting", "hpet", "Fake 9000", "kept",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the text lacks %q:\n%s", want, text)
			}
		}
		if !strings.HasPrefix(text, "Response times can") {
			t.Errorf("the text does not begin with the verdict:\n%s", text)
		}
		if f.started != f.stopped {
			t.Errorf("%d servers started, %d stopped", f.started, f.stopped)
		}
	})
}

func TestReportOfANoisyMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := calibrated(t, &fakery{t: t, error: 30 * time.Millisecond, foreign: []float64{1.5}})
		if r.count(Missed) != 0 || r.count(Kept) != 3 {
			t.Errorf("%d missed, %d kept; want none but the counts judged", r.count(Missed), r.count(Kept))
		}
		text := textOf(t, r)
		for _, want := range []string{"The machine was not quiet", "others kept 1.50 CPUs busy", "not tried: noisy"} {
			if !strings.Contains(text, want) {
				t.Errorf("the text lacks %q:\n%s", want, text)
			}
		}
		if r.Accuracy.Judged {
			t.Error("the accuracy counts as judged")
		}
	})
}

func TestReportOfABrokenWebdyno(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := calibrated(t, &fakery{t: t, miscounted: 1, foreign: []float64{1.5}})
		if !strings.HasPrefix(r.Verdict, "Do not trust this webdyno: counts") {
			t.Errorf("verdict %q", r.Verdict)
		}
	})
}

func textOf(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b, 80); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Programs read these names.
func TestJSONNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := calibrated(t, &fakery{t: t, foreign: []float64{0}})
		var b bytes.Buffer
		if err := r.JSON(&b); err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields("version webdyno taken took_s quick host cpus verdict advice accuracy ceilings lags quiet clock budget findings") {
			if m[name] == nil {
				t.Errorf("no %q in the JSON", name)
			}
		}
		f := m["findings"].([]any)[0].(map[string]any)
		for _, name := range strings.Fields("oracle name want got tolerance unit verdict") {
			if f[name] == nil {
				t.Errorf("no %q in a finding", name)
			}
		}
	})
}

func TestKeptForThoseWhoComeAfter(t *testing.T) {
	dir := t.TempDir()
	here := Host{Machine: "this", Boot: "1"}
	if _, ok := lastIn(dir, here); ok {
		t.Error("found one where none was kept")
	}
	r := &Report{Version: 1, Host: here, Taken: time.Unix(1e9, 0).UTC(), Webdyno: evidence.Build{Version: "0.1.0"},
		Ceilings: []Ceiling{{Backend: "epoll", Mode: KeepAlive, Rate: 130e3}},
		Accuracy: Accuracy{Judged: true, P95US: 60, P99US: 120},
		Findings: []Finding{{Oracle: "steady", Verdict: Missed}}}
	for range 2 { // the second replaces the first
		if _, err := keepIn(dir, r); err != nil {
			t.Fatal(err)
		}
	}
	got, ok := lastIn(dir, Host{Machine: "this", Boot: "2"})
	if !ok || got.Findings[0].Verdict != Missed || got.Host.Boot != "1" {
		t.Errorf("got %+v, %v; want what was kept", got, ok)
	}
	if _, ok := lastIn(dir, Host{Machine: "other"}); ok {
		t.Error("another machine's calibration was taken for this one's")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "webdyno", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	want := "calibrated 2001-09-09 01:46:40 by webdyno 0.1.0: response times to 60.0 us (p95), 120 us (p99); 130k/s a loop over kept connections (epoll)"
	if got.Quote() != want {
		t.Errorf("quote %q\nwant  %q", got.Quote(), want)
	}
	if facts := got.Facts(); facts["calibration.ceiling.epoll.keep-alive"] != "130000" {
		t.Errorf("facts %v", facts)
	}
}

func TestNowhereToKeep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "not-a-folder")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keepIn(file, &Report{}); err == nil || !strings.HasPrefix(err.Error(), "keep calibration: ") {
		t.Errorf("error %v", err)
	}
}

// What is on disk may be anybody's.
func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	(&Report{Version: 1, Findings: []Finding{{Verdict: Kept}}, Advice: []string{"x"}}).JSON(&b)
	f.Add(b.Bytes())
	f.Add([]byte(`{"version":1,"findings":[{"verdict":"maybe"}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"ceilings":[{"rate":1e308,"backend":"x","mode":"keep-alive"}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parse(text)
		if err != nil {
			return
		}
		r.Facts()
		textOf(t, r)
		var again bytes.Buffer
		if err := r.JSON(&again); err != nil {
			t.Fatalf("was read, and cannot be written: %v", err)
		}
		if _, err := parse(again.Bytes()); err != nil {
			t.Errorf("cannot be read again: %v", err)
		}
	})
}

func TestVerdictsSurviveText(t *testing.T) {
	for v := range Verdict(len(verdictNames)) {
		text, _ := v.MarshalText()
		var got Verdict
		if err := got.UnmarshalText(text); err != nil || got != v {
			t.Errorf("%v became %v, error %v", v, got, err)
		}
	}
	if new(Verdict).UnmarshalText([]byte("perhaps")) == nil {
		t.Error("read a verdict that there is not")
	}
}

func TestCulprits(t *testing.T) {
	at := func(pid int, name string, began uint64, cpu time.Duration) sys.Process {
		return sys.Process{PID: pid, Name: name, Began: began, User: cpu}
	}
	before := []sys.Process{at(10, "cc", 1, 5*time.Second), at(11, "idle", 1, time.Hour), at(12, "gone", 1, 0)}
	after := []sys.Process{
		at(10, "cc", 1, 6*time.Second), at(11, "idle", 1, time.Hour),
		at(12, "new\xff", 9, 500*time.Millisecond), at(os.Getpid(), "self", 1, time.Hour),
	}
	got := culprits(before, after, 2*time.Second)
	want := []Culprit{{10, "cc", .5}, {12, "new?", .25}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The lower of two tries is the one to go by.
func TestCeilingIsTheLowerTry(t *testing.T) {
	of := func(answers uint64) *trial {
		tally := evidence.NewTally()
		tally.Window, tally.InWindow = time.Second, answers
		tally.ClientCPU, tally.LoopCPU = time.Second, 990*time.Millisecond
		return &trial{tally: tally}
	}
	for _, tries := range [][]uint64{{100, 200}, {200, 100}} {
		var c Ceiling
		c.take(of(tries[0]), true, 1)
		c.take(of(tries[1]), false, 1)
		if c.Rate != 100 || c.Other != 200 || c.ClientUS != 1e4 || c.Limit != "loop" {
			t.Errorf("tries %v: %+v", tries, c)
		}
	}
	server := &evidence.Usage{Span: time.Second, CPU: 1990 * time.Millisecond}
	if got := limitOf(.6, server, 2); got != "server" {
		t.Errorf("a server busy on both its CPUs: limit %q", got)
	}
	if got := limitOf(.6, server, 4); got != "" {
		t.Errorf("a server busy on two of four CPUs: limit %q", got)
	}
}

func TestLines(t *testing.T) {
	var b bytes.Buffer
	paragraph(&b, "  - ", strings.Repeat("word ", 30)+strings.Repeat("x", 90), 60)
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		if len(line) > 60 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("line of %d: %q", len(line), line)
		}
	}
	if got := strings.Count(b.String(), "word"); got != 30 {
		t.Errorf("%d words, want 30", got)
	}
}
