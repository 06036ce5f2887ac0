package host

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestFacts(t *testing.T) {
	root := machineOf(t, "0-3", "0,2 1,3", "0-3")
	for name, text := range map[string]string{
		"proc/cpuinfo":                                    "processor\t: 0\nmodel name\t: Some  CPU\nflags\t\t: fpu hypervisor\n",
		"proc/meminfo":                                    "MemTotal:       24604 kB\n",
		"proc/sys/kernel/osrelease":                       "6.1.0\n",
		"proc/sys/net/ipv4/tcp_tw_reuse":                  "2\n",
		"proc/sys/net/ipv4/ip_local_port_range":           "32768\t60999\n",
		"proc/self/limits":                                "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 20000                files\n",
		"proc/uptime":                                     "123.45 200.00\n",
		"sys/devices/system/cpu/isolated":                 "\n",
		"sys/devices/system/cpu/vulnerabilities/meltdown": "Not affected\n",
		"etc/os-release":                                  "NAME=x\nPRETTY_NAME=\"Debian 12\"\n",
		"boot/config-6.1.0":                               "CONFIG_X=y\n# CONFIG_IRQ_TIME_ACCOUNTING is not set\n",
	} {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	got := Facts(root)
	for key, want := range map[string]string{
		"cpu.model":                           "Some CPU",
		"cpu.hypervisor":                      "yes",
		"cpu.allowed":                         "0-3",
		"cpu.cores":                           "0,2 1,3",
		"cpu.caches":                          "0-3",
		"cpu.isolated":                        "none",
		"cpu.vulnerabilities":                 "none",
		"cpu.governor":                        Unavailable,
		"memory.total":                        "24604 kB",
		"kernel.release":                      "6.1.0",
		"kernel.interrupt_time":               "booked on the interrupted process",
		"os":                                  "Debian 12",
		"uptime":                              "123.45",
		"limit.files":                         "1024/20000",
		"sysctl.net.ipv4.tcp_tw_reuse":        "2",
		"sysctl.net.ipv4.ip_local_port_range": "32768 60999",
		"sysctl.net.core.somaxconn":           Unavailable,
	} {
		if got[key] != want {
			t.Errorf("%s is %q; want %q", key, got[key], want)
		}
	}
}

// What cannot be read is said to be unavailable, never left out: an empty
// machine has as many facts as any.
func TestFactsOfNothing(t *testing.T) {
	got := Facts(fstest.MapFS{})
	if len(got) != len(machine) {
		t.Errorf("%d facts, want %d", len(got), len(machine))
	}
	for key, value := range got {
		if value != Unavailable {
			t.Errorf("%s of an empty machine is %q", key, value)
		}
	}
}

func TestFactsOfALargeMachine(t *testing.T) {
	root := machineOf(t, "0-3", "0,2 1,3", "0-3")
	for name, text := range map[string]string{
		"proc/cpuinfo":     "model name\t: Some CPU\nflags\t\t: fpu\n",
		"proc/self/stat":   "77 (a) b) c) R 1 77 77 0 -1 4194304 1 0 0 0 2 3 0 0 20 -5 9 0 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 17 0 40 1 0 0 0\n",
		"proc/self/cgroup": "4:memory:/x\n0::/user.slice/run.scope\n",

		"sys/fs/cgroup/user.slice/cpu.max":              "150000 100000\n",
		"sys/fs/cgroup/user.slice/run.scope/cpu.max":    "max 100000\n",
		"sys/fs/cgroup/user.slice/run.scope/cpu.weight": "100\n",
		"sys/fs/cgroup/user.slice/run.scope/memory.max": "max\n",
		"sys/fs/cgroup/user.slice/memory.max":           "max\n",

		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":     "powersave\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":     "performance\n",
		"sys/devices/system/cpu/cpu2/cpufreq/scaling_governor":     "powersave\n",
		"sys/devices/system/cpu/cpu3/cpufreq/scaling_governor":     "performance\n",
		"sys/devices/system/cpu/cpu0/topology/physical_package_id": "0\n",
		"sys/devices/system/cpu/cpu1/topology/physical_package_id": "1\n",
		"sys/devices/system/cpu/cpu0/cache/index0/level":           "1\n",
		"sys/devices/system/cpu/cpu0/cache/index0/type":            "Data\n",
		"sys/devices/system/cpu/cpu0/cache/index0/size":            "48K\n",
		"sys/module/intel_idle/parameters/max_cstate":              "1\n",
		"proc/irq/24/smp_affinity_list":                            "0-3\n",
		"proc/irq/25/smp_affinity_list":                            "0-3\n",
		"proc/irq/9/smp_affinity_list":                             "1\n",
		"sys/class/dmi/id/sys_vendor":                              "QEMU\n",
		"sys/class/net/lo/mtu":                                     "65536\n",
		"sys/class/net/eth0/mtu":                                   "1500\n",
		"sys/class/net/eth0/operstate":                             "up\n",
		"sys/class/net/eth0/speed":                                 "10000\n",
		"sys/class/net/eth0/device/vendor":                         "0x1\n",
		"run/systemd/container":                                    "lxc\n",
	} {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	got := Facts(root)
	for key, want := range map[string]string{
		"cpu.governor":           "0,2: powersave, 1,3: performance",
		"cpu.sockets":            "2",
		"cpu.cache_sizes":        "L1 Data 48K",
		"cpu.idle.limit":         "1",
		"cpu.hypervisor":         "no",
		"irq.affinity":           "0-3: 24-25; 1: 9",
		"machine.virtualization": "qemu",
		"machine.container":      "lxc",
		"cgroup.cpu_quota":       "150000 100000",
		"cgroup.cpu_weight":      "100",
		"cgroup.memory_max":      "max",
		"cgroup.cpus":            Unavailable,
		"webdyno.nice":           "-5",
		"webdyno.policy":         "fifo",
		"net.lo.mtu":             "65536",
		"net.links":              "eth0 up, MTU 1500, 10000 Mbit/s",
	} {
		if got[key] != want {
			t.Errorf("%s is %q; want %q", key, got[key], want)
		}
	}
}

// Every fact that the method asks for has a name, which is a promise: nothing is
// left out where it cannot be read.
func TestFactsAreNamed(t *testing.T) {
	want := strings.Fields(`
		cpu.model cpu.microcode cpu.online cpu.allowed cpu.sockets cpu.cores cpu.caches cpu.cache_sizes cpu.smt
		cpu.isolated cpu.nohz_full cpu.hypervisor cpu.governor cpu.energy_preference cpu.freq.driver cpu.freq.min
		cpu.freq.max cpu.freq.now cpu.turbo.off cpu.boost cpu.idle.driver cpu.idle.states cpu.idle.limit
		cpu.vulnerabilities clock.source clock.available numa.nodes memory.total memory.available memory.swap
		memory.thp memory.thp.defrag memory.hugepages irq.default_affinity irq.affinity machine.virtualization
		machine.container machine.product machine.vendor thermal.zones kernel.release kernel.version
		kernel.cmdline kernel.interrupt_time os boot.id uptime load pressure.cpu pressure.memory pressure.io
		limit.files limit.processes limit.locked_memory limit.realtime_priority limit.nice cgroup.own
		cgroup.cpu_quota cgroup.cpu_weight cgroup.cpus cgroup.memory_max webdyno.nice webdyno.policy
		net.lo.mtu net.links sysctl.net.ipv4.ip_local_port_range sysctl.net.ipv4.tcp_tw_reuse
		sysctl.net.ipv4.tcp_fin_timeout sysctl.net.core.somaxconn sysctl.net.ipv4.tcp_max_syn_backlog
		sysctl.net.ipv4.tcp_syncookies sysctl.net.ipv4.tcp_rmem sysctl.net.ipv4.tcp_wmem
		sysctl.net.core.rmem_max sysctl.net.core.wmem_max sysctl.net.ipv4.tcp_congestion_control
		sysctl.net.core.default_qdisc sysctl.kernel.randomize_va_space sysctl.kernel.nmi_watchdog`)
	got := Facts(fstest.MapFS{})
	for _, key := range want {
		if got[key] != Unavailable {
			t.Errorf("%s of an empty machine is %q; want %q", key, got[key], Unavailable)
		}
	}
}
