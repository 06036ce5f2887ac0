//go:build linux

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

// still tells whether every process but the keeper stands still.
func still(ps []sys.Process, keeper int) bool {
	for _, p := range ps {
		now, err := sys.ReadProcess(p.PID)
		if p.PID != keeper && (err != nil || now.State != 'T' && !now.Zombie()) {
			return false
		}
	}
	return true
}

// A frozen tree stands still as a whole, daemons in sessions of their own
// included, keeps its listener, goes on when thawed, and can be frozen again.
func TestFreeze(t *testing.T) {
	leaks(t)
	s := &Supervisor{NoGroup: true}
	addr := free(t)
	p := up(t, s, Command{Argv: self(t, "brood", addr.String()), Grace: 100 * time.Millisecond})
	if _, err := p.Listens(soon(t), addr); err != nil {
		t.Fatal(err)
	}
	all := await(t, p.Keeper(), 4)
	if err := p.Thaw(); err != nil {
		t.Errorf("thawing what is not frozen: %v", err)
	}
	for range 3 {
		how, err := p.Freeze()
		if err != nil || how != byStop {
			t.Fatalf("frozen by %q, %v", how, err)
		}
		if !still(all, p.Keeper()) {
			t.Fatal("something still moves")
		}
		if _, err := p.Owns(addr); err != nil {
			t.Errorf("frozen, it does not own its port: %v", err)
		}
		if err := p.Thaw(); err != nil {
			t.Fatal(err)
		}
		if still(all, p.Keeper()) {
			t.Fatal("nothing moves after the thaw")
		}
	}
	select {
	case <-p.Done():
		t.Error("it ended")
	default:
	}
}

// What is stopped while it is frozen ends in good order, as if it never had been.
func TestStopFrozen(t *testing.T) {
	leaks(t)
	for _, s := range []*Supervisor{{}, {NoGroup: true}} {
		addr := free(t)
		p := up(t, s, Command{Argv: self(t, "good", addr.String())})
		if _, err := p.Listens(soon(t), addr); err != nil {
			t.Fatal(err)
		}
		all := tree(t, p.Keeper())
		if _, err := p.Freeze(); err != nil {
			t.Fatal(err)
		}
		end, err := p.Stop()
		if err != nil || !end.Clean() || end.Exit.Status != 0 || end.Exit.Signal != 0 {
			t.Errorf("ended %v, %v; want status 0 and nothing left", end, err)
		}
		gone(t, all)
		if _, err := p.Freeze(); err == nil || !strings.Contains(err.Error(), "freeze ") {
			t.Errorf("freezing what has ended: %v", err)
		}
	}
}

// kill -9 of webdyno must leave nothing, and nothing stopped.
func TestWebdynoKilledWhileFrozen(t *testing.T) {
	leaks(t)
	addr := free(t)
	cmd := exec.Command("/proc/self/exe", append([]string{"webdyno", "frozen"}, self(t, "brood", addr.String())...)...)
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
	if !still(all, keeper) {
		t.Error("something still moves")
	}
	cmd.Process.Kill()
	cmd.Wait()
	gone(t, all)
	reapAll(t)
}

// Neither must kill -9 of the keeper.
func TestKeeperKilledWhileFrozen(t *testing.T) {
	leaks(t)
	s := &Supervisor{Subreaper: true, NoGroup: true}
	addr := free(t)
	p := up(t, s, Command{Argv: self(t, "brood", addr.String())})
	all := await(t, p.Keeper(), 4)
	if _, err := p.Freeze(); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(p.Keeper(), syscall.SIGKILL)
	<-p.Done()
	if _, err := p.Stop(); err != nil {
		t.Error(err)
	}
	gone(t, all)
}

// A keeper that hangs makes freezing fail, and nothing else.
func TestFreezeWithoutKeeper(t *testing.T) {
	leaks(t)
	s := &Supervisor{Subreaper: true, patience: 100 * time.Millisecond}
	p := up(t, s, Command{Argv: self(t, "silent"), Grace: 100 * time.Millisecond})
	syscall.Kill(p.Keeper(), syscall.SIGSTOP)
	if _, err := p.Freeze(); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("frozen: %v", err)
	}
	if _, err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestParentsFirst(t *testing.T) {
	var ids []int
	for _, p := range parentsFirst([]sys.Process{{PID: 4, Parent: 3}, {PID: 2, Parent: 9}, {PID: 3, Parent: 2}, {PID: 7, Parent: 9}}) {
		ids = append(ids, p.PID)
	}
	if fmt.Sprint(ids) != "[2 7 3 4]" {
		t.Errorf("%v", ids)
	}
	if n := len(parentsFirst([]sys.Process{{PID: 1, Parent: 2}, {PID: 2, Parent: 1}})); n != 2 {
		t.Errorf("a ring of 2 has %d left", n)
	}
}
