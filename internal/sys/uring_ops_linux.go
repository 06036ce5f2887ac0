package sys

import (
	"math/bits"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Recv receives from a socket whatever comes, from now on: each piece is a
// completion with a buffer, and the last completion is the one without More.
// One with no bytes and no error is the end of what the other end sends.
//
// There must be Room, as for every operation.
func (r *Ring) Recv(fd int, key uint64) {
	*r.next() = submission{op: opRecv, flags: withBuffer, ioprio: multishot | pollFirst, fd: int32(fd), key: key}
}

// RecvStamped is Recv from a socket that was given to Stamp. What it receives
// into a buffer is told by Stamped.
func (r *Ring) RecvStamped(fd int, key uint64) {
	*r.next() = submission{
		op: opRecvMsg, flags: withBuffer, ioprio: multishot | pollFirst, fd: int32(fd), key: key,
		addr: uint64(uintptr(unsafe.Pointer(r.header))), length: 1,
	}
}

// Stamped returns what RecvStamped received into a buffer, which has n bytes in
// all, until it is given back: the data, none of which is the end of what the
// other end sends, and when the last byte of it reached this machine, as the
// function RecvStamped has it.
func (r *Ring) Stamped(id uint16, n int) (data []byte, arrived int64) {
	const head = int(unsafe.Sizeof(received{}))
	b := r.Data(id, n)
	if n < head+stampSpace {
		return nil, 0
	}
	h := (*received)(unsafe.Pointer(&b[0]))
	control := b[head:][:min(int(h.controlLen), stampSpace)]
	return b[head+stampSpace:], stampIn(control)
}

// Send sends the whole of b, which is not empty, lies in mapped memory and is
// not changed until the send is over. Asked to be silent, it has a completion
// only if it fails. Sends to one socket that are under way at the same time may
// overtake each other.
func (r *Ring) Send(fd int, b []byte, key uint64, silent bool) {
	flags := uint8(0)
	if silent {
		flags = skipSuccess
	}
	*r.next() = submission{
		op: opSend, flags: flags, fd: int32(fd), key: key,
		addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), length: uint32(len(b)),
		// Without WAITALL a send is over when part of it is, and where the
		// completion is skipped nobody hears of the rest.
		opFlags: unix.MSG_NOSIGNAL | unix.MSG_WAITALL,
	}
}

// Poll waits until one of the events is there, or the descriptor is broken or
// hung up; the completion's Events tell.
func (r *Ring) Poll(fd int, events Events, key uint64) {
	*r.next() = submission{op: opPollAdd, fd: int32(fd), opFlags: pollMask(uint32(events)), key: key}
}

// Nop does nothing and is complete at once.
func (r *Ring) Nop(key uint64) { *r.next() = submission{op: opNop, key: key} }

// Forget makes operations be as if they had never been asked for, if they have
// a key that unwanted tells, and were not handed over yet.
func (r *Ring) Forget(unwanted func(key uint64) bool) {
	for i := r.tail - r.waiting(); i != r.tail; i++ {
		s := &r.sq[i&uint32(len(r.sq)-1)]
		if unwanted(s.key) {
			*s = submission{op: opNop, flags: skipSuccess}
		}
	}
}

// pollMask returns a mask of events in the order of words the kernel wants.
func pollMask(events uint32) uint32 {
	if bigEndian {
		return bits.RotateLeft32(events, 16)
	}
	return events
}

// Err returns why the operation failed; 0 if it did not.
func (c *Completion) Err() unix.Errno {
	if c.res < 0 {
		return unix.Errno(-c.res)
	}
	return 0
}

// Len returns how many bytes were sent or received.
func (c *Completion) Len() int { return max(int(c.res), 0) }

// Events returns what a Poll saw.
func (c *Completion) Events() Events { return Events(max(c.res, 0)) }

// More tells whether the operation goes on and will have further completions.
func (c *Completion) More() bool { return c.flags&hasMore != 0 }

// Buffer returns the buffer that was received into, which is to be given back
// whatever is in it.
func (c *Completion) Buffer() (id uint16, ok bool) {
	return uint16(c.flags >> 16), c.flags&hasBuffer != 0
}
