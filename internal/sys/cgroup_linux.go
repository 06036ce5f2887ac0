package sys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// NewCgroup makes a control group called name beneath the one this process is
// in, or beneath that one's parent where only the parent may hand out what is
// needed. With memory it can limit memory too, otherwise not. The group is held
// until this process ends or removes it: see [SweepCgroups]. The error says why
// this machine or this user does not let us.
func NewCgroup(name string, memory bool) (*Cgroup, error) {
	c, err := newCgroup(name, memory)
	if err == nil {
		c.hold()
	}
	return c, err
}

func newCgroup(name string, memory bool) (*Cgroup, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	h := parseHierarchies(string(mounts), string(own))
	c, errV1 := newV1(h, name, memory)
	if errV1 == nil {
		return c, nil
	}
	c, errV2 := newV2(h.v2, name, memory)
	if errV2 == nil {
		return c, nil
	}
	if h.cpuacct == "" {
		return nil, errV2
	}
	return nil, errors.Join(errV1, errV2)
}

// hold locks the group's folders. The lock ends with the process, SIGKILL
// included, and says what a pid in a name could not: a pid is given out again,
// and means nothing in another namespace.
func (c *Cgroup) hold() {
	for _, folder := range c.folders() {
		f, err := os.Open(folder)
		if err != nil {
			continue
		}
		_ = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) // where it cannot be locked, SweepCgroups goes by the name alone
		c.held = append(c.held, f)
	}
}

func (c *Cgroup) release() {
	for _, f := range c.held {
		f.Close()
	}
	c.held = nil
}

// SweepCgroups removes, of the groups that lie where NewCgroup makes them, those
// whose name stale approves of and that nobody holds. The kernel keeps those in
// which there are processes. It is for what nobody was left to remove.
func SweepCgroups(stale func(name string) bool) {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	own, _ := os.ReadFile("/proc/self/cgroup")
	h := parseHierarchies(string(mounts), string(own))
	parents := []string{h.cpuacct, h.memory, h.v2}
	if h.v2 != "" {
		parents = append(parents, filepath.Dir(h.v2))
	}
	for _, parent := range parents {
		entries, _ := os.ReadDir(parent) // of "", none
		for _, e := range entries {
			if e.IsDir() && stale(e.Name()) {
				removeUnheld(filepath.Join(parent, e.Name()))
			}
		}
	}
}

func removeUnheld(folder string) {
	f, err := os.Open(folder)
	if err != nil {
		return
	}
	defer f.Close()
	if !errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		_ = unix.Rmdir(folder) // refused if it is in use, or somebody else's
	}
}

// hierarchies are the folders of the groups this process is in.
type hierarchies struct{ v2, cpuacct, memory string }

// parseHierarchies finds them from /proc/self/mountinfo and /proc/self/cgroup.
// A hierarchy that is not mounted, or not where we can see our group, is "".
func parseHierarchies(mounts, own string) hierarchies {
	groups := map[string]string{} // controller, "" for version 2 → path
	for line := range strings.Lines(own) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(f[1], ",") {
			groups[controller] = f[2]
		}
	}
	var h hierarchies
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(line, " - ")
		mount, fs := strings.Fields(before), strings.Fields(after)
		if !ok || len(mount) < 5 || len(fs) < 3 {
			continue
		}
		options := strings.Split(fs[2], ",")
		switch {
		case fs[0] == "cgroup2":
			h.v2 = groupFolder(mount, groups, "")
		case fs[0] == "cgroup" && slices.Contains(options, "cpuacct"):
			h.cpuacct = groupFolder(mount, groups, "cpuacct")
		case fs[0] == "cgroup" && slices.Contains(options, "memory"):
			h.memory = groupFolder(mount, groups, "memory")
		}
	}
	return h
}

// groupFolder returns where a group's folder is, given a mount of its
// hierarchy, which may show only the part below its root (field 3).
func groupFolder(mount []string, groups map[string]string, controller string) string {
	path, ok := groups[controller]
	if !ok {
		return ""
	}
	rel, err := filepath.Rel(mount[3], path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return ""
	}
	return filepath.Join(mount[4], rel)
}

func newV1(h hierarchies, name string, memory bool) (*Cgroup, error) {
	if h.cpuacct == "" {
		return nil, errors.New("control group: no cpuacct hierarchy of version 1")
	}
	c := &Cgroup{CPUAcc: filepath.Join(h.cpuacct, name)}
	if err := os.Mkdir(c.CPUAcc, 0o755); err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	if !memory {
		return c, nil
	}
	err := errors.New("control group: no memory hierarchy of version 1")
	if h.memory != "" {
		c.Mem = filepath.Join(h.memory, name)
		err = os.Mkdir(c.Mem, 0o755)
	}
	if err != nil {
		os.Remove(c.CPUAcc)
		return nil, fmt.Errorf("control group: %w", err)
	}
	return c, nil
}

// newV2 makes the group below our own. Accounting of CPU needs no controller
// there. Memory does, and a group that has processes may not hand out
// controllers, so that the parent of our own is tried too: a desktop's session
// and a container's root are such.
func newV2(own, name string, memory bool) (*Cgroup, error) {
	if own == "" {
		return nil, errors.New("control group: no hierarchy of version 2 in sight")
	}
	last := errors.New("nowhere to make one beneath " + own)
	for _, parent := range []string{own, filepath.Dir(own)} {
		if _, err := os.Stat(filepath.Join(parent, "cgroup.subtree_control")); err != nil {
			continue
		}
		c := &Cgroup{V2: filepath.Join(parent, name)}
		if last = os.Mkdir(c.V2, 0o755); last != nil {
			continue
		}
		if last = c.usable(parent, memory); last == nil {
			return c, nil
		}
		os.Remove(c.V2)
	}
	return nil, fmt.Errorf("control group: %w", last)
}

