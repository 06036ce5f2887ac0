//go:build linux

package supervise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"webdyno/internal/sys"
)

func TestGoodServer(t *testing.T) {
	leaks(t)
	var s Supervisor
	addr := free(t)
	p := up(t, &s, Command{Argv: self(t, "good", addr.String())})

	proof, err := p.Listens(soon(t), addr)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("process %d", p.PID()); !strings.Contains(proof, want) {
		t.Errorf("proof %q does not mention %q", proof, want)
	}
	if pids, err := p.Tree(); err != nil || len(pids) != 1 || pids[0] != p.PID() {
		t.Errorf("tree %v, %v; want only %d", pids, err, p.PID())
	}
	all := tree(t, p.Keeper())
	end, err := p.Stop()
	if err != nil || !end.Clean() || end.Exit.Status != 0 || end.Exit.Signal != 0 || end.Exit.After <= 0 {
		t.Errorf("ended %v, %v; want status 0 and nothing left", end, err)
	}
	gone(t, all)
	select {
	case <-p.Done():
	default:
		t.Error("not done after Stop")
	}
	if again, err := p.Stop(); err != nil || again.String() != end.String() {
		t.Errorf("second Stop returned %v, %v; want what the first did", again, err)
	}
	if _, err := p.Owns(addr); !errors.As(err, new(*ExitedError)) {
		t.Errorf("Owns of a stopped server: %v; want that it has exited", err)
	}
	if p.Cgroup() != nil {
		if _, err := p.Cgroup().Pids(); err == nil {
			t.Errorf("control group %v is still there", p.Cgroup())
		}
	}
}

func TestStartFailures(t *testing.T) {
	leaks(t)
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		c    Command
		want string
	}{
		{"no program", Command{}, "no program is given"},
		{"not in PATH", Command{Argv: []string{"no-such-server"}, Env: []string{"PATH=/usr/bin"}},
			"start no-such-server: no such program in PATH (/usr/bin)"},
		{"no file", Command{Argv: []string{"/no/such/server"}}, "no such file or directory"},
		{"no interpreter", Command{Argv: []string{script}}, `its interpreter "/no/such/interpreter" is missing`},
		{"no folder", Command{Argv: self(t, "silent"), Dir: "/no/such/folder"}, "chdir /no/such/folder"},
		{"no CPU", Command{Argv: self(t, "silent"), CPUs: []int{1000}}, "[1000]"},
		{"no log", Command{Argv: self(t, "silent"), Log: "/no/such/folder/log"}, "log: open /no/such/folder/log"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s Supervisor
			p, err := s.Start(soon(t), tt.c)
			if err == nil {
				p.Stop()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q; want it to say %q", err, tt.want)
			}
		})
	}
}

func TestKeeperMissing(t *testing.T) {
	leaks(t)
	for _, keeper := range [][]string{{"/no/such/keeper"}, {"/bin/true"}, {"/bin/sh", "-c", "echo the reason >&2; exit 5"}} {
		s := Supervisor{Keeper: keeper}
		p, err := s.Start(soon(t), Command{Argv: self(t, "silent")})
		if err == nil {
			p.Stop()
			t.Errorf("started under %q", keeper)
		} else if !strings.Contains(err.Error(), "keeper") {
			t.Errorf("error %q; want it to tell of the keeper", err)
		}
	}
}

// What a server is started with must hold before its first instruction, and
// nothing of ours may leak into it.
func TestWhatTheServerIsGiven(t *testing.T) {
	leaks(t)
	cpus, err := sys.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	ignoreHUP(t)
	stray, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer stray.Close()
	if _, err := unix.FcntlInt(stray.Fd(), unix.F_SETFD, 0); err != nil { // inheritable, as from a careless shell
		t.Fatal(err)
	}
	dir := t.TempDir()
	var s Supervisor
	p := up(t, &s, Command{
		Argv:  self(t, "open"),
		Dir:   dir,
		Env:   []string{"ONLY=this"},
		CPUs:  cpus[len(cpus)-1:],
		Files: 77,
	})
	var got []string
	for deadline := time.Now().Add(20 * time.Second); len(got) < 7 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		got = p.LastLines(10)
	}
	want := []string{
		fmt.Sprintf("cpus [%d]", cpus[len(cpus)-1]),
		"files 77",
		"open [0 1 2]",
		"dir " + dir,
		fmt.Sprint("env ", append([]string{"ONLY=this"}, manners()...)),
		"group true",
		"hup ignored false false",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the server was given\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSilent(t *testing.T) {
	leaks(t)
	var s Supervisor
	addr := free(t)
	p := up(t, &s, Command{Argv: self(t, "silent")})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := p.Listens(ctx, addr)
	var silent *SilentError
	if !errors.As(err, &silent) || len(silent.Elsewhere) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v; want that nothing listens", err)
	}
}

