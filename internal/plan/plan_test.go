package plan

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/load"
	"webdyno/plans"
	shipped "webdyno/subjects"
)

var exact = cmp.AllowUnexported(Level{})

// A record holds the plan as it was run, and that must be the same plan.
func TestRoundTrip(t *testing.T) {
	files, err := filepath.Glob("testdata/right/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, f := range append(files, "testdata/design/simple.yaml") {
		src := fileText(t, f)
		for _, preset := range []string{"", "quick", "open", "merged"} {
			opt := world()
			if opt.Preset = preset; preset != "" && !strings.Contains(f, "presets") {
				continue
			}
			t.Run(filepath.Base(f)+"/"+preset, func(t *testing.T) { roundTrip(t, src, opt) })
		}
	}
}

func roundTrip(t *testing.T, src string, opt Options) {
	t.Helper()
	p := mustRead(t, src, opt)
	written, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	opt.Preset, opt.Quick = "", false
	back, err := Read("test.yaml", written, opt)
	if err != nil {
		t.Fatalf("the plan as written:\n%s\n%v", written, err)
	}
	if diff := cmp.Diff(p, back, exact); diff != "" {
		t.Errorf("as written:\n%s\nis another plan (-read +read again):\n%s", written, diff)
	}
	if err := validate(t, written); err != nil {
		t.Errorf("the schema refuses the plan as written: %v\n%s", err, written)
	}
	again, err := back.YAML()
	if err != nil || string(again) != string(written) {
		t.Errorf("written twice, it differs (error %v)", err)
	}
}

// Every key is understood as docs/plans.md tells it.
func TestEveryKey(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/right/all-keys.yaml"), world())
	first := Subject{
		Name:  "first",
		Start: []string{"{python}", "app.py", "--port={port}", "8080", "1.50", "true", "{{x}}", "{workers}"},
		In:    "mine",
		Env:   []Var{{"MODE", "fast"}, {"N", "5"}, {"GOGC", "off"}, {"DIR", "{dir}"}},
		Build: [][]string{{"make", "{python}"}, {"make", "install", "{workers}"}},
		Needs: Needs{
			Debian:   []string{"python3-uvloop", "python3-http-parser", "gcc", "python3-dev"},
			Npm:      []string{"express"},
			Modules:  []string{"uvloop", "http_parser"},
			Commands: []string{"make"},
			Hint:     "make everything",
		},
		Variants: []Factor{
			{"python", []Level{TextLevel("cpython"), TextLevel("pypy")}},
			{"workers", []Level{Num(1), Num(2)}},
		},
		CPUs:   CPUs{N: 2},
		Limits: Limits{Files: 4096, Memory: 512 << 20},
		Ready:  Ready{Path: "/health", Timeout: 90 * time.Second},
		Stop:   Stop{Signal: "INT", Grace: 250 * time.Millisecond},
		Bound:  true,
	}
	if diff := cmp.Diff(first, p.Subjects[0], exact); diff != "" {
		t.Errorf("first subject (-want +got):\n%s", diff)
	}
	want := Load{
		Open: true, Rate: "{rate}", Arrivals: "constant", Connections: "0", MaxConnections: "1000",
		PerConnection: "{per_connection}", Pipeline: "2", Close: "reset", Timeout: "2s", Idle: "0",
	}
	if p.Load != want {
		t.Errorf("load %+v, want %+v", p.Load, want)
	}
	var names []string
	for _, f := range p.Factors {
		names = append(names, f.Name)
	}
	if got, want := strings.Join(names, " "), "length word rate per_connection"; got != want {
		t.Errorf("factors %s, want %s", got, want)
	}
	if got, want := p.Factors[2].Levels, []Level{Num(0.5), Num(1), Num(1.5), Num(2)}; !reflect.DeepEqual(got, want) {
		t.Errorf("rates %v, want %v", got, want)
	}
	if p.Warmup.Extent.Count != 30_000 || p.Window != 2500*time.Millisecond || p.Rounds != (Rounds{8, 40, 0.015}) {
		t.Errorf("warm-up %v, window %v, rounds %+v", p.Warmup, p.Window, p.Rounds)
	}
	var bounds []float64
	for _, o := range p.Objectives {
		bounds = append(bounds, o.Bound)
	}
	if want := []float64{50, 0.001, 1500, 2000}; !slices.Equal(bounds, want) {
		t.Errorf("bounds %v, want %v", bounds, want)
	}
}

