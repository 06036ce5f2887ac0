package browser_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/overlay"
	"webdyno/internal/plan"
	"webdyno/internal/profile"
	"webdyno/internal/report"
	"webdyno/internal/report/html"
)

// A made page, and what it was made of; no report belongs to that of a profile.
type made struct {
	name   string
	bytes  []byte
	report *report.Report
	detail *report.Detail
}

const closed = `
workload: {path: /}
load: {closed: {connections: 40}}
window: 5s
rounds: {min: 8, max: 8}
compare: throughput
`

const open10 = `
factors: {rate: [200, 400, 600, 800, 1000, 1200, 1600, 2000, 2600, 3200]}
workload: {path: /}
load: {open: {rate: "{rate}"}}
objectives: [p99<50ms, errors<1%]
window: 5s
rounds: {min: 8, max: 8}
compare: throughput
`

const work = `
factors: {path_bytes: [1, 11, 101, 501, 1001]}
workload: {path: {prefix: "/", repeat: helloworld, bytes: path_bytes}}
load: {closed: {connections: 40}}
window: 5s
rounds: {min: 8, max: 8}
compare: throughput
`

// pages makes one of everything that the page can show.
func pages(t testing.TB) []made {
	t.Helper()
	ranking := bench{plan: "title: Which of these is faster?" + closed + `
claims:
  - {claim: "throughput: quick > slow", says: The quick one is quicker}
  - "throughput: slow > quick"
  - "throughput: even > likewise"
`, rounds: 8, levels: []float64{0}, skipped: "absent", servers: []server{
		{name: "quick", cost: line(20, 0)}, {name: "even", cost: line(40, 0)}, {name: "likewise", cost: line(40.1, 0)},
		{name: "slow", cost: line(90, 0)}, {name: "bare", cost: line(8, 0), bound: true},
	}}
	rates := bench{plan: "title: What becomes of them at rates they cannot serve?" + open10, rounds: 8, factor: "rate",
		levels:  []float64{200, 400, 600, 800, 1000, 1200, 1600, 2000, 2600, 3200},
		servers: []server{{name: "gevent", cost: line(600, 0)}, {name: "tornado", cost: line(1100, 0)}, {name: "node", cost: line(400, 0), dies: true}}}
	byWork := bench{plan: "title: What does a byte of handler work cost?" + work, rounds: 8, factor: "path_bytes", levels: []float64{1, 11, 101, 501, 1001}, servers: []server{
		{name: "uvloop", variant: map[string]string{"python": "cpython"}, cost: line(15, 0.2)}, {name: "uvloop", variant: map[string]string{"python": "pypy"}, cost: line(17, 0.02)},
		{name: "tornado", variant: map[string]string{"python": "cpython"}, cost: line(90, 0.2)}, {name: "tornado", variant: map[string]string{"python": "pypy"}, cost: line(40, 0.02)},
		{name: "go", cost: line(20, 0.02)},
	}}
	many := bench{plan: "title: Thirty servers" + work, rounds: 5, factor: "path_bytes", levels: []float64{1, 1001}}
	for i := range 30 {
		many.servers = append(many.servers, server{name: fmt.Sprintf("server-%02d", i+1), cost: line(20*(1+0.02*float64(i*i)), 0.05)})
	}
	cores := bench{plan: "title: Does it use the cores it is given?" + closed, rounds: 6, levels: []float64{0}}
	for _, n := range []float64{1, 2, 4, 6, 8, 12} {
		for i, name := range []string{"go", "node"} {
			law := n / (1 + 0.05*float64(3*i+1)*(n-1) + 0.01*n*(n-1))
			cores.servers = append(cores.servers, server{name: name, variant: map[string]string{"cores": strconv.Itoa(int(n))}, cost: line(40/law, 0)})
		}
	}
	long := bench{plan: "title: " + strconv.Quote("</title><script>alert(1)</script>"+strings.Repeat(" very long", 20)) + closed, rounds: 6, levels: []float64{0}}
	for _, name := range []string{"an-implementation-that-is-named-by-a-committee", "https-and-h2-and-h3-on-every-interface", "x"} {
		for _, level := range []string{"with-everything-compiled-and-inlined", `<b>"none"</b> & 'nothing'`} {
			long.servers = append(long.servers, server{name: name, variant: map[string]string{"optimisation_of_the_interpreter": level}, cost: line(float64(10*len(name)), 0)})
		}
	}
	all := []made{
		drawn(t, "ranking", ranking.input(t)), drawn(t, "rates", rates.input(t)), drawn(t, "work", byWork.input(t)), drawn(t, "many", many.input(t)),
		drawn(t, "cores", onCores(cores.input(t))), drawn(t, "names", long.input(t)), drawn(t, "capacity", sought(t)), drawn(t, "profiled", profiled(t)),
		drawn(t, "nothing", nothing(t)), drawn(t, "empty", bench{plan: "title: Nothing was measured" + closed, servers: ranking.servers}.input(t)),
		profileOf(t),
	}
	return append(all, overlaid(t, rates.input(t)))
}

