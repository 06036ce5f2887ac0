package supervise

import (
	"bufio"
	"fmt"
	"os/exec"
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
		if err == nil || !strings.Contains(err.Error(), "keeper") || len(end.Survivors) != 0 {
			t.Errorf("ended %v, %v; want an error that tells of the keeper", end, err)
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
	if _, err := p.Stop(); err == nil || !strings.Contains(err.Error(), "keeper") {
		t.Errorf("stopped with %v; want an error that tells of the keeper", err)
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
