package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/mono"
)

// A Backend is the kernel interface that loops send through.
type Backend uint8

// The backends.
const (
	Auto  Backend = iota // the best there is: Uring, or else Epoll
	Uring                // io_uring, Linux 6.0 or later
	Epoll                // epoll_pwait2, edge-triggered
	Net                  // package net: everywhere, and the only one for TLS; less exact
)

var backendNames = [...]string{"auto", "uring", "epoll", "net"}

func (b Backend) String() string { return backendNames[b] }

// ParseBackend returns the Backend called s.
func ParseBackend(s string) (Backend, error) {
	for i, name := range backendNames {
		if name == s {
			return Backend(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no backend: want one of %q", s, backendNames)
}

// Config says what an Engine is made of. The zero Config asks for one loop and
// the best backend.
type Config struct {
	Loops   int // 0 means 1
	Backend Backend
}

// An Engine carries out jobs, one at a time.
type Engine struct {
	config Config

	// watched is what Progress reads: the job under way or the last one.
	watched atomic.Pointer[watch]

	mu     sync.Mutex // held while a job is under way
	closed bool
	jobs   int // begun so far
}

// Open returns an engine, after it has made sure that its backend is to be had
// on this machine. It holds no threads and no connections between jobs.
func Open(c Config) (*Engine, error) {
	if c.Loops < 0 || int(c.Backend) >= len(backendNames) {
		return nil, fmt.Errorf("open engine: %d loops on backend %d", c.Loops, c.Backend)
	}
	c.Loops = max(c.Loops, 1)
	if err := probe(c.Backend); err != nil {
		return nil, fmt.Errorf("open engine: %w", err)
	}
	e := &Engine{config: c}
	e.watched.Store(newWatch(0))
	return e, nil
}

// Close waits for a job that is under way and makes further ones fail.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

// Run carries out job and returns what it measured. It blocks until every
// request that fell due has had its outcome: up to the timeout of a request
// after the window has closed.
//
// If ctx is done first, requests that are due and have no outcome yet are
// counted as unfinished, and the tally so far is returned beside ctx's cause; a
// job cut short is still evidence. The tally is nil only if nothing could be
// begun.
//
// While it runs, the Go runtime of the whole process is set for it: no garbage
// collection short of half a GiB of new garbage, and room for two goroutines
// beside the loops. A second engine may run at the same time; the setting ends
// with the one that began it.
func (e *Engine) Run(ctx context.Context, job Job) (*evidence.Tally, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("run: the engine is closed")
	}
	if err := job.check(); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if b := e.config.Backend; job.TLS != nil && b != Auto && b != Net {
		return nil, fmt.Errorf("run: no TLS on %s: use net, or auto", b)
	}
	n, err := job.loops(e.config.Loops)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	idle, err := hold(ctx, &job)
	if err != nil {
		return nil, fmt.Errorf("run on %s: %w", job.name(), err)
	}
	defer idle.release()
	drivers, err := openDrivers(e.config.Backend, &job, n)
	if err != nil {
		return nil, fmt.Errorf("run on %s: %w", job.name(), err)
	}
	job.number = e.jobs
	e.jobs++
	defer quieten(n)()
	before := collections()
	tally, err := e.drive(ctx, &job, drivers)
	if tally != nil {
		tally.Collections = collections() - before
		tally.Idle = idle.count()
	}
	return tally, err
}

// drive runs a loop on each driver until all have stopped.
func (e *Engine) drive(ctx context.Context, job *Job, drivers []driver) (*evidence.Tally, error) {
	w := newWatch(len(drivers))
	e.watched.Store(w)
	onlooker := w.follow(job.Edge)
	start := newGate(drivers)
	loops := make([]*loop, len(drivers))
	for k, d := range drivers {
		loops[k] = newLoop(d, job, k, len(drivers), start, w)
	}

	release := cancelOn(ctx, loops)
	done, down := make(chan error, len(loops)), make(chan error, len(loops))
	quiet := make(chan struct{}) // nobody wakes a driver any more
	for _, l := range loops {
		go func() {
			runtime.LockOSThread() // for good: the thread ends with the loop
			done <- l.run()
			<-quiet
			down <- l.d.shutdown()
		}()
	}
	var err error
	for range loops {
		failure := <-done
		if failure != nil {
			stopAll(loops) // the others' figures would be of another load
			err = errors.Join(err, failure)
		}
	}
	release()
	close(quiet)
	for range loops {
		err = errors.Join(err, <-down)
	}
	onlooker()
	job.Trace.collect(loops)
	cut := false
	for _, l := range loops {
		cut = cut || l.cut
	}
	total := together(loops)
	if err == nil && cut {
		err = context.Cause(ctx)
	}
	return total, err
}

// together returns the tally of all loops. Its histograms are compact: whoever
// reads a percentile would else look at tens of thousands of empty buckets, each
// time.
func together(loops []*loop) *evidence.Tally {
	total := loops[0].book.tally
	if len(loops) > 1 {
		total = evidence.NewTally() // what the loops have shown is not changed
		for _, l := range loops {
			total.Merge(l.book.tally)
		}
	}
	for _, h := range []*latency.Histogram{
		total.Response, total.ResponseWrong, total.Service, total.Wait, total.Connect, total.Lag, total.ReceiveLag,
	} {
		h.Compact()
	}
	return total
}

// cancelOn stops the loops when ctx is done. The returned function ends that
// watch, and returns when no stop is under way any more.
func cancelOn(ctx context.Context, loops []*loop) (release func()) {
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		stopAll(loops)
		close(stopped)
	})
	return func() {
		if !cancel() {
			<-stopped
		}
	}
}

func stopAll(loops []*loop) {
	for _, l := range loops {
		l.stop.Store(true)
		l.d.wake()
	}
}

// A gate lets loops begin their schedules together: at the instant the last of
// them is prepared.
type gate struct {
	drivers []driver
	left    atomic.Int64
	at      atomic.Int64 // when the schedule starts, plus 1; 0 while it is not known
}

func newGate(drivers []driver) *gate {
	g := &gate{drivers: drivers}
	g.left.Store(int64(len(drivers)))
	return g
}

// arrive says that a loop is prepared, at now.
func (g *gate) arrive(now mono.Time) {
	if g.left.Add(-1) > 0 {
		return
	}
	// All drivers read one clock, so that the last one's instant is everybody's.
	g.at.Store(int64(now) + 1)
	for _, d := range g.drivers {
		d.wake()
	}
}

// start returns when the schedule starts, if that is known.
func (g *gate) start() (mono.Time, bool) {
	at := g.at.Load()
	return mono.Time(at - 1), at != 0
}
