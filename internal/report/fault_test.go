package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// A fault is one datum of a clean measurement altered, and what must be said of
// it: this signal, these grades, and no other signal.
type fault struct {
	signal string
	what   string
	load   load.Load
	about  Circumstances
	cause  func(m *evidence.Measurement)
	usual  evidence.Grade
	strict evidence.Grade
}

func faults() []fault {
	open := load.Open{Rate: 1000}
	one := load.Closed{Connections: 40, Use: load.Use{PerConnection: 1}}
	fin := load.Closed{Connections: 40, Use: load.Use{PerConnection: 1, Close: load.ByFIN}}
	rate := float64(cleanClosed().Tally.InWindow) / cleanClosed().Tally.Window.Seconds()
	pressed := func(p evidence.Pressure) func(*evidence.Measurement) {
		return func(m *evidence.Measurement) { m.Host.Pressure = &p }
	}
	const A, B, L, X = evidence.A, evidence.B, evidence.L, evidence.X
	return []fault{
		{"client_cpu", "loops at 85 %", closed40, Circumstances{}, loops(0.85), B, B},
		{"client_cpu", "loops at 97 %", closed40, Circumstances{}, loops(0.97), B, X},
		{"client_ceiling", "at two thirds of it", closed40, Circumstances{Ceiling: rate * 1.5}, func(*evidence.Measurement) {}, B, B},
		{"client_ceiling", "just below it", closed40, Circumstances{Ceiling: rate * 1.1}, func(*evidence.Measurement) {}, L, X},
		{"lag", "of 15 %", closed40, Circumstances{}, lag(15), B, B},
		{"lag", "of 40 %", closed40, Circumstances{}, lag(40), L, L},
		{"schedule", "half a percent off", open, Circumstances{}, sent(0.995), B, B},
		{"schedule", "a tenth off", open, Circumstances{}, sent(0.90), X, X},
		{"hiccups", "one percent", closed40, Circumstances{}, hiccups(0.01, 100*time.Microsecond), B, B},
		{"hiccups", "three percent", closed40, Circumstances{}, hiccups(0.03, 100*time.Microsecond), L, L},
		{"foreign_cpu", "some", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Foreign = 0.13 }, B, B},
		{"foreign_cpu", "much", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Foreign = 0.25 }, L, L},
		{"foreign_cpu", "very much", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Foreign = 0.5 }, L, X},
		{"collections", "one", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Collections = 1 }, L, L},
		{"steal", "one percent", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Steal = 0.01 }, B, B},
		{"steal", "five percent", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Steal = 0.05 }, L, X},
		{"cpu_pressure", "half the time", closed40, Circumstances{}, pressed(evidence.Pressure{CPU: 0.5}), A, B},
		{"no_port", "ten connections", closed40, Circumstances{}, func(m *evidence.Measurement) {
			*m = *cleanClosed()
			m.Tally.Causes["EADDRNOTAVAIL"] = 10
			m.Tally.Outcomes[evidence.Refused] = 10
		}, X, X},
		{"ports_waiting", "two thirds", fin, Circumstances{}, func(m *evidence.Measurement) { m.Host.Ports = evidence.Ports{All: 28232, Waiting: 20000} }, B, B},
		{"accept_queue", "kept connections", closed40, Circumstances{}, network(evidence.Network{Overflows: 3, Retransmits: 3, Segments: 100}), L, X},
		{"accept_queue", "a connection each", one, Circumstances{}, network(evidence.Network{Overflows: 3, Timeouts: 3, Segments: 100}), B, B},
		{"retransmits", "one segment", closed40, Circumstances{}, network(evidence.Network{Retransmits: 1, Segments: 1e6}), B, B},
		{"retransmits", "many, and slow answers", closed40, Circumstances{}, slowly(evidence.Network{Retransmits: 200, Segments: 1e6}), L, L},
		{"throttled", "once", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Speed.Throttled = 1 }, B, X},
		{"preempted", "sixty times a second", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Preempted = perSecond(m, 60) }, B, B},
		{"failed_requests", "refused", closed40, Circumstances{}, func(m *evidence.Measurement) {
			m.Tally.Outcomes[evidence.Refused], m.Tally.Causes["ECONNREFUSED"] = 10, 10
		}, B, B},
		{"subject_failed", "died", closed40, Circumstances{}, fail(evidence.Died), X, X},
		{"subject_failed", "another answers", closed40, Circumstances{}, fail(evidence.NotItself), X, X},
		{"subject_failed", "lingered", closed40, Circumstances{}, fail(evidence.Lingered), B, B},
		{"recycled", "a worker", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Server.Replaced = 1 }, B, B},
		{"cheap_answers", "status 304", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Start.Answers = []evidence.Answer{{Status: 304}} }, B, X},
		{"cheap_answers", "a date that stands", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Start.Date = evidence.DateStands }, B, X},
		{"cheap_answers", "a body unread", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Start.Unread = true }, B, X},
		{"stale_connections", "five percent", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Connections.Stale = m.Tally.Due() / 20 }, B, B},
		{"reopened", "by the server", closed40, Circumstances{}, func(m *evidence.Measurement) {
			m.Tally.Connections.Opened, m.Tally.Connections.ClosedByServer = 4000, 3960
		}, A, A},
		{"littles_law", "three percent off", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.InWindow -= m.Tally.InWindow * 3 / 100 }, B, B},
		{"littles_law", "twenty percent off", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.InWindow -= m.Tally.InWindow / 5 }, B, X},
		{"books", "a status missing", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Statuses[200]-- }, X, X},
		{"books", "a time out of order", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Unbalanced = 1 }, X, X},
		{"neighbours_cpu", "one percent", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Neighbours = 0.01 }, B, B},
		{"neighbours_cpu", "five percent", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.Neighbours = 0.05 }, B, X},
		{"unsteady", "not settled", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Start.Warmup.Steady = false }, B, X},
		{"memory_pressure", "one percent", closed40, Circumstances{}, pressed(evidence.Pressure{Memory: 0.01}), B, B},
		{"memory_pressure", "the least", closed40, Circumstances{}, pressed(evidence.Pressure{Memory: 0.0001}), A, B},
		{"io_pressure", "one percent", closed40, Circumstances{}, pressed(evidence.Pressure{IO: 0.01}), B, B},
		{"swapped_in", "three pages", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.SwappedIn = 3 }, X, X},
		{"oom_kills", "one of the subject's", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Server.OutOfMemory = 1 }, X, X},
		{"oom_kills", "one", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Host.OutOfMemory = 1 }, X, X},

		{"shared_cpus", "both on one", closed40, Circumstances{CPUsShared: true}, func(*evidence.Measurement) {}, B, B},
		{"no_descriptor", "ten connections", closed40, Circumstances{}, func(m *evidence.Measurement) {
			m.Tally.Causes["EMFILE"], m.Tally.Outcomes[evidence.Refused] = 10, 10
		}, X, X},
		{"net_backend", "net", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Backend = "net" }, B, B},
		{"connections_missing", "ten", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Connections.Opened = 30 }, B, B},
		{"idle_connections", "one ended", closed40, Circumstances{}, func(m *evidence.Measurement) { m.Tally.Idle = evidence.Idle{Asked: 3, Opened: 3, Ended: 1} }, B, B},
		{"nothing_due", "an empty window", closed40, Circumstances{}, func(m *evidence.Measurement) {
			ta := evidence.NewTally()
			ta.Window = time.Second
			m.Tally = ta
		}, B, B},
		{"wrong_bodies", "ten", closed40, Circumstances{}, func(m *evidence.Measurement) {
			ta := m.Tally
			ta.Wrong, ta.WrongBytes = 10, 10
			ta.ResponseWrong, ta.Response = evenly(1e6, 10), evenly(880_000, ta.Outcomes[evidence.Answered]-10)
		}, X, X},
		{"service_cpu", "nine tenths", closed40, Circumstances{}, serviceBeside(evidence.Service{CPUs: 1, Usage: &evidence.Usage{Span: time.Second, CPU: 900 * time.Millisecond}}), B, B},
		{"service_weight", "more than the subject", closed40, Circumstances{}, serviceBeside(evidence.Service{CPUs: 1, Shared: true,
			Usage: &evidence.Usage{Span: time.Second, CPU: time.Hour}}), B, B},
		{"service_calls", "one too few", closed40, Circumstances{}, serviceBeside(evidence.Service{Calls: &evidence.Calls{Commands: []string{"xrange"}, Made: 99, Due: 100, Answered: 100}}), X, X},
	}
}

