package report

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// A bus is a subject under rising rates as the tests imagine it: it answers in
// fast time up to its limit, then late, and drops what comes beyond twice of it.
type bus struct {
	name   string
	python string
	limit  float64 // requests per second
	falls  float64 // the rate at which it ends; 0: at none
}

// risingRates is a record of some buses under an open load, rounds of 6-s windows.
func risingRates(rates []float64, rounds int, buses ...bus) Input {
	p := &plan.Plan{
		Name: "bus", Title: "A bus under rising rates", Compare: plan.Throughput, Seed: 7,
		Factors: []plan.Factor{{Name: "per_connection", Levels: []plan.Level{plan.Num(1)}}, {Name: "rate"}},
		Load:    plan.Load{Open: true, Rate: "{rate}", PerConnection: "{per_connection}", Timeout: "5s", Arrivals: "constant"},
		Window:  6 * time.Second, Blocks: 1, Rounds: plan.Rounds{Min: rounds, Max: rounds},
	}
	in := Input{Plan: p, Setup: &evidence.Setup{}}
	for _, r := range rates {
		p.Factors[1].Levels = append(p.Factors[1].Levels, plan.Num(r))
	}
	for _, b := range buses {
		p.Subjects = append(p.Subjects, plan.Subject{Name: b.name})
		in.Setup.Subjects = append(in.Setup.Subjects, evidence.Subject{Name: b.name, Variant: b.variant()})
	}
	for round := 1; round <= rounds; round++ {
		for i, rate := range rates {
			for _, b := range buses {
				in.Measurements = append(in.Measurements, b.measurement(round, i+1, rate))
			}
		}
	}
	return in
}

func (b bus) variant() map[string]string {
	if b.python == "" {
		return nil
	}
	return map[string]string{"python": b.python}
}

func (b bus) measurement(round, block int, rate float64) *evidence.Measurement {
	const window = 6
	limit := b.limit
	if round == 3 {
		limit *= 0.9 // a bad start
	}
	due := uint64(rate * window)
	t := evidence.NewTally()
	t.Window, t.Loops, t.Backend = window*time.Second, 1, "uring"
	t.Offered, t.Sent = due, due
	service := int64(2e6)
	right := due
	if rate > limit {
		service = int64(1.5e9)
		right = uint64(min(rate, 2*limit) * window)
	}
	t.Outcomes[evidence.Answered], t.Outcomes[evidence.TimedOut] = right, due-right
	t.Statuses[200] = right
	if due > right {
		t.Causes["no answer in time"] = due - right
	}
	t.InWindow = min(right, uint64(limit*window))
	t.Response.RecordN(service, right)
	t.Service.RecordN(service, right)
	t.Wait.RecordN(0, right)
	t.Lag.RecordN(1000, right)
	t.Connections = evidence.Connections{Opened: due, ClosedByUs: due}
	for i := range window {
		n := t.InWindow / window
		if i%2 == 1 {
			n += 2
		}
		h := latency.NewCoarse()
		h.RecordN(service, n)
		t.Seconds = append(t.Seconds, evidence.Second{Answered: n, Response: h})
	}
	m := &evidence.Measurement{
		Trial: evidence.Trial{
			ID: fmt.Sprintf("r%02d-b%02d-%s", round, block, b.name), Round: round, Block: block, Subject: b.name,
			Factors: map[string]plan.Level{"per_connection": plan.Num(1), "rate": plan.Num(rate)},
		},
		Began: time.Date(2026, 3, 4, 5, round, block, 0, time.UTC),
		Tally: t,
		Server: &evidence.Usage{Span: window * time.Second, CPU: 3 * time.Second, PeakRSS: 40 << 20,
			Answered: max(right, 1), Source: "clocks", Processes: 1, Threads: 3},
		Start: &evidence.Start{Ready: 120 * time.Millisecond, Backlog: 128, Warmup: evidence.Warmup{Steady: true},
			Answers: []evidence.Answer{{Asked: "GET /v1", Status: 200, Version: "1.1", Head: 150, Body: 1024,
				Framing: evidence.ByLength, Kept: true, Headers: []string{"Date", "Content-Length"}}}},
	}
	m.Trial.Variant = b.variant()
	if b.falls > 0 && rate >= b.falls && round%2 == 1 {
		m.Failure = &evidence.Failure{Kind: evidence.Died, Text: "exited with status 139 after 4.2 s of load",
			Exit: "exited with status 139", After: time.Duration(3.8e9 + 2e8*float64(round)), Last: []string{"RPython traceback:", "Fatal RPython error: buffer overflow", ""}}
	}
	return m
}

