package calibrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/plan"
	"webdyno/internal/probe"
	"webdyno/internal/serve"
	"webdyno/internal/supervise"
	"webdyno/internal/sys"
	"webdyno/internal/workload"
)

// A stand is where an engine and a server are put together. Its functions are
// the machine's; tests put others in their place.
type stand struct {
	start func(ctx context.Context, name string, args ...string) (server, error)
	load  func(context.Context, engine.Backend, engine.Job) (*evidence.Tally, error)
	watch func() (end func(ours time.Duration) evidence.Activity)
	late  func() (stop func() Hiccups) // watches for hiccups
	spent func() time.Duration         // CPU time that this process has used
}

// A server is one of webdyno's own, running.
type server interface {
	probe.Source
	addr() netip.AddrPort
	books(context.Context) (serve.Books, error)
	stop() error
}

// A trial is one load on one server.
type trial struct {
	tally    *evidence.Tally
	client   *evidence.Usage // over the window; nil if it could not be read
	server   *evidence.Usage
	activity evidence.Activity
	hiccups  Hiccups
	sent     []engine.Moment // the first requests of the window, if the job traced them
}

// newStand returns the stand that c describes.
func newStand(c Config) *stand {
	cpus := slices.Concat(c.CPUs.Engine, c.CPUs.Subjects)
	slices.Sort(cpus)
	cpus = slices.Compact(cpus)
	watch := host.Watch{Root: c.Root, CPUs: cpus, Interrupts: host.ReadInterrupts(c.Root)}
	return &stand{
		start: c.start,
		load:  runJob,
		watch: func() func(time.Duration) evidence.Activity {
			began, _ := watch.Begin() // a failure makes End say that it cannot tell
			return func(ours time.Duration) evidence.Activity { return watch.End(began, ours) }
		},
		late:  func() func() Hiccups { return watchHiccups(cpus) },
		spent: func() time.Duration { return sys.OwnSpent().CPU() },
	}
}

// runJob carries out a job on an engine of one loop.
func runJob(ctx context.Context, b engine.Backend, j engine.Job) (*evidence.Tally, error) {
	e, err := engine.Open(engine.Config{Loops: 1, Backend: b})
	if err != nil {
		return nil, err
	}
	tally, err := e.Run(ctx, j)
	return tally, errors.Join(err, e.Close())
}

// run puts a job on a server. With hiccups, a thread on each CPU watches for
// them meanwhile.
func (s *stand) run(ctx context.Context, srv server, b engine.Backend, j engine.Job, hiccups bool) (*trial, error) {
	set, err := ask("/", srv.addr())
	if err != nil {
		return nil, err
	}
	t := &trial{activity: evidence.Activity{Foreign: -1, Steal: -1}}
	w := &witness{stand: s, server: srv, trial: t}
	j.Address, j.Requests, j.Edge = srv.addr(), set, w.edge
	if hiccups {
		stop := s.late()
		defer func() { t.hiccups = stop() }()
	}
	t.tally, err = s.load(ctx, b, j)
	if err != nil {
		return nil, err
	}
	if j.Trace != nil {
		t.sent = j.Trace.Moments
	}
	return t, nil
}

// A witness reads, at the window's edges, what was used and what others did.
type witness struct {
	stand  *stand
	server server
	trial  *trial

	end                func(ours time.Duration) evidence.Activity
	ofClient, ofServer probe.Reading
	err                error
}

func (w *witness) edge(e engine.Edge) {
	if e == engine.WindowOpened {
		w.end = w.stand.watch()
		w.ofClient, w.err = probe.Take(probe.Self{})
		var err error
		w.ofServer, err = probe.Take(w.server)
		w.err = errors.Join(w.err, err)
		return
	}
	server, err := probe.Take(w.server)
	client, err2 := probe.Take(probe.Self{})
	if errors.Join(w.err, err, err2) != nil {
		return // the activity stays unknown, and the trial is not judged
	}
	w.trial.client, w.trial.server = client.Since(w.ofClient), server.Since(w.ofServer)
	w.trial.activity = w.end(w.trial.client.CPU + w.trial.server.CPU)
}

// foreign looks for so long at what others do, while nothing is loaded.
func (s *stand) foreign(ctx context.Context, d time.Duration) (float64, error) {
	end := s.watch()
	own := s.spent()
	if err := sleep(ctx, d); err != nil {
		return 0, err
	}
	return end(s.spent() - own).Foreign, nil
}

// ask returns the workload of one request for a path, to any answer.
func ask(path string, addr netip.AddrPort) (*workload.Set, error) {
	return workload.Build(plan.Exact{
		Method: "GET", Path: path,
		Headers: plan.Headers{Set: "minimal"},
		Expect:  plan.ExactExpect{Bytes: -1},
	}, addr.String())
}

// start runs one of webdyno's servers as a subject.
func (c Config) start(ctx context.Context, name string, args ...string) (server, error) {
	port, err := c.ports.Free()
	if err != nil {
		return nil, err
	}
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	argv := []string{c.Webdyno, "serve", name, "--addr=" + addr.String(), "--"}
	p, err := c.Supervisor.Start(ctx, supervise.Command{
		Argv: append(argv, args...),
		Dir:  os.TempDir(),
		Env:  supervise.CleanEnv(os.TempDir(), nil),
		CPUs: c.CPUs.Subjects,
	})
	if err != nil {
		return nil, err
	}
	up := &process{p, addr}
	listening, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("not listening after %v", startLimit))
	defer cancel()
	if _, err := p.Listens(listening, addr); err != nil {
		said := p.LastLines(1)
		err = fmt.Errorf("start server %s: %w", name, errors.Join(err, up.stop()))
		if len(said) > 0 {
			err = fmt.Errorf("%w; its last words: %s", err, said[0])
		}
		return nil, err
	}
	return up, nil
}

// startLimit is how long a server of ours may take to listen.
const startLimit = 5 * time.Second

// A process is a server under a keeper.
type process struct {
	*supervise.Process
	at netip.AddrPort
}

func (p *process) addr() netip.AddrPort { return p.at }

func (p *process) stop() error {
	ending, err := p.Stop()
	if err == nil && !ending.Clean() {
		err = errors.New(ending.String())
	}
	return err
}

// books asks truth for its books. The asking is a connection in them.
func (p *process) books(ctx context.Context) (serve.Books, error) {
	var b serve.Books
	set, err := ask("/stats", p.at)
	if err != nil {
		return b, err
	}
	a, err := workload.Ask(ctx, "tcp", p.at.String(), &set.Requests[0])
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(a.Body, &b); err != nil {
		return b, fmt.Errorf("books of the server at %s: %w", p.at, err)
	}
	b.Connections--
	return b, nil
}

// flags returns truth's flags for a queue.
func flags(q serve.Queue) []string {
	args := []string{
		"-service=" + q.Times.Mean.String(), "-law=" + q.Times.Law.String(),
		"-seed=" + strconv.FormatUint(q.Times.Seed, 10),
	}
	if q.Endless {
		args = append(args, "-endless")
	}
	if q.Stall.For > 0 {
		args = append(args, "-stall="+q.Stall.For.String()+"/"+q.Stall.Every.String())
	}
	return args
}
