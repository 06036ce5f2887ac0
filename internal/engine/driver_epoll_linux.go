package engine

import (
	"syscall"
	"time"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

const (
	// epollBatch is how many events are taken from the kernel at once. Taking
	// fewer than 64 costs several per cent of the loop's CPU, and the clock is
	// read for each event, so that none is timed by the batch.
	epollBatch = 512

	// epollBuffer is what one read takes at most. All connections share it: what
	// was read is handled before anything else is.
	epollBuffer = 64 << 10
)

// An epoll is the driver on epoll. It registers each connection once, for every
// event, edge-triggered; it reads and writes right away and waits only for what
// the kernel refused. Where an edge said that there is something to read, it
// reads until the kernel has no more, one piece for each call of next.
type epoll struct {
	clock   mono.Clock
	wall    wall
	stamper int    // a socket that keeps the kernel stamping, or -1
	reads   uint64 // from connections of the sample
	poller  *sys.Poller
	peer    *sys.Peer
	buf     []byte
	tcp     bool
	from    sources
	conns   []epollConn

	wave uint64 // number of the last wait
	n, i int    // events of it, and how many were looked at

	// draining is the connection that is being read until it has no more; -1 if
	// none is.
	draining  int32
	untilEnd  bool          // its other end is done: a short read may not be the last
	otherwise syscall.Errno // what it failed of, if reading finds nothing else

	// checks are connections to be looked at though no event told of them: they
	// were made at once, or a call on them has failed.
	checks  []check
	checked int
}

// A check is a connection to be looked at, and what has failed on it; 0 if it
// was made.
type check struct {
	conn int32 // -1: it was closed in the meantime
	err  syscall.Errno
}

// An epollConn is a connection. After a reset its socket stays, to be dialed
// again: making sockets is a quarter of the cost of short connections.
type epollConn struct {
	fd    int32  // -1: none
	life  uint32 // of the socket: with the connection's number, its key in the poller
	phase epollPhase

	watched bool  // by the poller; not before it was connected once
	stamped bool  // the socket tells times of arrival
	source  uint8 // where the socket's connections come from

	// wave is the wait before the dial. Its events of a socket that is used
	// again tell of the connection before.
	wave uint64

	sent   mono.Time
	unsent []byte   // what the kernel did not take
	queued [][]byte // sends after that
}

type epollPhase uint8

const (
	epollNone    epollPhase = iota // not dialed, or closed
	epollDialing                   // dialed, and not decided
	epollOpen
	epollBroken // a send failed, and a check is under way
	epollDone   // its end was told
)

func newEpoll(clock mono.Clock, job *Job, from sources) (_ *epoll, err error) {
	d := &epoll{clock: clock, wall: wall{clock: clock}, draining: -1, stamper: -1, tcp: job.Unix == "", from: from}
	defer func() {
		if err != nil {
			d.shutdown()
		}
	}()
	if d.tcp {
		d.peer, err = sys.NewPeer(job.Address)
	} else {
		d.peer, err = sys.NewUnixPeer(job.Unix)
	}
	if err != nil {
		return nil, err
	}
	d.stamper = keepStamping(d.peer, d.tcp)
	if d.buf, err = sys.Map(epollBuffer); err != nil {
		return nil, err
	}
	d.poller, err = sys.NewPoller(epollBatch)
	return d, err
}

func (d *epoll) name() string { return "epoll" }

func (d *epoll) sources() int { return d.from.used }

func (d *epoll) now() mono.Time { return d.clock.Now() }

func (d *epoll) dial(c int32) {
	for int(c) >= len(d.conns) {
		d.conns = append(d.conns, epollConn{fd: -1})
	}
	k := &d.conns[c]
	k.phase = epollDialing
	k.wave = d.wave
	if k.fd < 0 {
		fd, errno := d.from.socket(d.peer, &k.source)
		if errno != 0 {
			d.recheck(c, errno)
			return
		}
		k.fd = int32(fd)
		k.life++
		k.stamped = askStamps(c, d.stamper, fd)
	}
	errno := d.from.connect(d.peer, int(k.fd), &k.source)
	if !k.watched && (errno == 0 || errno == syscall.EINPROGRESS) {
		// Only now: a socket that was never connected counts as hung up.
		k.watched = true
		if failed := d.poller.Watch(int(k.fd), uint64(uint32(c))|uint64(k.life)<<32); failed != 0 {
			errno = failed
		}
	}
	if errno != syscall.EINPROGRESS {
		d.recheck(c, errno)
	}
}

func (d *epoll) recheck(c int32, errno syscall.Errno) {
	d.checks = append(d.checks, check{c, errno})
}

func (d *epoll) send(c int32, b []byte) {
	k := &d.conns[c]
	k.sent = d.clock.Now()
	if k.phase != epollOpen {
		return // broken: the check will tell
	}
	if len(k.unsent) > 0 {
		k.queued = append(k.queued, b)
		return
	}
	n, errno := sys.Send(int(k.fd), b)
	if n == len(b) {
		return // as nearly always
	}
	k.unsent = b[n:]
	if errno == 0 || d.again(c, k, errno) {
		d.flush(c, k)
	}
}

func (d *epoll) unsent(c int32) int {
	k := &d.conns[c]
	n := len(k.queued)
	if len(k.unsent) > 0 {
		n++
	}
	return n
}

func (d *epoll) sentAt(c int32) mono.Time { return d.conns[c].sent }

// flush writes until everything is written or the kernel takes no more.
func (d *epoll) flush(c int32, k *epollConn) {
	for len(k.unsent) > 0 {
		n, errno := sys.Send(int(k.fd), k.unsent)
		if errno != 0 && !d.again(c, k, errno) {
			return
		}
		k.unsent = k.unsent[n:]
		if len(k.unsent) == 0 && len(k.queued) > 0 {
			k.unsent = k.queued[0]
			k.queued = k.queued[1:]
		}
	}
}

// again tells whether a write that failed is to be tried again right now. If it
// has failed for good, a check will tell.
func (d *epoll) again(c int32, k *epollConn, errno syscall.Errno) bool {
	switch errno {
	case syscall.EINTR:
		return true
	case syscall.EAGAIN:
		return false
	}
	k.phase = epollBroken
	d.recheck(c, errno)
	return false
}

func (d *epoll) close(c int32, how ending) {
	k := &d.conns[c]
	if d.draining == c {
		d.draining = -1
	}
	for i := d.checked; i < len(d.checks); i++ {
		if d.checks[i].conn == c {
			d.checks[i].conn = -1
		}
	}
	phase := k.phase
	k.phase = epollNone
	k.unsent, k.queued = nil, nil
	if k.fd < 0 {
		return
	}
	if !d.keeps(k, how, phase) {
		d.drop(k, how)
	}
}

// keeps ends a connection so that its socket can be dialed again, if it can.
func (d *epoll) keeps(k *epollConn, how ending, phase epollPhase) bool {
	switch {
	case !d.tcp || phase == epollDialing:
		return false
	case how == byReset:
		return sys.Disconnect(int(k.fd)) == 0
	}
	return phase == epollDone && sys.Retire(int(k.fd))
}

func (d *epoll) drop(k *epollConn, how ending) {
	if how == byReset {
		sys.ResetSocket(int(k.fd))
	} else {
		sys.CloseSocket(int(k.fd))
	}
	k.fd, k.watched = -1, false
}

func (d *epoll) wait(until mono.Time) error {
	d.wave++
	d.n, d.i = 0, 0
	if len(d.checks) > 0 {
		return d.poll(0)
	}
	left := until.Sub(d.clock.Now())
	if left > spinning {
		return d.poll(shortened(left))
	}
	for {
		if err := d.poll(0); err != nil || d.n > 0 || d.clock.Now() >= until {
			return err
		}
	}
}

func (d *epoll) poll(sleep time.Duration) (err error) {
	d.n, err = d.poller.Wait(sleep)
	return err
}

// shortened returns how long to wait for something that is left away. The
// kernel lets waits in epoll end late by a thousandth of their length, so that
// long ones are ended early and renewed. Below 4 ms the lateness is less than
// what falling asleep a second time costs.
func shortened(left time.Duration) time.Duration {
	if left < 4*time.Millisecond {
		return left
	}
	return left - left/256
}

func (d *epoll) next(c *completion) bool {
	for {
		switch {
		case d.draining >= 0:
			if d.read(c) {
				return true
			}
		case d.checked < len(d.checks):
			k := d.checks[d.checked]
			d.checked++
			if d.follow(k, c) {
				return true
			}
		case d.i < d.n:
			key, e := d.poller.Event(d.i)
			d.i++
			if key != sys.WakeKey && d.event(int32(uint32(key)), uint32(key>>32), e, c) {
				return true
			}
		default:
			d.checks, d.checked = d.checks[:0], 0
			return false
		}
	}
}

// follow follows up a dial that was decided at once, or a call that has failed.
func (d *epoll) follow(k check, c *completion) bool {
	if k.conn < 0 {
		return false
	}
	switch d.conns[k.conn].phase {
	case epollDialing:
		if k.err == 0 {
			d.conns[k.conn].phase = epollOpen
			*c = completion{conn: k.conn, what: connected, at: d.clock.Now()}
		} else {
			d.tell(c, k.conn, failed, k.err)
		}
		return true
	case epollBroken:
		// What the server said before it ended the connection comes first.
		d.draining, d.untilEnd, d.otherwise = k.conn, true, k.err
	}
	return false
}

// event follows up an event of the poller.
func (d *epoll) event(conn int32, life uint32, e sys.Events, c *completion) bool {
	k := &d.conns[conn]
	if k.life != life || k.wave == d.wave || k.phase == epollNone || k.phase == epollDone {
		return false
	}
	told := false
	if k.phase == epollDialing {
		if told = d.decided(conn, k, e, c); !told || k.phase != epollOpen {
			return told
		}
	}
	if e&sys.Writable != 0 && k.phase == epollOpen {
		d.flush(conn, k)
	}
	const over = sys.PeerDone | sys.HungUp | sys.Broken
	if e&(sys.Readable|over) != 0 && k.phase == epollOpen {
		d.draining, d.untilEnd, d.otherwise = conn, e&over != 0, 0
	}
	return told
}

// decided tells how a dial came out, if it is known.
func (d *epoll) decided(conn int32, k *epollConn, e sys.Events, c *completion) bool {
	if e&(sys.Broken|sys.HungUp) != 0 {
		if errno := sys.SocketError(int(k.fd)); errno != 0 {
			d.tell(c, conn, failed, errno)
			return true
		}
	}
	if e&sys.Writable == 0 {
		return false
	}
	k.phase = epollOpen
	*c = completion{conn: conn, what: connected, at: d.clock.Now()}
	return true
}

// read reads on from the connection that is being drained.
func (d *epoll) read(c *completion) bool {
	conn := d.draining
	n, arrived, errno := d.receive(&d.conns[conn])
	switch {
	case errno == syscall.EINTR:
		return false
	case errno == syscall.EAGAIN:
		d.draining = -1
		if d.otherwise != 0 {
			d.tell(c, conn, failed, d.otherwise)
			return true
		}
		return false
	case errno != 0:
		d.draining = -1
		d.tell(c, conn, failed, errno)
		return true
	case n == 0:
		d.draining = -1
		d.tell(c, conn, ended, 0)
		return true
	}
	if n < len(d.buf) && !d.untilEnd {
		// A short read has taken everything; what comes later is another edge.
		d.draining = -1
	}
	*c = completion{conn: conn, what: received, data: d.buf[:n], at: d.clock.Now()}
	if arrived != 0 {
		c.arrived = d.wall.convert(arrived, c.at)
		c.sampled = sampling(d.reads)
	}
	return true
}

// receive reads from a connection, and asks for the time of arrival if that is
// told.
func (d *epoll) receive(k *epollConn) (n int, arrived int64, errno syscall.Errno) {
	if k.stamped {
		if d.reads++; d.reads <= stampedAlways || d.reads%stampedReads == 0 {
			return sys.RecvStamped(int(k.fd), d.buf)
		}
	}
	n, errno = sys.Recv(int(k.fd), d.buf)
	return n, 0, errno
}

// tell makes c the last completion of a connection.
func (d *epoll) tell(c *completion, conn int32, what happening, errno syscall.Errno) {
	d.conns[conn].phase = epollDone
	*c = completion{conn: conn, what: what, err: errno, at: d.clock.Now()}
}

func (d *epoll) wake() { d.poller.Wake() }

func (d *epoll) shutdown() (err error) {
	for i := range d.conns {
		if k := &d.conns[i]; k.fd >= 0 {
			d.drop(k, orderly)
		}
	}
	d.conns = nil
	if d.poller != nil {
		err = d.poller.Close()
	}
	if d.stamper >= 0 {
		sys.CloseSocket(d.stamper)
	}
	if d.peer != nil {
		d.peer.Close()
	}
	sys.Unmap(d.buf)
	d.buf = nil
	return err
}