func serviceBeside(s evidence.Service) func(*evidence.Measurement) {
	s.Name = "store"
	return func(m *evidence.Measurement) { m.Services = []evidence.Service{s} }
}

// A ports-out failure shows as failed requests too, and so do descriptors: those
// are the consequence, and not another fault.
var consequences = map[string][]string{"no_port": {"failed_requests"}, "no_descriptor": {"failed_requests"}}

// Every fault makes its own signal fire, with its grade, and no other.
func TestEveryFaultFiresItsOwnSignal(t *testing.T) {
	for _, f := range faults() {
		for _, strict := range []bool{false, true} {
			m := cleanClosed()
			if f.load.Usage().PerConnection == 0 && f.signal == "schedule" {
				m = cleanOpen()
			}
			f.cause(m)
			c := f.about
			c.Load, c.Strict = f.load, strict
			_, seen := grade(m, c)
			want := f.usual
			if strict {
				want = f.strict
			}
			checkFired(t, fmt.Sprintf("%s, %s, strict %v", f.signal, f.what, strict), f.signal, want, seen)
		}
	}
}

func checkFired(t *testing.T, name, signal string, want evidence.Grade, seen []sighting) {
	t.Helper()
	for i, s := range signals() {
		if s.name == signal {
			if seen[i].grade != want || !seen[i].known {
				t.Errorf("%s: grade %v, known %v; want grade %v", name, seen[i].grade, seen[i].known, want)
			}
		} else if seen[i].fired && !slices.Contains(consequences[signal], s.name) {
			t.Errorf("%s: %s fired as well, with grade %v", name, s.name, seen[i].grade)
		}
	}
}

