package host

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/sys"
)

// canaryLinks is the length of the chain of hashes that a canary is: about 20 ms
// of a processor that has instructions for them. It must never change within an
// experiment, and says nothing from one machine to another.
const canaryLinks = 250_000

// Canaries has the same arithmetic done on each of some CPUs at once, and returns
// what CPU time it took: a CPU that is slower than it was needs more, and one that
// somebody else takes away meanwhile does not. A CPU on which this process may not
// run is left out.
func Canaries(cpus []int) []evidence.Canary {
	took := make([]time.Duration, len(cpus))
	var running sync.WaitGroup
	for i, cpu := range cpus {
		running.Go(func() { took[i] = canary(cpu) })
	}
	running.Wait()
	var all []evidence.Canary
	for i, cpu := range cpus {
		if took[i] > 0 {
			all = append(all, evidence.Canary{CPU: cpu, Took: took[i]})
		}
	}
	return all
}

func canary(cpu int) time.Duration {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	if sys.SetAffinity(0, []int{cpu}) != nil {
		return 0
	}
	var sum [sha256.Size]byte
	began := sys.ThreadCPU()
	for range canaryLinks {
		sum = sha256.Sum256(sum[:])
	}
	return max(sys.ThreadCPU()-began, 1)
}

// frequencyOf returns the lowest frequency of some CPUs at this moment, in kHz; 0
// if the kernel does not tell.
func frequencyOf(root fs.FS, cpus []int) uint64 {
	var lowest uint64
	for _, cpu := range cpus {
		n := number(root, fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu))
		if n > 0 && (lowest == 0 || n < lowest) {
			lowest = n
		}
	}
	return lowest
}

// throttles returns how often heat has slowed some CPUs down since boot. A whole
// package that is slowed is told by each CPU in it, and counted by the one that
// tells most.
func throttles(root fs.FS, cpus []int) uint64 {
	var cores, packages uint64
	for _, cpu := range cpus {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/thermal_throttle/", cpu)
		cores += number(root, dir+"core_throttle_count")
		packages = max(packages, number(root, dir+"package_throttle_count"))
	}
	return cores + packages
}

// number reads a file that is a whole number; 0 if it is not.
func number(root fs.FS, name string) uint64 {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n
}

// readPorts returns how many ports there are for connections from one address,
// and how many sockets wait for theirs to be free again.
func readPorts(root fs.FS) evidence.Ports {
	var p evidence.Ports
	b, _ := fs.ReadFile(root, "proc/sys/net/ipv4/ip_local_port_range")
	if f := strings.Fields(string(b)); len(f) == 2 {
		low, errLow := strconv.ParseUint(f[0], 10, 16)
		high, errHigh := strconv.ParseUint(f[1], 10, 16)
		if errLow == nil && errHigh == nil && low <= high {
			p.All = high - low + 1
		}
	}
	b, _ = fs.ReadFile(root, "proc/net/sockstat")
	for l := range strings.Lines(string(b)) {
		f := strings.Fields(l)
		if len(f) == 0 || f[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(f); i += 2 {
			if f[i] == "tw" {
				p.Waiting, _ = strconv.ParseUint(f[i+1], 10, 64)
			}
		}
	}
	return p
}
