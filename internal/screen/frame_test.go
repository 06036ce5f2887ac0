package screen

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/latency"
	"webdyno/internal/load"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// sizes are those that every moment of the scripted run is drawn at.
var sizes = []Size{{80, 24}, {40, 15}, {120, 40}}

// Every moment of a run is drawn as its golden file has it, at each size; no line
// is as wide as the terminal, and there are no more lines than it has.
func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*script)
	}{
		{"start", func(s *script) { s.begin(1) }},
		{"first-trial", func(s *script) {
			s.begin(1)
			s.observe(lab.TrialStarted{Trial: trialOf("go", 1, 1, 11), Lasts: 5 * time.Second})
			s.read("go")
			s.read("go")
			s.read("go")
		}},
		{"standings", eightRounds},
		{"asked-to-skip", func(s *script) {
			eightRounds(s)
			s.m.Press(Down)
			s.m.Press('s')
		}},
		{"paused", func(s *script) {
			s.round(1, nil)
			s.begin(2)
			s.m.Press('p')
			s.observe(lab.Paused{})
			s.pass(time.Minute)
		}},
	} {
		s := scripted(t)
		c.play(s)
		for _, size := range sizes {
			golden(t, c.name, size, s.m.Frame(size, Style{}))
		}
		golden(t, c.name+"-color", Size{80, 24}, s.m.Frame(Size{80, 24}, Style{Color: true}))
	}
}

// eightRounds plays so many, in which an answer was wrong, a server died and
// another one was taken out, and the beginning of a ninth.
func eightRounds(s *script) {
	for n := 1; n <= 8; n++ {
		var spoil func(*evidence.Measurement)
		if n == 3 {
			spoil = func(m *evidence.Measurement) {
				m.Failure = &evidence.Failure{Kind: evidence.Instrument, Text: "webdyno was suspended meanwhile (Ctrl-Z)"}
			}
		}
		s.round(n, spoil)
	}
	s.begin(9)
	s.observe(lab.SubjectFailed{Name: "tornado[python=pypy]", Failure: evidence.Failure{
		Kind: evidence.Died, Text: "exited with status 139 after 4.2 s of load"}})
	s.observe(lab.TrialStarted{Trial: trialOf("uvloop[python=cpython]", 9, 1, 101), Lasts: 5 * time.Second})
	for range 6 {
		s.read("uvloop[python=cpython]")
	}
}

// One load is drawn as its golden files have it.
func TestSingleFrames(t *testing.T) {
	w := &Single{
		Title: "http://127.0.0.1:8080/index.html", How: "open, 1.00k/s, poisson",
		Gauge: &Gauge{Window: load.Extent{Time: 20 * time.Second}, Limit: 10 * time.Second},
	}
	s := scripted(t)
	first := Reading{At: s.now}
	w.Gauge.begin(first)
	w.last, w.before, w.seen = first, first, first.At
	for i := range 20 {
		s.pass(500 * time.Millisecond)
		s.total.Due += uint64(500 + 20*i)
		s.total.Answered = s.total.Due - 5
		s.total.Sent, s.total.Window = s.total.Due, true
		s.total.Lag += 2 * time.Millisecond
		s.total.Failed = uint64(i / 8)
		s.cpu += 2 * time.Millisecond
		r := Reading{At: s.now, CPU: s.cpu, Snapshot: s.total}
		if i > 1 {
			r.Second.Response = latency.NewCoarse()
			r.Second.Response.RecordN(2e6, 980)
			r.Second.Response.RecordN(8e6+1e6*int64(i), 20)
		}
		w.take(r)
	}
	for _, size := range sizes {
		sh := &sheet{}
		w.draw(sh, size, Style{})
		golden(t, "load", size, sh.text())
	}
}

// unstyled takes the escapes of styles away.
func unstyled(s string) string { return regexp.MustCompile(`\x1b\[\d*m`).ReplaceAllString(s, "") }

func golden(t *testing.T, name string, size Size, got string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) > size.Lines {
		t.Errorf("%s at %v: %d lines", name, size, len(lines))
	}
	for i, l := range lines {
		if w := width(unstyled(l)); w >= size.Columns {
			t.Errorf("%s at %v: line %d is %d columns wide: %q", name, size, i+1, w, l)
		}
	}
	file := filepath.Join("testdata", name+"-"+size.String()+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// A frame is drawn in the memory of the one before: nothing is collected while
// there is load, and what a frame leaves behind stays until then.
func BenchmarkFrame(b *testing.B) {
	s := scripted(nil)
	eightRounds(s)
	sh := &sheet{}
	b.ReportAllocs()
	for b.Loop() {
		s.read("uvloop[python=cpython]")
		s.m.draw(sh, Size{120, 40}, Style{Color: true})
	}
}

// A frame leaves little behind: at two a second for an hour, less than what is
// allowed to one trial.
func TestFrameAllocations(t *testing.T) {
	s := scripted(t)
	eightRounds(s)
	sh := &sheet{}
	s.m.draw(sh, Size{120, 40}, Style{Color: true})
	n := testing.AllocsPerRun(100, func() { s.m.draw(sh, Size{120, 40}, Style{Color: true}) })
	if n > 250 {
		t.Errorf("a frame makes %.0f objects, want no more than 250", n)
	}
}