// A clean measurement makes none fire, strictly judged or not.
func TestNothingFiresOfAClean(t *testing.T) {
	for _, strict := range []bool{false, true} {
		for _, c := range []struct {
			m *evidence.Measurement
			l load.Load
		}{{cleanClosed(), closed40}, {cleanOpen(), load.Open{Rate: 1000}}} {
			if notes := Grade(c.m, Circumstances{Load: c.l, Strict: strict}); len(notes) > 0 {
				t.Errorf("strict %v, %T: %v", strict, c.l, notes)
			}
		}
	}
}

// acrossTrials are the signals that all trials together tell: TestAcrossTrials, and
// the tests of what subjects do over their lives.
var acrossTrials = []string{"canary", "frequency", "unequal_bodies", "empty_answers", "late_warm", "no_steady_state"}

// No row of the table is without a fault that is known to make it fire: here, or
// in the tests of what only all trials together tell.
func TestEverySignalHasItsFault(t *testing.T) {
	tried := map[string]bool{}
	for _, name := range acrossTrials {
		tried[name] = true
	}
	for _, f := range faults() {
		tried[f.signal] = true
	}
	ids := map[string]bool{}
	for _, s := range signals() {
		if !tried[s.name] {
			t.Errorf("%s %s: nothing makes it fire", s.id, s.name)
		}
		if s.look == nil && !slices.Contains(acrossTrials, s.name) {
			t.Errorf("%s %s: nothing looks at it", s.id, s.name)
		}
		ids[s.id] = true
	}
	for n := 1; n <= 23; n++ {
		if id := fmt.Sprintf("V%02d", n); !ids[id] {
			t.Errorf("%s is not in the table", id)
		}
	}
	if names := SignalNames(); len(slices.Compact(slices.Clone(names))) != len(signals()) {
		t.Errorf("two signals have one name: %v", names)
	}
}

