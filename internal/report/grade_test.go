package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
)

// cleanClosed is a measurement of a closed load that leaves nothing to remark.
func cleanClosed() *evidence.Measurement {
	b := handlerWork()
	return b.measurement(b.servers[0], 101, 1, 1, 22)
}

// cleanOpen is the same of an open load.
func cleanOpen() *evidence.Measurement {
	m := cleanClosed()
	m.Tally.Offered = m.Tally.Due()
	return m
}

var closed40 = load.Closed{Connections: 40}

// Every fault leaves exactly its own note, of its grade, and no other.
func TestGradeTellsFaultsApart(t *testing.T) {
	open := load.Open{Rate: 1000}
	for _, c := range []struct {
		name  string
		load  load.Load
		fault func(m *evidence.Measurement)
		kind  string
		grade evidence.Grade
	}{
		{"clean, closed", closed40, func(*evidence.Measurement) {}, "", evidence.A},
		{"clean, open", open, func(m *evidence.Measurement) { *m = *cleanOpen() }, "", evidence.A},
		{"unknown machine", closed40, func(m *evidence.Measurement) { m.Host = evidence.Activity{Foreign: -1, Steal: -1} }, "", evidence.A},
		{"no load at all", nil, func(m *evidence.Measurement) { m.Tally = nil }, "", evidence.A},

		{"died", closed40, fail(evidence.Died), "failed-died", evidence.X},
		{"replaced", closed40, fail(evidence.NotItself), "failed-not-itself", evidence.X},
		{"wrong bytes", closed40, fail(evidence.WrongBytes), "failed-wrong", evidence.X},
		{"instrument", closed40, fail(evidence.Instrument), "failed-instrument", evidence.X},
		{"lingered", closed40, fail(evidence.Lingered), "failed-lingered", evidence.B},

		{"some foreign CPU", closed40, func(m *evidence.Measurement) { m.Host.Foreign = 0.13 }, "foreign-cpu", evidence.B},
		{"the kernel's own wake-ups", closed40, func(m *evidence.Measurement) { m.Host.Foreign = 0.07 }, "", evidence.A},
		{"much foreign CPU", closed40, func(m *evidence.Measurement) { m.Host.Foreign = 0.3 }, "foreign-cpu", evidence.L},
		{"some steal", closed40, func(m *evidence.Measurement) { m.Host.Steal = 0.01 }, "steal", evidence.B},
		{"connections that never opened", closed40, func(m *evidence.Measurement) { m.Tally.Connections.Opened = 30 }, "connections-missing", evidence.B},
		{"swapping", closed40, func(m *evidence.Measurement) { m.Host.SwappedIn = 3 }, "swap", evidence.X},
		{"a recycled process", closed40, func(m *evidence.Measurement) { m.Server.Replaced = 1 }, "process-replaced", evidence.B},
		{"much steal", closed40, func(m *evidence.Measurement) { m.Host.Steal = 0.05 }, "steal", evidence.L},
		{"not warm", closed40, func(m *evidence.Measurement) { m.Start.Warmup.Steady = false }, "not-steady", evidence.B},

		{"statuses missing", closed40, func(m *evidence.Measurement) { m.Tally.Statuses[200]-- }, "books", evidence.X},
		{"a time missing", closed40, func(m *evidence.Measurement) { m.Tally.Response = latency.New() }, "books", evidence.X},
		{"causes too many", closed40, func(m *evidence.Measurement) { m.Tally.Causes["ECONNRESET"] = 3 }, "books", evidence.X},

		{"schedule slightly off", open, sent(0.995), "schedule-not-kept", evidence.B},
		{"schedule not kept", open, sent(0.90), "schedule-not-kept", evidence.X},
		{"overloaded server", open, func(m *evidence.Measurement) {
			sent(0.5)(m)
			m.Tally.Wait = m.Tally.Response // they waited for a connection
		}, "", evidence.A},
		{"a backlog of the warm-up's", open, func(m *evidence.Measurement) {
			sent(1.36)(m)
			m.Tally.HeldIn = m.Tally.Sent - m.Tally.Offered // had no connection until the window was open
		}, "", evidence.A},
		{"kept beyond the window", open, func(m *evidence.Measurement) {
			sent(0.9)(m)
			m.Tally.HeldOver = m.Tally.Offered - m.Tally.Sent
		}, "", evidence.A},
		{"three requests at the edge", open, func(m *evidence.Measurement) {
			*m = *cleanOpen()
			m.Tally.Sent -= 3
		}, "", evidence.A},

		{"client near its limit", closed40, loops(0.85), "client-near-limit", evidence.B},
		{"backend net", closed40, func(m *evidence.Measurement) { m.Tally.Backend = "net" }, "net-backend", evidence.B},
		{"backend net, TLS", closed40, func(m *evidence.Measurement) { m.Tally.Backend = "net+tls" }, "net-backend", evidence.B},
		{"client at its limit", closed40, loops(0.97), kindAtLimit, evidence.B},
		{"some lag", closed40, lag(15), "lag", evidence.B},
		{"much lag", closed40, lag(40), "lag", evidence.L},
		{"away for a while", open, away(time.Second), "lag", evidence.L},
		{"away for a moment", open, away(10 * time.Millisecond), "", evidence.A},
		{"lag at its limit", closed40, both(loops(0.97), lag(40)), kindAtLimit, evidence.L},
		{"some lag at its limit", closed40, both(loops(0.97), lag(15)), kindAtLimit, evidence.B},
		{"answers read late", closed40, readLate(40), "", evidence.A},
		{"answers read late at its limit", closed40, both(loops(0.97), readLate(40)), kindAtLimit, evidence.L},
		{"a window closed late", closed40, func(m *evidence.Measurement) {
			m.Tally.LoopCPU, m.Tally.LoopSpan = m.Tally.Window*116/100, m.Tally.Window*200/100
		}, "", evidence.A},

		{"few hiccups", closed40, hiccups(0.004, time.Millisecond), "", evidence.A},
		{"hiccups", closed40, hiccups(0.01, 100*time.Microsecond), "hiccups", evidence.B},
		{"long hiccups", closed40, hiccups(0.01, time.Second), "hiccups", evidence.L},
		{"many hiccups", closed40, hiccups(0.03, 100*time.Microsecond), "hiccups", evidence.L},
		{"accept queue overflowed", closed40, network(evidence.Network{Overflows: 3, Retransmits: 3, Segments: 100}),
			"accept-queue-overflow", evidence.L},
		{"accept queue overflowed, a connection each", load.Closed{Connections: 40, Use: load.Use{PerConnection: 1}},
			network(evidence.Network{Overflows: 3, Timeouts: 3, Segments: 100}), "accept-queue-overflow", evidence.B},
		{"a segment sent again", closed40, network(evidence.Network{Retransmits: 1, Segments: 1e6}), "retransmits", evidence.B},
		{"segments sent again", closed40, slowly(evidence.Network{Retransmits: 200, Segments: 1e6}), "retransmits", evidence.L},
		{"segments dropped", closed40, slowly(evidence.Network{Drops: 200, Segments: 1e6}), "retransmits", evidence.L},
		{"segments of others sent again", closed40, network(evidence.Network{Drops: 200, Segments: 1e6}), "retransmits", evidence.B},
		{"some preemption", closed40, func(m *evidence.Measurement) { m.Tally.Preempted = perSecond(m, 40) }, "", evidence.A},
		{"much preemption", closed40, func(m *evidence.Measurement) { m.Tally.Preempted = perSecond(m, 60) }, "loops-preempted", evidence.B},
		{"a collection", closed40, func(m *evidence.Measurement) { m.Tally.Collections = 1 }, "instrument-collected", evidence.L},

		{"stale connections", closed40, func(m *evidence.Measurement) { m.Tally.Connections.Stale = m.Tally.Due() / 20 },
			"stale-connections", evidence.B},
		{"connections not kept", closed40, func(m *evidence.Measurement) {
			m.Tally.Connections.Opened, m.Tally.Connections.ClosedByServer = 4000, 3960
		},
			"connections-not-kept", evidence.A},
		{"connections given up", closed40, func(m *evidence.Measurement) { m.Tally.Connections.Opened, m.Tally.Connections.ClosedByUs = 4000, 4000 },
			"connections-given-up", evidence.A},
		{"time unaccounted for", closed40, func(m *evidence.Measurement) { m.Tally.InWindow -= m.Tally.InWindow / 5 },
			"littles-law", evidence.B},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := cleanClosed()
			c.fault(m)
			notes := Grade(m, Circumstances{Load: c.load})
			if c.kind == "" && len(notes) == 0 {
				return
			}
			if len(notes) != 1 || notes[0].Kind != c.kind || notes[0].Grade != c.grade {
				t.Errorf("got %v; want %q of grade %v alone", notes, c.kind, c.grade)
			}
		})
	}
}

