package sys

import (
	"encoding/binary"
	"fmt"
	"unsafe"
)

// bigEndian tells the byte order of this machine.
var bigEndian = binary.NativeEndian.Uint16([]byte{1, 0}) != 1

// buffers are what a Ring receives into: so many of one size, end to end, and a
// ring of those that the kernel may take.
type buffers struct {
	ring []byte
	free []provided // ring, as the kernel sees it
	mem  []byte
	size int
	tail uint16 // of the ring, those that were not published included
}

// provide offers n buffers, a power of two, to the kernel.
func (r *Ring) provide(n, size int) (err error) {
	b := &r.buffers
	b.size = size
	if b.ring, err = Map(n * int(unsafe.Sizeof(provided{}))); err != nil {
		return err
	}
	if b.mem, err = Map(n * size); err != nil {
		return err
	}
	b.free = unsafe.Slice((*provided)(unsafe.Pointer(&b.ring[0])), n)
	reg := bufReg{addr: uint64(uintptr(unsafe.Pointer(&b.ring[0]))), entries: uint32(n)}
	if errno := r.register(registerBuffers, unsafe.Pointer(&reg), 1); errno != 0 {
		return fmt.Errorf("register a ring of buffers: %w", errno)
	}
	for id := range n {
		b.put(uint16(id))
	}
	b.publish()
	return nil
}

// put gives a buffer back. The kernel sees it after publish.
func (b *buffers) put(id uint16) {
	at := &b.free[b.tail&uint16(len(b.free)-1)]
	at.addr = uint64(uintptr(unsafe.Pointer(&b.mem[int(id)*b.size])))
	at.length = uint32(b.size)
	at.id = id
	b.tail++
}

// publish tells the kernel of the buffers that were given back. A plain store
// does: the kernel takes buffers on the thread of the Ring, inside Enter.
func (b *buffers) publish() { b.free[0].tail = b.tail }

// Data returns what was received into a buffer, until it is given back.
func (r *Ring) Data(id uint16, n int) []byte {
	at := int(id) * r.buffers.size
	return r.buffers.mem[at : at+n : at+n]
}

// Return gives a buffer back to the kernel.
func (r *Ring) Return(id uint16) { r.buffers.put(id) }