// Settings work texts out for every level, and the last factor changes fastest.
func TestSettings(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/right/all-keys.yaml"), world())
	all, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	if want := 3 * 3 * 4 * 2; len(all) != want {
		t.Fatalf("%d settings, want %d", len(all), want)
	}
	s := all[1*3*4*2+1*4*2+3*2+1] // length 10, word 007, rate 2, per_connection 4
	want := Exact{
		Method:  "POST",
		Path:    "/007?n=10",
		Headers: Headers{Set: "wrk", Add: []Var{{"X-Word", "007"}, {"Accept", "*/*"}, {"X-Empty", ""}}},
		Body:    []byte("0070070070"),
		Expect:  ExactExpect{Status: []int{200, 201}, Bytes: 12},
	}
	if diff := cmp.Diff(want, s.Workload); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
	open := load.Open{Rate: 2, Arrivals: load.Constant, MaxConnections: 1000,
		Use: load.Use{PerConnection: 4, Pipeline: 2, Close: load.ByReset, Timeout: 2 * time.Second}}
	if s.Load != load.Load(open) {
		t.Errorf("load %+v, want %+v", s.Load, open)
	}
	if got := at(s.Choice); got != "at length=10, word=007, rate=2, per_connection=4: " {
		t.Errorf("choice %q", got)
	}
}

func TestVariants(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/right/all-keys.yaml"), world())
	var got []string
	ids := map[string]bool{}
	for _, v := range p.Variants() {
		got = append(got, v.Name())
		ids[TrialID(3, Block{Number: 5}, v)] = true
	}
	want := []string{
		"first[python=cpython,workers=1]", "first[python=cpython,workers=2]",
		"first[python=pypy,workers=1]", "first[python=pypy,workers=2]",
		"second[python=cpython,workers=1]", "second[python=cpython,workers=2]",
		"second[python=pypy,workers=1]", "second[python=pypy,workers=2]",
		"third", "fourth", "fifth", "sixth",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variants (-want +got):\n%s", diff)
	}
	if len(ids) != len(want) || !ids["r03-b05-third"] || !ids["r03-b05-first.python=pypy.workers=2"] {
		t.Errorf("trial IDs %v", ids)
	}
}

// A variant has one name, whatever order its factors were written in: a record
// keeps none, and the lab finds a trial's variant by it. Its ID stays the plan's.
func TestVariantNameKnowsNoOrder(t *testing.T) {
	v := Variant{&Subject{Name: "a"}, []Choice{{"python", TextLevel("pypy")}, {"cython", TextLevel("a b")}}}
	if got, want := v.Name(), "a[cython=a b,python=pypy]"; got != want || VariantName("a", v.Values()) != want {
		t.Errorf("called %q, and of its values %q; want %q", got, VariantName("a", v.Values()), want)
	}
	if got, want := TrialID(1, Block{Number: 2}, v), "r01-b02-a.python=pypy.cython=a_b~9996715e"; got != want {
		t.Errorf("ID %q, want %q as ever", got, want)
	}
}

// IDs are names of files, whatever a level is.
func TestTrialIDsAreFileNames(t *testing.T) {
	s := &Subject{Name: "a"}
	seen := map[string]string{}
	for _, l := range []string{"/usr/bin/python3", "_usr_bin_python3", "a b", "a/b", "..", "", "a.b", "a,b", strings.Repeat("x", 500), strings.Repeat("x", 501), "é"} {
		id := TrialID(1, Block{Number: 1}, Variant{s, []Choice{{"f", TextLevel(l)}}})
		if strings.ContainsAny(id, "/\x00 \n") || len(id) > 200 || id == "" {
			t.Errorf("level %q: ID %q is not fit for a file name", l, id)
		}
		if other, twice := seen[id]; twice {
			t.Errorf("levels %q and %q have the same ID %q", l, other, id)
		}
		seen[id] = l
	}
}

