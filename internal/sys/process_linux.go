package sys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc: USER_HZ is 100 on every architecture
// that Go runs on.
const tick = 10 * time.Millisecond

// CheckProc returns an error unless /proc shows the processes that this one
// sees. In a pid namespace with the /proc of another, a pid that is read there
// means a different process to every call that takes one, signals included.
func CheckProc() error {
	self, err := os.Readlink("/proc/self")
	if err != nil {
		return fmt.Errorf("processes cannot be seen: %w", err)
	}
	if self != strconv.Itoa(os.Getpid()) {
		return errors.New("/proc belongs to another pid namespace than this process: mount it anew (unshare --mount-proc does)")
	}
	return nil
}

// ReadProcess returns what the kernel says of process pid. The error is
// [os.ErrNotExist] or ESRCH if there is none.
func ReadProcess(pid int) (Process, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return Process{}, err
	}
	return parseStat(b)
}

// parseStat reads a line of /proc/PID/stat. The name, in parentheses, may hold
// anything, parentheses and line ends too: it extends to the last ')'.
func parseStat(b []byte) (Process, error) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 2 || end < open || len(b) < end+4 {
		return Process{}, fmt.Errorf("process status %.60q: want \"pid (name) state …\"", b)
	}
	f := strings.Fields(string(b[end+1:]))
	if len(f) < 20 || len(f[0]) != 1 {
		return Process{}, fmt.Errorf("process status %.60q: %d fields after the name, want 20", b, len(f))
	}
	p := Process{Name: string(b[open+1 : end]), State: f[0][0]}
	var bad error
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil && bad == nil {
			bad = fmt.Errorf("process status %.60q: %w", b, err)
		}
		return n
	}
	p.PID = int(number(string(bytes.TrimSpace(b[:open]))))
	p.Parent, p.Group, p.Session = int(number(f[1])), int(number(f[2])), int(number(f[3]))
	p.User, p.System = time.Duration(number(f[11]))*tick, time.Duration(number(f[12]))*tick
	p.ReapedUser, p.ReapedSystem = time.Duration(number(f[13]))*tick, time.Duration(number(f[14]))*tick
	p.Threads = int(number(f[17]))
	p.Began = uint64(number(f[19]))
	return p, bad
}

// Processes returns every process that can be seen, zombies included, in no
// order. It reads one file per process of the machine.
func Processes() ([]Process, error) {
	pids, err := numbersIn("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all := make([]Process, 0, len(pids))
	for _, pid := range pids {
		if p, err := ReadProcess(pid); err == nil { // else it has just ended
			all = append(all, p)
		}
	}
	return all, nil
}

// Descendants returns the children of root, their children and so on, without
// root itself, zombies included. It looks at every process of the machine, and
// so misses none that lived throughout; see [Children] for a cheaper way.
func Descendants(root int) ([]Process, error) {
	all, err := Processes()
	if err != nil {
		return nil, err
	}
	byParent := map[int][]Process{}
	for _, p := range all {
		byParent[p.Parent] = append(byParent[p.Parent], p)
	}
	var found []Process
	seen := map[int]bool{root: true} // a reused pid must not make a circle
	for next := []int{root}; len(next) > 0; next = next[1:] {
		for _, p := range byParent[next[0]] {
			if !seen[p.PID] {
				seen[p.PID] = true
				found = append(found, p)
				next = append(next, p.PID)
			}
		}
	}
	return found, nil
}

// Children returns the pids of root's descendants, without root itself, by
// asking each process for its children. It touches no other process of the
// machine, which makes it fit for the edge of a window, but it may pass over
// children whose sibling ends while it looks. The error is [ErrUnsupported] on
// kernels without the list.
func Children(root int) ([]int, error) {
	var found []int
	seen := map[int]bool{root: true}
	for next := []int{root}; len(next) > 0; next = next[1:] {
		pids, err := childrenOf(next[0])
		if next[0] == root && err != nil {
			return nil, err
		}
		for _, pid := range pids {
			if !seen[pid] {
				seen[pid] = true
				found = append(found, pid)
				next = append(next, pid)
			}
		}
	}
	return found, nil
}

func childrenOf(pid int) ([]int, error) {
	folder := "/proc/" + strconv.Itoa(pid) + "/task"
	tids, err := numbersIn(folder)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, tid := range tids {
		b, err := os.ReadFile(folder + "/" + strconv.Itoa(tid) + "/children")
		if errors.Is(err, os.ErrNotExist) && tid == pid {
			return nil, fmt.Errorf("children of process %d: %w", pid, ErrUnsupported)
		}
		for _, f := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(f); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids, nil
}

// DescendsFrom tells whether process pid is root or one of its descendants,
// asked upwards: a process that has just been forked is told rightly.
func DescendsFrom(pid, root int) bool {
	for range 1 << 16 { // deeper than any tree; ends a circle made by reused pids
		if pid == root {
			return true
		}
		p, err := ReadProcess(pid)
		if err != nil || p.Parent == 0 {
			return false
		}
		pid = p.Parent
	}
	return false
}

// CommandLine returns the arguments of process pid joined by spaces, or its
// name in brackets if it shows none, or "" if there is no such process.
func CommandLine(pid int) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	line := strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", " "))
	if line != "" {
		return line
	}
	if p, err := ReadProcess(pid); err == nil {
		return "[" + p.Name + "]"
	}
	return ""
}

// Signal sends sig to the process that has p's pid and began when p did. It
// can not reach another one that has been given the pid since. A process that
// is gone is no error.
func (p Process) Signal(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return p.signalByNumber(sig)
	}
	if err != nil {
		return gone(err)
	}
	defer unix.Close(fd)
	now, err := ReadProcess(p.PID)
	if err != nil || now.Began != p.Began {
		return nil
	}
	return gone(unix.PidfdSendSignal(fd, sig, nil, 0))
}

