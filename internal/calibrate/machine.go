package calibrate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// Host identifies the machine that was calibrated.
type Host struct {
	Machine string `json:"machine"` // a hash of what makes it this machine: model, CPUs, memory, kernel
	Boot    string `json:"boot"`    // another after each start
	CPU     string `json:"cpu"`
	Kernel  string `json:"kernel"`
}

// identity tells which machine the facts are of.
func identity(facts map[string]string) Host {
	h := sha256.New()
	for _, key := range []string{
		"cpu.model", "cpu.online", "cpu.allowed", "cpu.hypervisor",
		"memory.total", "machine.vendor", "machine.product", "kernel.release",
	} {
		h.Write([]byte(key + "=" + facts[key] + "\n"))
	}
	return Host{
		Machine: hex.EncodeToString(h.Sum(nil)[:8]),
		Boot:    facts["boot.id"],
		CPU:     facts["cpu.model"],
		Kernel:  facts["kernel.release"],
	}
}

// Clock is what the clock can tell apart, and what asking it costs.
type Clock struct {
	Source string  `json:"source"` // the kernel's name: "tsc"
	ReadNS float64 `json:"read_ns"`
	StepNS float64 `json:"step_ns"` // the smallest time between two different readings
}

// readClock reads the clock in stretches, and keeps the best of them: others
// can only make it look slower.
func readClock(facts map[string]string) Clock {
	const stretches, readings = 20, 1000
	clock := mono.Start()
	step, cost := mono.Never, mono.Never
	for range stretches {
		began := clock.Now()
		before := began
		for range readings {
			now := clock.Now()
			if now > before {
				step = min(step, now-before)
			}
			before = now
		}
		cost = min(cost, before-began)
	}
	if step == mono.Never {
		step = 0 // the clock stands still
	}
	return Clock{Source: facts["clock.source"], ReadNS: float64(cost) / readings, StepNS: float64(step)}
}

// Budget is how many connections there can be.
type Budget struct {
	Ports       int    `json:"ports"`       // of our end, for connections to one address
	Waiting     int    `json:"time_wait"`   // ports that wait, now; -1: not known
	Reuse       string `json:"tw_reuse"`    // whether waiting ports are used again: the kernel's setting
	Descriptors int    `json:"descriptors"` // that this process may have open
	Backlog     string `json:"somaxconn"`   // connections that may wait to be accepted

	// PerSecond is how many connections a second can be opened for ever, each
	// closed by an orderly end on our side; 0: no limit by ports.
	PerSecond float64 `json:"connections_per_second"`
}

// waits is how long Linux keeps a port after an orderly end.
const waits = 60 * time.Second

func readBudget(root fs.FS, facts map[string]string) Budget {
	b := Budget{
		Ports:       sys.EphemeralPorts(),
		Waiting:     timeWait(root),
		Reuse:       facts["sysctl.net.ipv4.tcp_tw_reuse"],
		Descriptors: sys.DescriptorLimit(),
		Backlog:     facts["sysctl.net.core.somaxconn"],
	}
	if b.Reuse != "1" && b.Reuse != "2" { // 2: on loopback, which is where we are
		b.PerSecond = float64(b.Ports) / waits.Seconds()
	}
	return b
}

// timeWait reads how many sockets wait from "TCP: inuse 5 orphan 0 tw 3 …".
func timeWait(root fs.FS) int {
	b, err := fs.ReadFile(root, "proc/net/sockstat")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if at := slices.Index(f, "tw"); at >= 0 && at+1 < len(f) && f[0] == "TCP:" {
			if n, err := strconv.Atoi(f[at+1]); err == nil {
				return n
			}
		}
	}
	return -1
}

// listen watches the machine for a while without doing anything.
func listen(ctx context.Context, s *stand, d time.Duration) (Quiet, error) {
	before, _ := sys.Processes()
	end, stop := s.watch(), s.late()
	own := s.spent()
	err := sleep(ctx, d)
	q := Quiet{Hiccups: stop()}
	activity := end(s.spent() - own)
	q.Foreign, q.Steal = activity.Foreign, activity.Steal
	if err != nil {
		return q, err
	}
	after, _ := sys.Processes()
	q.Culprits = culprits(before, after, d)
	return q, nil
}

// culprits returns the processes that kept a CPU busy between two looks, the
// busiest first, three at most; ourselves excluded. One that came meanwhile
// counts with all its time, one that has ended cannot be named.
func culprits(before, after []sys.Process, span time.Duration) []Culprit {
	const worthNaming, most = .05, 3
	type identity struct {
		pid   int
		began uint64
	}
	used := map[identity]time.Duration{}
	for _, p := range before {
		used[identity{p.PID, p.Began}] = p.User + p.System
	}
	var found []Culprit
	for _, p := range after {
		share := float64(p.User+p.System-used[identity{p.PID, p.Began}]) / float64(span)
		if share >= worthNaming && p.PID != os.Getpid() {
			found = append(found, Culprit{PID: p.PID, Name: strings.ToValidUTF8(p.Name, "?"), CPUs: share})
		}
	}
	slices.SortFunc(found, func(a, b Culprit) int { return cmp.Compare(b.CPUs, a.CPUs) })
	return found[:min(len(found), most)]
}
