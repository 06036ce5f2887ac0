package host

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"webdyno/internal/load"
)

// 28232 ports, each for 60 s, are 470 connections a second for ever; reused after
// one, 28232.
func TestPortBudget(t *testing.T) {
	fin := load.Use{PerConnection: 1, Close: load.ByFIN}
	ten := load.Use{PerConnection: 10, Close: load.ByFIN}
	for _, c := range []struct {
		name     string
		load     load.Load
		reuse    string
		sources  int
		loopback bool
		lasts    time.Duration
		says     string // "" for nothing
	}{
		{"just enough", load.Open{Rate: 470, Use: fin}, "0", 1, true, 0, ""},
		{"too few", load.Open{Rate: 471, Use: fin}, "0", 1, true, 0, "--sources"},
		{"ten requests each", load.Open{Rate: 4700, Use: ten}, "0", 1, true, 0, ""},
		{"not for long", load.Open{Rate: 2000, Use: fin}, "0", 1, true, 10 * time.Second, ""},
		{"more addresses", load.Open{Rate: 900, Use: fin}, "0", 2, true, 0, ""},
		{"reused here", load.Open{Rate: 20000, Use: fin}, "2", 1, true, 0, ""},
		{"reused, and yet too few", load.Open{Rate: 30000, Use: fin}, "2", 1, true, 0, "within the 1.00 s"},
		{"not reused elsewhere", load.Open{Rate: 20000, Use: fin}, "2", 1, false, 0, "net.ipv4.tcp_tw_reuse to 1"},
		{"reset", load.Open{Rate: 20000, Use: load.Use{PerConnection: 1, Close: load.ByReset}}, "0", 1, true, 0, ""},
		{"kept", load.Open{Rate: 20000, Use: load.Use{Close: load.ByFIN}}, "0", 1, true, 0, ""},
		{"closed", load.Closed{Connections: 40, Use: fin}, "0", 1, true, 0, ""},
		{"none", nil, "0", 1, true, 0, ""},
	} {
		root := fstest.MapFS{
			"proc/sys/net/ipv4/ip_local_port_range": {Data: []byte("32768\t60999\n")},
			"proc/sys/net/ipv4/tcp_tw_reuse":        {Data: []byte(c.reuse + "\n")},
		}
		n, ok := PortBudget(root, c.load, c.sources, c.loopback, c.lasts)
		if ok != (c.says != "") || !strings.Contains(n.Text, c.says) {
			t.Errorf("%s: %t, %q; want %q", c.name, ok, n.Text, c.says)
		}
	}
	if _, ok := PortBudget(fstest.MapFS{}, load.Open{Rate: 1e6, Use: fin}, 1, true, 0); ok {
		t.Error("a warning where the number of ports is not known")
	}
}
