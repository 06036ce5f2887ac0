package host

import (
	"io/fs"
	"strconv"
	"strings"

	"webdyno/internal/evidence"
)

// readNetwork reads what has gone wrong below HTTP since the network namespace
// was made. Counters that the kernel does not have are 0.
func readNetwork(root fs.FS) evidence.Network {
	c := counters(root, "proc/net/snmp")
	for name, n := range counters(root, "proc/net/netstat") {
		c[name] = n
	}
	return evidence.Network{
		// Every overflow is a drop as well, and is counted once.
		Overflows: max(c["TcpExt.ListenOverflows"], c["TcpExt.ListenDrops"]) +
			c["TcpExt.TCPReqQFullDrop"] + c["TcpExt.TCPReqQFullDoCookies"],
		Retransmits: c["Tcp.RetransSegs"],
		Timeouts:    c["TcpExt.TCPTimeouts"],
		Drops:       c["TcpExt.TCPBacklogDrop"] + c["TcpExt.TCPRcvQDrop"],
		Segments:    c["Tcp.OutSegs"],
	}
}

// counters reads a file of pairs of lines, the names and the values:
//
//	Tcp: RtoAlgorithm RtoMin …
//	Tcp: 1 200 …
//
// What is not of that form is passed over.
func counters(root fs.FS, name string) map[string]uint64 {
	found := map[string]uint64{}
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return found
	}
	var names []string
	for l := range strings.Lines(string(b)) {
		f := strings.Fields(l)
		if len(f) == 0 {
			continue
		}
		if len(names) != len(f) || names[0] != f[0] {
			names = f
			continue
		}
		for i, text := range f[1:] {
			if n, err := strconv.ParseUint(text, 10, 64); err == nil {
				found[strings.TrimSuffix(f[0], ":")+"."+names[i+1]] = n
			}
		}
		names = nil
	}
	return found
}

// networkSince returns what was counted between two readings.
func networkSince(before, after evidence.Network) evidence.Network {
	return evidence.Network{
		Overflows:   grown(before.Overflows, after.Overflows),
		Retransmits: grown(before.Retransmits, after.Retransmits),
		Timeouts:    grown(before.Timeouts, after.Timeouts),
		Drops:       grown(before.Drops, after.Drops),
		Segments:    grown(before.Segments, after.Segments),
	}
}

// grown is by how much a counter has grown; nothing where it began anew or is gone.
func grown(before, after uint64) uint64 { return max(before, after) - before }
