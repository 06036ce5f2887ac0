package main

import (
	"net/netip"
	"os"
	"slices"
	"strconv"

	"webdyno/internal/host"
	"webdyno/internal/sys"
)

// sharesCPUs tells whether the server that listens on addr, if it is a process
// of this machine that can be looked at, may run on CPUs that webdyno may run
// on too. Then the two take time from each other, and the result says so.
func sharesCPUs(addr netip.AddrPort) bool {
	if !addr.Addr().IsLoopback() {
		return false
	}
	root := os.DirFS("/")
	own, err := host.ReadTopology(root)
	if err != nil {
		return false
	}
	for _, pid := range listenersOf(addr) {
		theirs, err := host.AllowedCPUs(root, strconv.Itoa(pid))
		if err != nil {
			continue
		}
		for _, cpu := range own {
			if slices.Contains(theirs, cpu.ID) {
				return true
			}
		}
	}
	return false
}

// listenersOf returns the processes that listen on addr.
func listenersOf(addr netip.AddrPort) []int {
	all, err := sys.Listeners()
	if err != nil {
		return nil
	}
	var inodes []uint64
	for _, l := range all {
		if l.Takes(addr) {
			inodes = append(inodes, l.Inode)
		}
	}
	owners, err := sys.SocketOwners(inodes)
	if err != nil {
		return nil
	}
	var pids []int
	for _, inode := range inodes {
		pids = append(pids, owners[inode]...)
	}
	return pids
}
