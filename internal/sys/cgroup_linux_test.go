package sys

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"
)

func TestParseHierarchies(t *testing.T) {
	tests := []struct {
		name, mounts, own string
		want              hierarchies
	}{
		{
			name:   "version 2, a user's session",
			mounts: "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
			own:    "0::/user.slice/user-1000.slice/session-2.scope\n",
			want:   hierarchies{v2: "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope"},
		},
		{
			name: "version 1 beside 2",
			mounts: "31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" +
				"32 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
				"33 25 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			own: "9:memory:/job\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/init.scope\n",
			want: hierarchies{
				v2:      "/sys/fs/cgroup/unified/init.scope",
				cpuacct: "/sys/fs/cgroup/cpu,cpuacct",
				memory:  "/sys/fs/cgroup/memory/job",
			},
		},
		{
			name:   "a container that sees its own part only",
			mounts: "32 25 0:28 /docker/abc /sys/fs/cgroup/cpuacct ro - cgroup cgroup rw,cpuacct\n",
			own:    "2:cpuacct:/docker/abc/inner\n",
			want:   hierarchies{cpuacct: "/sys/fs/cgroup/cpuacct/inner"},
		},
		{
			name:   "a part that we are not in",
			mounts: "32 25 0:28 /docker/abc /sys/fs/cgroup/cpuacct ro - cgroup cgroup rw,cpuacct\n",
			own:    "2:cpuacct:/elsewhere\n",
		},
		{name: "nothing"},
		{name: "nonsense", mounts: "- - -\nx - cgroup2\n1 2 3 4 5 - cgroup2 x\n", own: ":\n::\na\n"},
	}
	for _, tt := range tests {
		if got := parseHierarchies(tt.mounts, tt.own); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestParseCPUStat(t *testing.T) {
	user, system, err := parseCPUStat([]byte("usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 0\n"))
	if err != nil || user != time.Second || system != 500*time.Millisecond {
		t.Errorf("got %v, %v, %v", user, system, err)
	}
}

// A group must count its processes' CPU, list them, and go away without a
// trace.
func TestCgroup(t *testing.T) {
	for _, memory := range []bool{false, true} {
		c, err := NewCgroup("webdyno-test-"+time.Now().Format("150405.000000000"), memory)
		if err != nil {
			t.Logf("memory %t: %v", memory, err)
			continue
		}
		if memory {
			if err := c.LimitMemory(512 << 20); err != nil {
				t.Error(err)
			}
		}
		cmd := waiting(t)
		if err := c.Add(cmd.Process.Pid); err != nil {
			t.Error(err)
		}
		if pids, err := c.Pids(); err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
			t.Errorf("pids %v, %v; want %d", pids, err, cmd.Process.Pid)
		}
		cmd.Process.Kill()
		cmd.Wait()
		user, system, err := c.CPU()
		if err != nil || user < 0 || system < 0 || user+system > time.Minute {
			t.Errorf("CPU %v, %v, %v", user, system, err)
		}
		if n := c.OOMKills(); n != 0 {
			t.Errorf("%d killed for want of memory", n)
		}
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
		for _, folder := range c.folders() {
			if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is still there", folder)
			}
		}
	}
}

func FuzzParseHierarchies(f *testing.F) {
	f.Add("30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n", "0::/x\n")
	f.Fuzz(func(t *testing.T, mounts, own string) { parseHierarchies(mounts, own) })
}
