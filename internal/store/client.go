package store

import (
	"errors"
	"net"
	"time"
)

// A client is one connection.
type client struct {
	server *Server
	conn   net.Conn
	in     *reader
	out    reply // answers that have not been sent
	held   *outbox
	id     int64
	name   string

	waited  time.Duration // of the request being carried out: time it did nothing
	leaving bool          // the client has said that it leaves
}

const (
	// enough is how many bytes of answers are sent even though more requests
	// are there to be carried out first.
	enough = 64 << 10
	// slow is how long a client may take to take its answers.
	slow = 30 * time.Second
)

// serve carries out the requests of a connection until it ends.
func (s *Server) serve(conn net.Conn) {
	c := &client{server: s, conn: conn, id: s.ids.Add(1), out: reply{v: 2}}
	c.in = newReader(conn, c.flush)
	if s.config.Delay > 0 {
		c.held = newOutbox(c.write)
		defer c.held.end()
	}
	for !c.leaving {
		args, err := c.in.next()
		if wrong := protocolError(""); errors.As(err, &wrong) {
			c.out.failed("ERR " + wrong.Error())
			c.hold()
			break
		}
		if err != nil {
			return
		}
		s.commands.Add(1)
		c.execute(args)
		c.hold()
		if len(c.out.b) >= enough && c.flush() != nil {
			return
		}
	}
	_ = c.flush() // the connection ends either way
}

// hold puts an answer aside until it is due, if answers are held back.
func (c *client) hold() {
	if c.held == nil || len(c.out.b) == 0 {
		return
	}
	c.held.put(c.out.b, time.Now().Add(c.server.config.Delay))
	c.out.b = nil
}

// flush sends what is ready to be sent.
func (c *client) flush() error {
	if len(c.out.b) == 0 || c.held != nil {
		return nil
	}
	err := c.write(c.out.b)
	c.out.b = c.out.b[:0]
	if cap(c.out.b) > 4*enough {
		c.out.b = nil
	}
	return err
}

// write sends bytes, and ends the connection if it cannot in time.
func (c *client) write(b []byte) error {
	c.conn.SetWriteDeadline(time.Now().Add(slow))
	if c.server.isStopping() { // asked last, so that hurry's deadline is not undone
		c.conn.SetWriteDeadline(time.Now().Add(lastWords))
	}
	_, err := c.conn.Write(b)
	if err != nil {
		c.conn.Close()
	}
	return err
}

// watch tells whether the client goes away while its request waits. stop must
// be called before anything else is read.
func (c *client) watch() (gone <-chan struct{}, stop func()) {
	ended, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if !c.in.peek() {
			close(left)
		}
	}()
	return left, func() {
		c.conn.SetReadDeadline(time.Now()) // ends the look, if it goes on
		<-ended
		c.server.mu.Lock()
		defer c.server.mu.Unlock()
		if !c.server.isStopping() { // else hurry has set it, or is about to
			c.conn.SetReadDeadline(time.Time{})
		}
	}
}

// peek waits until more has been read than was there, and tells whether the
// connection is still good. A deadline that passes is no harm to it.
func (r *reader) peek() bool {
	if r.end-r.start >= maxRequest {
		return true // it has sent plenty already
	}
	err := r.fill()
	return err == nil || errors.Is(err, errDeadline)
}
