package host

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Unavailable stands for a fact that could not be read: it was looked for, and
// is neither zero nor absent.
const Unavailable = "unavailable"

// A fact is one row of what is recorded of a machine. Facts are kept as the
// kernel writes them, units included.
type fact struct {
	key  string
	read func(fs.FS) string // "" if it cannot be told
}

// machine is every fact, grouped as people look for them.
var machine = slices.Concat(
	[]fact{
		{"cpu.model", inFile("proc/cpuinfo", "model name", "Model", "cpu model")},
		{"cpu.microcode", inFile("proc/cpuinfo", "microcode")},
		{"cpu.online", content("sys/devices/system/cpu/online")},
		{"cpu.allowed", inFile("proc/self/status", "Cpus_allowed_list")},
		{"cpu.sockets", sockets},
		{"cpu.cores", topology(Topology.describeCores)},
		{"cpu.caches", topology(Topology.describeCaches)},
		{"cpu.cache_sizes", cacheSizes},
		{"cpu.smt", content("sys/devices/system/cpu/smt/control")},
		{"cpu.isolated", content("sys/devices/system/cpu/isolated")},
		{"cpu.nohz_full", content("sys/devices/system/cpu/nohz_full")},
		{"cpu.hypervisor", hypervisor},
		{"cpu.governor", onEveryCPU("cpufreq/scaling_governor")},
		{"cpu.energy_preference", onEveryCPU("cpufreq/energy_performance_preference")},
		{"cpu.freq.driver", content("sys/devices/system/cpu/cpu0/cpufreq/scaling_driver")},
		{"cpu.freq.min", content("sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq")},
		{"cpu.freq.max", content("sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq")},
		{"cpu.freq.now", inFile("proc/cpuinfo", "cpu MHz")},
		{"cpu.turbo.off", content("sys/devices/system/cpu/intel_pstate/no_turbo")},
		{"cpu.boost", content("sys/devices/system/cpu/cpufreq/boost")},
		{"cpu.idle.driver", content("sys/devices/system/cpu/cpuidle/current_driver")},
		{"cpu.idle.states", idleStates},
		{"cpu.idle.limit", firstOf("sys/module/intel_idle/parameters/max_cstate", "sys/module/processor/parameters/max_cstate")},
		{"cpu.vulnerabilities", vulnerabilities},
		{"clock.source", content("sys/devices/system/clocksource/clocksource0/current_clocksource")},
		{"clock.available", content("sys/devices/system/clocksource/clocksource0/available_clocksource")},
		{"numa.nodes", content("sys/devices/system/node/online")},
		{"memory.total", inFile("proc/meminfo", "MemTotal")},
		{"memory.available", inFile("proc/meminfo", "MemAvailable")},
		{"memory.swap", inFile("proc/meminfo", "SwapTotal")},
		{"memory.thp", content("sys/kernel/mm/transparent_hugepage/enabled")},
		{"memory.thp.defrag", content("sys/kernel/mm/transparent_hugepage/defrag")},
		{"memory.hugepages", inFile("proc/meminfo", "HugePages_Total")},
		{"irq.default_affinity", content("proc/irq/default_smp_affinity")},
		{"irq.affinity", interrupts},
		{"machine.virtualization", virtualization},
		{"machine.container", container},
		{"machine.product", content("sys/class/dmi/id/product_name")},
		{"machine.vendor", content("sys/class/dmi/id/sys_vendor")},
		{"thermal.zones", thermal},
	},
	[]fact{
		{"kernel.release", content("proc/sys/kernel/osrelease")},
		{"kernel.version", content("proc/sys/kernel/version")},
		{"kernel.cmdline", content("proc/cmdline")},
		{"kernel.interrupt_time", interruptTime},
		{"os", osName},
		{"boot.id", content("proc/sys/kernel/random/boot_id")},
		{"uptime", firstField("proc/uptime")},
		{"load", content("proc/loadavg")},
		{"pressure.cpu", content("proc/pressure/cpu")},
		{"pressure.memory", content("proc/pressure/memory")},
		{"pressure.io", content("proc/pressure/io")},
		{"limit.files", limit("Max open files")},
		{"limit.processes", limit("Max processes")},
		{"limit.locked_memory", limit("Max locked memory")},
		{"limit.realtime_priority", limit("Max realtime priority")},
		{"limit.nice", limit("Max nice priority")},
		{"cgroup.own", content("proc/self/cgroup")},
		{"cgroup.cpu_quota", cpuQuota},
		{"cgroup.cpu_weight", inOwnGroup("cpu.weight")},
		{"cgroup.cpus", inOwnGroup("cpuset.cpus.effective")},
		{"cgroup.memory_max", inOwnGroup("memory.max")},
		{"webdyno.nice", ofOwnProcess(19)},
		{"webdyno.policy", policy},
		{"net.lo.mtu", content("sys/class/net/lo/mtu")},
		{"net.links", links},
	},
	sysctls(
		"net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
		"net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_max_tw_buckets",
		"net.core.somaxconn", "net.core.netdev_max_backlog", "net.core.busy_poll",
		"net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies",
		"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.core.rmem_max", "net.core.wmem_max",
		"net.core.rmem_default", "net.core.wmem_default", "net.ipv4.tcp_mem", "net.netfilter.nf_conntrack_max",
		"net.ipv4.tcp_congestion_control", "net.core.default_qdisc",
		"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_timestamps", "net.ipv4.tcp_fastopen",
		"fs.file-max", "fs.nr_open",
		"kernel.randomize_va_space", "kernel.nmi_watchdog", "kernel.sched_autogroup_enabled",
		"kernel.sched_rt_runtime_us", "kernel.numa_balancing",
		"kernel.io_uring_disabled", "kernel.perf_event_paranoid",
		"vm.swappiness", "vm.overcommit_memory",
	),
)

