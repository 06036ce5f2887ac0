package sys

import (
	"encoding/binary"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel can note, by the wall clock, when a packet reached this machine's
// stack, and tells with the data of a TCP socket that asked for it when the last
// byte of it came. (Linux 4.14 or later.)

// Stamp asks for the time of arrival of what a socket receives from now on.
// While any socket of the machine asks, the kernel reads its clock for every
// packet it receives.
func Stamp(fd int) unix.Errno {
	v := int32(1)
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS,
		uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
	return errno
}

// stampSpace is what a time of arrival takes beside the data, and some more.
const stampSpace = 64

// RecvStamped is Recv for a socket that was given to Stamp. It returns, too,
// when the last of the bytes read reached this machine: nanoseconds by
// CLOCK_REALTIME, 0 if the kernel does not say.
func RecvStamped(fd int, b []byte) (n int, arrived int64, errno unix.Errno) {
	var control [stampSpace]byte
	iov := unix.Iovec{Base: &b[0]}
	iov.SetLen(len(b))
	var m unix.Msghdr
	m.Iov, m.Iovlen = &iov, 1
	m.Control = &control[0]
	m.SetControllen(len(control))
	r, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&m)), 0)
	if errno != 0 {
		return 0, 0, errno
	}
	return int(r), stampIn(control[:min(int(m.Controllen), len(control))]), 0
}

// stampIn returns the time of arrival among control messages, 0 if there is
// none.
func stampIn(control []byte) int64 {
	const head = unix.SizeofCmsghdr
	for len(control) >= head {
		m := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		size := int(m.Len)
		if size < head || size > len(control) {
			return 0
		}
		if m.Level == unix.SOL_SOCKET && m.Type == unix.SO_TIMESTAMPNS && size >= head+16 {
			sec := binary.NativeEndian.Uint64(control[head:])
			nsec := binary.NativeEndian.Uint64(control[head+8:])
			return int64(sec)*int64(time.Second) + int64(nsec)
		}
		control = control[min(unix.CmsgSpace(size-head), len(control)):]
	}
	return 0
}
