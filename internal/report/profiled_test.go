package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/profile"
)

// compiledApp is a server of which one module is compiled: plainly that makes a
// request cost a tenth more, and under a profiler, which charges for what it sees,
// a fifth less.
func compiledApp(rounds int) bench {
	return bench{servers: []server{
		{name: "app", variant: map[string]string{"modules": "none"}, cost: line(100, 0)},
		{name: "app", variant: map[string]string{"modules": "hot"}, cost: line(110, 0)},
	}, bytes: []float64{1}, rounds: rounds, blocks: 1, noise: 0.002}
}

// profiledApp adds an attribution trial of each variant to each round, and the
// profiles that they wrote: functions whose weight for a request is known.
func profiledApp(rounds int) Input {
	b := compiledApp(rounds)
	in := b.input()
	files := map[string][]byte{}
	rng := rand.New(rand.NewPCG(3, 4))
	under := []float64{300, 240} // us of a request, with the profiler
	weights := []map[string]float64{
		{"serve": 20, "serve;parse": 40, "serve;send": 30},
		{"serve": 50, "serve;send": 30, "serve;flush": 5},
	}
	for round := 1; round <= rounds; round++ {
		for i, s := range b.servers {
			m := b.measurement(s, 1, round, 1, under[i]*math.Exp(0.002*rng.NormFloat64()))
			m.Trial.ID = fmt.Sprintf("r%02d-profile-app-%d", round, i)
			m.Trial.Block, m.Trial.Attribution = 0, "auto"
			m.Profile = &evidence.Profile{By: "perf", File: "profiles/" + m.Trial.ID + ".pb.gz", Requests: m.Tally.InWindow}
			var text strings.Builder
			for _, stack := range slices.Sorted(maps.Keys(weights[i])) {
				fmt.Fprintf(&text, "%s %.0f\n", stack, weights[i][stack]*float64(m.Profile.Requests)*(1+0.01*rng.NormFloat64()))
			}
			files[m.Profile.File] = []byte(text.String())
			in.Measurements = append(in.Measurements, m)
		}
	}
	in.Profiles = func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return data, nil
		}
		return nil, errors.New("no such file")
	}
	return in
}

// What profilers cost, what changed between two variants, and what plain timing
// says of it, are found as they were made.
func TestProfiled(t *testing.T) {
	r := build(t, profiledApp(8))
	if len(r.Profiles) != 2 || len(r.ProfileDifferences) != 1 {
		t.Fatalf("%d profiles, %d differences", len(r.Profiles), len(r.ProfileDifferences))
	}
	none := r.Profiles[0]
	if none.name() != "app[modules=none]" || none.N != 8 || none.By != "perf" || len(none.Files) != 8 || len(none.Lost) > 0 {
		t.Errorf("first %s by %s, %d rounds, without %v", none.name(), none.By, none.N, none.Lost)
	}
	nearly(t, "weight of a request", none.Total, 90, 0.01)
	nearly(t, "throughput under the profiler", none.Costs[0].Ratio, 1.0/3, 0.01)
	nearly(t, "CPU under the profiler", none.Costs[1].Ratio, 3, 0.01)
	if !none.Costs[0].Lo.Known() || none.Costs[0].N != 8 || none.Functions[0].Name != "parse" {
		t.Errorf("cost %+v, first function %+v", none.Costs[0], none.Functions[0])
	}
	nearly(t, "share of parse", none.Functions[0].Share, 40.0/90, 0.02)

	d := r.ProfileDifferences[0]
	x := d.Distortions[0]
	nearly(t, "plain", x.Plain.Ratio, 100.0/110, 0.01)
	nearly(t, "profiled", x.Profiled.Ratio, 300.0/240, 0.01)
	nearly(t, "distortion", x.Factor.Ratio, 300.0/240*1.1, 0.01)
	nearly(t, "slows none", x.SlowsA.Ratio, 3, 0.01)
	nearly(t, "slows hot", x.SlowsB.Ratio, 240.0/110, 0.01)
	if !strings.HasPrefix(d.Answer, "app[modules=hot] is 0.90") || !strings.Contains(d.Answer, "under the profiler (perf) it looks 1.2") {
		t.Errorf("answer: %s", d.Answer)
	}
	want := map[string]string{"parse": "vanished true", "serve": "stayed true", "flush": "new true", "send": "stayed false"}
	for _, f := range d.Functions {
		if got := fmt.Sprint(f.State, " ", f.Shown); got != want[f.Name] {
			t.Errorf("%s: %s, q %v; want %s", f.Name, got, f.Q, want[f.Name])
		}
		delete(want, f.Name)
	}
	if len(want) > 0 || len(d.Absorbed) != 1 || d.Absorbed[0].Function != "parse" || d.Absorbed[0].Into[0].Function != "serve" {
		t.Errorf("missing %v; absorbed %+v", want, d.Absorbed)
	}
	text := string(textOf(t, r, TextOptions{}))
	for _, s := range []string{"Where the time goes", "What changed from app[modules=none] to app[modules=hot] at 1 byte, by perf", "vanished"} {
		if !strings.Contains(text, s) {
			t.Errorf("the text lacks %q:\n%s", s, text)
		}
	}
}

