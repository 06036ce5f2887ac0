package lab

import (
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

	"context"
)

// An actor is a puppet whose CPU time can be read, and that can be frozen.
type actor struct {
	*puppet
	stage  *stage
	frozen bool
	born   time.Time
}

// A stage is a theatre of actors. It complains of whatever is alive beside the
// one under load though the mode forbids it.
type stage struct {
	*theatre
	actors  []*actor
	idle    map[string]float64 // share of a CPU that they use while they do nothing
	until   time.Time          // and until when; zero: for ever
	stiff   string             // cannot be frozen
	mode    plan.Mode
	faults  []string
	rewarms map[time.Duration]bool
}

func newStage(idle map[string]float64) *stage {
	st := &stage{theatre: newTheatre(), idle: idle, rewarms: map[time.Duration]bool{}}
	st.lab.Start = func(ctx context.Context, e *Entry, words map[string]string, log string) (Server, error) {
		s, err := st.start(ctx, e, words, log)
		if err != nil {
			return nil, err
		}
		a := &actor{puppet: s.(*puppet), stage: st, born: time.Now()}
		st.actors = append(st.actors, a)
		return a, nil
	}
	st.lab.Generate = generator(func(ctx context.Context, job engine.Job) (*evidence.Tally, error) {
		if job.Edge != nil {
			st.look(hostOf(job))
			st.rewarms[job.Warmup.Time] = true
		}
		return st.Run(ctx, job)
	})
	return st
}

type generator func(context.Context, engine.Job) (*evidence.Tally, error)

func (g generator) Run(ctx context.Context, job engine.Job) (*evidence.Tally, error) {
	return g(ctx, job)
}

// look notes who is alive beside the one under load.
func (st *stage) look(under string) {
	for _, a := range st.actors {
		switch alone := st.mode == plan.Exclusive; {
		case a.stopped:
		case a.name == under && a.frozen:
			st.faults = append(st.faults, under+" is frozen and under load")
		case a.name != under && alone:
			st.faults = append(st.faults, a.name+" is up beside "+under)
		case a.name != under && st.mode == plan.Frozen && !a.frozen:
			st.faults = append(st.faults, a.name+" moves beside "+under)
		}
	}
}

func (a *actor) Used() (time.Duration, error) {
	if a.frozen {
		return 0, nil
	}
	end := time.Now()
	if u := a.stage.until; !u.IsZero() && u.Before(end) {
		end = u
	}
	return time.Duration(a.stage.idle[a.name] * float64(max(0, end.Sub(a.born)))), nil
}

func (a *actor) Freeze() (string, error) {
	if a.name == a.stage.stiff {
		return "", fmt.Errorf("freeze %s: %w", a.name, errors.New("still moving"))
	}
	a.frozen = true
	return "SIGSTOP", nil
}

func (a *actor) Thaw() error { a.frozen = false; return nil }

// The mode is settled by a look at the idle subjects, and kept: a subject that
// uses CPU has them frozen, and where they cannot be, each lives alone. What the
// plan says is not looked into.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		name   string
		asked  plan.Mode
		idle   map[string]float64
		until  time.Duration // after the first start
		stiff  string
		want   plan.Mode
		why    string
		starts int // of three rounds with four trials each
		rewarm time.Duration
	}{
		{"idle", plan.AutoMode, map[string]float64{"a": 0.001, "b": 0.004}, 0, "", plan.Resident, "no idle subject used more than 0.400% of a CPU", 6, 100 * time.Millisecond},
		{"busy", plan.AutoMode, map[string]float64{"a": 0.001, "b": 0.03}, 0, "", plan.Frozen, "while idle, b used 3.00% of a CPU", 6, time.Second},
		{"busy for a while", plan.AutoMode, map[string]float64{"b": 0.5}, 4 * time.Second, "", plan.Resident, "no idle subject", 6, 100 * time.Millisecond},
		{"busy and stiff", plan.AutoMode, map[string]float64{"b": 0.03}, 0, "a", plan.Exclusive, "freeze a: still moving", 2 + 12, 100 * time.Millisecond},
		{"as the plan says", plan.Exclusive, nil, 0, "", plan.Exclusive, "as the plan says", 12, 100 * time.Millisecond},
		{"frozen by the plan", plan.Frozen, nil, 0, "", plan.Frozen, "as the plan says", 6, time.Second},
		{"resident by the plan", plan.Resident, map[string]float64{"b": 0.9}, 0, "", plan.Resident, "as the plan says", 6, 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st, rec := newStage(c.idle), new(paper)
				st.mode, st.stiff = c.want, c.stiff
				if c.until > 0 {
					st.until = time.Now().Add(c.until)
				}
				x := experiment(t, "a", "b")
				x.Plan.Mode = c.asked
				if err := st.lab.Run(t.Context(), x, rec); err != nil {
					t.Fatal(err)
				}
				if len(st.faults) > 0 {
					t.Errorf("%d faults, the first: %s", len(st.faults), st.faults[0])
				}
				if len(rec.lines) != 12 {
					t.Errorf("%d trials on record; want 12", len(rec.lines))
				}
				for _, m := range rec.lines {
					if m.Failure != nil || m.Mode == nil || m.Mode.Name != string(c.want) || !strings.Contains(m.Mode.Why, c.why) {
						t.Fatalf("trial %s: failure %v, mode %+v; want %s, since %q", m.Trial.ID, m.Failure, m.Mode, c.want, c.why)
					}
				}
				if len(st.actors) != c.starts {
					t.Errorf("%d starts; want %d", len(st.actors), c.starts)
				}
				if len(st.rewarms) != 1 || !st.rewarms[c.rewarm] {
					t.Errorf("discarded at the start of trials: %v; want %v", st.rewarms, c.rewarm)
				}
				for _, a := range st.actors {
					if !a.stopped {
						t.Errorf("%s was left up", a.name)
					}
				}
				settled := slices.ContainsFunc(st.events, func(e Event) bool { _, ok := e.(ModeSettled); return ok })
				if settled != (c.asked == plan.AutoMode) {
					t.Errorf("told that the mode is settled: %t", settled)
				}
			})
		})
	}
}

