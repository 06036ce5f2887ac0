package sys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Listeners returns every listening TCP socket of this network namespace, over
// IPv4 and IPv6, one entry per socket: those that share a port through
// SO_REUSEPORT each have theirs. It asks the kernel by sock_diag; where that
// is refused it reads /proc/net, which does not tell Dual, so it is assumed.
func Listeners() ([]Listener, error) {
	var all []Listener
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		some, err := diagListeners(family)
		if err != nil {
			return procListeners()
		}
		all = append(all, some...)
	}
	return all, nil
}

// Sizes and offsets of the kernel's structures inet_diag_req_v2 and
// inet_diag_msg, of linux/inet_diag.h, which are part of its ABI.
const (
	diagRequestSize = 56
	diagMessageSize = 72
	diagPortAt      = 4  // big endian
	diagSourceAt    = 8  // 16 bytes, of which IPv4 uses the first 4
	diagBacklogAt   = 60 // of a listener
	diagUIDAt       = 64
	diagInodeAt     = 68
	diagV6Only      = 11 // attribute INET_DIAG_SKV6ONLY, one byte
	tcpListen       = 10 // state TCP_LISTEN
)

func diagListeners(family uint8) ([]Listener, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("ask for listening sockets: %w", err)
	}
	defer unix.Close(fd)
	wait := unix.NsecToTimeval(int64(2 * time.Second)) // a lost answer must not hang us
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return nil, fmt.Errorf("ask for listening sockets: %w", err)
	}
	to := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	if err := unix.Sendto(fd, diagRequest(family), 0, to); err != nil {
		return nil, fmt.Errorf("ask for listening sockets: %w", err)
	}
	var found []Listener
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("receive listening sockets: %w", err)
		}
		some, done, err := parseDiag(buf[:n])
		found = append(found, some...)
		if done || err != nil {
			return found, err
		}
	}
}

func diagRequest(family uint8) []byte {
	b := make([]byte, unix.SizeofNlMsghdr+diagRequestSize)
	order := binary.NativeEndian
	order.PutUint32(b[0:], uint32(len(b)))
	order.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	order.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	request := b[unix.SizeofNlMsghdr:]
	request[0], request[1] = family, unix.IPPROTO_TCP
	order.PutUint32(request[4:], 1<<tcpListen)
	return b
}

// parseDiag reads one datagram of the kernel's answer and tells whether it was
// the last.
func parseDiag(b []byte) (found []Listener, done bool, err error) {
	order := binary.NativeEndian
	for len(b) >= unix.SizeofNlMsghdr {
		size, kind := int(order.Uint32(b)), order.Uint16(b[4:])
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return found, true, fmt.Errorf("listening sockets: message of %d bytes in a datagram with %d", size, len(b))
		}
		body := b[unix.SizeofNlMsghdr:size]
		switch kind {
		case unix.NLMSG_DONE:
			return found, true, nil
		case unix.NLMSG_ERROR:
			return found, true, diagError(body)
		case unix.SOCK_DIAG_BY_FAMILY:
			l, err := parseListener(body)
			if err != nil {
				return found, true, err
			}
			found = append(found, l)
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return found, false, nil
}

func diagError(body []byte) error {
	if len(body) < 4 {
		return fmt.Errorf("listening sockets: refused without a reason")
	}
	code := int32(binary.NativeEndian.Uint32(body))
	return fmt.Errorf("listening sockets: %w", unix.Errno(-code))
}

func parseListener(b []byte) (Listener, error) {
	if len(b) < diagMessageSize {
		return Listener{}, fmt.Errorf("listening socket: %d bytes, want at least %d", len(b), diagMessageSize)
	}
	order := binary.NativeEndian
	l := Listener{
		Inode:   uint64(order.Uint32(b[diagInodeAt:])),
		UID:     order.Uint32(b[diagUIDAt:]),
		Backlog: order.Uint32(b[diagBacklogAt:]),
	}
	port := binary.BigEndian.Uint16(b[diagPortAt:])
	if b[0] == unix.AF_INET {
		l.Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[diagSourceAt:])), port)
		return l, nil
	}
	addr := netip.AddrFrom16([16]byte(b[diagSourceAt:]))
	l.Addr = netip.AddrPortFrom(addr, port)
	l.Dual = addr.IsUnspecified() && !v6Only(b[diagMessageSize:])
	return l, nil
}