// The limits of a strict plan are those of the method, section 5.
func TestStrictLimits(t *testing.T) {
	for _, c := range []struct {
		id, name                  string
		warn, worse, invalid, atX float64 // atX: the value from which a strict plan has X; 0: never
	}{
		{"V01", "client_cpu", 0.80, 0.95, 0, 0.95},
		{"V02", "client_ceiling", 0.60, 0.80, 0, 0.80},
		{"V04", "schedule", 0.003, 0.01, 0, 0.01},
		{"V06", "foreign_cpu", 0.05, 0.10, 0.25, 0.25},
		{"V08", "steal", 0.005, 0.02, 0, 0.02},
		{"V12", "canary", 0.03, 0.08, 0, 0.08},
		{"V19", "littles_law", 0.02, 0.05, 0, 0.05},
		{"V21", "neighbours_cpu", 0.005, 0.02, 0, 0.02},
	} {
		i := slices.IndexFunc(signals(), func(s signal) bool { return s.name == c.name })
		s := signals()[i]
		l, _ := Circumstances{Strict: true}.limitsOf(&s)
		if s.id != c.id || l.warn != c.warn || l.worse != c.worse || c.invalid > 0 && l.invalid != c.invalid {
			t.Errorf("%s %s: %+v", s.id, s.name, l)
		}
		if l.grade(c.atX) == evidence.X || l.grade(c.atX*1.001) != evidence.X {
			t.Errorf("%s: X does not begin at %v", c.name, c.atX)
		}
	}
}

// What a plan moves is moved, and no worse grade comes before a better one.
func TestMovedLimits(t *testing.T) {
	with := func(t plan.Threshold) limits {
		s := signals()[slices.IndexFunc(signals(), func(s signal) bool { return s.name == "foreign_cpu" })]
		t.Signal = "foreign_cpu"
		l, _ := Circumstances{Strict: true, Moved: []plan.Threshold{t}}.limitsOf(&s)
		return l
	}
	const un = plan.Unmoved
	for _, c := range []struct {
		moved plan.Threshold
		want  limits
	}{
		{plan.Threshold{Warn: 0.1, Worse: 0.3, Invalid: un}, limits{0.1, 0.3, 0.3, evidence.L}},
		{plan.Threshold{Warn: 0.2, Worse: un, Invalid: un}, limits{0.2, 0.2, 0.25, evidence.L}},
		{plan.Threshold{Warn: un, Worse: 0.02, Invalid: un}, limits{0.02, 0.02, 0.25, evidence.L}},
		{plan.Threshold{Warn: un, Worse: un, Invalid: 0.07}, limits{0.05, 0.07, 0.07, evidence.L}},
		{plan.Threshold{Warn: never, Worse: un, Invalid: un}, limits{never, never, never, evidence.L}},
		{plan.Threshold{Warn: un, Worse: un, Invalid: un}, limits{0.05, 0.10, 0.25, evidence.L}},
	} {
		if got := with(c.moved); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.moved, got, c.want)
		}
	}
}

// What only all trials together tell: a CPU that was slower once, answers that are
// not alike.
func TestAcrossTrials(t *testing.T) {
	for _, c := range []struct {
		name, signal  string
		usual, strict evidence.Grade
		trials        int
		spoil         func(ms []*evidence.Measurement)
	}{
		{"a CPU much slower once", "canary", evidence.B, evidence.X, 1, sing(1, 24.0)},
		{"a CPU always alike", "canary", evidence.A, evidence.A, 0, sing(0, 0)},
		{"a lower frequency once", "frequency", evidence.B, evidence.X, 1, func(ms []*evidence.Measurement) {
			for i, m := range ms {
				if m.Host.Speed.Frequency = 3_000_000; i == 3 {
					m.Host.Speed.Frequency = 2_700_000
				}
			}
		}},
		{"the same answers", "unequal_bodies", evidence.A, evidence.A, 0, answer("aa", 13, "aa", 13)},
		{"other answers", "unequal_bodies", evidence.B, evidence.X, 16, answer("aa", 13, "bb", 13)},
		{"no answer", "empty_answers", evidence.B, evidence.X, 8, answer("aa", 13, "e3", 0)},
	} {
		for _, strict := range []bool{false, true} {
			b := handlerWork()
			b.rounds, b.blocks = 2, 1
			in := b.input()
			in.Plan.Strict = strict
			c.spoil(in.Measurements)
			r, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			want := c.usual
			if strict {
				want = c.strict
			}
			for _, s := range r.Signals {
				trials, grade := 0, evidence.A
				if s.Name == c.signal {
					trials, grade = c.trials, want
				}
				if s.Trials != trials || s.Grade != grade {
					t.Errorf("%s, strict %v: %s in %d trials, grade %v; want %d, %v", c.name, strict, s.Name, s.Trials, s.Grade, trials, grade)
				}
			}
			if invalid := len(r.Invalid); (want == evidence.X) != (invalid == c.trials && invalid > 0) {
				t.Errorf("%s, strict %v: %d invalid trials", c.name, strict, invalid)
			}
		}
	}
}

