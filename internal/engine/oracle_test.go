package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// exponential returns service times with that mean: the same for the server
// and for the model beside it.
func exponential(mean time.Duration, seed uint64, n int) []time.Duration {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := make([]time.Duration, n)
	for i := range s {
		s[i] = time.Duration(rng.ExpFloat64() * float64(mean))
	}
	return s
}

// dues returns the due times of a schedule that starts at 0.
func dues(o load.Open, seed uint64, n int) []mono.Time {
	c := o.Cursor(load.Share{}, seed)
	d := make([]mono.Time, n)
	for i := range d {
		d[i] = mono.Time(c.Next())
	}
	return d
}

// model computes when the request that is due at due and sent i-th is answered.
// It knows nothing of loops and connections.
type model func(i int, due mono.Time) mono.Time

func fifoModel(s []time.Duration) model {
	var free mono.Time
	return func(i int, due mono.Time) mono.Time {
		free = max(free, due).Add(s[i])
		return free
	}
}

func severalModel(n int, s []time.Duration) model {
	free := make([]mono.Time, n)
	return func(i int, due mono.Time) mono.Time {
		h := soonest(free)
		free[h] = max(free[h], due).Add(s[i])
		return free[h]
	}
}

// Under a scripted clock and a server that is known, every response time must
// be what queueing says, to the nanosecond. This is oracle O1: with it hold all
// statements about time the engine makes; without it none does.
func TestResponseTimesEqualTheModel(t *testing.T) {
	const n = 5000
	const seed = 7
	service := exponential(500*time.Microsecond, 3, n)
	at := func(i int) time.Duration { return service[i] }
	none := func(i int, due mono.Time) mono.Time { return due.Add(service[i]) }
	stalled := stalling(500*time.Microsecond, 200*time.Millisecond, 2*time.Second)
	stalledModel := stalling(500*time.Microsecond, 200*time.Millisecond, 2*time.Second)

	for name, c := range map[string]struct {
		serve func(ask) []event
		want  model
		load  load.Open
	}{
		"one server, one connection":          {fifo(at), fifoModel(service), load.Open{Rate: 1500, Connections: 1}},
		"one server, 16 connections":          {fifo(at), fifoModel(service), load.Open{Rate: 1900, Connections: 16}},
		"one server, constant arrivals":       {fifo(at), fifoModel(service), load.Open{Rate: 1600, Connections: 8, Arrivals: load.Constant}},
		"one server, overloaded":              {fifo(at), fifoModel(service), load.Open{Rate: 4000, Connections: 8}},
		"one server, on demand":               {fifo(at), fifoModel(service), load.Open{Rate: 1500}},
		"one server, pipelined":               {fifo(at), fifoModel(service), load.Open{Rate: 1900, Connections: 1, Use: load.Use{Pipeline: 8}}},
		"three servers, 8 connections":        {several(3, at), severalModel(3, service), load.Open{Rate: 5000, Connections: 8}},
		"infinite servers, on demand":         {infinite(at), none, load.Open{Rate: 20000}},
		"infinite servers, 4 connections":     {infinite(at), severalModel(4, service), load.Open{Rate: 7500, Connections: 4}},
		"infinite servers, a connection each": {infinite(at), none, load.Open{Rate: 9000, Use: load.Use{PerConnection: 1, Close: load.ByReset}}},
		"a server that stalls": {
			stalled,
			func(i int, due mono.Time) mono.Time { return stalledModel(ask{at: due, number: i})[0].at },
			load.Open{Rate: 1000, Connections: 64, Arrivals: load.Constant},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &simulation{serve: c.serve}
			tally, got := simulate(t, s, Job{Load: c.load, Window: count(n), Seed: seed})

			due := dues(c.load, seed, n)
			want := make([]end, n)
			for i := range want {
				want[i] = end{due: due[i], done: c.want(i, due[i])}
			}
			compare(t, got, want)
			if tally.Due() != n || tally.Right() != n || tally.Offered != n {
				t.Errorf("%d due, %d right, %d offered; want %d of each", tally.Due(), tally.Right(), tally.Offered, n)
			}
			checkHistograms(t, tally, got)
		})
	}
}