func TestListensElsewhere(t *testing.T) {
	leaks(t)
	var s Supervisor
	var ports Ports
	a, _ := ports.Free()
	b, _ := ports.Free()
	home := netip.MustParseAddr("127.0.0.1")
	wrong, right := netip.AddrPortFrom(home, a), netip.AddrPortFrom(home, b)
	p := up(t, &s, Command{Argv: self(t, "good", wrong.String())})
	if _, err := p.Listens(soon(t), wrong); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := p.Listens(ctx, right)
	var silent *SilentError
	if !errors.As(err, &silent) || len(silent.Elsewhere) != 1 || silent.Elsewhere[0] != wrong {
		t.Errorf("error %v; want that it listens on %v instead", err, wrong)
	}
}

func TestDaemon(t *testing.T) {
	leaks(t)
	var s Supervisor
	addr := free(t)
	p := up(t, &s, Command{Argv: self(t, "daemon", addr.String())})
	<-p.Done()
	_, err := p.Listens(soon(t), addr)
	var gone1 *ExitedError
	if !errors.As(err, &gone1) || gone1.Exit.Status != 0 || len(gone1.Exit.Left) == 0 {
		t.Errorf("error %v; want that it exited with status 0 and left a process", err)
	}
	all := tree(t, p.Keeper())
	end, err := p.Stop()
	if err != nil || end.Killed || len(end.Left) != 1 {
		t.Errorf("ended %v, %v; want one process left behind and killed", end, err)
	}
	gone(t, all)
}

func TestDiesHalfWay(t *testing.T) {
	leaks(t)
	tests := []struct{ how, want string }{
		{"mortal", "exited with status 3 after "},
		{"crash", "killed by signal 9 (SIGKILL) after "},
	}
	for _, tt := range tests {
		var s Supervisor
		addr := free(t)
		p := up(t, &s, Command{Argv: self(t, tt.how, addr.String())})
		if _, err := p.Listens(soon(t), addr); err != nil {
			t.Fatal(err)
		}
		if c, err := net.Dial("tcp", addr.String()); err == nil {
			defer c.Close()
		}
		<-p.Done()
		if got := p.Exit().String(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: exit %q; want %q", tt.how, got, tt.want)
		}
		end, err := p.Stop()
		if err != nil || !end.Clean() {
			t.Errorf("%s: ended %v, %v; want nothing left", tt.how, end, err)
		}
	}
}

func TestDeaf(t *testing.T) {
	leaks(t)
	var s Supervisor
	addr := free(t)
	p := up(t, &s, Command{Argv: self(t, "deaf", addr.String()), Grace: 100 * time.Millisecond})
	if _, err := p.Listens(soon(t), addr); err != nil {
		t.Fatal(err)
	}
	end, err := p.Stop()
	if err != nil || !end.Killed || end.Exit.Signal != syscall.SIGKILL || len(end.Left) != 0 {
		t.Errorf("ended %+v, %v; want that it was killed", end, err)
	}
	if want := "did not end when asked to, and was killed after "; !strings.HasPrefix(end.Problem(), want) {
		t.Errorf("problem %q; want %q", end.Problem(), want)
	}
}

// Children in the group that ignore the signal, and orphans in sessions of
// their own, must go with the server.
func TestBrood(t *testing.T) {
	leaks(t)
	for _, noGroup := range []bool{false, true} {
		s := Supervisor{NoGroup: noGroup}
		addr := free(t)
		p := up(t, &s, Command{Argv: self(t, "brood", addr.String()), Grace: 50 * time.Millisecond})
		if _, err := p.Listens(soon(t), addr); err != nil {
			t.Fatal(err)
		}
		all := await(t, p.Keeper(), 3+1) // "twice" is a zombie that brood does not reap
		said(t, p, "deaf")
		syscall.Kill(p.PID(), syscall.SIGTERM) // it ends, in its own time
		<-p.Done()
		end, err := p.Stop()
		// The one between brood and its orphan ends by itself; on a busy machine it
		// may not have got so far.
		if n := len(end.Left); err != nil || end.Killed || n != 2 && n != 3 {
			t.Errorf("ended %v, %v; want two processes left behind and killed", end, err)
		}
		gone(t, all)
	}
}

// A server whose first process has ended is asked to end like any other: what it
// left in its group goes by itself and does not have to be killed.
func TestHeirIsAskedToo(t *testing.T) {
	leaks(t)
	var s Supervisor
	p := up(t, &s, Command{Argv: self(t, "heir")})
	<-p.Done()
	all := tree(t, p.Keeper())
	end, err := p.Stop()
	if err != nil || !end.Clean() || end.Problem() != "" {
		t.Errorf("ended %v, %v; want that the heir ended when asked to", end, err)
	}
	gone(t, all)
}

