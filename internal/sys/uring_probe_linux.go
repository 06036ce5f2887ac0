package sys

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TryRing tells whether io_uring can be had here with all that a Ring needs, by
// using a small one; what is missing is said in the error.
func TryRing() error {
	runtime.LockOSThread() // a ring is used by one thread
	defer runtime.UnlockOSThread()
	r, err := NewRing(RingConfig{Submissions: 4, Completions: 8, Buffers: 2, BufferSize: 4096})
	if err != nil {
		return fmt.Errorf("io_uring: %w", err)
	}
	if err = errors.Join(r.lacks(), r.Start()); err == nil {
		err = r.try()
	}
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("io_uring: %w", err)
	}
	return nil
}

// lacks asks the kernel for the operations that it knows.
func (r *Ring) lacks() error {
	var p probed
	if errno := r.register(registerProbe, unsafe.Pointer(&p), uintptr(len(p.ops))); errno != 0 {
		return fmt.Errorf("ask for its operations: %w", errno)
	}
	for name, op := range map[string]uint8{"poll": opPollAdd, "send": opSend, "receive": opRecv} {
		if p.ops[op].flags&1 == 0 {
			return fmt.Errorf("the kernel's has no operation to %s", name)
		}
	}
	return nil
}

// try receives over a pair of sockets what it has sent over the other, twice.
func (r *Ring) try() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	const receive, send = 1, 2
	r.Recv(pair[0], receive)
	for range 2 {
		// What is sent is zeroes, from memory that the kernel may hold.
		r.Send(pair[1], r.args[:1], send, true)
		c, err := r.await(time.Second)
		if err != nil {
			return err
		}
		if c.Key != receive || c.Err() != 0 || c.Len() != 1 || !c.More() {
			return fmt.Errorf("receiving on and on into a ring of buffers (Linux 6.0): completion %+v", c)
		}
		if id, ok := c.Buffer(); ok {
			r.Return(id)
		}
	}
	return nil
}

// await returns the next completion, or an error if there is none within d.
func (r *Ring) await(d time.Duration) (c Completion, err error) {
	for end := time.Now().Add(d); ; {
		if r.Next(&c) {
			return c, nil
		}
		left := time.Until(end)
		if left <= 0 {
			return c, errors.New("nothing was complete in time")
		}
		if err := r.Enter(left); err != nil {
			return c, err
		}
	}
}
