package serve

import (
	"bytes"
	"fmt"
	"net/http"

	"golang.org/x/sys/unix"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// A conn is one accepted connection, owned by one loop.
type conn struct {
	fd       int    // -1 once it has ended
	interest uint32 // the events it waits for

	held  []byte  // bytes read that no whole request could be made of, or that must wait their turn
	asked request // the request whose body is being read over
	skip  int64   // bytes of that body still to come

	out     []byte // answers, from done on not yet written
	done    int
	waiting int  // requests that the service will answer later
	last    bool // nothing more is read; it ends once everything is answered and written
	eof     bool // the other side sends no more
	mute    bool // nothing more is written; it ends with the other side
	rude    bool // there may be bytes that will not be read; see end
	reset   bool // it ends by a reset

	promised mono.Time // when the service will answer the last of the waiting; the service's own
}

// highWater is how many bytes of answers a connection may owe before its
// further requests must wait.
const highWater = 1 << 20

// ready handles an event of a connection.
func (l *loop) ready(c *conn, events uint32) {
	switch {
	case c.interest&unix.EPOLLOUT != 0:
		if l.flush(c) {
			l.take(c, l.recall(c))
		}
	case c.interest&unix.EPOLLIN != 0:
		l.receive(c)
	case events&(unix.EPOLLERR|unix.EPOLLHUP) != 0:
		l.end(c)
	case events&unix.EPOLLRDHUP != 0:
		c.eof = true
		l.flush(c)
	}
}

// recall moves the bytes that were held back to the loop's buffer.
func (l *loop) recall(c *conn) []byte {
	n := copy(l.buf, c.held)
	c.held = c.held[:0]
	return l.buf[:n]
}

// receive reads once. What is left comes with the next event; most often
// nothing is, and a second read would only be told so.
func (l *loop) receive(c *conn) {
	held := len(l.recall(c))
	n, errno := sys.Recv(c.fd, l.buf[held:])
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		c.held = append(c.held, l.buf[:held]...)
	case errno != 0:
		l.end(c)
	case n == 0:
		c.last, c.eof = true, true
		l.flush(c)
	default:
		l.take(c, l.buf[:held+n])
	}
}

// take serves the requests in b and holds what is left of it.
func (l *loop) take(c *conn, b []byte) {
	for {
		rest, more := l.parse(c, b)
		if !l.flush(c) || !more {
			c.held = append(c.held[:0], rest...)
			return
		}
		b = rest
	}
}

// parse has the requests in b answered. It returns what is left, and whether
// that was left only because the connection owes enough answers already.
func (l *loop) parse(c *conn, b []byte) (rest []byte, more bool) {
	for len(b) > 0 && !c.last {
		if len(c.out)-c.done > highWater {
			return b, true
		}
		if c.skip > 0 {
			n := min(c.skip, int64(len(b)))
			b = b[n:]
			if c.skip -= n; c.skip == 0 {
				l.serve(c, c.asked)
			}
			continue
		}
		r, status := parseRequest(b)
		if status != 0 {
			l.refuse(c, status)
			return nil, false
		}
		if r.size == 0 {
			return b, false
		}
		b = b[r.size:]
		if r.body > int64(len(b)) {
			c.skip, c.asked = r.body, r
			c.asked.target = bytes.Clone(r.target)
			continue
		}
		b = b[r.body:]
		l.serve(c, r)
	}
	c.rude = len(b) > 0
	return nil, false
}

// serve answers a request that has come in whole.
func (l *loop) serve(c *conn, r request) {
	c.last = r.last
	l.service.answer(c, r)
}

// refuse ends a connection whose bytes are not understood, with the reason if
// no earlier request is waiting for its answer.
func (l *loop) refuse(c *conn, status int) {
	c.last, c.rude = true, true
	l.malformed++
	if c.waiting == 0 {
		c.out = fmt.Appendf(c.out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			status, http.StatusText(status))
	}
}

// flush writes the answers that are ready. It returns false if the connection
// has ended, or will not take any more for now.
func (l *loop) flush(c *conn) bool {
	for c.done < len(c.out) {
		n, errno := sys.Send(c.fd, c.out[c.done:])
		switch errno {
		case 0:
			c.done += n
		case unix.EINTR:
		case unix.EAGAIN:
			l.watch(c, unix.EPOLLOUT)
			return false
		default:
			l.end(c)
			return false
		}
	}
	c.out, c.done = c.out[:0], 0
	switch {
	case !c.last:
		l.watch(c, unix.EPOLLIN)
		return true
	case c.waiting == 0 || c.mute && c.eof:
		l.end(c)
	case c.eof:
		l.watch(c, 0) // errors are told all the same
	default:
		l.watch(c, unix.EPOLLRDHUP)
	}
	return false
}

// resume goes on with a connection whose service has answered by itself.
func (l *loop) resume(c *conn) {
	if l.flush(c) && len(c.held) > 0 {
		l.take(c, l.recall(c))
	}
}

// silence lets a connection be, unanswered, until the other side ends it.
func (l *loop) silence(c *conn) {
	c.last, c.mute = true, true
	l.flush(c)
}

// watch changes the events that the connection waits for.
func (l *loop) watch(c *conn, interest uint32) {
	if c.interest == interest {
		return
	}
	c.interest = interest
	ev := unix.EpollEvent{Events: interest, Fd: int32(c.fd)}
	if unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &ev) != nil {
		l.end(c)
	}
}

// end closes the connection. A connection with unread bytes would be reset,
// and the reset can overtake the answer before it; so where there may be some,
// they are read first.
func (l *loop) end(c *conn) {
	if c.fd < 0 {
		return
	}
	if c.rude && !c.reset {
		l.drain(c)
	}
	l.conns[c.fd] = nil
	if c.reset {
		sys.ResetSocket(c.fd)
	} else {
		sys.CloseSocket(c.fd)
	}
	c.fd = -1
	l.service.ended(c)
}

// drain tells the other side that no more is coming and reads what it has sent
// so far, up to a megabyte or two.
func (l *loop) drain(c *conn) {
	unix.Shutdown(c.fd, unix.SHUT_WR)
	for range 16 {
		if n, errno := sys.Recv(c.fd, l.buf); n == 0 || errno != 0 {
			return
		}
	}
}