// compare compares dues and dones, request by request.
func compare(t *testing.T, got, want []end) {
	t.Helper()
	byDue := func(a, b end) int { return int(a.due - b.due) }
	slices.SortStableFunc(got, byDue)
	slices.SortStableFunc(want, byDue)
	if len(got) != len(want) {
		t.Fatalf("%d outcomes, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].due != want[i].due || got[i].done != want[i].done {
			t.Fatalf("request %d: due %d, done %d; want %d, %d", i, got[i].due, got[i].done, want[i].due, want[i].done)
		}
	}
}

// checkHistograms checks that the tally holds what was observed.
func checkHistograms(t *testing.T, tally *evidence.Tally, ends []end) {
	t.Helper()
	var response, wait, lag, service uint64
	longest := time.Duration(0)
	for _, e := range ends {
		if e.how != evidence.Answered || !e.counted {
			continue
		}
		if parts := e.ready.Sub(e.due) + e.sent.Sub(e.ready) + e.done.Sub(e.sent); parts != e.response() {
			t.Fatalf("wait + lag + service = %v, response %v", parts, e.response())
		}
		if e.due > e.ready || e.ready > e.sent || e.sent > e.done {
			t.Fatalf("due %d, ready %d, sent %d, done %d: out of order", e.due, e.ready, e.sent, e.done)
		}
		longest = max(longest, e.response())
		response++
		wait++
		lag++
		service++
	}
	if tally.Response.Count()+tally.ResponseWrong.Count() != response || tally.Service.Count() != service {
		t.Errorf("histograms count %d right, %d wrong, %d service; want %d in all",
			tally.Response.Count(), tally.ResponseWrong.Count(), tally.Service.Count(), response)
	}
	if tally.Wait.Count() < wait || tally.Lag.Count() != tally.Wait.Count() {
		t.Errorf("histograms count %d waits, %d lags; want the same, and at least %d", tally.Wait.Count(), tally.Lag.Count(), wait)
	}
	if got := max(tally.Response.Max(), tally.ResponseWrong.Max()); math.Abs(float64(got-longest)) > float64(longest)/1000 {
		t.Errorf("longest response %v, want %v within 0.1 %%", got, longest)
	}
}

// The stall has a closed form: arrival k after the stall's begin waits for its
// end and for those before it, max(s, S + s − φ − k(Δ−s)); here φ = 0.
func TestProgrammedStallHasItsClosedForm(t *testing.T) {
	const s, S, P, Δ = 500 * time.Microsecond, 200 * time.Millisecond, 2 * time.Second, time.Millisecond
	sim := &simulation{serve: stalling(s, S, P)}
	tally, ends := simulate(t, sim, Job{
		Load:   load.Open{Rate: 1000, Connections: 64, Arrivals: load.Constant},
		Window: lasting(20 * time.Second),
	})
	slices.SortFunc(ends, func(a, b end) int { return int(a.due - b.due) })
	if len(ends) != 20000 {
		t.Fatalf("%d requests, want 20000", len(ends))
	}
	for i, e := range ends {
		k := time.Duration(i % 2000)
		if want := max(s, S+s-k*(Δ-s)); e.response() != want {
			t.Fatalf("arrival %d of a period: response %v, want %v", k, e.response(), want)
		}
	}
	// The quantiles of the method's reference case, within one arrival's step
	// and the histogram's 0.1 %.
	for p, want := range map[float64]time.Duration{
		.5: s, .9: 100500 * time.Microsecond, .95: 150500 * time.Microsecond, .99: 190500 * time.Microsecond,
	} {
		if got := tally.Response.Quantile(p); (got - want).Abs() > Δ+want/1000 {
			t.Errorf("p%v = %v, want %v", 100*p, got, want)
		}
	}
	if len(tally.Seconds) != 20 {
		t.Errorf("%d seconds in the series, want 20", len(tally.Seconds))
	}
}

