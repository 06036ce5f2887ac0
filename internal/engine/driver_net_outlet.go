package engine

import (
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// An outlet is a connection whose Write never blocks, so that the loop can
// write itself, and TLS through it: it offers the bytes to the kernel, and what
// the kernel has no room for is left to a goroutine that ends once it is through.
type outlet struct {
	net.Conn
	d   *netDriver
	raw syscall.RawConn // nil: everything goes through the goroutine
	try func(fd uintptr) bool

	// copies tells that what is written may change afterwards. The loop's own
	// bytes, where requests have no blanks, do not until the connection is
	// closed, which waits for writes.
	copies bool

	mu       sync.Mutex
	sent     mono.Time // when the last send was first offered to the kernel
	fresh    bool      // it has not been offered yet: sent is when it came
	offered  []byte    // what try is about, and its result
	n        int
	errno    syscall.Errno
	backlog  [][]byte
	flushing bool  // the goroutine is there
	err      error // what writing has failed of
}

// lastWords is how long what the server still said is read after a write has
// failed.
const lastWords = 100 * time.Millisecond

func newOutlet(conn net.Conn, d *netDriver) *outlet {
	o := &outlet{Conn: conn, d: d, copies: d.copies}
	if c, ok := conn.(syscall.Conn); ok {
		o.raw, _ = c.SyscallConn() // of a connection that is open it cannot fail
	}
	o.try = func(fd uintptr) bool {
		o.n, o.errno = sys.WriteNow(fd, o.offered)
		return true
	}
	return o
}

// begin says that a send begins at at.
func (o *outlet) begin(at mono.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent, o.fresh = at, true
}

// begun returns when the bytes of the last send were first offered.
func (o *outlet) begun() mono.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent
}

// failed returns what writing has failed of, if it has.
func (o *outlet) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Write takes the whole of b, or fails of something that happened before.
func (o *outlet) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fresh {
		o.sent, o.fresh = o.d.clock.Now(), false
	}
	rest := b
	if o.err == nil && !o.flushing {
		rest = o.offer(b)
	}
	if o.err != nil {
		return 0, o.err
	}
	if len(rest) == 0 {
		return len(b), nil
	}
	if o.copies {
		rest = slices.Clone(rest)
	}
	o.backlog = append(o.backlog, rest)
	if !o.flushing {
		o.flushing = true
		o.d.tasks.Go(o.flush)
	}
	return len(b), nil
}

// offer writes until the kernel takes no more, and returns what is left.
func (o *outlet) offer(b []byte) []byte {
	for len(b) > 0 && o.raw != nil {
		o.offered, o.n, o.errno = b, 0, 0
		err := o.raw.Write(o.try)
		o.offered = nil
		b = b[o.n:]
		switch {
		case err != nil:
			o.fail(err)
			return b
		case o.errno == syscall.EAGAIN:
			return b
		case o.errno != 0 && o.errno != syscall.EINTR:
			o.fail(o.errno)
			return b
		}
	}
	return b
}

// flush writes the backlog, waiting for the kernel to take it.
func (o *outlet) flush() {
	for {
		o.mu.Lock()
		if len(o.backlog) == 0 {
			o.flushing = false
			o.mu.Unlock()
			return
		}
		b := o.backlog[0]
		o.backlog = o.backlog[1:]
		o.mu.Unlock()

		if _, err := o.Conn.Write(b); err != nil {
			o.mu.Lock()
			o.fail(err)
			o.mu.Unlock()
			return
		}
	}
}

// fail notes that nothing can be written any more, and sees to it that the one
// who reads does not wait for an answer.
func (o *outlet) fail(err error) {
	o.err = err
	o.backlog = nil
	_ = o.SetReadDeadline(time.Now().Add(lastWords))
}