// usable checks that we may move processes into the group, for which the
// parent's list must be ours to write too, and that memory can be limited.
func (c *Cgroup) usable(parent string, memory bool) error {
	for _, folder := range []string{parent, c.V2} {
		f, err := os.OpenFile(filepath.Join(folder, "cgroup.procs"), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		f.Close()
	}
	if !memory {
		return nil
	}
	limit := filepath.Join(c.V2, "memory.max")
	if _, err := os.Stat(limit); err == nil {
		return nil
	}
	control := filepath.Join(parent, "cgroup.subtree_control")
	if err := os.WriteFile(control, []byte("+memory"), 0); err != nil {
		return err
	}
	_, err := os.Stat(limit)
	return err
}

// Add moves process pid into the group; 0 is the calling process.
func (c *Cgroup) Add(pid int) error {
	for _, folder := range c.folders() {
		err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
		if err != nil {
			return fmt.Errorf("control group: %w", err)
		}
	}
	return nil
}

// LimitMemory lets the processes of the group have so many bytes together;
// beyond, the kernel ends one of them. Swap is not given instead.
func (c *Cgroup) LimitMemory(bytes int64) error {
	text := []byte(strconv.FormatInt(bytes, 10))
	if c.V2 != "" {
		os.WriteFile(filepath.Join(c.V2, "memory.swap.max"), []byte("0"), 0) // absent without swap accounting
		return os.WriteFile(filepath.Join(c.V2, "memory.max"), text, 0)
	}
	if err := os.WriteFile(filepath.Join(c.Mem, "memory.limit_in_bytes"), text, 0); err != nil {
		return fmt.Errorf("control group: %w", err)
	}
	os.WriteFile(filepath.Join(c.Mem, "memory.memsw.limit_in_bytes"), text, 0) // likewise
	return nil
}

// CPU returns what every process has used while it was in the group, the living
// and the dead. A process that is running is counted up to its CPU's last tick
// (1 to 10 ms), one that sleeps or has ended wholly: to the nanosecond on
// version 1, to the microsecond on version 2.
func (c *Cgroup) CPU() (GroupCPU, error) {
	if c.V2 != "" {
		b, err := os.ReadFile(filepath.Join(c.V2, "cpu.stat"))
		if err != nil {
			return GroupCPU{}, fmt.Errorf("control group: %w", err)
		}
		return parseCPUStat(b)
	}
	total, err := readNumber(filepath.Join(c.CPUAcc, "cpuacct.usage"))
	if err != nil {
		return GroupCPU{}, err
	}
	// Kernels before 4.7 have no halves. They are samples of the ticks: a group
	// whose processes run for less than a tick at a time may show none at all.
	user, _ := readNumber(filepath.Join(c.CPUAcc, "cpuacct.usage_user"))
	system, _ := readNumber(filepath.Join(c.CPUAcc, "cpuacct.usage_sys"))
	return GroupCPU{time.Duration(total), time.Duration(user), time.Duration(system)}, nil
}

// parseCPUStat reads version 2's cpu.stat, which is in microseconds.
func parseCPUStat(b []byte) (GroupCPU, error) {
	b = append([]byte("\n"), b...)
	if !bytes.Contains(b, []byte("\nusage_usec ")) {
		return GroupCPU{}, errors.New("control group: cpu.stat does not tell usage_usec")
	}
	of := func(key string) time.Duration { return time.Duration(statusNumber(b, "\n"+key+" ")) * time.Microsecond }
	return GroupCPU{Total: of("usage_usec"), User: of("user_usec"), System: of("system_usec")}, nil
}

// OOMKills returns how many processes of the group the kernel has ended for
// want of memory; 0 where it does not tell.
func (c *Cgroup) OOMKills() int64 {
	name := filepath.Join(c.Mem, "memory.oom_control")
	switch {
	case c.V2 != "":
		name = filepath.Join(c.V2, "memory.events")
	case c.Mem == "":
		return 0
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	return statusNumber(append([]byte("\n"), b...), "\noom_kill ")
}

// Pids returns the processes that are in the group.
func (c *Cgroup) Pids() ([]int, error) {
	b, err := os.ReadFile(filepath.Join(c.folders()[0], "cgroup.procs"))
	if err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	var pids []int
	for _, f := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// Remove removes the group, which must be empty of processes. The kernel may
// need a moment after the last one's end, which Remove gives it.
func (c *Cgroup) Remove() error {
	c.release()
	var left error
	for _, folder := range c.folders() {
		if err := removeFolder(folder); err != nil {
			left = fmt.Errorf("control group: %w", err)
		}
	}
	return left
}

func removeFolder(folder string) error {
	var err error
	for pause := time.Millisecond; pause < time.Second; pause *= 2 {
		err = os.Remove(folder)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		time.Sleep(pause)
	}
	return err
}

func readNumber(name string) (int64, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("control group: %w", err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("control group: %s: %w", name, err)
	}
	return n, nil
}
