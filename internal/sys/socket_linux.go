package sys

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Peer is an address to connect to, laid out as the kernel wants it.
type Peer struct {
	family int
	addr   []byte // mapped; the first size bytes are a sockaddr
	size   int
}

// NewPeer returns the peer at a TCP address.
func NewPeer(a netip.AddrPort) (*Peer, error) {
	if !a.IsValid() {
		return nil, fmt.Errorf("connect to %v: not an address", a)
	}
	var raw []byte
	ip := a.Addr().Unmap()
	if ip.Is4() {
		raw = binary.NativeEndian.AppendUint16(raw, unix.AF_INET)
		raw = binary.BigEndian.AppendUint16(raw, a.Port())
		raw = append(raw, ip.AsSlice()...)
		return newPeer(unix.AF_INET, append(raw, make([]byte, 8)...))
	}
	zone, err := zoneIndex(ip.Zone())
	if err != nil {
		return nil, fmt.Errorf("connect to %v: %w", a, err)
	}
	raw = binary.NativeEndian.AppendUint16(raw, unix.AF_INET6)
	raw = binary.BigEndian.AppendUint16(raw, a.Port())
	raw = append(raw, 0, 0, 0, 0) // flow label
	raw = append(raw, ip.WithZone("").AsSlice()...)
	return newPeer(unix.AF_INET6, binary.NativeEndian.AppendUint32(raw, zone))
}

// NewUnixPeer returns the peer that listens on a Unix socket's path. A path
// that begins with @ is in the abstract namespace.
func NewUnixPeer(path string) (*Peer, error) {
	const most = 107 // sun_path, with its closing zero
	if path == "" || len(path) > most {
		return nil, fmt.Errorf("connect to Unix socket %q: want a path of 1 to %d bytes", path, most)
	}
	raw := binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX)
	if path[0] == '@' {
		return newPeer(unix.AF_UNIX, append(append(raw, 0), path[1:]...))
	}
	return newPeer(unix.AF_UNIX, append(append(raw, path...), 0))
}

func newPeer(family int, raw []byte) (*Peer, error) {
	mem, err := Map(len(raw))
	if err != nil {
		return nil, err
	}
	return &Peer{family: family, addr: mem, size: copy(mem, raw)}, nil
}

func zoneIndex(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(i.Index), nil
}

// Close releases the peer's memory.
func (p *Peer) Close() error {
	addr := p.addr
	p.addr = nil
	return Unmap(addr)
}

// Socket returns a new non-blocking socket fit to be connected to the peer.
// One for TCP sends what it is given at once (TCP_NODELAY).
func (p *Peer) Socket() (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_SOCKET, uintptr(p.family),
		unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if errno != 0 {
		return -1, errno
	}
	fd = int(r)
	if p.family != unix.AF_UNIX {
		setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	return fd, 0
}

// Connect begins to connect fd to the peer. EINPROGRESS is the normal answer:
// the socket becomes writable, or broken, when it is decided.
func (p *Peer) Connect(fd int) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd),
		uintptr(unsafe.Pointer(&p.addr[0])), uintptr(p.size))
	return errno
}

// ConnectNow is Connect for those who would rather not wait: 0 if the
// connection is made already, as it mostly is on one machine, where the other
// end's kernel has answered before the call returns.
func (p *Peer) ConnectNow(fd int) unix.Errno {
	errno := p.Connect(fd)
	if errno != unix.EINPROGRESS {
		return errno
	}
	if errno = p.Connect(fd); errno == unix.EALREADY {
		return unix.EINPROGRESS
	}
	return errno
}

// Disconnect resets the connection of a TCP socket, leaving no port waiting,
// and makes the socket fit to be connected again. It spares closing and making
// a socket, a quarter of what a short connection costs.
func Disconnect(fd int) unix.Errno {
	var none [16]byte // family AF_UNSPEC
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&none)), uintptr(len(none)))
	return errno
}

// tcpClosed is the kernel's TCP_CLOSE, a state of struct tcp_info.
const tcpClosed = 7

// Retire ends, in the orderly way, a TCP connection that the other end has ended
// already, and tells whether the socket is fit to be connected again: if the
// other end has confirmed it by now, as it has on one machine. If not, nothing
// is lost by closing the socket.
func Retire(fd int) bool {
	ShutSocket(fd)
	var state uint8 // the first field of struct tcp_info
	size := uint32(1)
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(&state)), uintptr(unsafe.Pointer(&size)), 0)
	return errno == 0 && state == tcpClosed && Disconnect(fd) == 0
}

// Send hands b, which is not empty, to the kernel and returns how many of its
// bytes were taken. It neither blocks (EAGAIN) nor raises a signal (EPIPE).
func Send(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// Recv reads what has arrived into b, which is not empty. It does not block
// (EAGAIN). 0 without an errno means that the other end will send no more.
func Recv(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// SocketError returns, and forgets, what has gone wrong with a socket; 0 if
// nothing has.
func SocketError(fd int) unix.Errno {
	var v int32
	size := uint32(4)
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_ERROR,
		uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return unix.Errno(v)
}

// CloseSocket closes fd in the orderly way: what was sent is still delivered,
// then the other end is told. Data that has arrived and was not read makes it
// a reset, as always.
func CloseSocket(fd int) { unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// ShutSocket ends fd's connection in both directions, in the orderly way, and
// with it whatever waits for it. It does not close fd.
func ShutSocket(fd int) { unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_RDWR, 0) }

// ResetSocket closes fd at once: the other end gets a reset, and no port is
// left waiting.
func ResetSocket(fd int) {
	linger := [2]int32{1, 0} // on, for no time
	unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&linger)), unsafe.Sizeof(linger), 0)
	CloseSocket(fd)
}

func setInt(fd, level, option int, v int32) {
	unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
}

// EphemeralPorts returns how many ports the kernel may choose from for our end
// of a connection.
func EphemeralPorts() int {
	const usual = 28232 // 32768 to 60999
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return usual
	}
	f := strings.Fields(string(b))
	if len(f) != 2 {
		return usual
	}
	low, err1 := strconv.Atoi(f[0])
	high, err2 := strconv.Atoi(f[1])
	if err1 != nil || err2 != nil || high < low {
		return usual
	}
	return high - low + 1
}
