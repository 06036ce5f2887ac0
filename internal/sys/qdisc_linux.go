package sys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes and offsets of the kernel's structure tcmsg, of linux/rtnetlink.h, which is
// part of its ABI.
const (
	tcMessageSize  = 20
	tcIndexAt      = 4
	tcKind         = 1 // attribute TCA_KIND, a name that ends in a zero byte
	attributeBegin = 4 // length and type
)

// QueueDisciplines returns the names of what schedules the packets of a network
// interface, as "tc qdisc show dev lo" lists them: "noqueue", or "netem" where
// somebody delays them. It asks the kernel by rtnetlink, which any user may.
func QueueDisciplines(link string) ([]string, error) {
	lo, err := net.InterfaceByName(link)
	if err != nil {
		return nil, fmt.Errorf("ask for queue disciplines: %w", err)
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("ask for queue disciplines: %w", err)
	}
	defer unix.Close(fd)
	wait := unix.NsecToTimeval(int64(2 * time.Second)) // a lost answer must not hang us
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return nil, fmt.Errorf("ask for queue disciplines: %w", err)
	}
	request := make([]byte, unix.SizeofNlMsghdr+tcMessageSize)
	order := binary.NativeEndian
	order.PutUint32(request[0:], uint32(len(request)))
	order.PutUint16(request[4:], unix.RTM_GETQDISC)
	order.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	order.PutUint32(request[unix.SizeofNlMsghdr+tcIndexAt:], uint32(lo.Index))
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("ask for queue disciplines: %w", err)
	}
	return receiveDisciplines(fd, lo.Index)
}

func receiveDisciplines(fd, index int) ([]string, error) {
	var all []string
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("receive queue disciplines: %w", err)
		}
		some, done, err := parseDisciplines(buf[:n], index)
		all = append(all, some...)
		if done || err != nil {
			return all, err
		}
	}
}

// parseDisciplines reads one datagram of the kernel's answer and tells whether it
// was the last. The kernel may tell of other interfaces as well.
func parseDisciplines(b []byte, index int) (all []string, done bool, err error) {
	order := binary.NativeEndian
	for len(b) >= unix.SizeofNlMsghdr {
		size, kind := int(order.Uint32(b)), order.Uint16(b[4:])
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return all, true, fmt.Errorf("queue disciplines: message of %d bytes in a datagram with %d", size, len(b))
		}
		body := b[unix.SizeofNlMsghdr:size]
		switch {
		case kind == unix.NLMSG_DONE:
			return all, true, nil
		case kind == unix.NLMSG_ERROR:
			return all, true, errors.New("queue disciplines: refused by the kernel")
		case kind == unix.RTM_NEWQDISC && len(body) >= tcMessageSize && int(order.Uint32(body[tcIndexAt:])) == index:
			if name := disciplineName(body[tcMessageSize:]); name != "" {
				all = append(all, name)
			}
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return all, false, nil
}

// disciplineName looks through attributes for the name.
func disciplineName(b []byte) string {
	order := binary.NativeEndian
	for len(b) >= attributeBegin {
		size, kind := int(order.Uint16(b)), order.Uint16(b[2:])
		if size < attributeBegin || size > len(b) {
			return ""
		}
		if kind == tcKind {
			return strings.TrimRight(string(b[attributeBegin:size]), "\x00")
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return ""
}
