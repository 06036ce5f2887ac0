package engine

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// thinkers are the users of a closed load, as the model has them.
func thinkers(c load.Closed, seed uint64) []load.Thinker {
	all := make([]load.Thinker, c.Connections)
	for i := range all {
		all[i] = c.Thinker(seed, int64(i))
	}
	return all
}

// interactive computes what users do who think, ask, wait and think again, of a
// server that is a model, until a time. It knows nothing of loops and slots.
func interactive(c load.Closed, seed uint64, serve model, until mono.Time) []end {
	users := thinkers(c, seed)
	next := make([]mono.Time, len(users))
	for i := range users {
		next[i] = mono.Time(users[i].Next())
	}
	var ends []end
	for {
		u := soonest(next)
		if next[u] >= until {
			return ends
		}
		done := serve(len(ends), next[u])
		ends = append(ends, end{due: next[u], done: done})
		next[u] = done.Add(users[u].Next())
	}
}

// Under think times, too, every due and every done is what it must be, to the
// nanosecond; and from them follows the law of closed systems, X = N/(R+Z).
func TestThinkTimesEqualTheModel(t *testing.T) {
	const lasts = 20 * time.Second
	service := exponential(2*time.Millisecond, 5, 1_000_000)
	at := func(i int) time.Duration { return service[i] }
	none := func(i int, due mono.Time) mono.Time { return due.Add(service[i]) }
	for name, c := range map[string]struct {
		load  load.Closed
		serve func(ask) []event
		model model
	}{
		"infinite servers":               {load.Closed{Connections: 20, Think: 10 * time.Millisecond}, infinite(at), none},
		"infinite servers, constant":     {load.Closed{Connections: 20, Think: 10 * time.Millisecond, Thinking: load.ConstantThinking}, infinite(at), none},
		"one server, half used":          {load.Closed{Connections: 10, Think: 40 * time.Millisecond}, fifo(at), fifoModel(service)},
		"one server, saturated":          {load.Closed{Connections: 30, Think: 20 * time.Millisecond}, fifo(at), fifoModel(service)},
		"one server, a connection each":  {load.Closed{Connections: 10, Think: 40 * time.Millisecond, Use: load.Use{PerConnection: 1, Close: load.ByFIN}}, fifo(at), fifoModel(service)},
		"three servers, three a connect": {load.Closed{Connections: 10, Think: 5 * time.Millisecond, Use: load.Use{PerConnection: 3, Close: load.ByReset}}, several(3, at), severalModel(3, service)},
	} {
		t.Run(name, func(t *testing.T) {
			const seed = 11
			s := &simulation{serve: c.serve}
			tally, got := simulate(t, s, Job{Load: c.load, Window: lasting(lasts), Seed: seed})
			want := interactive(c.load, seed, c.model, mono.Time(lasts))
			compare(t, got, want)
			checkHistograms(t, tally, got)

			x := float64(len(got)) / lasts.Seconds()
			r := 0.0
			for _, e := range got {
				r += e.response().Seconds() / float64(len(got))
			}
			n := x * (r + c.load.Think.Seconds())
			if off := n/float64(c.load.Connections) - 1; math.Abs(off) > .02 {
				t.Errorf("X·(R+Z) = %.3f, want N = %d within 2 %%", n, c.load.Connections)
			}
		})
	}
}

