package host

import (
	"testing"
	"testing/fstest"

	"webdyno/internal/evidence"
)

func TestNetwork(t *testing.T) {
	files := func(snmp, netstat string) fstest.MapFS {
		return fstest.MapFS{
			"proc/stat":        {Data: []byte(stat([8]int{}))},
			"proc/net/snmp":    {Data: []byte(snmp)},
			"proc/net/netstat": {Data: []byte(netstat)},
		}
	}
	root := files("Ip: Forwarding InReceives\nIp: 1 99\nTcp: RetransSegs OutSegs MaxConn\nTcp: 5 1000 -1\n",
		"TcpExt: ListenOverflows ListenDrops TCPTimeouts TCPBacklogDrop TCPReqQFullDrop\nTcpExt: 2 2 1 0 0\n")
	w := Watch{Root: root}
	began, err := w.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		snmp, netstat string
		want          evidence.Network
	}{
		"nothing more": {string(root["proc/net/snmp"].Data), string(root["proc/net/netstat"].Data), evidence.Network{}},
		"all more": {"Tcp: OutSegs RetransSegs\nTcp: 1500 9\n",
			"TcpExt: ListenDrops ListenOverflows TCPBacklogDrop TCPTimeouts TCPReqQFullDrop\nTcpExt: 5 4 7 2 10\n",
			evidence.Network{Overflows: 13, Retransmits: 4, Timeouts: 1, Drops: 7, Segments: 500}},
		"no counters":          {"", "", evidence.Network{}},
		"names without values": {"Tcp: OutSegs\nTcp:\n", "TcpExt: ListenDrops\n", evidence.Network{}},
	} {
		now := files(c.snmp, c.netstat)
		later := Watch{Root: now}
		got := later.End(began, 0).Network
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func FuzzCounters(f *testing.F) {
	f.Add("Tcp: a b\nTcp: 1 2\n")
	f.Add("Tcp: a\nTcp: 1 2\nTcp: 3 4\n")
	f.Fuzz(func(t *testing.T, text string) {
		counters(fstest.MapFS{"proc/net/snmp": {Data: []byte(text)}}, "proc/net/snmp")
	})
}
