package calibrate

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/probe"
	"webdyno/internal/serve"
)

// A fakery is a stand without a machine: servers are formulas, the engine
// reports what they say plus its own error, and a list tells how busy the
// machine is at each look.
type fakery struct {
	t       *testing.T
	error   time.Duration // of every response
	foreign []float64     // look after look; the last one holds on
	looks   int
	started int
	stopped int

	closedSees  bool   // the closed load tells the truth about the stall
	miscounted  uint64 // requests more in the server's books than there were
	unreachable error  // instead of a tally
}

func (f *fakery) stand() *stand {
	return &stand{
		start: func(_ context.Context, name string, args ...string) (server, error) {
			f.started++
			return &fakeServer{fakery: f, name: name, queue: queueOf(f.t, args)}, nil
		},
		load: f.load,
		watch: func() func(time.Duration) evidence.Activity {
			return func(time.Duration) evidence.Activity {
				i := min(f.looks, len(f.foreign)-1)
				f.looks++
				if i < 0 {
					return evidence.Activity{}
				}
				return evidence.Activity{Foreign: f.foreign[i]}
			}
		},
		late:  func() func() Hiccups { return func() Hiccups { return Hiccups{} } },
		spent: func() time.Duration { return 0 },
	}
}

// queueOf reads truth's flags back.
func queueOf(t *testing.T, args []string) serve.Queue {
	var q serve.Queue
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		var err error
		switch name {
		case "-service":
			q.Times.Mean, err = time.ParseDuration(value)
		case "-law":
			err = q.Times.Law.UnmarshalText([]byte(value))
		case "-seed":
			q.Times.Seed = seed
		case "-endless":
			q.Endless = true
		case "-stall":
			lasts, every, _ := strings.Cut(value, "/")
			q.Stall.For, _ = time.ParseDuration(lasts)
			q.Stall.Every, err = time.ParseDuration(every)
		}
		if err != nil {
			t.Errorf("flag %s: %v", a, err)
		}
	}
	return q
}

// A fakeServer is a queue that can be computed.
type fakeServer struct {
	probe.Self
	*fakery
	name  string
	queue serve.Queue
}

func (s *fakeServer) addr() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:1") }
func (s *fakeServer) stop() error          { s.stopped++; return nil }

func (s *fakeServer) books(context.Context) (serve.Books, error) {
	b := serve.Books{Requests: 100, Answered: 100, Connections: 8}
	b.Requests += s.miscounted
	return b, nil
}

// load answers a job as an engine would that is always late by the same.
func (f *fakery) load(ctx context.Context, _ engine.Backend, j engine.Job) (*evidence.Tally, error) {
	if f.unreachable != nil {
		return nil, f.unreachable
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.Edge(engine.WindowOpened)
	defer j.Edge(engine.WindowClosed)
	t := evidence.NewTally()
	t.Window, t.Backend = time.Second, "epoll"
	t.Connections.Opened = 8
	switch l := j.Load.(type) {
	case load.Open:
		f.answerOpen(t, l, j)
	case load.Closed:
		f.answerClosed(t, l, j)
	}
	n := t.Response.Count()
	t.Outcomes[evidence.Answered], t.InWindow = n, n
	return t, nil
}

func (f *fakery) answerOpen(t *evidence.Tally, l load.Open, j engine.Job) {
	k := known{load: l, seed: j.Seed, skip: int(j.Warmup.Count), count: int(j.Window.Count)}
	k.queue = steady(1).known.queue // by whatever backend and connections
	for _, o := range oraclesOf() {
		if o.known.load == l && int(j.Window.Count) == o.known.count {
			k.queue = o.known.queue
		}
	}
	if j.Trace != nil {
		cursor := l.Cursor(load.Share{}, j.Seed)
		for range j.Trace.Most {
			due := cursor.Next()
			j.Trace.Moments = append(j.Trace.Moments, engine.Moment{Due: due, Sent: due + f.error/10})
		}
	}
	for _, r := range k.responses() {
		t.Response.Record(int64(r + f.error))
		t.Lag.Record(int64(f.error / 10))
	}
}

func (f *fakery) answerClosed(t *evidence.Tally, l load.Closed, j engine.Job) {
	if l.Connections > 1 {
		t.Response.RecordN(int64(100*time.Microsecond), 100)
		return
	}
	stalled := uint64(2)
	if f.closedSees {
		stalled = 500
	}
	t.Response.RecordN(int64(590*time.Microsecond), 2500)
	t.Response.RecordN(int64(190*time.Millisecond), stalled)
}

// recorded returns a histogram of durations.
func recorded(ds ...time.Duration) *latency.Histogram {
	h := latency.New()
	for _, d := range ds {
		h.Record(int64(d))
	}
	return h
}
