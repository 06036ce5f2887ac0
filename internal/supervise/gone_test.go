//go:build linux

package supervise

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/sys"
)

// kill -9 of webdyno must leave nothing.
func TestWebdynoKilled(t *testing.T) {
	leaks(t)
	addr := free(t)
	argv := append([]string{"webdyno"}, self(t, "brood", addr.String())...)
	cmd := exec.Command("/proc/self/exe", argv...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var keeper, pid int
	if _, scanErr := fmt.Sscan(line, &keeper, &pid); err != nil || scanErr != nil {
		t.Fatalf("webdyno said %q, %v", line, err)
	}
	all := await(t, keeper, 4)
	cmd.Process.Kill()
	cmd.Wait()
	gone(t, all)
	reapAll(t)
}

// kill -9 of the keeper must leave nothing either, be told, and not hang.
func TestKeeperKilled(t *testing.T) {
	leaks(t)
	for _, s := range []*Supervisor{{Subreaper: true}, {Subreaper: true, NoGroup: true}} {
		addr := free(t)
		p := up(t, s, Command{Argv: self(t, "brood", addr.String())})
		if _, err := p.Listens(soon(t), addr); err != nil {
			t.Fatal(err)
		}
		all := await(t, p.Keeper(), 4)
		syscall.Kill(p.Keeper(), syscall.SIGKILL)
		<-p.Done()
		if got := p.Exit().String(); !strings.Contains(got, "its keeper ended too early (signal: killed)") {
			t.Errorf("exit %q; want that the keeper was killed", got)
		}
		end, err := p.Stop()
		if err != nil || end.Clean() || !strings.Contains(end.Problem(), "its keeper ended too early (signal: killed)") {
			t.Errorf("ended %v, %v; want a problem that tells of the keeper, and no error", end, err)
		}
		gone(t, all)
		if p.ReapedCPU() < 0 {
			t.Error("reaped less than nothing")
		}
		if left := children(t); len(left) != 0 {
			t.Errorf("%v is left", left)
		}
	}
}

// A keeper that hangs must not make Stop hang.
func TestKeeperHangs(t *testing.T) {
	leaks(t)
	s := &Supervisor{Subreaper: true, patience: 100 * time.Millisecond}
	addr := free(t)
	p := up(t, s, Command{Argv: self(t, "brood", addr.String()), Grace: 100 * time.Millisecond})
	all := await(t, p.Keeper(), 4)
	syscall.Kill(p.Keeper(), syscall.SIGSTOP)
	if end, err := p.Stop(); err != nil || end.Lost == "" || !strings.Contains(end.Problem(), "keeper") {
		t.Errorf("ended %v, %v; want a problem that tells of the keeper", end, err)
	}
	gone(t, all)
}

// Whenever webdyno is killed, also while it is starting a server, nothing may
// be left.
func TestWebdynoKilledWhileStarting(t *testing.T) {
	addr := free(t)
	argv := append([]string{"webdyno"}, self(t, "good", addr.String())...)
	for after := range 12 {
		cmd := exec.Command("/proc/self/exe", argv...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(after) * 2 * time.Millisecond)
		keepers := tree(t, cmd.Process.Pid)
		cmd.Process.Kill()
		cmd.Wait()
		gone(t, keepers)
		reapAll(t)
	}
	noneCalled(t, addr.String())
}

// A process that is replaced by a child of its own every few milliseconds, each
// in a session of its own, must not outrun its hunters.
func TestComet(t *testing.T) {
	leaks(t)
	for _, lost := range []bool{false, true} {
		s := &Supervisor{Subreaper: true, NoGroup: true}
		mark := fmt.Sprintf("comet-%d", time.Now().UnixNano())
		p := up(t, s, Command{Argv: self(t, "comet", mark)})
		<-p.Done() // it flies
		if lost {
			syscall.Kill(p.Keeper(), syscall.SIGKILL)
		}
		if end, err := p.Stop(); !lost && (err != nil || len(end.Left) == 0) {
			t.Errorf("ended %v, %v; want a process left behind and killed", end, err)
		}
		noneCalled(t, mark)
	}
}

// Where webdyno and the keeper were both killed, nobody was left to remove the
// group, empty as it is. The next start does.
func TestForsakenGroup(t *testing.T) {
	held, err := sys.NewCgroup(groupName(1, 1), false)
	if err != nil {
		t.Skip(err)
	}
	defer held.Remove()
	group := &sys.Cgroup{V2: held.V2, CPUAcc: held.CPUAcc} // as it was made, to be left to itself
	folder := &group.CPUAcc
	if group.V2 != "" {
		folder = &group.V2
	}
	*folder = filepath.Join(filepath.Dir(*folder), groupName(1, 2))
	if err := os.Mkdir(*folder, 0o755); err != nil {
		t.Fatal(err)
	}
	defer group.Remove()
	var s Supervisor
	p := up(t, &s, Command{Argv: self(t, "heir")})
	if _, err := group.Pids(); err == nil {
		t.Errorf("%s is still there", group)
	}
	if _, err := held.Pids(); err != nil {
		t.Errorf("%s was removed under the one who holds it: %v", held, err)
	}
	p.Stop()
}

func TestForsaken(t *testing.T) {
	now := sys.SystemMonotonic()
	for name, want := range map[string]bool{
		groupName(7, now-int64(2*time.Minute)): true,
		groupName(7, now):                      false, // a moment old
		groupName(7, now+int64(time.Hour)):     false,
		groupName(7, 1) + "x":                  false,
		"webdyno-7":                            false,
		"system.slice":                         false,
		"":                                     false,
	} {
		if got := forsaken(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}

// In a pid namespace that has the /proc of another, every pid is somebody else's.
// Nothing may be started there that could not be found again.
func TestForeignProc(t *testing.T) {
	argv := append([]string{"webdyno"}, self(t, "silent")...)
	cmd := exec.Command(argv[1], argv...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no pid namespace for us: ", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "error") || !strings.Contains(line, "/proc belongs to another") {
		t.Errorf("webdyno said %q, %v; want that /proc is another's", line, err)
	}
	cmd.Process.Kill() // and with it, the namespace
	cmd.Wait()
}

// noneCalled fails if a process has the text among its arguments.
func noneCalled(t *testing.T, text string) {
	t.Helper()
	all, err := sys.Processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if line := sys.CommandLine(p.PID); strings.Contains(line, text) {
			t.Errorf("process %d (%s) is still there", p.PID, line)
			p.Signal(syscall.SIGKILL)
		}
	}
}
