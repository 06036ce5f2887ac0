package engine

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"webdyno/internal/mono"
)

// A netDriver is the driver on package net: for systems that have neither
// io_uring nor epoll, and for TLS everywhere. Each connection has a goroutine
// that dials and then reads (driver_net_conn.go); what it has to tell goes
// through one queue to the loop, which does the writing itself.
//
// A connection has told at most one piece of data that the loop has not taken:
// its goroutine reads on only after that. So memory is bounded by a buffer a
// connection, however fast the servers are.
//
// It is less exact than the drivers on the kernel's own interfaces: Go wakes
// sleepers on the millisecond, and a goroutine and a thread have to be woken
// between an answer's arrival and the next request. The first shows as lag and
// the second, where the load is closed, as lag too; times of arrival are read by
// the goroutine that received, and do not depend on when the loop gets to it.
type netDriver struct {
	clock            mono.Clock
	network, address string
	dialer           net.Dialer
	from             sources     // under mu
	copies           bool        // what is sent may change when it has been
	tls              *tls.Config // nil: none is spoken
	giveUp           context.Context
	stop             context.CancelFunc
	tasks            sync.WaitGroup // goroutines of connections

	// The rest is the loop's,
	conns  []*netConn // by number; nil: closed, or never dialed
	batch  []netEvent // what the last wait took from the queue
	taken  int        // of it
	shown  *netConn   // whose data the loop is looking at
	latest mono.Time  // the last reading the loop was given: none goes behind it
	timer  *time.Timer

	// and this is everybody's.
	signal chan struct{} // there is something in the queue, or wake was called
	mu     sync.Mutex
	queue  []netEvent
	spare  [][]byte // buffers of connections that are no more
}

// A netEvent is a completion on its way to the loop.
type netEvent struct {
	from *netConn
	completion
}

// openNet returns a driver on package net for each of n loops, on one clock.
func openNet(job *Job, n int) []driver {
	clock := mono.Start()
	var drivers []driver
	for range n {
		drivers = append(drivers, newNet(clock, job, newSources(job)))
	}
	return drivers
}

func newNet(clock mono.Clock, job *Job, from sources) *netDriver {
	d := &netDriver{
		clock:   clock,
		network: "tcp",
		address: job.Address.String(),
		dialer:  net.Dialer{KeepAlive: -1}, // a probe would be traffic that nobody asked for
		from:    from,
		copies:  job.TLS != nil || job.Requests.HasBlanks(),
		signal:  make(chan struct{}, 1),
		timer:   time.NewTimer(time.Hour),
	}
	if job.Unix != "" {
		d.network, d.address = "unix", job.Unix
	}
	if job.TLS != nil {
		d.tls = job.TLS.config()
	}
	d.giveUp, d.stop = context.WithCancel(context.Background())
	return d
}

func (d *netDriver) name() string {
	if d.tls != nil {
		return "net+tls"
	}
	return "net"
}

func (d *netDriver) sources() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.from.used
}

func (d *netDriver) now() mono.Time {
	d.latest = d.clock.Now()
	return d.latest
}

func (d *netDriver) dial(c int32) {
	for int(c) >= len(d.conns) {
		d.conns = append(d.conns, nil)
	}
	ctx, cancel := context.WithCancel(d.giveUp)
	k := &netConn{number: c, cancel: cancel, goOn: make(chan struct{}, 1)}
	d.conns[c] = k
	d.tasks.Go(func() { d.live(ctx, k) })
}

func (d *netDriver) send(c int32, b []byte) {
	k := d.conns[c]
	k.out.begin(d.clock.Now())
	// It never blocks, and what it fails of the connection's goroutine tells.
	_, _ = k.conn.Write(b)
}

func (d *netDriver) unsent(int32) int { return 0 } // outlets copy, where that matters

func (d *netDriver) sentAt(c int32) mono.Time { return d.conns[c].out.begun() }

func (d *netDriver) close(c int32, how ending) {
	k := d.conns[c]
	if k == nil {
		return
	}
	d.conns[c] = nil
	d.mu.Lock()
	k.closed = true
	made := k.conn != nil
	d.mu.Unlock()
	k.cancel()
	if d.shown != k {
		close(k.goOn)
	}
	if made {
		k.end(how)
	}
}

func (d *netDriver) wait(until mono.Time) error {
	d.take()
	if len(d.batch) > 0 {
		return nil
	}
	left := until.Sub(d.clock.Now())
	if left <= 0 {
		return nil
	}
	d.timer.Reset(left)
	select {
	case <-d.signal:
	case <-d.timer.C:
	}
	d.take()
	return nil
}

// take makes what is in the queue the batch.
func (d *netDriver) take() {
	d.taken = 0
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.batch) // else closed connections would stay in memory
	d.batch, d.queue = d.queue, d.batch[:0]
}

func (d *netDriver) next(c *completion) bool {
	d.looked()
	for d.taken < len(d.batch) {
		e := &d.batch[d.taken]
		d.taken++
		if e.from.closed {
			continue
		}
		if e.what == received {
			d.shown = e.from
		}
		// Connections read the clock on their own, and the loop may have read it
		// since; to the loop it never goes backwards.
		d.latest = max(d.latest, e.at)
		*c = e.completion
		c.at = d.latest
		return true
	}
	return false
}

// looked lets the connection go on whose data the loop was looking at.
func (d *netDriver) looked() {
	k := d.shown
	d.shown = nil
	switch {
	case k == nil:
	case k.closed:
		close(k.goOn)
	default:
		k.goOn <- struct{}{} // it has room for one, and no more are sent than taken
	}
}

// tell puts a completion of k into the queue.
func (d *netDriver) tell(k *netConn, c completion) {
	c.conn = k.number
	d.mu.Lock()
	first := len(d.queue) == 0
	d.queue = append(d.queue, netEvent{k, c})
	d.mu.Unlock()
	if first {
		d.wake()
	}
}

func (d *netDriver) wake() {
	select {
	case d.signal <- struct{}{}:
	default: // it is as good as awake
	}
}

func (d *netDriver) shutdown() error {
	d.looked()
	for c := range d.conns {
		d.close(int32(c), orderly)
	}
	d.stop()
	d.tasks.Wait()
	d.timer.Stop()
	return nil
}