// signalByNumber is for kernels before 5.3 and for sandboxes that forbid pidfds.
func (p Process) signalByNumber(sig unix.Signal) error {
	now, err := ReadProcess(p.PID)
	if err != nil || now.Began != p.Began {
		return nil
	}
	return gone(unix.Kill(p.PID, sig))
}

// SetSubreaper makes this process the one that orphaned descendants are handed
// to, in place of init. It must then reap them.
func SetSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the reaper of orphans: %w", err)
	}
	return nil
}

// Reap waits until a child of this process ends, and reaps it. The error is
// ECHILD if there is none left.
func Reap() (Death, error) { return reap(-1, 0) }

// ReapNow reaps child pid if it has ended, and tells whether it had.
func ReapNow(pid int) bool {
	d, err := reap(pid, unix.WNOHANG)
	return err == nil && d.PID == pid
}

func reap(pid, flags int) (Death, error) {
	for {
		var status unix.WaitStatus
		got, err := unix.Wait4(pid, &status, flags|unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return Death{}, err
		case got == 0 && flags&unix.WNOHANG != 0:
			return Death{}, nil
		case status.Exited():
			return Death{PID: got, Status: status.ExitStatus()}, nil
		case status.Signaled():
			return Death{PID: got, Signal: status.Signal()}, nil
		}
	}
}

// ReadFootprint reads the footprint of process pid from its status and those
// of its threads.
func ReadFootprint(pid int) (Footprint, error) {
	folder := "/proc/" + strconv.Itoa(pid)
	b, err := os.ReadFile(folder + "/status")
	if err != nil {
		return Footprint{}, err
	}
	f := Footprint{
		RSS:     1024 * statusNumber(b, "\nVmRSS:"),
		PeakRSS: 1024 * statusNumber(b, "\nVmHWM:"),
	}
	tids, err := numbersIn(folder + "/task")
	if err != nil {
		return Footprint{}, err
	}
	for _, tid := range tids {
		b, err := os.ReadFile(folder + "/task/" + strconv.Itoa(tid) + "/status")
		if err != nil {
			continue // the thread has just ended
		}
		f.Threads++
		f.Voluntary += statusNumber(b, "\nvoluntary_ctxt_switches:")
		f.Involuntary += statusNumber(b, "\nnonvoluntary_ctxt_switches:")
	}
	return f, nil
}

// statusNumber returns the number after key in a status file, 0 if it is not
// there: a zombie and a kernel thread have no memory to tell of.
func statusNumber(b []byte, key string) int64 {
	i := bytes.Index(b, []byte(key))
	if i < 0 {
		return 0
	}
	rest := bytes.TrimLeft(b[i+len(key):], " \t")
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, _ := strconv.ParseInt(string(rest[:end]), 10, 64)
	return n
}

// ResetPeak sets the peak of process pid's resident memory back to what it
// occupies now.
func ResetPeak(pid int) error {
	f, err := os.OpenFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("5")
	return err
}
