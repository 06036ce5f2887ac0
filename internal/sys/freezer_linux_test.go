package sys

import (
	"os"
	"testing"
	"time"
)

// What the kernel's freezer holds stands still, can be killed where it stands,
// and goes on when thawed.
func TestFreezer(t *testing.T) {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	own, _ := os.ReadFile("/proc/self/cgroup")
	c, err := newV2(parseHierarchies(string(mounts), string(own)).v2, "webdyno-test-"+time.Now().Format("150405.000000000"), false)
	if err != nil {
		t.Skip(err)
	}
	defer c.Remove()
	if !c.CanFreeze() {
		t.Skip("this kernel has no freezer of version 2")
	}
	cmd := waiting(t)
	if err := c.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := c.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	before, _ := ProcessCPU(cmd.Process.Pid)
	cmd.Process.Kill()
	if err := cmd.Wait(); err == nil {
		t.Error("killed where it stood, and ended of itself")
	}
	if after, err := ProcessCPU(cmd.Process.Pid); err == nil && after > before+time.Second {
		t.Errorf("it used %v", after-before)
	}
	if (*Cgroup)(nil).CanFreeze() || (&Cgroup{}).CanFreeze() {
		t.Error("what is no group can be frozen")
	}
}
