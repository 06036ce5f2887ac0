//go:build !linux

package main

import "net/netip"

// sharesCPUs cannot be told on systems other than Linux.
func sharesCPUs(netip.AddrPort) bool { return false }