// What is compared is compared inside a block, so each block holds every
// variant once; and what one round does depends on the seed alone.
func TestRound(t *testing.T) {
	p := mustRead(t, `
subjects: [{name: a, serve: hello}, {name: b, serve: hello}, {name: c, serve: hello}]
factors: {size: [1, 2], connections: [1, 8]}
workload: {path: "/{size}"}
blocks: 3
`, Options{})
	seeds := map[uint64]bool{}
	orders := map[string]bool{}
	for n := 1; n <= 20; n++ {
		blocks := p.Round(n)
		times := map[int]int{}
		for i, b := range blocks {
			sorted := slices.Clone(b.Order)
			slices.Sort(sorted)
			if !slices.Equal(sorted, []int{0, 1, 2}) {
				t.Fatalf("round %d, block %d has the order %v", n, b.Number, b.Order)
			}
			if b.Number != i+1 || b.Seed != load.Seed(p.Seed, n, b.Number) {
				t.Errorf("round %d: block %d has number %d and seed %d", n, i+1, b.Number, b.Seed)
			}
			times[b.Setting]++
			seeds[b.Seed] = true
			orders[fmt.Sprint(b.Order)] = true
		}
		if !reflect.DeepEqual(times, map[int]int{0: 3, 1: 3, 2: 3, 3: 3}) {
			t.Errorf("round %d tries the settings so often: %v", n, times)
		}
		if !reflect.DeepEqual(blocks, p.Round(n)) {
			t.Errorf("round %d is another each time", n)
		}
	}
	if len(seeds) != 20*12 {
		t.Errorf("%d different seeds in %d blocks", len(seeds), 20*12)
	}
	if len(orders) != 6 {
		t.Errorf("%d of the 6 orders occur in 240 blocks", len(orders))
	}
	other := *p
	other.Seed = 2
	if reflect.DeepEqual(p.Round(1), other.Round(1)) {
		t.Error("another seed gives the same order")
	}
}

func TestPresets(t *testing.T) {
	src := fileText(t, "testdata/right/presets.yaml")
	read := func(preset string, quick bool) *Plan {
		opt := world()
		opt.Preset, opt.Quick = preset, quick
		return mustRead(t, src, opt)
	}
	names := func(p *Plan) string {
		var all []string
		for _, v := range p.Variants() {
			all = append(all, v.Name())
		}
		return strings.Join(all, " ")
	}
	quick := read("", true)
	if names(quick) != "a c" || quick.Window != time.Second || quick.Rounds != (Rounds{6, 6, 0}) || !quick.Quick || quick.Preset != "quick" {
		t.Errorf("quick: %s, %+v", names(quick), quick)
	}
	if byName := read("quick", false); !reflect.DeepEqual(byName, quick) {
		t.Error("--preset quick and --quick differ")
	}
	open := read("open", false)
	if !open.Load.Open || len(open.Factors) != 1 || open.Title != "test" || open.Load.Connections != "0" {
		t.Errorf("open: %+v, factors %v, title %q", open.Load, open.Factors, open.Title)
	}
	merged := read("merged", false)
	if merged.Rounds != (Rounds{10, 30, 0.05}) || !slices.Equal(merged.Workload.Expect.Status, []int{200}) || merged.Workload.Expect.Body == nil {
		t.Errorf("merged: %+v, %+v", merged.Rounds, merged.Workload.Expect)
	}
	both := read("open", true)
	if !both.Load.Open || names(both) != "a c" || both.Window != time.Second || !both.Quick || both.Preset != "open" {
		t.Errorf("open and quick: %s, %+v", names(both), both)
	}
}

// An unknown preset is complained of with those there are.
func TestUnknownPreset(t *testing.T) {
	opt := world()
	opt.Preset = "nope"
	_, err := Read("x", []byte(fileText(t, "testdata/right/presets.yaml")), opt)
	if err == nil || !strings.Contains(err.Error(), "quick, open, merged") {
		t.Errorf("got %v", err)
	}
	if _, err := Read("x", []byte(fileText(t, "testdata/right/least.yaml")), opt); err == nil {
		t.Error("a preset of a plan without presets is accepted")
	}
}