// What was settled before a run was broken off holds when it is taken up again.
func TestModeIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, rec := newStage(map[string]float64{"b": 0.9}), new(paper)
		st.mode = plan.Exclusive
		x := experiment(t, "a", "b")
		x.Before = func(each func(*evidence.Measurement) error) error {
			return each(&evidence.Measurement{Trial: evidence.Trial{Round: 1, Block: 1, Subject: "a"},
				Mode: &evidence.Mode{Name: "exclusive", Why: "before"}})
		}
		if err := st.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		if len(st.faults) > 0 || rec.lines[0].Mode.Why != "before" {
			t.Errorf("faults %v, mode %+v", st.faults, rec.lines[0].Mode)
		}
	})
}

// What the others use while one is under load is evidence, and is not put down
// to strangers.
func TestNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, rec := newStage(map[string]float64{"b": 0.25, "c": 0.5}), new(paper)
		st.mode = plan.Resident
		st.lab.Watch = func() func(time.Duration) evidence.Activity {
			return func(ours time.Duration) evidence.Activity { return evidence.Activity{Foreign: 3 - ours.Seconds()} }
		}
		x := experiment(t, "a", "b", "c")
		x.Plan.Mode = plan.Resident
		if err := st.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		for _, m := range rec.lines {
			want := map[string]float64{"a": 0.75, "b": 0.5, "c": 0.25}[m.Trial.Subject]
			if got := m.Host.Neighbours; got < want-0.001 || got > want+0.001 {
				t.Errorf("%s: its neighbours kept %v CPUs busy; want %v", m.Trial.ID, got, want)
			}
			if foreign := 3 - 1 - 2*want; m.Host.Foreign < foreign-0.01 || m.Host.Foreign > foreign+0.01 {
				t.Errorf("%s: strangers used %v s of two; want %v", m.Trial.ID, m.Host.Foreign, foreign)
			}
		}
	})
}

// A subject that dies is started again where each lives alone, too, but not for
// ever.
func TestDyingAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, rec := newStage(nil), new(paper)
		st.mode = plan.Exclusive
		st.during = func(_ context.Context, job engine.Job) bool {
			if hostOf(job) != "a" {
				return false
			}
			close(st.actors[len(st.actors)-1].done)
			return true
		}
		x := experiment(t, "a", "b")
		x.Plan.Mode, x.Plan.Blocks, x.Plan.Rounds = plan.Exclusive, 4, plan.Rounds{Min: 1, Max: 1}
		if err := st.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
		died := 0
		for _, m := range rec.lines {
			if m.Trial.Subject == "a" && m.Start != nil {
				died++
			}
			if m.Trial.Subject == "b" && m.Failure != nil {
				t.Errorf("%s: %v", m.Trial.ID, m.Failure)
			}
		}
		if want := restartsPerRound + 1; died != want {
			t.Errorf("it was put under load %d times; want %d", died, want)
		}
	})
}
