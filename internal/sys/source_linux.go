package sys

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sources is how many addresses there are for our end of connections on the
// loopback interface: 127.0.0.1 to 127.0.0.254. Each has all ports to itself.
const Sources = 254

// Source returns the address of source n, from 0.
func Source(n int) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, byte(n + 1)}) }

// BindLate leaves the choice of the port to connect when fd is bound to an
// address and no port. It then needs to differ from that of connections to the
// same end only, and is not taken from all of them.
func BindLate(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
}

// BindSource makes the connection of an IPv4 socket, which is not connected, come
// from source n.
func BindSource(fd, n int) unix.Errno {
	setInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	from := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: Source(n).As4()}
	_, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&from)), unsafe.Sizeof(from))
	return errno
}