// A closed load does not see the stall: this is what coordinated omission is.
// If this test ever fails, either the closed load has learned to lie in the
// other direction or the oracle is broken. (O4)
func TestClosedLoadHidesTheStall(t *testing.T) {
	const truth = 190500 * time.Microsecond
	sim := &simulation{serve: stalling(500*time.Microsecond, 200*time.Millisecond, 2*time.Second)}
	tally, _ := simulate(t, sim, Job{Load: load.Closed{Connections: 1}, Window: lasting(20 * time.Second)})
	if p99 := tally.Response.Quantile(.99); p99 >= truth/10 {
		t.Errorf("closed load of one connection: p99 %v, want under a tenth of the truth, %v", p99, truth)
	}
}

// A request that is not answered in time ends exactly at its timeout, whether
// the server is silent, or never lets us connect.
func TestTimeoutsAreCountedFromDue(t *testing.T) {
	const limit = 50 * time.Millisecond
	never := func(ask) []event { return nil }
	for name, c := range map[string]struct {
		sim  simulation
		load load.Load
		want evidence.Outcome
	}{
		"silent, open":      {simulation{serve: never}, load.Open{Rate: 100, Use: load.Use{Timeout: limit}}, evidence.TimedOut},
		"silent, a pool":    {simulation{serve: never}, load.Open{Rate: 100, Connections: 64, Use: load.Use{Timeout: limit}}, evidence.TimedOut},
		"silent, closed":    {simulation{serve: never}, load.Closed{Connections: 3, Use: load.Use{Timeout: limit}}, evidence.TimedOut},
		"silent, pipelined": {simulation{serve: never}, load.Closed{Connections: 3, Use: load.Use{Timeout: limit, Pipeline: 4}}, evidence.TimedOut},
		"no connection":     {simulation{serve: never, dials: hanging}, load.Closed{Connections: 3, Use: load.Use{Timeout: limit}}, evidence.Unsent},
	} {
		t.Run(name, func(t *testing.T) {
			tally, ends := simulate(t, &c.sim, Job{Load: c.load, Window: count(60)})
			if tally.Outcomes[c.want] != 60 || tally.Due() != 60 {
				t.Errorf("outcomes %v, want 60 %v", tally.Outcomes, c.want)
			}
			for _, e := range ends {
				if e.response() != limit {
					t.Fatalf("booked %v after due, want %v", e.response(), limit)
				}
			}
		})
	}
}

// A pool of which every connection is taken leaves the rest unsent, and still
// nothing is dropped.
func TestRequestsThatNeverGetOutAreUnsent(t *testing.T) {
	sim := &simulation{
		serve: infinite(func(int) time.Duration { return 90 * time.Millisecond }),
		dials: func(mono.Time) (time.Duration, syscall.Errno) { return 5 * time.Millisecond, 0 },
	}
	tally, ends := simulate(t, sim, Job{
		Load:   load.Open{Rate: 1000, Arrivals: load.Constant, Connections: 1, Use: load.Use{Timeout: 100 * time.Millisecond}},
		Window: count(100),
	})
	// The first is answered. By then the next has 11 ms left, and times out;
	// while the connection is made anew, those behind it run out of time.
	if tally.Due() != 100 || tally.Outcomes[evidence.Answered] == 0 || tally.Outcomes[evidence.Unsent] == 0 {
		t.Errorf("outcomes %v of %d, want some answered and some unsent", tally.Outcomes, tally.Due())
	}
	for _, e := range ends {
		if e.response() > 100*time.Millisecond {
			t.Fatalf("booked %v after due, beyond the timeout", e.response())
		}
	}
	if tally.Outcomes[evidence.Answered]+tally.Outcomes[evidence.Unsent]+tally.Outcomes[evidence.TimedOut] != 100 {
		t.Errorf("outcomes %v", tally.Outcomes)
	}
}

