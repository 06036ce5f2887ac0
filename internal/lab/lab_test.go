package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/httpwire"
	"webdyno/internal/plan"
	"webdyno/internal/workload"
)

// paper is a record in memory.
type paper struct {
	lines    []*evidence.Measurement
	err      error
	profiles map[string][]byte // by trial
}

func (p *paper) Append(m *evidence.Measurement) error {
	if p.err != nil {
		return p.err
	}
	for _, line := range p.lines {
		if line.Trial.ID == m.Trial.ID {
			return fmt.Errorf("%s is recorded already", m.Trial.ID)
		}
	}
	p.lines = append(p.lines, m)
	return nil
}

func (p *paper) LogPath(name string) string { return "logs/" + name }

func (p *paper) AddProfile(trial string, write func(io.Writer) error) (string, error) {
	if p.profiles == nil {
		p.profiles = map[string][]byte{}
	}
	var b bytes.Buffer
	err := write(&b)
	p.profiles[trial] = b.Bytes()
	return "profiles/" + trial + ".pb.gz", err
}

// A puppet is a server that does what a test tells it.
type puppet struct {
	name    string
	done    chan struct{}
	problem string
	stopped bool
	notSelf error
}

func (s *puppet) Address() Address {
	return Address{TCP: netip.MustParseAddrPort("127.0.0.1:80"), Host: s.name}
}
func (s *puppet) Start() evidence.Start {
	return evidence.Start{Listens: 10 * time.Millisecond, PID: 7}
}
func (s *puppet) Check() error          { return s.notSelf }
func (s *puppet) Done() <-chan struct{} { return s.done }
func (s *puppet) Exit() string          { return "exited with status 139 after 4.2 s" }
func (s *puppet) How() string           { return "exited with status 139" }
func (s *puppet) Meter() (func() (*evidence.Usage, error), error) {
	return func() (*evidence.Usage, error) {
		return &evidence.Usage{CPU: time.Second, Span: 2 * time.Second}, nil
	}, nil
}
func (s *puppet) LastLines(int) []string { return []string{"Segmentation fault"} }
func (s *puppet) Stop() (string, error)  { s.stopped = true; return s.problem, nil }

// A theatre is a lab whose servers are puppets and whose load takes only the
// time it is asked to.
type theatre struct {
	lab    *Lab
	events []Event
	up     []*puppet
	jobs   []string // host of each trial's load, warm-ups aside

	calls, due uint64 // what a service counted; what a load did

	perform func(p *puppet)                                // sets up a puppet as it starts
	fail    map[string]error                               // what starting some of them comes to
	during  func(ctx context.Context, job engine.Job) bool // true: the load ends in an error
	wrong   map[string]bool                                // those that answer wrongly
}

func newTheatre() *theatre {
	th := &theatre{}
	th.lab = &Lab{Generate: th, Start: th.start, Ask: th.ask}
	th.lab.Observe = func(e Event) { th.events = append(th.events, e) }
	return th
}

func (th *theatre) start(_ context.Context, e *Entry, _ map[string]string, _ string) (Server, error) {
	if err := th.fail[e.Name]; err != nil {
		return nil, err
	}
	p := &puppet{name: e.Name, done: make(chan struct{})}
	if th.perform != nil {
		th.perform(p)
	}
	th.up = append(th.up, p)
	return p, nil
}

func (th *theatre) ask(_ context.Context, to Address, _ *workload.Request) (*workload.Answer, error) {
	if th.wrong[to.Host] {
		return nil, &workload.WrongError{}
	}
	return &workload.Answer{
		Status: 200, Version: httpwire.HTTP11, Header: []byte("HTTP/1.1 200 OK\r\nServer: puppet\r\n\r\n"),
		Bytes: 12, Framing: workload.ByChunks, KeepAlive: true,
	}, nil
}

// Run implements Generator: it takes the time of its job and tallies a hundred
// right answers.
func (th *theatre) Run(ctx context.Context, job engine.Job) (*evidence.Tally, error) {
	tally := evidence.NewTally()
	tally.Window = max(job.Window.Time, time.Millisecond)
	tally.Outcomes[evidence.Answered] = 100
	tally.InWindow = 100
	tally.Statuses[200] = 100
	tally.Response.RecordN(1e6, 100)
	tally.Service.RecordN(1e6, 100)
	if job.Edge == nil {
		time.Sleep(job.Window.Time)
		return tally, ctx.Err()
	}
	th.jobs = append(th.jobs, hostOf(job))
	time.Sleep(job.Warmup.Time)
	job.Edge(engine.WindowOpened)
	if th.during != nil && th.during(ctx, job) {
		<-ctx.Done()
		return tally, ctx.Err()
	}
	time.Sleep(job.Window.Time)
	job.Edge(engine.WindowClosed)
	return tally, ctx.Err()
}

