package host

import (
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
		if value != Unavailable && key != "kernel.interrupt_time" {
			t.Errorf("%s of an empty machine is %q", key, value)
		}
	}
}