// drawn draws the page of a record.
func drawn(t testing.TB, name string, in report.Input, over ...report.Overlay) made {
	t.Helper()
	r, d, err := report.Detailed(in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	d.Lay(over)
	var b bytes.Buffer
	if err := html.Write(&b, r, d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return made{name, b.Bytes(), r, d}
}

// overlaid is the page of a sweep with somebody else's beside it.
func overlaid(t testing.TB, in report.Input) made {
	t.Helper()
	const autobench = "dem_req_rate\treq_rate_old\tresp_time_old\terrors_old\n200\t199.9\t3\t0\n800\t799\t9\t0\n1600\t1100\t700\t21\n"
	o, err := overlay.ReadContent("autobench.tsv", []byte(autobench))
	if err != nil {
		t.Fatal(err)
	}
	return drawn(t, "overlay", in, report.Overlay{Name: "autobench.tsv", Curves: o.Curves, Summaries: o.Summaries})
}

// onCores says which processors each subject had.
func onCores(in report.Input) report.Input {
	for i := range in.Setup.Subjects {
		s := &in.Setup.Subjects[i]
		n, _ := strconv.Atoi(s.Variant["cores"])
		for c := range n {
			s.CPUs = append(s.CPUs, c)
		}
	}
	return in
}

// nothing is a record in which every trial failed.
func nothing(t testing.TB) report.Input {
	in := bench{plan: "title: None of them answered" + closed, rounds: 2, levels: []float64{0}, servers: []server{{name: "mute", cost: line(40, 0)}}, skipped: "absent"}.input(t)
	for _, m := range in.Measurements {
		m.Tally, m.Server, m.Start = nil, nil, nil
		m.Failure = &evidence.Failure{Kind: evidence.NotReady, Text: "never answered within 10 s", Last: []string{"Traceback (most recent call last):", "ImportError: <no> module"}}
	}
	return in
}

// profiled is a record of a server of which a module is compiled, with profiles.
func profiled(t testing.TB) report.Input {
	b := bench{plan: "title: Where does the time go?" + closed, rounds: 6, levels: []float64{0}, servers: []server{
		{name: "app", variant: map[string]string{"modules": "none"}, cost: line(110, 0)}, {name: "app", variant: map[string]string{"modules": "hot"}, cost: line(90, 0)}}}
	in := b.input(t)
	texts := []string{"", ""}
	for i, parse := range []int{5, 1} {
		for depth := range 12 {
			texts[i] += fmt.Sprintf("main;loop;handle;parse%s %d\n", strings.Repeat(";inner (http.py:"+strconv.Itoa(40+depth)+")", depth), 1000*parse)
		}
		texts[i] += fmt.Sprintf("main;loop;handle;send 9000\nmain;loop 300\nmain;loop;poll %d\n", 2000+1000*i)
	}
	plain := in.Measurements
	for _, m := range plain {
		a := *m
		a.Trial.ID, a.Trial.Block, a.Trial.Attribution = "p"+m.Trial.ID, 0, "auto"
		a.Profile = &evidence.Profile{By: "perf", File: "profiles/" + m.Trial.ID + ".pb.gz", Requests: m.Tally.InWindow}
		in.Measurements = append(in.Measurements, &a)
	}
	in.Profiles = func(file string) ([]byte, error) {
		name := strings.TrimSuffix(filepath.Base(file), ".pb.gz")
		switch name[len(name)-1] {
		case '0':
			return []byte(texts[0]), nil
		case '1':
			return []byte(texts[1]), nil
		}
		return nil, errors.New("no such file")
	}
	return in
}

// sought is a record of a search for capacities, and of overloads.
func sought(t testing.TB) report.Input {
	t.Helper()
	goal, err := plan.ParseGoal("p99<10ms")
	if err != nil {
		t.Fatal(err)
	}
	const rounds = 8
	in := report.Input{Setup: &evidence.Setup{Version: 1}, Plan: &plan.Plan{
		Name: "sought", Title: "How much can each take?", Window: time.Second, Rounds: plan.Rounds{Min: rounds, Max: rounds}, Compare: plan.ResponseP90,
		Load:     plan.Load{Open: true, Rate: "{rate}"},
		Capacity: plan.Capacity{Goals: []plan.Goal{goal}, Width: .02, Trials: 5, Steps: 4, Overload: []float64{1.5}, Lasts: time.Second},
	}}
	for who, limit := range []float64{2000, 1000, 1010} {
		name := []string{"quick", "slow", "slowish"}[who]
		in.Plan.Subjects = append(in.Plan.Subjects, plan.Subject{Name: name})
		in.Setup.Subjects = append(in.Setup.Subjects, evidence.Subject{Name: name})
		block := 0
		add := func(round int, step evidence.Step, kept bool) {
			block++
			in.Measurements = append(in.Measurements, step1(name, round, block, step, kept))
		}
		for _, rate := range []float64{limit * .99, limit * .99, limit * .99, limit * 1.009, limit * 1.009, limit * 1.009} {
			add(1, evidence.Step{Stage: evidence.Seek, Rate: rate}, rate < limit)
		}
		for round := 1; round <= rounds; round++ {
			block = 100
			for i := range 4 {
				rate := limit * (1 + .03*float64(round%3)) * (1 + .01*float64(i%2) + .001*float64(round))
				add(round, evidence.Step{Stage: evidence.Refine, Goal: goal.Text, Rate: rate}, true)
			}
			add(round, evidence.Step{Stage: evidence.Overload, Goal: goal.Text, Rate: limit / 2, Capacity: limit, Times: 1.5}, false)
		}
	}
	return in
}

// step1 is a trial of a search.
func step1(name string, round, block int, step evidence.Step, kept bool) *evidence.Measurement {
	t := evidence.NewTally()
	t.Outcomes[evidence.Answered], t.Statuses[200], t.InWindow = 1000, 1000, 1000
	slow := uint64(50)
	if kept {
		slow = 0
	}
	t.Response.RecordN(2e6, 1000-slow)
	t.Response.RecordN(20e6, slow)
	t.Service.RecordN(1e6, 1000)
	for _, n := range []uint64{500, 500, 1000, 500} {
		s := evidence.Second{Answered: n, Response: t.Response}
		t.Seconds = append(t.Seconds, s)
	}
	t.Window = 4 * time.Second
	return &evidence.Measurement{
		Trial: evidence.Trial{ID: fmt.Sprintf("r%02d-b%02d-%s", round, block, name), Round: round, Block: block, Subject: name,
			Factors: map[string]plan.Level{"rate": plan.Num(step.Rate)}, Step: &step},
		Began: time.Date(2026, 1, 1, 0, round, block, 0, time.UTC), Tally: t, Start: &evidence.Start{Ready: time.Second},
	}
}

// profileOf is the page of two profiles, as "webdyno profile" writes it.
func profileOf(t testing.TB) made {
	t.Helper()
	var both []*report.Profiled
	for _, name := range []string{"study-2014-plain.txt", "study-2014-compiled.txt"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "profile", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, report.ProfiledFrom(name, []profile.Side{{Profile: p, Requests: 10}}))
	}
	change, err := report.CompareProfiles(both[0], both[1])
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := change.Drawn()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := html.WriteProfile(&b, "plain → compiled", drawn); err != nil {
		t.Fatal(err)
	}
	return made{name: "profile", bytes: b.Bytes()}
}
