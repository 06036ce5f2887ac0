package host

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/evidence"
)

// A Watch tells what others did to the CPUs in use while a trial ran.
type Watch struct {
	Root fs.FS // the machine's root folder
	CPUs []int // in use, by the engine or the subject; empty: all of the machine

	// Interrupts says what the kernel's clocks of processes make of time spent
	// in interrupts: whether it is in them or not. ReadInterrupts tells.
	Interrupts Interrupts

	// Hiccups has threads watch the CPUs for hiccups meanwhile, where they may.
	Hiccups bool
}

// Interrupts says where the kernel books the time of interrupts, to which the
// work of the network belongs.
type Interrupts uint8

const (
	// InterruptsApart books them on nobody: process clocks stand still.
	InterruptsApart Interrupts = iota
	// InterruptsOnProcess books them on whichever process was interrupted.
	InterruptsOnProcess
)

// ReadInterrupts finds out from the kernel's configuration. Where that cannot
// be read it says InterruptsApart, which can make foreign activity look
// smaller than it was, by as much as the network's share, but not larger.
func ReadInterrupts(root fs.FS) Interrupts {
	config := line(root, "boot/config-"+line(root, "proc/sys/kernel/osrelease"))
	if b, err := fs.ReadFile(root, "proc/config.gz"); config == "" && err == nil {
		if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			all, _ := io.ReadAll(io.LimitReader(z, 4<<20))
			config = string(all)
		}
	}
	if strings.Contains(config, "# CONFIG_IRQ_TIME_ACCOUNTING is not set") {
		return InterruptsOnProcess
	}
	return InterruptsApart
}

// A Glance is the state of the CPUs at one moment.
type Glance struct {
	at      time.Time
	cpus    map[int]ticks
	swap    uint64
	killed  uint64 // for want of memory
	stalls  stalls
	heat    uint64 // how often it slowed a CPU in use down
	network evidence.Network
	hiccups func() evidence.Hiccups // nil: nobody watches for them
}

// ticks are the counters of one CPU in /proc/stat, in ticks of 10 ms.
type ticks struct{ idle, iowait, irq, softirq, steal uint64 }

const tick = 10 * time.Millisecond

// Begin is the look at the window's start. Every Begin is followed by an End.
func (w Watch) Begin() (Glance, error) {
	g, err := w.look()
	if w.Hiccups {
		g.hiccups, _ = WatchBusy(w.CPUs) // a user who may not is told nothing of them
	}
	return g, err
}

func (w Watch) look() (Glance, error) {
	b, err := fs.ReadFile(w.Root, "proc/stat")
	g := Glance{at: time.Now()}
	if err != nil {
		return g, fmt.Errorf("activity of the machine: %w", err)
	}
	if g.cpus, err = parseStat(string(b)); err != nil {
		return g, fmt.Errorf("activity of the machine: %w", err)
	}
	g.swap, g.killed = vmstat(w.Root, "pswpin"), vmstat(w.Root, "oom_kill")
	g.stalls = readStalls(w.Root)
	g.heat = throttles(w.Root, w.inUse(g))
	g.network = readNetwork(w.Root)
	return g, nil
}

// End is the look at the window's end. ours is the CPU time that the engine,
// the subject and its services have used between the two looks.
//
// Foreign is what the CPUs in use did beyond that, in CPUs: the time that
// passed on them less what they were idle or not there for. Idle time is
// exact, and busy time taken as its complement, because the kernel's busy
// counters are samples. The result is good to 0.01 CPUs over 5 s.
func (w Watch) End(began Glance, ours time.Duration) evidence.Activity {
	now, err := w.look()
	a := evidence.Activity{Foreign: -1, Steal: -1}
	if err == nil && began.cpus != nil {
		a = w.between(began, now, ours)
		a.Network = networkSince(began.network, now.network)
		a.Pressure = pressureSince(began.stalls, now.stalls, now.at.Sub(began.at))
		a.OutOfMemory = grown(began.killed, now.killed)
		a.Speed = evidence.Speed{Frequency: frequencyOf(w.Root, w.inUse(now)), Throttled: grown(began.heat, now.heat)}
		a.Ports = readPorts(w.Root)
	}
	if began.hiccups != nil {
		h := began.hiccups()
		a.Hiccups = &h
	}
	return a
}

func (w Watch) between(a, b Glance, ours time.Duration) evidence.Activity {
	span := b.at.Sub(a.at)
	var passed, away, stolen time.Duration
	for _, cpu := range w.inUse(b) {
		before, okBefore := a.cpus[cpu]
		after, okAfter := b.cpus[cpu]
		if !okBefore || !okAfter {
			continue // taken offline, or brought online
		}
		passed += span
		steal := since(before.steal, after.steal)
		stolen += steal
		away += since(before.idle, after.idle) + since(before.iowait, after.iowait) + steal
		if w.Interrupts == InterruptsApart {
			away += since(before.irq, after.irq) + since(before.softirq, after.softirq)
		}
	}
	if passed <= 0 {
		return evidence.Activity{Foreign: -1, Steal: -1}
	}
	return evidence.Activity{
		Foreign:   max(0, float64(passed-away-ours)/float64(span)),
		Steal:     min(1, float64(stolen)/float64(passed)),
		SwappedIn: max(b.swap, a.swap) - a.swap,
	}
}

func (w Watch) inUse(g Glance) []int {
	if len(w.CPUs) > 0 {
		return w.CPUs
	}
	var all []int
	for cpu := range g.cpus {
		all = append(all, cpu)
	}
	return all
}

// since is the time between two values of a counter. Idle and iowait can go
// back a little, which the kernel admits; that is no time.
func since(before, after uint64) time.Duration {
	if after < before {
		return 0
	}
	return time.Duration(after-before) * tick
}

// vmstat returns a counter of /proc/vmstat, which is since boot; 0 if the kernel
// does not have it.
func vmstat(root fs.FS, name string) uint64 {
	b, _ := fs.ReadFile(root, "proc/vmstat")
	for l := range strings.Lines(string(b)) {
		if text, ok := strings.CutPrefix(l, name+" "); ok {
			n, _ := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
			return n
		}
	}
	return 0
}

// parseStat reads the lines "cpuN user nice system idle iowait irq softirq
// steal …" of /proc/stat.
func parseStat(text string) (map[int]ticks, error) {
	cpus := map[int]ticks{}
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		if len(f) < 9 {
			continue
		}
		number, ok := strings.CutPrefix(f[0], "cpu")
		cpu, err := strconv.Atoi(number)
		if !ok || err != nil {
			continue // the sum over all CPUs, or another matter
		}
		var n [9]uint64
		for i := 1; i < 9; i++ {
			if n[i], err = strconv.ParseUint(f[i], 10, 64); err != nil {
				return nil, fmt.Errorf("proc/stat: CPU %d: %w", cpu, err)
			}
		}
		cpus[cpu] = ticks{idle: n[4], iowait: n[5], irq: n[6], softirq: n[7], steal: n[8]}
	}
	if len(cpus) == 0 {
		return nil, fmt.Errorf("proc/stat: no CPU is in it")
	}
	return cpus, nil
}
