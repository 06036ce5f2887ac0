package lab

import (
	"context"
	"fmt"
	"io"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/workload"
)

// A Generator puts load on a server. An *engine.Engine is one.
type Generator interface {
	Run(ctx context.Context, job engine.Job) (*evidence.Tally, error)
}

// A Server is a subject that is up.
type Server interface {
	// Address is where it is asked: host:port, or a path for a Unix socket.
	Address() Address
	// Start tells how it came up: everything of it but Ready and Warmup.
	Start() evidence.Start
	// Check returns an error if it is no longer the one that answers at its
	// address.
	Check() error
	// Done is closed once it has ended by itself.
	Done() <-chan struct{}
	// Exit says how it ended, once Done is closed: "exited with status 139
	// after 4.2 s".
	Exit() string
	// How is Exit without the time: "exited with status 139".
	How() string
	// Meter begins to measure what its process tree uses; the function it
	// returns ends that. It returns nil for a server whose processes are not
	// ours.
	Meter() (read func() (*evidence.Usage, error), err error)
	// LastLines returns the last lines it has written.
	LastLines(n int) []string
	// Stop ends it. A problem is something that was left behind or had to be
	// killed, in words; it is empty if all went well.
	Stop() (problem string, err error)
}

// An Entry is a variant that this machine can run.
type Entry struct {
	plan.Variant
	Index int    // among the plan's variants
	Name  string // as reports call it
	JIT   bool   // it compiles while it runs, and takes long to warm up
}

// A Record takes evidence. A *record.Writer is one.
type Record interface {
	Append(*evidence.Measurement) error
	LogPath(name string) string
	// AddProfile writes the file of a trial's profile, before the trial's line, and
	// returns its name within the record.
	AddProfile(trial string, write func(io.Writer) error) (file string, err error)
}

// A Lab has the equipment to carry out a plan.
type Lab struct {
	Generate Generator

	// Start starts an entry and returns once it listens, or says why it does
	// not; a *Trouble tells what kind of failure that is. Beside holds the words
	// that stand for the services it uses. What the subject writes goes to the
	// file log.
	Start func(ctx context.Context, e *Entry, beside map[string]string, log string) (Server, error)

	// StartService does the same for a service, and primes it. It may be nil
	// where the plan has none.
	StartService func(ctx context.Context, s *plan.Service, beside map[string]string, log string) (Service, error)

	// Measure runs an entry that measures itself, once, with words that stand for
	// the services it uses and the levels of the plan's factors, and returns what
	// it printed and what it used, or a *Trouble. It may be nil where there is no
	// such entry.
	Measure func(ctx context.Context, e *Entry, words map[string]string, log string) (*evidence.Measured, *evidence.Usage, error)

	// StartProfiled is Start with a profiler set on the subject, for a load that
	// lasts so long. A *NoProfile says why none can be. It may be nil where the
	// plan asks for no profiles.
	StartProfiled func(ctx context.Context, e *Entry, load time.Duration, beside map[string]string, log string) (Server, *Profiler, error)

	// Ask sends one request, apart from any load, and checks the answer. The
	// answer is nil where there is an error.
	Ask func(ctx context.Context, to Address, r *workload.Request) (*workload.Answer, error)

	// Hold tells whether a server answers before it has had the whole of a
	// request. If nil, that is not looked for.
	Hold func(ctx context.Context, to Address, r *workload.Request) (unread bool, err error)

	// Canaries tells how fast the subjects' CPUs are. If nil, nobody does.
	Canaries func() []evidence.Canary

	// Watch begins to watch the machine; the function it returns ends that, and
	// is told how much CPU time webdyno and the subject used meanwhile. If nil,
	// the machine is not watched.
	Watch func() (end func(ours time.Duration) evidence.Activity)

	// Progress is how far the load under way has come, or the last one if none
	// is. If nil, the answers between two readings are reckoned from the
	// window's, and calls of services are not counted.
	Progress func() engine.Snapshot

	// MeterSelf is Meter for webdyno's own process. If nil, it is not measured.
	MeterSelf func() (read func() (*evidence.Usage, error), err error)

	// Pilots keeps what pilots have shown from run to run. If nil, each run has its
	// own.
	Pilots PilotStore

	// Control is how somebody steers the run. If nil, nobody does.
	Control *Control

	// Observe is called with each event, in order. It must return soon: the
	// next trial waits for it. If nil, nobody looks on.
	Observe func(Event)
}

