package sys

import (
	"errors"
	"os"
	"slices"
	"strings"
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
	got, err := parseCPUStat([]byte("usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 0\n"))
	if want := (GroupCPU{1500 * time.Millisecond, time.Second, 500 * time.Millisecond}); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := parseCPUStat([]byte("nr_periods 0\n")); err == nil {
		t.Errorf("nothing said, and read as %v", got)
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
		if used, err := c.CPU(); err != nil || used.Total < 0 || used.Total > time.Minute || used.User < 0 || used.System < 0 {
			t.Errorf("CPU %v, %v", used, err)
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

// Of the groups that are called stale, those in use and those that their makers
// hold must stay.
func TestSweepCgroups(t *testing.T) {
	prefix := "webdyno-sweep-" + time.Now().Format("150405.000000000")
	tests := []struct {
		name           string
		held, used, is bool
	}{
		{"-forsaken", false, false, false},
		{"-used", false, true, true},
		{"-held", true, false, true},
		{"-else", false, false, true},
	}
	groups := make([]*Cgroup, len(tests))
	cmd := waiting(t)
	for i, tt := range tests {
		c, err := NewCgroup(prefix+tt.name, false)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { c.Remove() })
		groups[i] = c
		if !tt.held {
			c.release()
		}
		if tt.used {
			if err := c.Add(cmd.Process.Pid); err != nil {
				t.Fatal(err)
			}
		}
	}
	SweepCgroups(func(name string) bool { return strings.HasPrefix(name, prefix) && name != prefix+"-else" })
	for i, tt := range tests {
		if _, err := groups[i].Pids(); (err == nil) != tt.is {
			t.Errorf("%s: there %t, want %t", groups[i], err == nil, tt.is)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
}

func FuzzParseHierarchies(f *testing.F) {
	f.Add("30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n", "0::/x\n")
	f.Fuzz(func(t *testing.T, mounts, own string) { parseHierarchies(mounts, own) })
}