func fail(k evidence.FailureKind) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) { m.Failure = &evidence.Failure{Kind: k, Text: "it " + string(k)} }
}

func hiccups(stalled float64, longest time.Duration) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) { m.Host.Hiccups = &evidence.Hiccups{Stalled: stalled, Max: longest} }
}

func network(n evidence.Network) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) { m.Host.Network = n }
}

// slowly is network where one answer took as long as a segment sent again.
func slowly(n evidence.Network) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) {
		m.Host.Network = n
		response := evenly(880_000, m.Tally.Outcomes[evidence.Answered]-1)
		response.Record(int64(250 * time.Millisecond))
		m.Tally.Response = response
	}
}

// perSecond is how often in m's window something happens n times a second.
func perSecond(m *evidence.Measurement, n float64) int64 {
	return int64(n * m.Tally.Window.Seconds() * float64(m.Tally.Loops))
}

// However high the rate, a neighbour who takes a quarter of a CPU is told.
func TestNeighboursDoNotHideBehindTheRate(t *testing.T) {
	m := cleanClosed()
	m.Host.Foreign = 0.25
	m.Tally.Window /= 10 // ten times the rate
	m.Tally.LoopCPU /= 10
	notes := Grade(m, Circumstances{})
	if !slices.ContainsFunc(notes, func(n evidence.Note) bool { return n.Kind == "foreign-cpu" && n.Grade == evidence.L }) {
		t.Errorf("got %v; want foreign-cpu of grade L among them", notes)
	}
}

