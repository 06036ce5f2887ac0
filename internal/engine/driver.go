package engine

import (
	"syscall"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// A driver does the socket operations of one loop and reports when they are
// complete. Epoll is made to look like io_uring here, and not the other way
// round: a completion can be made out of readiness, readiness not out of a
// completion. Only wake may be called from another goroutine.
//
// Connections are named by the loop: small numbers, used again after close. A
// completion always belongs to the connection that bears its number now: what
// was still under way for an earlier one is swallowed by the driver.
//
// # The life of a connection
//
// dial(c) is answered by one completion of c, connected or failed. After
// connected follow any number of received and then one ended or failed, of
// their own accord: there is no call to receive. After failed there is nothing
// more to come, after ended nothing more is received; close(c) is due after
// either, and ends c at any other moment too. It may be dialed again at once.
//
// send(c, b) may be called once c is connected. The driver takes the whole of
// b over, which the loop leaves unchanged until c is closed, or until unsent has
// told that the send is over; it deals with partial writes and keeps the order
// of several sends. There is no completion of success. A send that cannot be done
// makes c failed, but what the server had said before is received first.
//
// # Time
//
// A completion's time is the first reading after the operation was done: our
// own work on others that came with it is not in it. Where we do the operations
// ourselves that is a reading for each, and where the kernel does them while we
// wait, the reading at the end of the wait. sentAt is the reading just before
// the bytes of the last send were first offered to the kernel.
type driver interface {
	// name returns the backend's name in tallies: "epoll".
	name() string

	// sources returns from how many addresses connections came, or were to come.
	sources() int

	// now reads the clock.
	now() mono.Time

	dial(c int32)
	send(c int32, b []byte)

	// unsent returns how many sends to c are not over yet: of these, the bytes
	// may still be read. It is exact where requests have blanks; elsewhere it may
	// leave some out.
	unsent(c int32) int

	// sentAt returns when the last send to c was handed to the kernel. A driver
	// that hands over in wait answers for all sends of c since the wait before;
	// the loop asks before it sends again.
	sentAt(c int32) mono.Time

	// close ends connection c in the way of how.
	close(c int32, how ending)

	// wait hands over what was not yet handed over, then returns as soon as
	// there may be a completion, or wake was called, or the clock reached
	// until; or earlier, for no reason: the caller looks at the clock. Before
	// waiting again the caller takes all completions with next.
	wait(until mono.Time) error

	// next tells the next completion, false if there is none. The completion's
	// data stays valid until the following call of next. Between two calls the
	// loop may dial, send and close as it likes.
	next(*completion) bool

	// wake ends the present wait, or the next one. Any goroutine may call it
	// until shutdown.
	wake()

	// shutdown closes every connection and releases the driver's memory. If it
	// was waited on, the thread that did so calls it.
	shutdown() error
}

// An ending is a way to close a connection.
type ending uint8

const (
	orderly ending = iota // with FIN
	byReset               // with RST, leaving no port waiting
)

// A happening is what a completion tells of a connection.
type happening uint8

const (
	connected happening = iota // dial has succeeded
	received                   // data arrived
	ended                      // the server will send no more
	failed                     // dial did not succeed, or the connection broke
)

// A completion is something that happened to a connection.
type completion struct {
	conn  int32
	what  happening
	err   syscall.Errno // why it failed,
	cause string        // or why, in a few words, where it was for no errno
	data  []byte        // what was received; not empty
	at    mono.Time     // when it was complete

	// arrived is when the last of data reached this machine, where the kernel
	// tells: on a sample of connections. It is at most at; 0 if it is not known.
	arrived mono.Time
	sampled sampled // as what
}

// why returns why a connection failed, as causes have it.
func (c *completion) why() string {
	if c.cause != "" {
		return c.cause
	}
	return sys.ErrnoName(c.err)
}