// Without a preset for it, a plan is made quick by shorter windows, and by no
// fewer rounds than verdicts about its subjects need.
func TestQuickWithoutPreset(t *testing.T) {
	for subjects, rounds := range map[int]int{1: 6, 2: 6, 3: 7, 4: 8, 5: 9} {
		src := "window: 10s\nwarmup: 30s\nblocks: 3\nsubjects:\n"
		for i := range subjects {
			src += fmt.Sprintf("  - {name: s%d, serve: hello}\n", i)
		}
		p := mustRead(t, src, Options{Quick: true})
		if p.Rounds != (Rounds{rounds, rounds, 0}) || p.Window != time.Second || p.Warmup.Extent.Time != 2*time.Second || p.Blocks != 1 || !p.Quick || p.Preset != "" {
			t.Errorf("%d subjects: %+v; want %d rounds", subjects, p, rounds)
		}
	}
	few := mustRead(t, "subjects: [{name: a, serve: hello}]\nrounds: 2\nwindow: 100ms", Options{Quick: true})
	if few.Rounds.Max != 2 || few.Window != 100*time.Millisecond {
		t.Errorf("a short plan is made longer: %+v", few)
	}
}

func TestDefaultRounds(t *testing.T) {
	for src, want := range map[string]Rounds{
		"":                                   {10, 40, 0.02},
		"rounds: 7":                          {7, 7, 0},
		"rounds: {}":                         {10, 40, 0.02},
		"rounds: {max: 8}":                   {8, 8, 0},
		"rounds: {max: 20}":                  {10, 20, 0.02},
		"rounds: {min: 50}":                  {50, 50, 0},
		"rounds: {min: 5, max: 6, until: 0}": {5, 6, 0},
		"rounds: {min: 5, until: 3%}":        {5, 40, 0.03},
	} {
		p := mustRead(t, "subjects: [{name: a, serve: hello}]\n"+src, Options{})
		if p.Rounds != want {
			t.Errorf("%s: %+v, want %+v", src, p.Rounds, want)
		}
	}
}

// A body from a file is what the file holds when the plan is read, and is not
// looked for in a record.
func TestFileBody(t *testing.T) {
	src := []byte("subjects: [{name: a, serve: hello}]\nworkload: {method: POST, body: {file: data/large.body}}\n")
	p, err := Read("x", src, world())
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Settings()
	if err != nil || len(s[0].Workload.Body) != 100_000 {
		t.Errorf("error %v, body of %d bytes, want 100000", err, len(s[0].Workload.Body))
	}
	opt := world()
	opt.Recorded, opt.Files = true, fstest.MapFS{}
	if _, err := Read("x", src, opt); err != nil {
		t.Errorf("from a record: %v", err)
	}
}

// Shipped plans have no complaints, find their folders, and keep their word
// about how long they take on two cores.
func TestShippedPlans(t *testing.T) {
	longest := map[string][2]time.Duration{ // as it stands, and quick
		"first-look":    {2 * time.Minute, 2 * time.Minute},
		"first-look-go": {2 * time.Minute, 2 * time.Minute},
	}
	opt := world()
	opt.Plans = plans.Names()
	opt.Files, opt.Subjects = fstest.MapFS{}, shipped.Files()
	opt.Serves, opt.HeaderSets = nil, nil // floors above know them, and check them in their tests
	for _, name := range plans.Names() {
		src, err := plans.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		limit, special := longest[name]
		if !special {
			limit = [2]time.Duration{30 * time.Minute, 4 * time.Minute}
		}
		for i, quick := range []bool{false, true} {
			opt.Quick = quick
			p, err := Read(name+".yaml", src, opt)
			if err != nil {
				t.Errorf("%v", err)
				break
			}
			if d := p.Estimate(len(p.Variants()), p.JITs()); d > limit[i] {
				t.Errorf("%s (quick: %v) takes %v, want %v at most", name, quick, d, limit[i])
			} else {
				t.Logf("%s (quick: %v): %v", name, quick, d.Round(time.Second))
			}
			if p.Budget > 0 && !p.Measures() { // a round that begins within the budget is carried to its end
				if d := p.unbounded(len(p.Variants()), p.JITs(), p.Rounds.Min); d > p.Budget+p.roundTakes(len(p.Variants())) {
					t.Errorf("%s (quick: %v): its fewest rounds, %d, take %v, and its budget is %v", name, quick, p.Rounds.Min, d, p.Budget)
				} else {
					t.Logf("%s (quick: %v): %d of %d variants compile late; %d rounds take %v of %v", name, quick, p.JITs(), len(p.Variants()), p.Rounds.Min, d.Round(time.Second), p.Budget)
				}
			}
			if need := roundsNeeded(compared(p)); p.Rounds.Max < need {
				t.Errorf("%s (quick: %v) has %d rounds, and verdicts need %d", name, quick, p.Rounds.Max, need)
			}
			roundTrip(t, string(src), opt)
		}
	}
}