// Facts returns what is recorded of the machine whose root folder is root:
// keys such as "cpu.model" and "sysctl.net.ipv4.tcp_tw_reuse", always the same
// ones, and values as the kernel writes them, [Unavailable] where it does not.
func Facts(root fs.FS) map[string]string {
	facts := make(map[string]string, len(machine))
	for _, f := range machine {
		value := strings.Join(strings.Fields(f.read(root)), " ")
		if value == "" {
			value = Unavailable
		}
		facts[f.key] = value
	}
	return facts
}

// content reads a file that is the fact. An empty file says "none", which is
// not the same as no file.
func content(name string) func(fs.FS) string {
	return func(root fs.FS) string {
		b, err := fs.ReadFile(root, name)
		if err == nil && len(strings.TrimSpace(string(b))) == 0 {
			return "none"
		}
		return string(b)
	}
}

// inFile reads the value of the first of the keys that a file of "key: value"
// lines has.
func inFile(name string, keys ...string) func(fs.FS) string {
	return func(root fs.FS) string {
		text := line(root, name)
		for _, key := range keys {
			if value := field(text, key); value != "" {
				return value
			}
		}
		return ""
	}
}

func firstField(name string) func(fs.FS) string {
	return func(root fs.FS) string {
		first, _, _ := strings.Cut(line(root, name), " ")
		return first
	}
}

func sysctls(names ...string) []fact {
	var facts []fact
	for _, name := range names {
		file := "proc/sys/" + strings.ReplaceAll(name, ".", "/")
		facts = append(facts, fact{"sysctl." + name, content(file)})
	}
	return facts
}

func topology(describe func(Topology) string) func(fs.FS) string {
	return func(root fs.FS) string {
		t, err := ReadTopology(root)
		if err != nil {
			return ""
		}
		return describe(t)
	}
}

// describeCores lists which CPUs are threads of one core: "0,4 1,5 2,6 3,7".
func (t Topology) describeCores() string {
	return t.describe(func(c CPU) int { return c.Core })
}

// describeCaches lists which CPUs share a last-level cache: "0-3 4-7".
func (t Topology) describeCaches() string {
	return t.describe(func(c CPU) int { return c.Cache })
}

func (t Topology) describe(key func(CPU) int) string {
	groups := map[int][]int{}
	var order []int
	for _, c := range t {
		k := key(c)
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c.ID)
	}
	var parts []string
	for _, k := range order {
		parts = append(parts, FormatList(groups[k]))
	}
	return strings.Join(parts, " ")
}

func hypervisor(root fs.FS) string {
	flags := field(line(root, "proc/cpuinfo"), "flags")
	switch {
	case line(root, "sys/hypervisor/type") != "":
		return line(root, "sys/hypervisor/type")
	case slices.Contains(strings.Fields(flags), "hypervisor"):
		return "yes"
	case flags != "":
		return "no"
	}
	return ""
}

// idleStates lists the names of the states a CPU may sleep in, each with its
// latency of waking in microseconds.
func idleStates(root fs.FS) string {
	dirs, _ := fs.Glob(root, "sys/devices/system/cpu/cpu0/cpuidle/state*")
	var states []string
	for _, dir := range dirs {
		state := line(root, dir+"/name") + "=" + line(root, dir+"/latency") + "us"
		if line(root, dir+"/disable") == "1" {
			state += "(off)"
		}
		states = append(states, state)
	}
	return strings.Join(states, " ")
}

func vulnerabilities(root fs.FS) string {
	files, _ := fs.Glob(root, "sys/devices/system/cpu/vulnerabilities/*")
	var parts []string
	for _, f := range files {
		if state := line(root, f); state != "Not affected" && state != "" {
			parts = append(parts, path.Base(f)+": "+state)
		}
	}
	if len(files) > 0 && len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}

// thermal lists the zones' temperatures in degrees Celsius.
func thermal(root fs.FS) string {
	dirs, _ := fs.Glob(root, "sys/class/thermal/thermal_zone*")
	var zones []string
	for _, dir := range dirs {
		if milli, err := strconv.Atoi(line(root, dir+"/temp")); err == nil {
			zones = append(zones, line(root, dir+"/type")+"="+strconv.Itoa(milli/1000))
		}
	}
	return strings.Join(zones, " ")
}

func interruptTime(root fs.FS) string {
	if line(root, "proc/sys/kernel/osrelease") == "" {
		return ""
	}
	if ReadInterrupts(root) == InterruptsOnProcess {
		return "booked on the interrupted process"
	}
	return "booked apart, or not known"
}

func osName(root fs.FS) string {
	for l := range strings.Lines(line(root, "etc/os-release")) {
		if name, ok := strings.CutPrefix(l, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	return ""
}

// limit reads a row of /proc/self/limits: "soft/hard".
func limit(name string) func(fs.FS) string {
	return func(root fs.FS) string {
		for l := range strings.Lines(line(root, "proc/self/limits")) {
			rest, ok := strings.CutPrefix(l, name)
			if f := strings.Fields(rest); ok && len(f) >= 2 {
				return f[0] + "/" + f[1]
			}
		}
		return ""
	}
}

// cpuQuota returns the share of CPU time that the control groups grant, as the
// kernel writes it: a container's limit, or a session's.
func cpuQuota(root fs.FS) string {
	if quota := inOwnGroup("cpu.max")(root); quota != "" {
		return quota
	}
	for _, dir := range []string{"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"} {
		if quota := line(root, dir+"/cpu.cfs_quota_us"); quota != "" {
			return quota + " " + line(root, dir+"/cpu.cfs_period_us")
		}
	}
	return ""
}