// A rate near what the engine can do at all is compressed, whatever its own CPU
// says; of a bound nothing else is expected.
func TestGradeNearTheCeiling(t *testing.T) {
	rate := float64(cleanClosed().Tally.InWindow) / cleanClosed().Tally.Window.Seconds()
	for _, c := range []struct {
		ceiling float64
		bound   bool
		want    []evidence.Grade
	}{
		{0, false, nil},
		{rate * 2, false, nil},
		{rate * 1.5, false, []evidence.Grade{evidence.B}},
		{rate * 1.1, false, []evidence.Grade{evidence.L}},
		{rate * 1.1, true, nil},
	} {
		m := cleanClosed()
		m.Trial.Bound = c.bound
		var got []evidence.Grade
		for _, n := range Grade(m, Circumstances{Load: closed40, Ceiling: c.ceiling}) {
			if n.Kind != "near-ceiling" {
				t.Errorf("ceiling %.0f: an unexpected note: %v", c.ceiling, n)
			}
			got = append(got, n.Grade)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("rate %.0f of %.0f, bound %v: grades %v, want %v", rate, c.ceiling, c.bound, got, c.want)
		}
	}
}

// A ceiling holds for the backend and the way of using connections that it was
// measured with.
func TestCeilingOf(t *testing.T) {
	facts := map[string]string{
		"calibration.ceiling.uring.keep-alive": "200000", "calibration.ceiling.uring.pipelined": "500000",
		"calibration.ceiling.uring.reset": "40000", "calibration.ceiling.epoll.keep-alive": "nonsense",
	}
	for _, c := range []struct {
		backend string
		use     load.Use
		want    float64
	}{
		{"uring", load.Use{}, 200000},
		{"uring", load.Use{Pipeline: 16}, 500000},
		{"uring", load.Use{Pipeline: 2}, 0},
		{"uring", load.Use{PerConnection: 1, Close: load.ByReset}, 40000},
		{"uring", load.Use{PerConnection: 1, Close: load.ByServer}, 0},
		{"uring", load.Use{PerConnection: 10}, 0},
		{"epoll", load.Use{}, 0},
		{"net", load.Use{}, 0},
	} {
		if got := CeilingOf(facts, c.backend, load.Closed{Connections: 64, Use: c.use}); got != c.want {
			t.Errorf("%s %+v: %v, want %v", c.backend, c.use, got, c.want)
		}
	}
	if got := CeilingOf(facts, "uring", nil); got != 0 {
		t.Errorf("no load: %v", got)
	}
}