func steps(from, to, step float64) (all []float64) {
	for r := from; r <= to; r += step {
		all = append(all, r)
	}
	return all
}

func threeBuses() Input {
	return risingRates(steps(100, 1000, 100), 10,
		bus{name: "gevent", python: "cpython", limit: 520},
		bus{name: "node", limit: 5000},
		bus{name: "tornado", python: "pypy", limit: 350, falls: 700})
}

func TestGoldenRates(t *testing.T) {
	r := build(t, threeBuses())
	golden(t, "rates.txt", textOf(t, r, TextOptions{}))
	golden(t, "rates-short.txt", textOf(t, r, TextOptions{Short: true}))
	for line := range strings.Lines(string(textOf(t, r, TextOptions{}))) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > usualWidth && strings.Contains(line, "   p50     p99") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// A knee lies between two of the measured rates, in as many of the rounds as say
// so; its interval has the knee of the one bad round only where the order
// statistics reach it.
func TestKnees(t *testing.T) {
	r := build(t, threeBuses())
	type knee struct {
		name             string
		kept, at, lo, hi Number
		in, n            int
		why              map[string]int
	}
	var got []knee
	for _, k := range r.Knees {
		got = append(got, knee{k.name(), k.Kept, k.At, k.Lo, k.Hi, k.In, k.N, k.Why})
		if !k.Told || k.Factor != "rate" || k.Top != 1000 {
			t.Errorf("%s: %+v", k.name(), k)
		}
	}
	// Round 3's limit is 468 and 315: another step of gevent's, none of tornado's.
	want := []knee{
		{"gevent[python=cpython]", exactly(500), exactly(600), exactly(500), exactly(600), 9, 10, map[string]int{"p99<100ms": 10}},
		{"node", exactly(1000), Number{}, exactly(1000), Number{}, 10, 10, map[string]int{}},
		{"tornado[python=pypy]", exactly(300), exactly(400), exactly(300), exactly(400), 10, 10, map[string]int{"p99<100ms": 10}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if want := "between 500/s and 600/s for gevent[python=cpython] in 9 of 10 rounds"; !strings.Contains(strings.Join(r.Answer, "\n"), want) {
		t.Errorf("answer %q, want in it %q", r.Answer, want)
	}
}

// Objectives of the plan stand in for the usual goals; one on the rate says
// nothing of a knee.
func TestKneesOfObjectives(t *testing.T) {
	in := threeBuses()
	in.Plan.Objectives = []plan.Objective{
		{Text: "rate>1000", What: "rate", Bound: 1000},
		{Text: "errors<1%", What: "errors", Less: true, Bound: 0.01},
	}
	r := build(t, in)
	if k := r.Knees[0]; len(k.Goals) != 1 || k.Goals[0] != "errors<1%" || k.At.Known() {
		t.Errorf("gevent fails no request below 1040/s: got %+v", k)
	}
	if k := r.Knees[2]; k.Kept != exactly(600) || k.At != exactly(800) || k.Why[kneeFell] != 5 || k.Why["errors<1%"] != 5 {
		t.Errorf("tornado falls at 700/s in every other round, and fails requests at 800/s in the others: got %+v", k)
	}
}

// Rates at which too few requests fall due to tell a percentile neither keep a
// goal nor miss it.
func TestKneeOfTooFewRequests(t *testing.T) {
	r := build(t, risingRates([]float64{2, 10, 400, 600}, 6, bus{name: "a", limit: 300}))
	if k := r.Knees[0]; k.Kept.Known() || k.At != exactly(400) || k.place() != "at or below 400/s" {
		t.Errorf("nothing is told at 2/s and 10/s: got %+v", k)
	}
}

// The sign test's interval of a median, by tables of the binomial distribution.
func TestSignRank(t *testing.T) {
	for n, want := range map[int]int{1: 0, 5: 0, 6: 1, 8: 1, 9: 2, 10: 2, 12: 3, 15: 4, 20: 6, 25: 8, 30: 10} {
		if got := signRank(n, 0.95); got != want {
			t.Errorf("n = %d: rank %d, want %d", n, got, want)
		}
	}
}

// A server that ends under load is a result: at which rate, how, how often.
func TestFalls(t *testing.T) {
	r := build(t, threeBuses())
	if len(r.Falls) != 4 || len(r.Failed) != 20 {
		t.Fatalf("%d falls of %d failed trials, want 4 of 20", len(r.Falls), len(r.Failed))
	}
	f := r.Falls[0]
	want := "tornado[python=pypy] fell at 700/s, per_connection = 1: exited with status 139 after 4 to 5.6 s of load, in 5 of 10 tries; " +
		"its last words: Fatal RPython error: buffer overflow."
	got := strings.NewReplacer("4.00", "4", "5.60", "5.6").Replace(f.sentence(r.factors, r.rateFactor))
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if f.Times != 5 || f.Tries != 10 || math.Abs(f.After[0]-4) > 1e-9 || math.Abs(f.After[1]-5.6) > 1e-9 || len(f.Rounds) != 5 {
		t.Errorf("got %+v", f)
	}
	if !bytes.Contains(jsonOf(t, r), []byte(`"falls": [`)) {
		t.Error("report.json has no falls")
	}
}

// A subject that could not be started again after its fall was not tried again.
func TestFallsCountTries(t *testing.T) {
	in := risingRates([]float64{100, 700}, 6, bus{name: "a", limit: 5000, falls: 700})
	for _, m := range in.Measurements {
		if m.Trial.Round == 5 && m.Failure != nil {
			m.Start, m.Tally = nil, nil
		}
	}
	r := build(t, in)
	if f := r.Falls[0]; f.Times != 2 || f.Tries != 5 {
		t.Errorf("got %d of %d, want 2 of 5", f.Times, f.Tries)
	}
}

// Where the terms differ the reader is told; subjects that are bounds are left
// out.
func TestUnequalTerms(t *testing.T) {
	answer := func(v string, f evidence.Framing, head int, headers ...string) []evidence.Answer {
		return []evidence.Answer{{Asked: "GET /", Version: v, Framing: f, Head: head, Body: 12, Kept: true, Headers: headers}}
	}
	a := Terms{Who: Who{Subject: "a"}, Answers: answer("1.1", evidence.ByLength, 150, "date", "Server"), Processes: 1, Backlog: 128, PerConnection: exactly(90)}
	b := Terms{Who: Who{Subject: "b"}, Answers: answer("1.0", evidence.ByClose, 70), Processes: 3, Backlog: 5, Closes: true}
	bound := Terms{Who: Who{Subject: "nginx"}, Answers: answer("1.1", evidence.ByChunks, 900), Processes: 9, bound: true}
	if got := unequal([]Terms{a, a, bound}); len(got) != 0 {
		t.Errorf("alike, and yet %v", got)
	}
	var kinds []string
	for _, n := range unequal([]Terms{a, b, bound}) {
		kinds = append(kinds, n.Kind+" "+n.Grade.String())
	}
	want := "closes-connections B,unequal-processes B,unequal-framing A,unequal-version A,no-date A,no-server A,unequal-head A,unequal-backlog A"
	if got := strings.Join(kinds, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A server that closes where connections would be kept is found by its
// connections, whatever it says in its answers.
func TestClosesConnections(t *testing.T) {
	b := handlerWork()
	in := b.input()
	for _, m := range in.Measurements {
		m.Start.Answers = []evidence.Answer{{Asked: "GET /", Version: "1.1", Framing: evidence.ByLength, Kept: true}}
		if n := m.Tally.Outcomes[evidence.Answered]; m.Trial.Subject == "uvloop" {
			m.Tally.Connections.Opened, m.Tally.Connections.ClosedByServer = n, n
		}
	}
	r := build(t, in)
	if len(r.Terms) != 2 || r.Terms[0].Closes || !r.Terms[1].Closes {
		t.Fatalf("got %+v", r.Terms)
	}
	if text := string(textOf(t, r, TextOptions{})); !strings.Contains(text, "uvloop ended the connection after every answer") {
		t.Error("the report does not say so")
	}
}

// What a program said of its end is found behind what it prints after that.
func TestLastWords(t *testing.T) {
	for _, c := range []struct {
		last []string
		want string
	}{
		{nil, ""},
		{[]string{"listening", " "}, "listening"},
		{[]string{"panic: assignment to entry in nil map", "", "goroutine 1 [running]:", "gs     0x0"}, "panic: assignment to entry in nil map"},
		{[]string{"TypeError: x is not a function", "    at Server.<anonymous>", "", "Node.js v20.20.2"}, "TypeError: x is not a function"},
	} {
		if got := (&Fall{Last: c.last}).words(); got != c.want {
			t.Errorf("%q: %q, want %q", c.last, got, c.want)
		}
	}
}