// hostOf reads the Host header back from a job's request.
func hostOf(job engine.Job) string {
	_, after, _ := strings.Cut(string(job.Requests.Requests[0].Bytes), "Host: ")
	name, _, _ := strings.Cut(after, "\r\n")
	return name
}

// experiment is a plan of the named subjects and two settings.
func experiment(t *testing.T, names ...string) Experiment {
	t.Helper()
	text := "title: test\nsubjects:\n"
	for _, n := range names {
		text += fmt.Sprintf("  - {name: %s, start: [\"x\", \"{port}\"]}\n", n)
	}
	text += `factors: {size: [1, 2]}
workload: {path: "/{size}"}
load: {closed: {connections: 1}}
warmup: 1s
rewarm: 100ms
window: 2s
blocks: 1
rounds: 3
`
	p, err := plan.Read("test.yaml", []byte(text), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	x := Experiment{Plan: p, Settings: settings}
	for i, v := range p.Variants() {
		x.Entries = append(x.Entries, Entry{Variant: v, Index: i, Name: v.Name()})
	}
	return x
}

// Every round starts every subject afresh and measures each of them once in
// every block; afterwards nothing is up.
func TestRoundsAndBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		if len(rec.lines) != 3*2*2 {
			t.Fatalf("%d trials on record; want 12", len(rec.lines))
		}
		if len(th.up) != 3*2 {
			t.Errorf("%d starts; want 6", len(th.up))
		}
		for _, p := range th.up {
			if !p.stopped {
				t.Errorf("%s was left up", p.name)
			}
		}
		for i := 0; i < len(rec.lines); i += 2 {
			first, second := rec.lines[i].Trial, rec.lines[i+1].Trial
			if first.Block != second.Block || first.Round != second.Round || first.Subject == second.Subject {
				t.Errorf("trials %s and %s are no block", first.ID, second.ID)
			}
			if first.LoadSeed != second.LoadSeed {
				t.Errorf("block of %s: the arrivals differ between its subjects", first.ID)
			}
		}
		m := rec.lines[0]
		if m.Server.Answered != 100 || m.Start.Ready < 10*time.Millisecond || !m.Start.Warmup.Steady {
			t.Errorf("answered %d, start %+v", m.Server.Answered, m.Start)
		}
		a := m.Start.Answers // both settings are answered alike: one shape
		if len(a) != 1 || a[0].Asked != "GET /1" || a[0].Framing != evidence.ByChunks || a[0].Head != 35 || !slices.Equal(a[0].Headers, []string{"Server"}) {
			t.Errorf("answers %+v", a)
		}
	})
}

// A subject that will not start is recorded trial by trial, and takes nothing
// of the others with it.
func TestSubjectThatDoesNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.fail = map[string]error{"a": &Trouble{evidence.NotStarted, errors.New("no such program")}}

		if err := th.lab.Run(t.Context(), experiment(t, "a", "b"), rec); err != nil {
			t.Fatal(err)
		}

		var failed, sound int
		for _, m := range rec.lines {
			switch {
			case m.Failure != nil && m.Failure.Kind == evidence.NotStarted && m.Tally == nil:
				failed++
			case m.Failure == nil:
				sound++
			}
		}
		if failed != 6 || sound != 6 {
			t.Errorf("%d failed, %d sound; want 6 and 6", failed, sound)
		}
	})
}

// A subject that answers wrongly is not loaded.
func TestSubjectThatAnswersWrongly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.wrong = map[string]bool{"a": true}

		if err := th.lab.Run(t.Context(), experiment(t, "a", "b"), rec); err != nil {
			t.Fatal(err)
		}

		if slices.Contains(th.jobs, "a") {
			t.Error("a was loaded all the same")
		}
	})
}

// A subject that dies under load leaves what was seen until then, is started
// again for its next trial, and is given up after restartsPerRound.
func TestSubjectThatDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.during = func(ctx context.Context, job engine.Job) bool {
			if hostOf(job) != "a" {
				return false
			}
			close(th.latest("a").done)
			return true
		}
		x := experiment(t, "a", "b")
		x.Plan.Blocks, x.Plan.Rounds = 4, plan.Rounds{Min: 1, Max: 1} // eight blocks

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		starts, loaded := 0, 0
		for _, p := range th.up {
			if p.name == "a" {
				starts++
			}
		}
		for _, m := range rec.lines {
			if m.Trial.Subject != "a" {
				continue
			}
			if m.Failure == nil || m.Failure.Kind != evidence.Died {
				t.Fatalf("%s: failure %+v; want died", m.Trial.ID, m.Failure)
			}
			if m.Tally != nil {
				loaded++
			}
		}
		if starts != 1+restartsPerRound || loaded != 1+restartsPerRound {
			t.Errorf("started %d times, loaded %d times; want %d", starts, loaded, 1+restartsPerRound)
		}
	})
}

func (th *theatre) latest(name string) *puppet {
	for _, p := range slices.Backward(th.up) {
		if p.name == name {
			return p
		}
	}
	return nil
}

