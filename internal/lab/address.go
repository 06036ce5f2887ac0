package lab

import (
	"net/netip"

	"webdyno/internal/engine"
)

// An Address is where a server is asked.
type Address struct {
	TCP  netip.AddrPort
	Unix string      // path of a Unix socket, instead of TCP
	Host string      // for the Host header
	TLS  *engine.TLS // how TLS is spoken there; nil: it is not
}

// Network and String are what package net calls the two halves of an address.
func (a Address) Network() string {
	if a.Unix != "" {
		return "unix"
	}
	return "tcp"
}

func (a Address) String() string {
	if a.Unix != "" {
		return a.Unix
	}
	return a.TCP.String()
}
