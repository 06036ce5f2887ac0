package sys

import "net/netip"

// A Listener is a TCP socket that listens, in this network namespace.
type Listener struct {
	Addr    netip.AddrPort
	Dual    bool   // an IPv6 wildcard that takes IPv4 connections too
	Inode   uint64 // names the socket: descriptors of it are links to socket:[Inode]
	UID     uint32 // of who made it
	Backlog uint32 // how many connections may wait to be accepted; 0 if it could not be told
}

// Takes tells whether connections to addr may reach the listener: it listens
// on that address or on a wildcard that covers it. Which of several listeners
// gets a connection is the kernel's choice.
func (l Listener) Takes(addr netip.AddrPort) bool {
	if l.Addr.Port() != addr.Port() {
		return false
	}
	own, asked := l.Addr.Addr().Unmap(), addr.Addr().Unmap().WithZone("")
	switch {
	case own.WithZone("") == asked:
		return true
	case !own.IsUnspecified():
		return false
	case own.Is4():
		return asked.Is4()
	}
	return asked.Is6() || l.Dual
}
