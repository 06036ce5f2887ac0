package engine

import (
	"syscall"

	"webdyno/internal/sys"
)

// What the kernel says, and what it means for the connections.

func (d *uring) next(c *completion) bool {
	var e sys.Completion
	for {
		if d.held >= 0 {
			d.ring.Return(uint16(d.held))
			d.held = -1
		}
		switch {
		case d.taken < len(d.early):
			*c = d.early[d.taken]
			d.taken++
			if c.conn >= 0 && d.decided(c) {
				return true
			}
		case d.left > 0 && d.ring.Next(&e):
			d.left--
			d.seen++
			if d.happened(&e, c) {
				return true
			}
		default:
			d.early, d.taken = d.early[:0], 0
			return false
		}
	}
}

// decided follows up a dial that is decided.
func (d *uring) decided(c *completion) bool {
	k := &d.conns[c.conn]
	if c.what == failed {
		k.phase = uringDone
		return true
	}
	k.phase = uringOpen
	d.receive(c.conn, k)
	return true
}

// happened follows up a completion.
func (d *uring) happened(e *sys.Completion, c *completion) bool {
	if id, ok := e.Buffer(); ok {
		d.held = int32(id)
	}
	conn := int32(uint32(e.Key))
	if e.Key == sys.WakeKey || int(conn) >= len(d.conns) {
		return false // woken, or something forgotten
	}
	k := &d.conns[conn]
	if uint32(e.Key>>32)&lifeMask != k.life || k.fd < 0 {
		return false
	}
	kind := uringKind(e.Key >> 56)
	if kind == uringReceive && !e.More() {
		k.armed = false
	}
	if d.seen <= k.before {
		if kind == uringReceive && k.phase == uringOpen {
			d.receive(conn, k) // it was taken to go on from one connection to the next
		}
		return false
	}
	switch kind {
	case uringReceive:
		return d.arrived(conn, k, e, c)
	case uringSend:
		d.wentOut(conn, k, e)
	case uringConnect:
		return d.polled(conn, k, e, c)
	}
	return false
}

// arrived follows up what a receive has brought.
func (d *uring) arrived(conn int32, k *uringConn, e *sys.Completion, c *completion) bool {
	errno := e.Err()
	if errno == syscall.ENOBUFS || errno == syscall.EINTR || errno == syscall.EAGAIN {
		if k.phase == uringOpen || k.phase == uringBroken {
			d.receive(conn, k)
		}
		return false
	}
	data, stamp := d.dataOf(k, e)
	switch {
	case k.phase == uringDialing:
		// The receive of the connection before has come upon the reason why this
		// one was not made.
		if errno == 0 || errno == syscall.ENOTCONN {
			return false
		}
	case k.phase != uringOpen && k.phase != uringBroken:
		return false
	case len(data) > 0:
		d.receive(conn, k)
		*c = completion{conn: conn, what: received, data: data, at: d.at}
		if stamp != 0 {
			c.arrived = d.wall.convert(stamp, d.at)
		}
		return true
	case errno == 0:
		errno = k.why
	}
	k.phase = uringDone
	*c = completion{conn: conn, what: failed, err: errno, at: d.at}
	if errno == 0 {
		c.what = ended
	}
	return true
}

// wentOut follows up a send that is over, or has failed. What the server had
// said before comes first; the receive tells, which is made to end.
func (d *uring) wentOut(conn int32, k *uringConn, e *sys.Completion) {
	told := k.busy
	k.busy = false
	if k.phase != uringOpen {
		return
	}
	if told && e.Err() == 0 && e.Len() == k.rest {
		if len(k.queued) > 0 {
			b := k.queued[0]
			k.queued = k.queued[:copy(k.queued, k.queued[1:])]
			d.push(conn, k, b)
		}
		return
	}
	k.phase = uringBroken
	if errno := e.Err(); errno != syscall.EPIPE {
		k.why = errno // a broken pipe is the server's end
	}
	sys.ShutSocket(int(k.fd))
}

// polled tells how a dial came out that was not decided at once.
func (d *uring) polled(conn int32, k *uringConn, e *sys.Completion, c *completion) bool {
	if k.phase != uringDialing {
		return false
	}
	errno := e.Err()
	if errno == 0 && e.Events()&(sys.Broken|sys.HungUp) != 0 {
		errno = sys.SocketError(int(k.fd))
		if errno == 0 && k.armed {
			return false // the receive has the reason
		}
		if errno == 0 {
			errno = syscall.ECONNABORTED
		}
	}
	*c = completion{conn: conn, what: connected, err: errno, at: d.at}
	if errno != 0 {
		c.what = failed
	}
	return d.decided(c)
}

// dataOf returns what a receive has brought, and when that had arrived by the
// wall clock, 0 if it is not known.
func (d *uring) dataOf(k *uringConn, e *sys.Completion) (data []byte, stamp int64) {
	switch {
	case e.Len() == 0:
		return nil, 0
	case k.stamped:
		return d.ring.Stamped(uint16(d.held), e.Len())
	}
	return d.ring.Data(uint16(d.held), e.Len()), 0
}
