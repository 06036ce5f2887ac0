package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"webdyno/internal/capture"
	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/probe"
	"webdyno/internal/supervise"
	"webdyno/internal/sys"
)

// Start starts an entry, on a port of its own, and returns once it listens
// there itself. It is what Lab.Start wants.
func (q *Equipment) Start(prepared *Prepared) func(context.Context, *Entry, map[string]string, string) (Server, error) {
	return func(ctx context.Context, e *Entry, beside map[string]string, log string) (Server, error) {
		l := prepared.launches[e.Index]
		if l.url != nil {
			return newNeighbour(ctx, l)
		}
		return q.start(ctx, l, beside, log)
	}
}

func (q *Equipment) start(ctx context.Context, l *launch, beside map[string]string, log string) (Server, error) {
	port, err := q.Ports.Free()
	if err != nil {
		return nil, &Trouble{evidence.Instrument, err}
	}
	s, err := q.startAt(ctx, l, port, beside, nil, log)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// startAt starts l on a port, with more in its environment than it has of itself.
func (q *Equipment) startAt(ctx context.Context, l *launch, port uint16, beside map[string]string, more []string, log string) (*process, error) {
	cmd, err := q.on(l, strconv.Itoa(int(port)), beside)
	if err != nil {
		return nil, &Trouble{evidence.NotStarted, err}
	}
	cmd.Log, cmd.Env = log, capture.With(cmd.Env, more)
	p, err := q.Supervisor.Start(ctx, cmd)
	if err != nil {
		return nil, &Trouble{evidence.NotStarted, err}
	}
	s := &process{Process: p, addr: netip.AddrPortFrom(loopback, port)}
	if err := s.awaitListener(ctx, l.subject.Ready.Timeout); err != nil {
		last := p.LastLines(1)
		_, stopErr := p.Stop()
		if len(last) > 0 {
			err = fmt.Errorf("%w; its last words: %s", err, last[0])
		}
		return nil, errors.Join(err, stopErr)
	}
	return s, nil
}

// A process is a Server that webdyno started.
type process struct {
	*supervise.Process
	addr    netip.AddrPort
	listens time.Duration
	proof   string
}

func (s *process) awaitListener(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	s.proof, err = s.Listens(ctx, s.addr)
	s.listens = time.Since(s.Began())
	if err == nil {
		return nil
	}
	kind := evidence.NotReady
	if other := new(supervise.NotOwnerError); errors.As(err, &other) {
		kind = evidence.NotItself
	}
	if gone := new(supervise.ExitedError); errors.As(err, &gone) {
		kind = evidence.Died
	}
	return &Trouble{kind, err}
}

func (s *process) Address() Address {
	return Address{TCP: s.addr, Host: s.addr.String()}
}

func (s *process) Start() evidence.Start {
	return evidence.Start{Listens: s.listens, PID: s.PID(), Address: s.addr.String(), Proof: s.proof,
		Backlog: supervise.Backlog(s.addr)}
}

// Check asks the kernel again whose listener it is.
func (s *process) Check() error {
	_, err := s.Owns(s.addr)
	return err
}

func (s *process) Exit() string { return s.Process.Exit().String() }
func (s *process) How() string  { return s.Process.Exit().How() }

func (s *process) Meter() (func() (*evidence.Usage, error), error) {
	return meter(s.Process)
}

// MeterSelf measures webdyno's own process. It is what Lab.MeterSelf wants.
func MeterSelf() (func() (*evidence.Usage, error), error) { return meter(probe.Self{}) }

func meter(src probe.Source) (func() (*evidence.Usage, error), error) {
	before, err := probe.Take(src)
	if err != nil {
		return nil, err
	}
	return func() (*evidence.Usage, error) {
		after, err := probe.Take(src)
		if err != nil {
			return nil, err
		}
		return after.Since(before), nil
	}, nil
}

func (s *process) Stop() (string, error) {
	ending, err := s.Process.Stop()
	return ending.Problem(), err
}

// WatchMachine watches the CPUs in use. It is what Lab.Watch wants.
func (q *Equipment) WatchMachine() func(ours time.Duration) evidence.Activity {
	watch := host.Watch{Root: q.Root, CPUs: q.inUse(), Interrupts: q.Interrupts, Hiccups: !q.CPUs.Shared}
	// A failure shows in the glance's emptiness, which End reports as unknown.
	began, _ := watch.Begin()
	return func(ours time.Duration) evidence.Activity { return watch.End(began, ours) }
}

// Canaries tells how fast the CPUs are that subjects are given from. It is what
// Lab.Canaries wants.
func (q *Equipment) Canaries() []evidence.Canary { return host.Canaries(q.CPUs.Subjects) }

// inUse are the CPUs that the engine or a subject may run on.
func (q *Equipment) inUse() []int {
	all := slices.Concat(q.CPUs.Engine, q.CPUs.Subjects)
	slices.Sort(all)
	return slices.Compact(all)
}

// A neighbour is a Server that was running already. It is neither started nor
// stopped, and what it uses is not known.
type neighbour struct {
	addr  Address
	never chan struct{}
}

func newNeighbour(ctx context.Context, l *launch) (Server, error) {
	port := l.url.Port()
	switch {
	case port != "":
	case l.subject.TLS():
		port = "443"
	default:
		port = "80"
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", l.url.Hostname())
	if err != nil {
		return nil, &Trouble{evidence.NotStarted, fmt.Errorf("%s: %w", l.url, err)}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, &Trouble{evidence.NotStarted, fmt.Errorf("%s: port %q", l.url, port)}
	}
	s := &neighbour{
		addr:  Address{TCP: netip.AddrPortFrom(addrs[0].Unmap(), uint16(n)), Host: l.url.Host},
		never: make(chan struct{}),
	}
	if l.subject.TLS() {
		s.addr.TLS = &engine.TLS{Name: l.url.Hostname(), Insecure: l.subject.Insecure}
	}
	return s, nil
}

func (n *neighbour) Address() Address { return n.addr }
func (n *neighbour) Start() evidence.Start {
	return evidence.Start{Address: n.addr.String(), Proof: "none: it was running already"}
}
func (n *neighbour) Check() error                                    { return nil }
func (n *neighbour) Done() <-chan struct{}                           { return n.never }
func (n *neighbour) Exit() string                                    { return "" }
func (n *neighbour) How() string                                     { return "" }
func (n *neighbour) Meter() (func() (*evidence.Usage, error), error) { return nil, nil }
func (n *neighbour) LastLines(int) []string                          { return nil }
func (n *neighbour) Stop() (string, error)                           { return "", nil }

// used returns what tells how much CPU time g has used so far, or nil where that
// is not known or would cost the engine too much to ask.
func (g *guest) used() func() (time.Duration, error) {
	if p, ok := g.Server.(interface{ Used() (time.Duration, error) }); ok {
		return p.Used
	}
	return nil
}

// Used returns how much CPU time the processes that are there have used: what
// those used that have ended is left out, so that no keeper is asked.
func (s *process) Used() (time.Duration, error) {
	if group := s.Cgroup(); group != nil {
		used, err := group.CPU()
		return used.Total, err
	}
	pids, err := s.Tree()
	var sum time.Duration
	for _, pid := range pids {
		if used, err := sys.ProcessCPU(pid); err == nil {
			sum += used
		}
	}
	return sum, err
}
