package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/probe"
)

// A stagehand is a service that does what a test tells it.
type stagehand struct {
	*puppet
	theatre *theatre
	number  int // of its starts
}

func (s *stagehand) Words() map[string]string {
	return map[string]string{"store.url": fmt.Sprintf("redis://store:%d", s.number)}
}
func (s *stagehand) CPUs() (int, bool) { return 1, true }
func (s *stagehand) Ask(context.Context) (probe.Store, error) {
	return probe.Store{Says: "Redis 7.0.15", Calls: map[string]uint64{"xrange": s.theatre.calls, "info": 99}}, nil
}

// withStore gives an experiment a store that its subject "a" uses, and the
// theatre a service that starts as it says; "starts" records what happened.
func (th *theatre) withStore(t *testing.T, x *Experiment, start func(*stagehand) error) (starts *[]string) {
	t.Helper()
	x.Plan.Services = []plan.Service{
		{Subject: plan.Subject{Name: "unused"}},
		{Subject: plan.Subject{Name: "store"}, Scheme: "redis", Counts: []string{"xrange"}},
	}
	for i := range x.Entries {
		if x.Entries[i].Name == "a" {
			x.Entries[i].Subject.Uses = []string{"store"}
		}
	}
	starts = new([]string)
	n := 0
	th.lab.StartService = func(_ context.Context, s *plan.Service, _ map[string]string, _ string) (Service, error) {
		n++
		h := &stagehand{puppet: &puppet{name: s.Name, done: make(chan struct{})}, theatre: th, number: n}
		*starts = append(*starts, s.Name)
		th.up = append(th.up, h.puppet)
		if err := start(h); err != nil {
			h.stopped = true
			return nil, err
		}
		return h, nil
	}
	plain := th.lab.Start
	th.lab.Start = func(ctx context.Context, e *Entry, beside map[string]string, log string) (Server, error) {
		*starts = append(*starts, strings.TrimSpace(e.Name+" "+beside["store.url"]))
		return plain(ctx, e, beside, log)
	}
	th.lab.Progress = func() engine.Snapshot { return engine.Snapshot{Due: th.due, Answered: th.due} }
	return starts
}

// What is used is started first, and afresh in each round; its address gets to
// those who use it, and its calls are held against the answers.
func TestServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		starts := th.withStore(t, &x, func(*stagehand) error { return nil })
		th.during = func(_ context.Context, job engine.Job) bool {
			th.due = 7
			if hostOf(job) == "a" {
				th.calls += 7
			}
			return false
		}

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		for i := 0; i < len(*starts); i += 3 {
			round := (*starts)[i : i+3]
			if round[0] != "store" || !slices.Contains(round, fmt.Sprintf("a redis://store:%d", i/3+1)) || !slices.Contains(round, "b") {
				t.Errorf("round %d started %q", i/3+1, round)
			}
		}
		if len(*starts) != 3*3 {
			t.Errorf("started %q", *starts)
		}
		for _, p := range th.up {
			if !p.stopped {
				t.Errorf("%s was left up", p.name)
			}
		}
		for _, m := range rec.lines {
			if m.Trial.Subject == "b" {
				if m.Services != nil {
					t.Errorf("%s: b has %v beside it", m.Trial.ID, m.Services)
				}
				continue
			}
			s := m.Services[0]
			if s.Name != "store" || s.Says != "Redis 7.0.15" || s.CPUs != 1 || !s.Shared || s.Usage.CPU != time.Second || s.Usage.Span == 0 {
				t.Errorf("%s: %+v", m.Trial.ID, s)
			}
			if c := s.Calls; c == nil || c.Made != 7 || c.Due != 7 || c.Answered != 7 || !c.Balanced() {
				t.Errorf("%s: calls %+v", m.Trial.ID, c)
			}
		}
	})
}

// A subject that answers without asking its store is found out.
func TestServiceThatIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a")
		th.withStore(t, &x, func(*stagehand) error { return nil })
		th.during = func(context.Context, engine.Job) bool { th.due, th.calls = 7, th.calls+6; return false }

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		for _, m := range rec.lines {
			if c := m.Services[0].Calls; c.Balanced() {
				t.Errorf("%s: balanced: %+v", m.Trial.ID, c)
			}
		}
	})
}

// A service that dies takes with it the trials that need it, and no others; it is
// not the subject's failure, whatever the subject does then. The next round has
// it again.
func TestServiceThatDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		var store *stagehand
		th.withStore(t, &x, func(h *stagehand) error { store = h; return nil })
		th.during = func(_ context.Context, job engine.Job) bool {
			if hostOf(job) == "a" && store.number == 1 {
				close(store.done)
				close(th.latest("a").done) // it cannot live without
				return true
			}
			return false
		}

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		loaded := 0
		for _, m := range rec.lines {
			lost := m.Failure != nil && m.Failure.Kind == evidence.NoService
			if want := m.Trial.Subject == "a" && m.Trial.Round == 1; lost != want || m.Failure != nil && !lost {
				t.Errorf("%s: failure %+v", m.Trial.ID, m.Failure)
			}
			if lost && m.Tally != nil {
				loaded++
			}
			if lost && (!strings.HasPrefix(m.Failure.Text, "service store ended when it was needed: exited with status 139") || m.Failure.Last == nil) {
				t.Errorf("%s: %q, last %q", m.Trial.ID, m.Failure.Text, m.Failure.Last)
			}
		}
		if loaded != 1 {
			t.Errorf("%d trials without the service were loaded; want the one in which it died", loaded)
		}
		said := 0
		for _, e := range th.events {
			if f, ok := e.(ServiceFailed); ok && f.Name == "store" {
				said++
			}
		}
		if said != 1 {
			t.Errorf("said %d times", said)
		}
	})
}

// A service that does not come up leaves those out who need it, for that round.
func TestServiceThatDoesNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		starts := th.withStore(t, &x, func(h *stagehand) error {
			if h.number == 2 {
				return &Trouble{evidence.NotReady, errors.New("prime: no schema")}
			}
			return nil
		})

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		for _, m := range rec.lines {
			lost := m.Failure != nil
			if want := m.Trial.Subject == "a" && m.Trial.Round == 2; lost != want {
				t.Errorf("%s: failure %+v", m.Trial.ID, m.Failure)
			}
			if lost && (m.Failure.Kind != evidence.NoService || m.Failure.Text != "service store did not come up: prime: no schema") {
				t.Errorf("%s: failure %+v", m.Trial.ID, m.Failure)
			}
		}
		if n := strings.Count(strings.Join(*starts, " "), "a redis"); n != 2 {
			t.Errorf("a was started %d times: %q", n, *starts)
		}
	})
}

// When the run is cut off while a service is starting, it is not left up.
func TestServiceWhenCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a")
		ctx, cancel := context.WithCancelCause(t.Context())
		th.withStore(t, &x, func(*stagehand) error { cancel(errors.New("ended by interrupt")); return nil })

		err := th.lab.Run(ctx, x, rec)

		if err == nil || !strings.Contains(err.Error(), "ended by interrupt") || len(rec.lines) != 0 {
			t.Errorf("error %v, %d lines", err, len(rec.lines))
		}
		if !th.latest("store").stopped {
			t.Error("the store was left up")
		}
	})
}
