package supervise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"webdyno/internal/sys"
)

// Ports gives out TCP ports that nobody uses, each one once, so that what an
// earlier server left waiting in a port cannot meet a later one. The zero
// Ports is ready for use. It must not be copied.
type Ports struct {
	mu   sync.Mutex
	last uint16 // given out; 0: none yet
}

const (
	firstPort = 10000 // below are ports that people use
	lastPort  = 65535
)

// Free returns a port that can be bound on 127.0.0.1 at this moment and on
// which nothing listens on any address. It lies below the range that the
// kernel takes the ports of outgoing connections from, as long as there is
// room.
func (p *Ports) Free() (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ls, err := sys.Listeners()
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	taken := map[uint16]bool{}
	for _, l := range ls {
		taken[l.Addr.Port()] = true
	}
	low, high := portRange()
	n := int(high-low) + 1
	at := int(p.last-low) + 1
	if p.last == 0 {
		at = os.Getpid() * 31 // two webdynos should not meet at the first port
	}
	for i := range n {
		port := low + uint16((at+i)%n)
		if !taken[port] && bindable(port) {
			p.last = port
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: none of %d to %d is", low, high)
}

// portRange is where ports are taken from: below the ephemeral range, or above
// it, or, if it leaves nothing, anywhere.
func portRange() (low, high uint16) {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return firstPort, 32767
	}
	return outside(string(b))
}

func outside(ephemeral string) (low, high uint16) {
	const room = 1000 // that is worth calling a range
	f := strings.Fields(ephemeral)
	if len(f) != 2 {
		return firstPort, 32767
	}
	from, errFrom := strconv.ParseUint(f[0], 10, 16)
	to, errTo := strconv.ParseUint(f[1], 10, 16)
	switch {
	case errors.Join(errFrom, errTo) != nil:
		return firstPort, 32767
	case from >= firstPort+room:
		return firstPort, uint16(from) - 1
	case to <= lastPort-room:
		return uint16(to) + 1, lastPort
	}
	return firstPort, lastPort
}

// bindable tells whether a server could bind the port on 127.0.0.1, one that
// does not ask to reuse addresses included.
func bindable(port uint16) bool {
	strict := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		controlled := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0)
		})
		return errors.Join(controlled, err)
	}}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	l, err := strict.Listen(context.Background(), "tcp4", addr)
	if err != nil {
		return false
	}
	l.Close()
	return true
}