func hanging(mono.Time) (time.Duration, syscall.Errno) { return time.Hour, 0 }

func refusing(mono.Time) (time.Duration, syscall.Errno) { return 0, syscall.ECONNREFUSED }

// A dead server is neither hammered nor waited for: every request is refused,
// and attempts thin out to one a second and slot.
func TestDeadServerIsRefusedAndNotHammered(t *testing.T) {
	for name, c := range map[string]struct {
		load load.Load
		most int // attempts
	}{
		// 10+20+…+640 ms and then whole seconds: 7 rests of 1.27 s, and 8 to 9
		// more in the rest of ten seconds.
		"closed":    {load.Closed{Connections: 4}, 4 * 17},
		"a pool":    {load.Open{Rate: 1000, Connections: 4}, 4 * 18},
		"on demand": {load.Open{Rate: 1000}, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			sim := &simulation{dials: refusing}
			tally, _ := simulate(t, sim, Job{Load: c.load, Window: lasting(10 * time.Second), Seed: 5})
			if tally.Due() == 0 || tally.Outcomes[evidence.Refused] != tally.Due() {
				t.Errorf("outcomes %v, want all refused", tally.Outcomes)
			}
			if tally.Causes["ECONNREFUSED"] != tally.Due() {
				t.Errorf("causes %v, want ECONNREFUSED alone", tally.Causes)
			}
			if sim.attempts > c.most || tally.Connections.Failed != uint64(sim.attempts) {
				t.Errorf("%d attempts, %d booked; want at most %d", sim.attempts, tally.Connections.Failed, c.most)
			}
		})
	}
}

// A reset in the middle of an answer, or before it on a fresh connection, is
// one; before it on a connection that had answered before, it is a stale
// connection: the request goes out once more, its clock running.
func TestResetsAndStaleConnections(t *testing.T) {
	reset := func(a ask) []event {
		if a.nth%2 == 0 {
			return answerAt(a.at.Add(time.Millisecond))
		}
		return []event{{at: a.at.Add(time.Millisecond), what: failed, err: syscall.ECONNRESET}}
	}
	tally, ends := simulate(t, &simulation{serve: reset}, Job{Load: load.Closed{Connections: 1}, Window: count(100)})
	if tally.Right() != 100 || tally.Connections.Stale != 99 || tally.Connections.ClosedByServer != 99 {
		t.Errorf("%d right, connections %+v; want 100 right, 99 stale", tally.Right(), tally.Connections)
	}
	for i, e := range ends {
		if want := time.Millisecond; i > 0 && e.response() != 2*want {
			t.Fatalf("request %d: response %v, want %v: the clock runs on", i, e.response(), 2*want)
		}
	}

	within := func(a ask) []event {
		return []event{
			{at: a.at, what: received, data: hello[:20]},
			{at: a.at.Add(time.Millisecond), what: failed, err: syscall.ECONNRESET},
		}
	}
	tally, _ = simulate(t, &simulation{serve: within}, Job{Load: load.Closed{Connections: 1}, Window: count(100)})
	if tally.Outcomes[evidence.Reset] != 100 || tally.Connections.Stale != 0 {
		t.Errorf("outcomes %v, %d stale; want 100 reset, none stale", tally.Outcomes, tally.Connections.Stale)
	}
}

// A request is replaced once and no more.
func TestStaleOnce(t *testing.T) {
	hangUp := func(a ask) []event {
		if a.number == 0 {
			return answerAt(a.at)
		}
		return []event{{at: a.at.Add(time.Millisecond), what: ended}}
	}
	tally, _ := simulate(t, &simulation{serve: hangUp}, Job{Load: load.Closed{Connections: 1}, Window: count(3)})
	if tally.Outcomes[evidence.Answered] != 1 || tally.Outcomes[evidence.Cut] != 2 || tally.Connections.Stale != 1 {
		t.Errorf("outcomes %v, %d stale; want 1 answered, 2 cut, 1 stale", tally.Outcomes, tally.Connections.Stale)
	}
}
