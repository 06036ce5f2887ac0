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

	"webdyno/internal/capture"
	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/profile"
)

// A tracer is a profiler that does what a test tells it, and says when.
type tracer struct {
	say        func(string)
	begin, end error
	read       error
}

func (c *tracer) Env() []string { return nil }
func (c *tracer) Begin(context.Context, func() ([]int, error)) error {
	c.say("begin")
	return c.begin
}
func (c *tracer) End(context.Context) error { c.say("end"); return c.end }
func (c *tracer) Read() (*capture.Taken, error) {
	c.say("read")
	if c.read != nil {
		return nil, c.read
	}
	p, err := profile.Read([]byte("main;work 10\n"))
	return &capture.Taken{Profile: p, Processes: 1}, err
}
func (c *tracer) Close() error { c.say("close"); return nil }

// profiling makes the theatre's servers start with tracers. What happens is
// written down in order.
func (th *theatre) profiling(x *Experiment, with plan.Profiling, perform func(name string, c *tracer) error) *[]string {
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	x.Plan.Profile = with
	th.lab.StartProfiled = func(ctx context.Context, e *Entry, load time.Duration, beside map[string]string, log string) (Server, *Profiler, error) {
		c := &tracer{say: func(s string) { say("%s %s", e.Name, s) }}
		say("%s start %v", e.Name, load)
		if perform != nil {
			if err := perform(e.Name, c); err != nil {
				return nil, nil, err
			}
		}
		srv, err := th.start(ctx, e, beside, log)
		return srv, &Profiler{By: "sampler", Capture: c}, err
	}
	return &said
}

func profilesOf(rec *paper) []*evidence.Measurement {
	return slices.DeleteFunc(slices.Clone(rec.lines), func(m *evidence.Measurement) bool { return m.Trial.Attribution == "" })
}

var everyRound = plan.Profiling{With: plan.AutoProfiler, Rounds: 2, Window: 3 * time.Second}

// A profile is begun after the warm-up and ended with the load, read once the
// server is down, and in the record before the trial's line. It is taken in the
// first rounds only, at the last levels, with the load of the plain trials there.
func TestProfilesAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		said := th.profiling(&x, everyRound, nil)

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		traced := profilesOf(rec)
		if len(traced) != 4 || len(rec.lines) != 3*2*2+4 {
			t.Fatalf("%d profiles among %d lines; want 4 among 16", len(traced), len(rec.lines))
		}
		for _, m := range traced {
			p := m.Profile
			if p.Requests != 100 || p.Span != 3100*time.Millisecond || p.Unavailable != "" || p.Processes != 1 {
				t.Errorf("%s: %+v", m.Trial.ID, p)
			}
			if rec.profiles[m.Trial.ID] == nil || p.File != "profiles/"+m.Trial.ID+".pb.gz" {
				t.Errorf("%s: file %q", m.Trial.ID, p.File)
			}
			if m.Trial.Block != 0 || m.Trial.Factors["size"].String() != "2" || m.Server == nil || m.Tally == nil {
				t.Errorf("%s: %+v", m.Trial.ID, m.Trial)
			}
			same := func(o *evidence.Measurement) bool {
				return o.Trial.Round == m.Trial.Round && o.Trial.Attribution == "" && o.Trial.LoadSeed == m.Trial.LoadSeed && o.Trial.Factors["size"] == m.Trial.Factors["size"]
			}
			if !slices.ContainsFunc(rec.lines, same) {
				t.Errorf("%s had a load of its own", m.Trial.ID)
			}
		}
		first := (*said)[0][:1]
		want := fmt.Sprintf("%[1]s start 3.1s, %[1]s begin, %[1]s end, %[1]s read, %[1]s close", first)
		if got := strings.Join((*said)[:5], ", "); got != want {
			t.Errorf("%s; want %s", got, want)
		}
		for _, p := range th.up {
			if !p.stopped {
				t.Errorf("%s was left up", p.name)
			}
		}
	})
}