func nearly(t *testing.T, what string, got Number, want, within float64) {
	t.Helper()
	if !got.Known() || math.Abs(got.X/want-1) > within {
		t.Errorf("%s: %v; want %v within %v", what, got, want, within)
	}
}

// With too few rounds for an interval or a test it is said that they are, and
// nothing is shown.
func TestProfiledFewRounds(t *testing.T) {
	r := build(t, profiledApp(3))
	d := r.ProfileDifferences[0]
	if !strings.Contains(d.Untested, "3 rounds of both are too few") || !strings.Contains(r.Profiles[0].Costs[0].Note, "6 would do") {
		t.Errorf("untested: %q; cost: %q", d.Untested, r.Profiles[0].Costs[0].Note)
	}
	for _, f := range d.Functions {
		if f.Shown || f.Q.Known() {
			t.Errorf("%s is shown to have changed, of three rounds", f.Name)
		}
	}
}

// Trials for attribution change nothing else in a report: without what is said of
// profiles it is the same, byte for byte; and a profile that is missing or broken is
// named and left out.
func TestAttributionChangesNoFigure(t *testing.T) {
	in := profiledApp(6)
	with := build(t, in)
	without := with
	bare := compiledApp(6).input()
	want := jsonOf(t, build(t, bare))
	c := *without
	c.Profiles, c.ProfileDifferences = nil, nil
	if got := jsonOf(t, &c); !bytes.Equal(got, want) {
		t.Errorf("attribution trials change the report:\n%s", firstDifference(want, got))
	}

	again := profiledApp(6)
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(len(again.Measurements), func(i, j int) {
		again.Measurements[i], again.Measurements[j] = again.Measurements[j], again.Measurements[i]
	})
	if !bytes.Equal(jsonOf(t, build(t, again)), jsonOf(t, with)) {
		t.Error("another order of measurements, another report of profiles")
	}

	open := in.Profiles
	in.Profiles = func(name string) ([]byte, error) {
		switch {
		case strings.HasPrefix(name, "profiles/r02"):
			return []byte("a;b 1\nx y\n"), nil
		case strings.HasPrefix(name, "profiles/r03"):
			return nil, errors.New("open /some/where: no such file")
		}
		return open(name)
	}
	broken := build(t, in)
	lost := strings.Join(broken.Profiles[0].Lost, "; ")
	if broken.Profiles[0].N != 4 || !strings.Contains(lost, "line 2") || strings.Contains(lost, "/some/where") {
		t.Errorf("%d rounds, without %s", broken.Profiles[0].N, lost)
	}
	in.Profiles = nil
	if r := build(t, in); r.Profiles[0].N != 0 || len(r.Profiles[0].Files) != 6 || !r.Profiles[0].Costs[0].Lo.Known() {
		t.Errorf("without the files: %+v", r.Profiles[0])
	}
}

// A profiler that there is none of is said to be missing, with the reason.
func TestProfileUnavailable(t *testing.T) {
	in := profiledApp(6)
	for _, m := range in.Measurements {
		if m.Profile != nil {
			m.Profile = &evidence.Profile{By: "perf", Unavailable: "perf is not installed"}
		}
	}
	text := string(textOf(t, build(t, in), TextOptions{Short: true, Width: 200}))
	if !strings.Contains(text, "app[modules=hot] at 1 byte, by perf: there is none (every round: perf is not installed).") {
		t.Errorf("nothing is said of it:\n%s", text)
	}
}