// With constant service and think times the law is exact: a user's k-th request
// falls due (R+Z)·k after his first.
func TestConstantThinkTimesAreExact(t *testing.T) {
	const r, z, lasts = 3 * time.Millisecond, 7 * time.Millisecond, 10 * time.Second
	ld := load.Closed{Connections: 64, Think: z, Thinking: load.ConstantThinking}
	tally, got := simulate(t, &simulation{serve: infinite(func(int) time.Duration { return r })}, Job{Load: ld, Window: lasting(lasts), Seed: 1})
	var want []end
	for _, u := range thinkers(ld, 1) {
		for due := mono.Time(u.Next()); due < mono.Time(lasts); due = due.Add(r + z) {
			want = append(want, end{due: due, done: due.Add(r)})
		}
	}
	compare(t, got, want)
	// N/(R+Z) = 6400/s: each user asks exactly 1000 times in 10 s, since his first
	// request is due within Z.
	if n := tally.Due(); n != 64_000 {
		t.Errorf("%d due in 10 s, want 64000", n)
	}
	first := make([]mono.Time, 0, 64)
	for _, u := range thinkers(ld, 1) {
		first = append(first, mono.Time(u.Next()))
	}
	if slices.Min(first) > mono.Time(z/8) || slices.Max(first) < mono.Time(z-z/8) {
		t.Errorf("first requests between %v and %v, want them spread over %v", slices.Min(first), slices.Max(first), z)
	}
}

// Who thinks does so whatever became of his request, and a server that is down
// is asked by nobody who thinks.
func TestThinkingGoesOnAfterFailures(t *testing.T) {
	const z = 50 * time.Millisecond
	ld := load.Closed{Connections: 1, Think: z, Thinking: load.ConstantThinking, Use: load.Use{Timeout: 20 * time.Millisecond}}
	s := &simulation{serve: func(a ask) []event { return nil }}
	tally, got := simulate(t, s, Job{Load: ld, Window: lasting(time.Second), Seed: 1})
	for i, e := range got {
		if e.how != evidence.TimedOut || i > 0 && e.due.Sub(got[i-1].due) != z+20*time.Millisecond {
			t.Fatalf("request %d: %v due at %d, after one at %d", i, e.how, e.due, got[max(i, 1)-1].due)
		}
	}
	if n := tally.Connections.Opened; n != tally.Due() || n < 14 {
		t.Errorf("%d connections for %d requests: each timeout costs one", n, tally.Due())
	}
}

// Users are the same whatever loop they are on.
func TestSharesOfThinkersAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ld := load.Closed{
			Connections: rapid.IntRange(1, 30).Draw(t, "connections"),
			Think:       time.Duration(rapid.IntRange(1, 20).Draw(t, "think")) * time.Millisecond,
			Thinking:    load.Thinking(rapid.IntRange(0, 1).Draw(t, "thinking")),
		}
		of := rapid.IntRange(1, ld.Connections).Draw(t, "shares")
		collect := func(s load.Share) (dues []mono.Time) {
			job := Job{Load: ld, Share: s, Window: lasting(100 * time.Millisecond), Requests: get(), Seed: 5}
			l := simulated(&simulation{serve: infinite(func(int) time.Duration { return time.Millisecond })}, &job)
			l.book.observe = func(r *request, _ evidence.Outcome, _ mono.Time, _ bool) { dues = append(dues, r.due) }
			if err := l.run(); err != nil {
				t.Fatal(err)
			}
			return dues
		}
		whole := collect(load.Share{})
		var parts []mono.Time
		for k := range of {
			parts = append(parts, collect(load.Share{Nth: k, Of: of})...)
		}
		slices.Sort(whole)
		slices.Sort(parts)
		if !slices.Equal(whole, parts) {
			t.Fatalf("%d shares ask at %v, the whole at %v", of, parts, whole)
		}
	})
}

// The heap yields its slots soonest first.
func TestThinkersWakeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h thinking
		in := 0
		last := mono.Time(-1)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if in > 0 && rapid.Bool().Draw(t, "pop") {
				want := h.next()
				for _, s := range h.slots {
					want = min(want, s.next)
				}
				s := h.pop()
				if s.next != want || s.next < last {
					t.Fatalf("popped %d, want %d, and not before %d", s.next, want, last)
				}
				last = s.next
				in--
				continue
			}
			h.push(&slot{next: max(last, 0) + mono.Time(rapid.IntRange(0, 50).Draw(t, "after"))})
			in++
		}
	})
}
