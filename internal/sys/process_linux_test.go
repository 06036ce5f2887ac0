package sys

import (
	"errors"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	// A name may hold what looks like the rest of the line.
	line := "4242 (a) R 1 (b)\n) S 17 4240 4239 0 -1 4194560 1 2 3 4 250 50 700 300 20 0 5 0 123456 99 1 18446744073709551615\n"
	got, err := parseStat([]byte(line))
	want := Process{
		PID: 4242, Parent: 17, Group: 4240, Session: 4239, Name: "a) R 1 (b)\n", State: 'S', Began: 123456,
		User: 2500 * time.Millisecond, System: 500 * time.Millisecond,
		ReapedUser: 7 * time.Second, ReapedSystem: 3 * time.Second, Threads: 5,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "1", "1 (", "1 (x", "1 (x)", "1 (x) S", "1 (x) S 1 2 3", "x (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"} {
		if p, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was read as %+v", bad, p)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("1 (init) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12 99\n"))
	f.Add([]byte("7 () ) Z 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12 99\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseStat(b)
		if err == nil && p.State == 0 {
			t.Errorf("%q has no state and no error", b)
		}
	})
}

func TestOwnProcess(t *testing.T) {
	p, err := ReadProcess(os.Getpid())
	if err != nil || p.PID != os.Getpid() || p.Parent != os.Getppid() || p.Group != syscall.Getpgrp() || p.Session != SessionID() {
		t.Errorf("got %+v, %v", p, err)
	}
	if p.Zombie() || p.Threads < 2 {
		t.Errorf("got %+v; want a living process with threads", p)
	}
	if !DescendsFrom(os.Getpid(), os.Getpid()) || !DescendsFrom(os.Getpid(), os.Getppid()) || DescendsFrom(os.Getppid(), os.Getpid()) {
		t.Error("the order of generations is not told rightly")
	}
}

// helper runs this test binary as another process that only runs the test
// called name; it is a helper of it if HELPER is set.
func helper(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), "HELPER="+name, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// waiting is a helper that ends when its standard input does.
func waiting(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := helper(t, "TestHelperWaits")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	out.Read(make([]byte, 1)) // it is what it says it is
	return cmd
}

func TestHelperWaits(t *testing.T) {
	if os.Getenv("HELPER") != t.Name() {
		t.Skip("plays a part in other tests")
	}
	os.Stdout.WriteString("r")
	os.Stdin.Read(make([]byte, 1))
}

func TestChildren(t *testing.T) {
	a, b := waiting(t), waiting(t)
	want := []int{a.Process.Pid, b.Process.Pid}
	slices.Sort(want)

	all, err := Descendants(os.Getpid())
	if got := IDs(all); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("descendants %v, %v; want %v", got, err, want)
	}
	pids, err := Children(os.Getpid())
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	slices.Sort(pids)
	if err != nil || !reflect.DeepEqual(pids, want) {
		t.Errorf("children %v, %v; want %v", pids, err, want)
	}
}

// A signal must not reach a process that was merely given the pid.
func TestSignalReachesOnlyWhoWasMeant(t *testing.T) {
	cmd := waiting(t)
	p, err := ReadProcess(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	other := p
	other.Began++
	for _, send := range []func(Process) error{
		func(p Process) error { return p.Signal(syscall.SIGKILL) },
		func(p Process) error { return p.signalByNumber(syscall.SIGKILL) },
	} {
		if err := send(other); err != nil {
			t.Error(err)
		}
	}
	if now, err := ReadProcess(p.PID); err != nil || now.Zombie() {
		t.Fatal("a process that began later was killed")
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	cmd.Wait()
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Errorf("signal to a process that is gone: %v", err)
	}
}

// The CPU clock of a process and its own account of itself must agree.
func TestProcessCPU(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const burned = 30 * time.Millisecond
	before, own := mustCPU(t), OwnSpent()
	for OwnSpent().CPU()-own.CPU() < burned {
	}
	got, want := mustCPU(t)-before, OwnSpent().CPU()-own.CPU()
	if diff := got - want; diff < -12*time.Millisecond || diff > 12*time.Millisecond { // a tick, at HZ=100, and a little
		t.Errorf("the clock says %v, getrusage %v", got, want)
	}
	if _, err := ProcessCPU(1 << 30); err == nil {
		t.Error("a process that cannot be has a clock")
	}
}

func mustCPU(t *testing.T) time.Duration {
	t.Helper()
	d, err := ProcessCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFootprint(t *testing.T) {
	got, err := ReadFootprint(os.Getpid())
	if err != nil || got.RSS < 1<<20 || got.PeakRSS < got.RSS || got.Threads < 2 || got.Voluntary < 1 {
		t.Errorf("got %+v, %v; want a Go program's", got, err)
	}
	status := []byte("Name:\tVmRSS: 7\nVmHWM:\t    2048 kB\nVmRSS:\t1024 kB\n")
	if n := statusNumber(status, "\nVmRSS:"); n != 1024 {
		t.Errorf("VmRSS %d, want 1024", n)
	}
	if n := statusNumber(status, "\nVmSwap:"); n != 0 {
		t.Errorf("VmSwap %d, want 0: it is not there", n)
	}
}

func TestResetPeak(t *testing.T) {
	big := make([]byte, 64<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 1
	}
	before, err := ReadFootprint(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Madvise(big[4096:len(big)-4096:len(big)-4096], syscall.MADV_DONTNEED); err != nil {
		t.Skip(err) // not page-aligned here
	}
	if err := ResetPeak(os.Getpid()); err != nil {
		t.Skipf("peaks cannot be reset here: %v", err)
	}
	after, err := ReadFootprint(os.Getpid())
	if err != nil || after.PeakRSS > before.PeakRSS-32<<20 {
		t.Errorf("peak %d, %v; want much less than %d", after.PeakRSS, err, before.PeakRSS)
	}
}

func TestAffinity(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread is not used again
	all, err := Affinity()
	if err != nil || len(all) == 0 {
		t.Fatalf("allowed on %v, %v", all, err)
	}
	if err := SetAffinity(0, all[:1]); err != nil {
		t.Fatal(err)
	}
	if got, err := Affinity(); err != nil || !reflect.DeepEqual(got, all[:1]) {
		t.Errorf("confined to %v, %v; want %v", got, err, all[:1])
	}
	if err := SetProcessAffinity(all); err != nil {
		t.Fatal(err)
	}
	if got, err := Affinity(); err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("confined to %v, %v; want %v", got, err, all)
	}
	for _, bad := range [][]int{nil, {-1}, {1 << 20}} {
		if err := SetAffinity(0, bad); err == nil {
			t.Errorf("confined to %v", bad)
		}
	}
}