func TestSubstitute(t *testing.T) {
	values := map[string]string{"port": "80", "a.b": "x", "n": "{port}"}
	for in, want := range map[string]string{
		"":                "",
		"plain":           "plain",
		"--port={port}":   "--port=80",
		"{a.b}{port}":     "x80",
		"{n}":             "{port}", // a value is not looked through again
		"{{port}}":        "{port}",
		"{{{port}}}":      "{80}",
		"a }} b {{ c":     "a } b { c",
		Escape(`{"a":1}`): `{"a":1}`,
	} {
		if got, err := Substitute(in, values); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"{prot}":  "known are {a.b}, {n}, {port}",
		"{":       "{{",
		"}":       "}}",
		"{}":      "{{",
		"{Port}":  "{{",
		"{a":      "{{",
		"{ port}": "{{",
	} {
		if got, err := Substitute(in, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want an error with %q", in, got, err, want)
		}
	}
}

// The estimate is arithmetic that can be followed by hand.
func TestEstimate(t *testing.T) {
	p := mustRead(t, `
subjects: [{name: a, serve: hello}, {name: b, serve: hello}]
factors: {connections: [1, 2, 4]}
warmup: 1s
rewarm: 400ms
window: 2s
blocks: 2
rounds: 10
budget: 1h
`, Options{})
	// 0.5 s to start, 1 s warm-up, 6 trials of 2.5 s, 0.2 s to stop: 16.7 s.
	if got, want := p.Estimate(2, 0), 334*time.Second; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := p.Shortest(2, 0), 334*time.Second; got != want {
		t.Errorf("at least %v, want %v", got, want)
	}
	p.Rounds = Rounds{Min: 6, Max: 10, Until: 0.02}
	if got, want := p.Shortest(2, 0), 200400*time.Millisecond; got != want {
		t.Errorf("at least %v, want %v", got, want)
	}
	p.Mode = Frozen // 600 ms more each trial
	if got, want := p.Estimate(2, 0), 406*time.Second; got != want {
		t.Errorf("frozen: %v, want %v", got, want)
	}
	p.Mode = Exclusive // 6 starts of 1.7 s instead of one
	if got, want := p.Estimate(2, 0), 504*time.Second; got != want {
		t.Errorf("exclusive: %v, want %v", got, want)
	}
	p.Mode = AutoMode
	p.Budget = time.Minute
	if got, want := p.Estimate(2, 0), time.Minute+33400*time.Millisecond; got != want {
		t.Errorf("with a budget: %v, want %v", got, want)
	}
}

func TestObjectives(t *testing.T) {
	for in, want := range map[string]Objective{
		"p99<50ms":       {"p99<50ms", "p99", true, 50},
		"p99.9 < 1":      {"p99.9<1", "p99.9", true, 1000},
		"mean<250us":     {"mean<250us", "mean", true, 0.25},
		"errors<0.1%":    {"errors<0.1%", "errors", true, 0.001},
		"rate>1000":      {"rate>1000", "rate", false, 1000},
		"rate > 21.5k/s": {"rate>21.5k/s", "rate", false, 21500},
	} {
		if got, err := ParseObjective(in); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "p99", "p99<", "<5ms", "p98<5ms", "p99>5ms", "rate<5", "p99<=5ms", "errors<200", "rate>x"} {
		if got, err := ParseObjective(in); err == nil {
			t.Errorf("%q: %+v, want an error", in, got)
		}
	}
}