func sent(share float64) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) {
		*m = *cleanOpen()
		m.Tally.Sent = uint64(share * float64(m.Tally.Offered))
		m.Tally.Wait = latency.New()
	}
}

func loops(used float64) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) {
		m.Tally.LoopCPU = time.Duration(used * float64(m.Tally.Window))
	}
}

// lag makes the engine late by a share of every response time, in per cent.
func lag(percent int64) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) {
		m.Tally.Lag = latency.New()
		for b := range m.Tally.Response.Buckets() {
			m.Tally.Lag.RecordN(int64(b.Low)*percent/100, b.Count)
		}
	}
}

// away makes the engine late for a single request, for all that the percentiles of
// lag know.
func away(d time.Duration) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) {
		*m = *cleanOpen()
		n := m.Tally.Lag.Count()
		m.Tally.Lag = latency.New()
		m.Tally.Lag.RecordN(1000, n-1)
		m.Tally.Lag.Record(int64(d))
	}
}

// readLate makes the engine read answers late by a share of every response time,
// in per cent.
func readLate(percent int64) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) {
		m.Tally.ReceiveLag = latency.New()
		for b := range m.Tally.Response.Buckets() {
			m.Tally.ReceiveLag.RecordN(int64(b.Low)*percent/100, b.Count)
		}
	}
}

func both(one, other func(*evidence.Measurement)) func(*evidence.Measurement) {
	return func(m *evidence.Measurement) { one(m); other(m) }
}

// An open load's lag is the engine's own doing at its limit, too, but what an open
// load is about: it is told apart.
func TestLagOfAnOpenLoadAtItsLimit(t *testing.T) {
	m := cleanOpen()
	both(loops(0.97), lag(40))(m)
	notes := Grade(m, Circumstances{Load: load.Open{Rate: 1000}})
	if len(notes) != 2 || notes[0].Kind != kindAtLimit || notes[1].Kind != "lag" || notes[1].Grade != evidence.L {
		t.Errorf("got %v; want the limit, and the lag", notes)
	}
}

func TestGradeOfSharedCPUs(t *testing.T) {
	notes := Grade(cleanClosed(), Circumstances{Load: closed40, CPUsShared: true})
	if len(notes) != 1 || notes[0].Kind != "cpus-shared" || notes[0].Grade != evidence.B {
		t.Errorf("got %v; want cpus-shared alone", notes)
	}
}

