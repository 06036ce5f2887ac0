package host

import (
	"math"
	"testing"
	"testing/fstest"
	"time"

	"webdyno/internal/evidence"
)

// What the kernel tells of pressure, speed, ports and memory is read through the
// root that a watch is given, so that each can be faked.
func TestWatchReadsWhatIsFaked(t *testing.T) {
	files := func(text map[string]string) fstest.MapFS {
		root := fstest.MapFS{"proc/stat": {Data: []byte(stat([8]int{}, [8]int{}))}}
		for name, s := range text {
			root[name] = &fstest.MapFile{Data: []byte(s)}
		}
		return root
	}
	const cpu0, cpu1 = "sys/devices/system/cpu/cpu0/", "sys/devices/system/cpu/cpu1/"
	before := map[string]string{
		"proc/pressure/cpu":    "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\nfull avg10=0.00 total=0\n",
		"proc/pressure/memory": "some avg10=0.00 total=5\nfull avg10=0.00 total=7\n",
		"proc/pressure/io":     "some avg10=0.00 total=5\nfull avg10=0.00 total=7\n",
		"proc/vmstat":          "pswpin 4\noom_kill 6\n",
		"proc/net/sockstat":    "sockets: used 15\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 172\n",
		cpu0 + "thermal_throttle/core_throttle_count":    "3\n",
		cpu0 + "thermal_throttle/package_throttle_count": "8\n",
		cpu1 + "thermal_throttle/package_throttle_count": "8\n",
	}
	after := map[string]string{
		"proc/pressure/cpu":                              "some avg10=0.00 avg60=0.00 avg300=0.00 total=3000000\nfull avg10=0.00 total=0\n",
		"proc/pressure/memory":                           "some avg10=0.00 total=5\nfull avg10=0.00 total=1000007\n",
		"proc/pressure/io":                               "some avg10=0.00 total=5\nfull avg10=0.00 total=500007\n",
		"proc/vmstat":                                    "pswpin 9\noom_kill 7\n",
		"proc/net/sockstat":                              "TCP: inuse 1 orphan 0 tw 250 alloc 1 mem 172\n",
		"proc/sys/net/ipv4/ip_local_port_range":          "32768\t60999\n",
		cpu0 + "cpufreq/scaling_cur_freq":                "3000000\n",
		cpu1 + "cpufreq/scaling_cur_freq":                "1200000\n",
		cpu0 + "thermal_throttle/core_throttle_count":    "4\n",
		cpu0 + "thermal_throttle/package_throttle_count": "10\n",
		cpu1 + "thermal_throttle/package_throttle_count": "10\n",
	}
	w := Watch{Root: files(before)}
	began, err := w.Begin()
	if err != nil {
		t.Fatal(err)
	}
	began.at = time.Now().Add(-10 * time.Second)
	w.Root = files(after)
	got := w.End(began, 0)
	for name, c := range map[string]struct{ got, want float64 }{
		"cpu": {got.Pressure.CPU, 0.2}, "memory": {got.Pressure.Memory, 0.1}, "io": {got.Pressure.IO, 0.05},
	} {
		if math.Abs(c.got-c.want) > 0.001 {
			t.Errorf("pressure of %s: %v, want %v", name, c.got, c.want)
		}
	}
	if got.SwappedIn != 5 || got.OutOfMemory != 1 {
		t.Errorf("%d pages swapped in, %d killed; want 5, 1", got.SwappedIn, got.OutOfMemory)
	}
	if got.Speed.Frequency != 1_200_000 || got.Speed.Throttled != 3 {
		t.Errorf("speed %+v; want 1.2 GHz, throttled 3 times", got.Speed)
	}
	if want := (evidence.Ports{All: 28232, Waiting: 250}); got.Ports != want {
		t.Errorf("ports %+v, want %+v", got.Ports, want)
	}

	w.Root = files(nil)
	if began, err = w.Begin(); err != nil {
		t.Fatal(err)
	}
	if got := w.End(began, 0); got.Pressure != nil || got.OutOfMemory != 0 || got.Speed.Frequency != 0 || got.Ports != (evidence.Ports{}) {
		t.Errorf("of a kernel that tells nothing: %+v", got)
	}
}

// A canary takes CPU time on every CPU where this process may run, and nothing on
// one that there is not.
func TestCanaries(t *testing.T) {
	all := Canaries([]int{0, 100_000})
	if len(all) > 1 || len(all) == 1 && (all[0].CPU != 0 || all[0].Took < time.Millisecond) {
		t.Errorf("canaries: %+v", all)
	}
}

func FuzzPressure(f *testing.F) {
	f.Add("some avg10=0.00 avg60=0.00 avg300=0.00 total=128949200\nfull total=1\n", "TCP: inuse 1 orphan 0 tw 250 alloc 1 mem 172\n", "1 2")
	f.Add("full total=-1\n", "TCP: tw\n", "2 1")
	f.Add("full total=99999999999999999999\n", "TCP: tw x y", "a b")
	f.Fuzz(func(t *testing.T, pressure, sockstat, ports string) {
		root := fstest.MapFS{"proc/pressure/cpu": {Data: []byte(pressure)}, "proc/pressure/memory": {Data: []byte(pressure)},
			"proc/net/sockstat": {Data: []byte(sockstat)}, "proc/sys/net/ipv4/ip_local_port_range": {Data: []byte(ports)}}
		s := readStalls(root)
		if p := pressureSince(stalls{told: true}, s, time.Second); p != nil && (p.Memory < 0 || p.Memory > 1) {
			t.Errorf("a share of %v", p.Memory)
		}
		if p := readPorts(root); p.All > 1<<16 {
			t.Errorf("%d ports", p.All)
		}
	})
}