// v6Only looks for the attribute that a listener on IPv6 takes no IPv4.
func v6Only(attributes []byte) bool {
	order := binary.NativeEndian
	for len(attributes) >= 4 {
		size, kind := int(order.Uint16(attributes)), order.Uint16(attributes[2:])
		if size < 4 || size > len(attributes) {
			return false
		}
		if kind == diagV6Only && size > 4 {
			return attributes[4] != 0
		}
		attributes = attributes[min((size+3)&^3, len(attributes)):]
	}
	return false
}

// procListeners is for sandboxes without netlink.
func procListeners() ([]Listener, error) {
	var all []Listener
	var read int
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // a kernel without IPv6 has no tcp6
		}
		read++
		some, err := parseNetTCP(string(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, some...)
	}
	if read == 0 {
		return nil, fmt.Errorf("ask for listening sockets: neither netlink nor /proc/net/tcp is allowed here")
	}
	return all, nil
}

// parseNetTCP reads the listening sockets out of /proc/net/tcp or tcp6.
func parseNetTCP(text string) ([]Listener, error) {
	var found []Listener
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		addr, err := parseHexAddr(f[1])
		if err != nil {
			return nil, err
		}
		inode, err := strconv.ParseUint(f[9], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("socket %s: inode: %w", f[1], err)
		}
		uid, _ := strconv.ParseUint(f[7], 10, 32)
		dual := addr.Addr().Is6() && addr.Addr().IsUnspecified()
		found = append(found, Listener{Addr: addr, Dual: dual, Inode: inode, UID: uint32(uid)})
	}
	return found, nil
}

// parseHexAddr reads "0100007F:1F90": the address as 32-bit words in the
// machine's byte order, the port as a number.
func parseHexAddr(s string) (netip.AddrPort, error) {
	host, portText, _ := strings.Cut(s, ":")
	port, err := strconv.ParseUint(portText, 16, 16)
	if err != nil || (len(host) != 8 && len(host) != 32) {
		return netip.AddrPort{}, fmt.Errorf("socket address %q: want 8 or 32 digits, \":\" and a port", s)
	}
	var raw [16]byte
	for i := 0; i < len(host); i += 8 {
		word, err := strconv.ParseUint(host[i:i+8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("socket address %q: %w", s, err)
		}
		binary.NativeEndian.PutUint32(raw[i/2:], uint32(word))
	}
	addr := netip.AddrFrom16(raw)
	if len(host) == 8 {
		addr = netip.AddrFrom4([4]byte(raw[:4]))
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}

// SocketOwners returns, for each of the sockets, the processes that have a
// descriptor of it. It looks at every process whose descriptors this one may
// see: a socket without an owner belongs to somebody else.
func SocketOwners(inodes []uint64) (map[uint64][]int, error) {
	names := map[string]uint64{}
	for _, inode := range inodes {
		names["socket:["+strconv.FormatUint(inode, 10)+"]"] = inode
	}
	pids, err := numbersIn("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for the owners of sockets: %w", err)
	}
	owners := map[uint64][]int{}
	for _, pid := range pids {
		for inode := range socketsOf(pid, names) {
			owners[inode] = append(owners[inode], pid)
		}
	}
	return owners, nil
}

// socketsOf returns which of the sockets called names process pid has open.
func socketsOf(pid int, names map[string]uint64) map[uint64]bool {
	folder := "/proc/" + strconv.Itoa(pid) + "/fd"
	fds, err := numbersIn(folder)
	if err != nil {
		return nil // it has ended, or is somebody else's
	}
	has := map[uint64]bool{}
	for _, fd := range fds {
		target, err := os.Readlink(folder + "/" + strconv.Itoa(fd))
		if inode, ok := names[target]; err == nil && ok {
			has[inode] = true
		}
	}
	return has
}