// A plain subject is down before the same one is started with a profiler, and all
// blocks are over.
func TestProfilesDisturbNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		th.profiling(&x, everyRound, func(name string, _ *tracer) error {
			for _, p := range th.up {
				if p.name == name && !p.stopped {
					t.Errorf("%s is up twice", name)
				}
			}
			if len(th.jobs) < 4 {
				t.Errorf("%s is profiled after %d trials", name, len(th.jobs))
			}
			return nil
		})
		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
	})
}

// Whatever a profiler gets wrong is in the record in words, and the run goes on.
func TestProfilersThatFail(t *testing.T) {
	for name, perform := range map[string]func(string, *tracer) error{
		"no way":    func(string, *tracer) error { return &NoProfile{By: "perf", Why: "because"} },
		"no start":  func(string, *tracer) error { return &Trouble{evidence.NotStarted, errors.New("because")} },
		"no begin":  func(_ string, c *tracer) error { c.begin = errors.New("because"); return nil },
		"no end":    func(_ string, c *tracer) error { c.end = errors.New("because"); return nil },
		"no result": func(_ string, c *tracer) error { c.read = errors.New("because"); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th, rec := newTheatre(), new(paper)
				x := experiment(t, "a", "b")
				said := th.profiling(&x, everyRound, perform)

				if err := th.lab.Run(t.Context(), x, rec); err != nil {
					t.Fatal(err)
				}

				traced := profilesOf(rec)
				if len(traced) != 4 || len(rec.lines) != 16 {
					t.Fatalf("%d profiles among %d lines; want 4 among 16", len(traced), len(rec.lines))
				}
				for _, m := range traced {
					if !strings.Contains(m.Profile.Unavailable, "because") || m.Profile.File != "" {
						t.Errorf("%s: %+v", m.Trial.ID, m.Profile)
					}
				}
				opened := strings.Count(strings.Join(*said, "\n"), " begin")
				if closed := strings.Count(strings.Join(*said, "\n"), " close"); closed < opened {
					t.Errorf("%d profilers begun, %d cleared away", opened, closed)
				}
			})
		})
	}
}

// A subject that dies under its profiler, as PyPy has done, is no failure of the
// plain one.
func TestSubjectDiesUnderProfiler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		th.profiling(&x, everyRound, nil)
		th.during = func(_ context.Context, job engine.Job) bool {
			if job.Window.Time != everyRound.Window {
				return false
			}
			close(th.up[len(th.up)-1].done)
			return true
		}
		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		for _, m := range rec.lines {
			if died := m.Failure != nil && m.Failure.Kind == evidence.Died; died != (m.Trial.Attribution != "") {
				t.Errorf("%s: %+v", m.Trial.ID, m.Failure)
			}
		}
	})
}

// What is on record is not taken again, and one that was cut off is.
func TestProfilesAreResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		said := th.profiling(&x, everyRound, nil)
		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		again := new(paper)
		for _, m := range rec.lines {
			x.Past = append(x.Past, Past{Trial: m.Trial, Whole: m.Trial.ID != "r02-profile-a"})
		}
		*said = nil
		if err := th.lab.Run(t.Context(), x, again); err != nil {
			t.Fatal(err)
		}
		if len(again.lines) != 1 || again.lines[0].Trial.ID != "r02-profile-a-again1" {
			t.Errorf("%d more lines, of %v", len(again.lines), *said)
		}
	})
}

// Nothing that is learned from trials is learned from these.
func TestProfilesTeachNothing(t *testing.T) {
	x := experiment(t, "a", "b")
	w := newPrecision(x.Plan, time.Second)
	tally := evidence.NewTally()
	tally.Window, tally.InWindow = time.Second, 7
	m := &evidence.Measurement{Trial: evidence.Trial{ID: "r01-profile-a", Round: 1, Subject: "a", Attribution: "sampler"}, Tally: tally}
	if err := w.add(m); err != nil || len(w.blocks) != 0 {
		t.Errorf("%v, blocks %v; want none", err, w.blocks)
	}
}