// sing gives all trials a canary of 20 ms, and one of them, if any, one of ms.
func sing(spoilt int, ms float64) func([]*evidence.Measurement) {
	return func(all []*evidence.Measurement) {
		for i, m := range all {
			took := 20 * time.Millisecond
			if i < spoilt {
				took = time.Duration(ms * 1e6)
			}
			m.Host.Speed.Canaries = []evidence.Canary{{CPU: 0, Took: took}}
		}
	}
}

// answer gives the first subject's starts one body, and the second's another.
func answer(a string, n int64, b string, k int64) func([]*evidence.Measurement) {
	return func(all []*evidence.Measurement) {
		for _, m := range all {
			body := evidence.Body{Asked: "GET /", Bytes: n, SHA256: a}
			if m.Trial.Subject != "go" {
				body.Bytes, body.SHA256 = k, b
			}
			m.Start.Bodies = []evidence.Body{body}
		}
	}
}

// An answer that is another each time is compared with nothing.
func TestAnswersThatVary(t *testing.T) {
	b := handlerWork()
	b.rounds, b.blocks = 2, 1
	in := b.input()
	for _, m := range in.Measurements {
		m.Start.Bodies = []evidence.Body{{Asked: "GET /", Bytes: 13, SHA256: fmt.Sprint(m.Trial.Round, m.Trial.Subject)}}
	}
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, n := range r.Notes {
		kinds[n.Kind] = true
	}
	if !kinds["answers-vary"] || kinds["unequal-body"] {
		t.Errorf("notes: %v", r.Notes)
	}
	in.Plan.Strict = true
	if r, err = Build(in); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Notes, func(n evidence.Note) bool { return n.Kind == "answers-vary" && n.Grade == evidence.B }) {
		t.Errorf("strictly: %v", r.Notes)
	}
}

// Where no trial counts, the answer is what made them invalid.
func TestNothingCounts(t *testing.T) {
	b := handlerWork()
	b.rounds, b.blocks = 2, 1
	in := b.input()
	in.Plan.Strict = true
	for i, m := range in.Measurements {
		if m.Host.Foreign = 1.5; i < 3 {
			m.Host.Steal = 0.05
		}
	}
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	want := "None of 16 trials counts: invalid by foreign_cpu (16) and steal (3). The plan is strict; without that, doubt about the machine is a warning."
	if len(r.Answer) == 0 || r.Answer[0] != want {
		t.Errorf("%q", r.Answer)
	}
}

// The report says what was seen, and which limits are not the usual ones.
func TestConditionsInTheText(t *testing.T) {
	b := handlerWork()
	b.rounds, b.blocks = 2, 1
	in := b.input()
	in.Plan.Thresholds = []plan.Threshold{{Signal: "foreign_cpu", Warn: 0.2, Worse: 0.5, Invalid: plan.Unmoved}}
	in.Measurements[0].Host.Foreign, in.Measurements[1].Host.Foreign = 0.4, 0.2
	in.Measurements[2].Host.Steal = 0.001
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := r.Text(&text, TextOptions{Width: 200}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"foreign_cpu", "1 of 16", "B above 0.200 CPUs, L above 0.500 CPUs", "steal 0.100%", "Limits that the plan has moved: foreign_cpu"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
}
