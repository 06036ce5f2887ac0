package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

const (
	// A connection's buffer begins small, so that thousands of connections that
	// say little take little, and grows as long as reads fill it.
	netBufferLeast = 4 << 10
	netBufferMost  = 64 << 10
)

// A netConn is one connection of a netDriver, from its dial to its close. A
// connection that is dialed under the same number later is another netConn.
type netConn struct {
	number int32
	cancel context.CancelFunc // gives up dialing

	// goOn is sent on when the loop has looked at what was received, and closed
	// with the connection.
	goOn chan struct{}

	// Set once it is connected. The loop looks at them after it was told so, or
	// under the driver's lock.
	conn net.Conn // out, or TLS over it
	out  *outlet

	closed bool // by the loop, under the driver's lock
}

// end closes a connection that was made.
func (k *netConn) end(how ending) {
	if how == orderly {
		_ = k.conn.Close() // with TLS, the server is told there too
		return
	}
	if t, ok := k.out.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = k.out.Close()
}

// live dials a connection and then reads from it until its end. It is the body
// of the connection's goroutine.
func (d *netDriver) live(ctx context.Context, k *netConn) {
	defer k.cancel()
	conn, out, err := d.open(ctx)
	at := d.clock.Now()
	if err != nil {
		d.tell(k, failure(err, at))
		return
	}
	d.mu.Lock()
	k.conn, k.out = conn, out
	closed := k.closed
	d.mu.Unlock()
	if closed {
		k.end(orderly)
		return
	}
	d.tell(k, completion{what: connected, at: at})
	d.read(k)
}

// open makes a connection, TLS included.
func (d *netDriver) open(ctx context.Context) (net.Conn, *outlet, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	out := newOutlet(conn, d)
	if d.tls == nil {
		return out, out, nil
	}
	t := tls.Client(out, d.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, nil, &handshakeError{err}
	}
	return t, out, nil
}

// connect makes a plain connection, from another source if there is no port left
// at the one it was to come from.
func (d *netDriver) connect(ctx context.Context) (net.Conn, error) {
	d.mu.Lock()
	source := d.from.pick()
	d.mu.Unlock()
	for tried := 1; ; tried++ {
		dialer := d.dialerFrom(source)
		conn, err := dialer.DialContext(ctx, d.network, d.address)
		if !errors.Is(err, syscall.EADDRNOTAVAIL) || tried == sourcesTried {
			return conn, err
		}
		var ok bool
		d.mu.Lock()
		source, ok = d.from.instead(source)
		d.mu.Unlock()
		if !ok {
			return nil, err
		}
	}
}

// dialerFrom returns a dialer whose connections come from a source.
func (d *netDriver) dialerFrom(source int) net.Dialer {
	dialer := d.dialer
	if source == 0 {
		return dialer
	}
	dialer.LocalAddr = &net.TCPAddr{IP: sys.Source(source).AsSlice()}
	dialer.Control = func(_, _ string, c syscall.RawConn) (err error) {
		if outer := c.Control(func(fd uintptr) { err = sys.BindLate(int(fd)) }); outer != nil {
			return outer
		}
		return err
	}
	return dialer
}

// read tells what arrives on a connection until nothing more will.
func (d *netDriver) read(k *netConn) {
	buf := d.takeBuffer()
	defer func() { d.giveBuffer(buf) }()
	for {
		n, err := k.conn.Read(buf)
		at := d.clock.Now()
		if n > 0 {
			d.tell(k, completion{what: received, data: buf[:n], at: at})
			if _, ok := <-k.goOn; !ok {
				return
			}
		}
		if err != nil {
			d.tell(k, k.lastWord(err, at))
			return
		}
		if n == len(buf) && n < netBufferMost {
			buf = make([]byte, 2*n)
		}
	}
}

// lastWord makes a completion out of what ended the reading.
func (k *netConn) lastWord(err error, at mono.Time) completion {
	switch wrote := k.out.failed(); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		// The second is TLS without a word of farewell, which many servers do
		// not say. Whether the answer is whole is for HTTP to tell.
		return completion{what: ended, at: at}
	case wrote != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return failure(wrote, at)
	}
	return failure(err, at)
}

// failure makes a completion out of an error.
func failure(err error, at mono.Time) completion {
	c := completion{what: failed, at: at}
	if c.cause = tlsCause(err); c.cause != "" {
		return c
	}
	if errors.As(err, &c.err) {
		return c
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.err = syscall.ETIMEDOUT
		return c
	}
	c.cause = noReason
	return c
}

func (d *netDriver) takeBuffer() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.spare); n > 0 {
		b := d.spare[n-1]
		d.spare = d.spare[:n-1]
		return b
	}
	return make([]byte, netBufferLeast)
}

// giveBuffer keeps a buffer for another connection. The loop has closed the one
// it was of, or was told of its end after everything in it.
func (d *netDriver) giveBuffer(b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spare = append(d.spare, b)
}