// Failed requests are noted once, whatever their kind; ports that ran out are
// noted beside them, and make the trial invalid.
func TestGradeOfFailedRequests(t *testing.T) {
	m := cleanClosed()
	m.Tally.Outcomes[evidence.Refused] = 10
	m.Tally.Causes["ECONNREFUSED"] = 10
	notes := Grade(m, Circumstances{Load: closed40})
	if len(notes) != 1 || notes[0].Kind != "requests-failed" || notes[0].Grade != evidence.B {
		t.Errorf("refused: got %v; want requests-failed alone", notes)
	}
	m.Tally.Causes = map[string]uint64{"EADDRNOTAVAIL": 10}
	notes = Grade(m, Circumstances{Load: closed40})
	if len(notes) != 2 || evidence.Worst(notes) != evidence.X || notes[0].Kind != "ports-ran-out" {
		t.Errorf("no ports: got %v; want ports-ran-out of grade X", notes)
	}
	m.Tally.Causes = map[string]uint64{"EMFILE": 8, "ENFILE": 2}
	notes = Grade(m, Circumstances{Load: closed40})
	if len(notes) != 2 || evidence.Worst(notes) != evidence.X || notes[0].Kind != "descriptors-ran-out" {
		t.Errorf("no descriptors: got %v; want descriptors-ran-out of grade X", notes)
	}
}

// Another body than expected, under a right status, means that other work was
// measured: the trial is invalid. A status other than expected is what overload
// looks like.
func TestGradeOfWrongAnswers(t *testing.T) {
	m := cleanClosed()
	ta := m.Tally
	ta.Wrong, ta.WrongBytes = 10, 0
	ta.WrongAnswers = []string{"status 500, want 200", `body differs at byte 7: got "x", want "y"`}
	ta.ResponseWrong = evenly(1e6, 10)
	ta.Response = evenly(880_000, ta.Outcomes[evidence.Answered]-10)
	notes := Grade(m, Circumstances{Load: closed40})
	if len(notes) != 1 || notes[0].Grade != evidence.B || !strings.HasSuffix(notes[0].Text, "such as: status 500, want 200") {
		t.Errorf("statuses: got %v; want requests-failed alone, of grade B", notes)
	}
	ta.WrongBytes = 10
	notes = Grade(m, Circumstances{Load: closed40})
	if len(notes) != 1 || notes[0].Grade != evidence.X || notes[0].Kind != kindWrong ||
		!strings.HasPrefix(notes[0].Text, "the answer was wrong: 10 of ") || !strings.Contains(notes[0].Text, "byte 7") {
		t.Errorf("bytes: got %v; want %s alone, of grade X", notes, kindWrong)
	}
	ta.WrongBytes = 4
	notes = Grade(m, Circumstances{Load: closed40})
	if len(notes) != 2 || evidence.Worst(notes) != evidence.X {
		t.Errorf("both: got %v; want two notes", notes)
	}
}

// The study of 2016 printed 216,080 requests in 10.00 s on 40 connections with a
// mean of 2.20 ms: 18.8 % more than 40 connections can hold.
func TestLittlesLawOnThePublishedFigures(t *testing.T) {
	m := cleanClosed()
	ta := evidence.NewTally()
	ta.Outcomes[evidence.Answered], ta.InWindow = 216_080, 216_080
	ta.Statuses[200] = 216_080
	ta.Window = 10 * time.Second
	ta.Response.RecordN(2_200_000, 216_080)
	ta.Service.RecordN(2_200_000, 216_080)
	m.Tally = ta
	notes := Grade(m, Circumstances{Load: closed40})
	if len(notes) != 1 || notes[0].Kind != "littles-law" || !strings.Contains(notes[0].Text, "is 18.") {
		t.Errorf("got %v; want littles-law, about 18.8%%", notes)
	}
}

// On package net the loops are not all that works.
func TestGoroutinesOfTheNetBackendCount(t *testing.T) {
	m := cleanClosed()
	m.Tally.ClientCPU = m.Tally.Window
	for backend, want := range map[string]bool{"epoll": false, "net": true} {
		m.Tally.Backend = backend
		got := false
		for _, n := range Grade(m, Circumstances{Load: closed40}) {
			got = got || n.Kind == "client-near-limit"
		}
		if got != want {
			t.Errorf("%s with a whole CPU of goroutines: near its limit %v, want %v", backend, got, want)
		}
	}
}