// An Experiment is a plan made ready for this machine.
type Experiment struct {
	Plan     *plan.Plan
	Entries  []Entry
	Settings []plan.Setting

	// Setup is what the record says of the machine, to judge trials by; nil:
	// nothing.
	Setup *evidence.Setup

	// Past is what is on record already, in order.
	Past []Past

	// Skipped are names of entries that were skipped by hand before: that is on
	// record.
	Skipped []string

	// Before hands over what is on record already, for the rule that stops on
	// precision. If nil, there is nothing.
	Before func(each func(*evidence.Measurement) error) error
}

// A Past is a trial that is on record already.
type Past struct {
	Trial evidence.Trial
	Whole bool // it was carried out to its end
}

// A Trouble is a subject's failure, with its kind.
type Trouble struct {
	Kind evidence.FailureKind
	Err  error
}

func (t *Trouble) Error() string { return t.Err.Error() }
func (t *Trouble) Unwrap() error { return t.Err }

// restartsPerRound is how often a subject that died is started again within one
// round. One that dies more often says the same thing every time.
const restartsPerRound = 3

// Run carries out the rounds of x and appends what each trial left behind to
// rec. It ends early, without an error, when the plan's precision is reached
// or its budget is spent; with the context's cause when ctx is done.
func (l *Lab) Run(ctx context.Context, x Experiment, rec Record) error {
	began := time.Now()
	p := x.Plan
	precise, manner := newPrecision(p, x.timeout()), new(conduct)
	again := &repeats{hopeless: map[int]bool{}}
	if p.Budget > 0 {
		again.until = began.Add(p.Budget)
	}
	quarry := newHunt(p, x.Setup)
	pilots := newPilots(&x, l.Pilots)
	if x.Before != nil {
		both := func(m *evidence.Measurement) error {
			if m.Trial.Attribution != "" {
				return nil // a profiler slowed it down: nothing is to be learned from it
			}
			quarry.recall(m)
			manner.remember(m)
			pilots.recall(m)
			return precise.add(m)
		}
		if err := x.Before(both); err != nil {
			return err
		}
	}
	pace := pace{began: began}
	for n := 1; n <= p.Rounds.Max; n++ {
		if n > p.Rounds.Min && p.Rounds.Until > 0 && precise.reached(p.Rounds.Until) {
			l.observe(PrecisionReached{Rounds: n - 1, Until: p.Rounds.Until})
			break
		}
		if n > 1 && p.Budget > 0 && time.Since(began) > p.Budget {
			if err := x.outOfTime(rec, n-1); err != nil {
				return err
			}
			l.observe(BudgetSpent{Round: n, Budget: p.Budget})
			break
		}
		if n > 1 && l.Control.Stopping() {
			if err := x.stoppedByHand(rec, n-1); err != nil {
				return err
			}
			l.observe(StoppedByHand{Rounds: n - 1})
			break
		}
		r := &round{lab: l, x: x, rec: rec, n: n, precise: precise, hunt: quarry, conduct: manner, repeats: again, pilots: pilots}
		if err := r.carryOut(ctx); err != nil {
			return fmt.Errorf("round %d: %w", n, err)
		}
		pilots.confirm(n)
		pace.done(r)
		if f, ok := precise.forecast(p, n, pace.each(), time.Since(began)); ok && r.carried && n < p.Rounds.Max {
			l.observe(f)
		}
	}
	l.observe(Finished{})
	return nil
}

// timeout is the longest timeout of a request among the settings.
func (x *Experiment) timeout() time.Duration {
	longest := time.Duration(0)
	for _, s := range x.Settings {
		longest = max(longest, s.Load.Usage().Limit())
	}
	return longest
}

func (l *Lab) observe(e Event) {
	if l.Observe != nil {
		l.Observe(e)
	}
}