// A pid is given out again. What is in its process group then is a stranger, and
// must not be sent a signal.
func TestStrangersGroup(t *testing.T) {
	for _, over := range []bool{false, true} {
		k := keeper{pid: os.Getppid(), over: over} // no descendant of this process, whatever it is
		if got := k.groups(); len(got) != 0 {
			t.Errorf("over %t: signals go to %v; want none", over, got)
		}
	}
	cmd := exec.Command("/proc/self/exe", "server", "silent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k := keeper{pid: cmd.Process.Pid}
	if got := k.groups(); !slices.Equal(got, []int{k.pid}) {
		t.Errorf("signals go to %v; want %d", got, k.pid)
	}
	cmd.Process.Kill()
	cmd.Wait()
	k.over = true
	if got := k.groups(); len(got) != 0 {
		t.Errorf("signals go to %v after the last one's end; want none", got)
	}
}

func TestPortTakenByAnother(t *testing.T) {
	leaks(t)
	wildcards := []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"}
	for _, at := range wildcards {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err)
			continue
		}
		addr := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), l.Addr().(*net.TCPAddr).AddrPort().Port())
		var s Supervisor
		p := up(t, &s, Command{Argv: self(t, "silent")})
		_, err = p.Listens(soon(t), addr)
		var other *NotOwnerError
		if !errors.As(err, &other) || other.PID != os.Getpid() || other.Command == "" {
			t.Errorf("%s: error %v; want that this process has the port", at, err)
		}
		p.Stop()
		l.Close()
	}
}

// With SO_REUSEPORT the kernel deals connections out among strangers: half of
// what is measured would be somebody else.
func TestPortShared(t *testing.T) {
	leaks(t)
	var s Supervisor
	addr := free(t)
	p := up(t, &s, Command{Argv: self(t, "sharing", addr.String())})
	if _, err := p.Listens(soon(t), addr); err != nil {
		t.Fatal(err)
	}
	l, err := shared(t.Context(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = p.Owns(addr)
	var other *NotOwnerError
	if !errors.As(err, &other) || other.PID != os.Getpid() {
		t.Errorf("error %v; want that this process shares the port", err)
	}
}

func TestCancelledAnywhere(t *testing.T) {
	leaks(t)
	for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 15 * time.Millisecond} {
		var s Supervisor
		ctx, cancel := context.WithTimeout(t.Context(), after)
		p, err := s.Start(ctx, Command{Argv: self(t, "silent")})
		cancel()
		if err == nil {
			p.Stop()
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", after, err)
		}
		if left := children(t); len(left) != 0 {
			t.Errorf("after %v: %v is left", after, left)
		}
	}
}

// CPU of a process that neither the server nor anybody else waited for is
// known by the keeper, who did.
func TestReapedCPU(t *testing.T) {
	leaks(t)
	const burned = 50 * time.Millisecond
	var s Supervisor
	addr := free(t)
	p := up(t, &s, Command{Argv: self(t, "burning", addr.String(), "50")})
	if _, err := p.Listens(soon(t), addr); err != nil {
		t.Fatal(err)
	}
	var got time.Duration
	for deadline := time.Now().Add(20 * time.Second); got < burned && time.Now().Before(deadline); {
		got = p.ReapedCPU()
	}
	if got < burned || got > 4*burned {
		t.Errorf("reaped %v of CPU; want %v and a process's start", got, burned)
	}
}

// Whether memory can be limited is told before anything is started, in one line, and
// is what a start then finds.
func TestCanLimitMemory(t *testing.T) {
	err := CanLimitMemory()
	var cannot *CannotLimitError
	if err != nil && (!errors.As(err, &cannot) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), strconv.Itoa(os.Getpid()))) {
		t.Errorf("error %v; want one line, the same in every process", err)
	}
	var s Supervisor
	p, started := s.Start(soon(t), Command{Argv: self(t, "silent"), Memory: 256 << 20})
	if started == nil {
		_, _ = p.Stop()
	}
	if (err == nil) != (started == nil) {
		t.Errorf("foretold: %v; found: %v", err, started)
	}
}

func TestMemoryLimit(t *testing.T) {
	leaks(t)
	var s Supervisor
	p, err := s.Start(soon(t), Command{Argv: self(t, "silent"), Memory: 256 << 20})
	var cannot *CannotLimitError
	switch {
	case errors.As(err, &cannot):
		if cannot.What != "memory" || cannot.Reason == "" {
			t.Errorf("error %#v; want memory and a reason", cannot)
		}
		t.Log(err)
	case err != nil:
		t.Error(err)
	default:
		if _, err := p.Stop(); err != nil {
			t.Error(err)
		}
	}
}
