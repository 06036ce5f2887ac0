package host

import (
	"fmt"
	"io/fs"
	"math"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// How long Linux keeps the port of a connection that was ended by our FIN, and how
// long at least where net.ipv4.tcp_tw_reuse lets a new connection have it.
const (
	portWaits       = 60 * time.Second
	portWaitsReused = time.Second
)

// PortBudget reckons before an open load begins whether ports will suffice for it,
// if its connections come from so many addresses, to a server on the loopback
// interface or not, and as long as lasts (0: for ever). It is a warning (B) that
// names what would mend it, or false. Ports only run out where webdyno ends
// connections by a shutdown: a reset keeps none, and where the server ends them the
// wait is the server's. Of a closed load nobody knows the rate beforehand.
func PortBudget(root fs.FS, l load.Load, sources int, loopback bool, lasts time.Duration) (evidence.Note, bool) {
	open, ok := l.(load.Open)
	use := open.Use
	if !ok || use.PerConnection == 0 || use.Close != load.ByFIN {
		return evidence.Note{}, false
	}
	waits := portWaits
	reuse, _ := sysctl(root, "net.ipv4.tcp_tw_reuse")
	if reuse == "1" || reuse == "2" && loopback {
		waits = portWaitsReused
	}
	if lasts > 0 {
		waits = min(waits, lasts)
	}
	ports := readPorts(root).All
	have := float64(ports) * float64(max(sources, 1))
	needs := math.Ceil(open.Rate / float64(use.PerConnection) * waits.Seconds())
	if ports == 0 || needs <= have {
		return evidence.Note{}, false
	}
	return evidence.Note{Kind: "ports-budget", Grade: evidence.B, Text: fmt.Sprintf(
		"%s with %s each, ended by our FIN, need %s ports within the %s for which one waits, and there are %s (net.ipv4.tcp_tw_reuse is %s): connections will fail for want of a port; %s",
		unit.Rate(open.Rate), counted(use.PerConnection, "request"), unit.Count(int64(needs)), unit.Duration(waits), unit.Count(int64(have)), reuse,
		remedy(loopback, sources))}, true
}

func remedy(loopback bool, sources int) string {
	text := "end them by reset or by the server, keep them for more requests, or set net.ipv4.tcp_tw_reuse to 1"
	if loopback && sources == 1 {
		return "have them come from more addresses (--sources), " + text
	}
	return text
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