// When somebody else answers at the subject's address, the trial says so.
func TestSubjectThatIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.perform = func(p *puppet) {
			if p.name == "a" {
				p.notSelf = errors.New("127.0.0.1:80 belongs to process 99")
			}
		}

		if err := th.lab.Run(t.Context(), experiment(t, "a", "b"), rec); err != nil {
			t.Fatal(err)
		}

		for _, m := range rec.lines {
			if m.Trial.Subject == "a" && (m.Failure == nil || m.Failure.Kind != evidence.NotItself) {
				t.Errorf("%s: failure %+v; want not-itself", m.Trial.ID, m.Failure)
			}
		}
	})
}

// What a subject leaves behind is on record, with a line of its own.
func TestSubjectThatLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		th.perform = func(p *puppet) { p.problem = "had to be killed" }

		if err := th.lab.Run(t.Context(), experiment(t, "a"), rec); err != nil {
			t.Fatal(err)
		}

		var lingered int
		for _, m := range rec.lines {
			if m.Failure != nil && m.Failure.Kind == evidence.Lingered {
				lingered++
			}
		}
		if lingered != 3 {
			t.Errorf("%d lines of lingering; want one a round, 3", lingered)
		}
	})
}

// A signal ends the trial under way; what it saw is kept, marked as abandoned,
// and every subject is stopped.
func TestSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("interrupted")
		th.during = func(context.Context, engine.Job) bool { cancel(stop); return true }

		err := th.lab.Run(ctx, experiment(t, "a", "b"), rec)

		if !errors.Is(err, stop) {
			t.Errorf("error %v; want %v", err, stop)
		}
		if len(rec.lines) != 1 || rec.lines[0].Failure.Kind != evidence.Abandoned {
			t.Errorf("%d lines, the first %+v; want one, abandoned", len(rec.lines), rec.lines)
		}
		for _, p := range th.up {
			if !p.stopped {
				t.Errorf("%s was left up", p.name)
			}
		}
	})
}

// A record that cannot be written ends the run, and stops the subjects.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre()
		full := errors.New("no space left on device")

		err := th.lab.Run(t.Context(), experiment(t, "a", "b"), &paper{err: full})

		if !errors.Is(err, full) {
			t.Errorf("error %v; want %v", err, full)
		}
		for _, p := range th.up {
			if !p.stopped {
				t.Errorf("%s was left up", p.name)
			}
		}
	})
}

// Going on with a record does again the blocks that are not whole, and nothing
// else.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, before := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		if err := first.lab.Run(t.Context(), x, before); err != nil {
			t.Fatal(err)
		}
		for _, m := range before.lines[:7] { // three blocks and a half
			x.Past = append(x.Past, Past{m.Trial, true})
		}

		th, rec := newTheatre(), new(paper)
		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		var got, want []string
		for _, m := range rec.lines {
			got = append(got, m.Trial.ID)
		}
		for i, m := range before.lines[6:] {
			if i < 2 {
				want = append(want, m.Trial.ID+"-again1")
				continue
			}
			want = append(want, m.Trial.ID)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("did %v; want %v", got, want)
		}
	})
}

// No round is begun after the budget.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		x := experiment(t, "a", "b")
		x.Plan.Rounds, x.Plan.Budget = plan.Rounds{Min: 100, Max: 100}, time.Minute

		if err := th.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}

		last := rec.lines[len(rec.lines)-1].Trial.Round
		if last < 2 || last > 10 {
			t.Errorf("ended after round %d; a round takes about ten seconds, the budget is a minute", last)
		}
		end := rec.lines[len(rec.lines)-1]
		if end.Trial.Subject != "" || end.Trial.Block != 0 || len(end.Notes) != 1 || end.Notes[0].Kind != evidence.BudgetSpent ||
			!strings.Contains(end.Notes[0].Text, fmt.Sprintf("by its budget of 1.00 min after round %d of at most 100", last)) {
			t.Errorf("the last line is %+v; want one that says that the time was up", end)
		}
		if !slices.ContainsFunc(th.events, func(e Event) bool { _, ok := e.(BudgetSpent); return ok }) {
			t.Error("nobody was told that the budget is spent")
		}
	})
}

// Rates agree once the last cycles are as fast as those before; a subject that
// is still getting faster is not steady.
func TestSteady(t *testing.T) {
	for _, c := range []struct {
		rates []float64
		n     int
		want  bool
	}{
		{[]float64{100, 100}, 2, false}, // too few
		{[]float64{100, 101, 100, 101}, 2, true},
		{[]float64{80, 90, 100, 101}, 2, false},
		{[]float64{10, 50, 1000, 20, 1010, 20, 1000, 20, 990, 20}, 4, true}, // two settings, far apart
		{[]float64{100, 100, 0, 0}, 2, false},
	} {
		if got := agree(c.rates, c.n); got != c.want {
			t.Errorf("agree(%v, %d) = %v", c.rates, c.n, got)
		}
	}
}