// Of a subject that is the profiled form of another, what it gains is set beside
// what the plain form gains, and it is ranked with nobody. Values stand for as many
// requests as the plan says.
func TestPlainForm(t *testing.T) {
	in := Input{Plan: &plan.Plan{Subjects: []plan.Subject{
		{Name: "app", Measure: []string{"x"}, Metric: loopMetric()},
		{Name: "profiled", Measure: []string{"x"}, Metric: loopMetric(), Plain: "app"},
	}, Compare: "loop"}}
	in.Setup = &evidence.Setup{}
	for _, name := range []string{"app", "profiled"} {
		for _, modules := range []string{"none", "hot"} {
			in.Setup.Subjects = append(in.Setup.Subjects, evidence.Subject{Name: name, Variant: map[string]string{"modules": modules}})
		}
	}
	seconds := map[string]float64{"app none": 0.1, "app hot": 0.12, "profiled none": 0.3, "profiled hot": 0.24}
	for round := 1; round <= 8; round++ {
		for _, key := range []string{"app none", "app hot", "profiled none", "profiled hot"} {
			name, modules, _ := strings.Cut(key, " ")
			s := seconds[key] * (1 + 0.001*float64(round%3))
			m := &evidence.Measurement{
				Trial:    evidence.Trial{ID: fmt.Sprint(round, key), Round: round, Block: 1, Subject: name, Variant: map[string]string{"modules": modules}},
				Measured: &evidence.Measured{Metric: "loop", Unit: "s", Better: "lower", Values: []float64{s, s, s, s}},
			}
			if name == "profiled" {
				m.Profile = &evidence.Profile{By: "itself", File: "profiles/" + modules}
			}
			in.Measurements = append(in.Measurements, m)
		}
	}
	listings := map[string]string{"profiles/none": "study-2014-plain.txt", "profiles/hot": "study-2014-compiled.txt"}
	in.Profiles = func(name string) ([]byte, error) { return os.ReadFile("../profile/testdata/" + listings[name]) }
	r := build(t, in)
	for _, c := range r.Comparisons {
		if c.A.Subject == "profiled" || c.B.Subject == "profiled" {
			t.Errorf("%s : %s has a verdict", c.A.name(), c.B.name())
		}
	}
	nearly(t, "requests", r.Profiles[0].Requests, 8*600, 1e-9)
	nearly(t, "calls of a request", r.Profiles[0].Calls, 1297716.0/600, 1e-9)
	d := r.ProfileDifferences[0]
	nearly(t, "time", d.Total.Change, 1191.0/1355, 1e-6)
	nearly(t, "calls", d.Calls.Change, 1061674.0/1297716, 1e-6)
	x := d.Distortions[0]
	nearly(t, "plain", x.Plain.Ratio, 0.1/0.12, 1e-6)
	nearly(t, "profiled", x.Profiled.Ratio, 0.3/0.24, 1e-6)
	nearly(t, "slows", x.SlowsA.Ratio, 3, 1e-6)
	if want := "app[modules=hot] is 0.833 times as fast as app[modules=none]"; !strings.HasPrefix(d.Answer, want) || !strings.Contains(d.Answer, "2160 before and 1770 after") {
		t.Errorf("answer: %s; want it to begin with %s, and to name the calls", d.Answer, want)
	}
	if r.Profiles[0].Modules[0].Module != "stack_context" {
		t.Errorf("the module to compile first is %s; the study compiled stack_context", r.Profiles[0].Modules[0].Module)
	}
	golden(t, "profiles.txt", profileText(t, r))
	var again Report
	if err := json.Unmarshal(jsonOf(t, r), &again); err != nil || !again.Profiles[0].Total.Known() {
		t.Errorf("report.json does not read back: %v", err)
	}
}

func loopMetric() plan.OwnMetric {
	return plan.OwnMetric{Name: "loop", Unit: "s", Better: plan.Lower, Requests: 150}
}

func profileText(t *testing.T, r *Report) []byte {
	t.Helper()
	p := newPage(TextOptions{})
	r.profileLines(p, false)
	var b bytes.Buffer
	if err := p.flush(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The two listings that were published in 2014 say what the study left to the eye.
func TestStudyListings(t *testing.T) {
	var sides []profile.Side
	for _, name := range []string{"study-2014-plain.txt", "study-2014-compiled.txt"} {
		data, err := os.ReadFile("../profile/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		sides = append(sides, profile.Side{Profile: p, Requests: 600})
	}
	d, err := CompareSides(sides[0], sides[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	nearly(t, "calls before", d.Calls.Before, 1297716.0/600, 1e-9)
	nearly(t, "calls after", d.Calls.After, 1061674.0/600, 1e-9)
	nearly(t, "time before", d.Total.Before, 1355e6/600, 1e-9)
	if got := d.Total.percent(); got != "−12.1 %" {
		t.Errorf("time changed by %s", got)
	}
	if got := d.Calls.percent(); got != "−18.2 %" {
		t.Errorf("calls changed by %s", got)
	}
}
