//go:build linux

package probe

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"webdyno/internal/sys"
)

// The test process plays the keeper: what it starts is the tree, what it
// waits for is reaped.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "burn" {
		burner(os.Args[2:])
	}
	os.Exit(m.Run())
}

// burner burns as many milliseconds of CPU as each line of its input asks for,
// and answers with how much it has used in all by its own account. Asked for a
// child, it has one do the burning and waits for it.
func burner(args []string) {
	for {
		var ms int
		if _, err := fmt.Scan(&ms); err != nil {
			os.Exit(0)
		}
		if args[0] == "child" {
			cmd := exec.Command("/proc/self/exe", "burn", "once", strconv.Itoa(ms))
			cmd.Env = []string{quick}
			if err := cmd.Run(); err != nil {
				os.Exit(2)
			}
		} else {
			spend(ms)
		}
		fmt.Println(int64(sys.OwnSpent().CPU() + sys.ReapedSpent().CPU()))
	}
}

func spend(ms int) {
	began := sys.OwnSpent().CPU()
	for sys.OwnSpent().CPU()-began < time.Duration(ms)*time.Millisecond {
	}
}

const quick = "GORACE=atexit_sleep_ms=0"

// keeper is this process as a Source.
type keeper struct{ group *sys.Cgroup }

func (keeper) Tree() ([]int, error) {
	all, err := sys.Descendants(os.Getpid())
	return sys.IDs(all), err
}
func (keeper) ReapedCPU() time.Duration { return sys.ReapedSpent().CPU() }
func (k keeper) Cgroup() *sys.Cgroup    { return k.group }

// A child is a burner under our control.
type child struct {
	*exec.Cmd
	t   *testing.T
	in  *os.File
	out *os.File
}

func start(t *testing.T, how string) *child {
	t.Helper()
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command("/proc/self/exe", "burn", how), t: t, in: in, out: out}
	c.Stdin, c.Stdout, c.Env = theirIn, theirOut, []string{quick}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	t.Cleanup(c.end)
	c.burn(0) // it has started up
	return c
}

// burn has it burn, and returns what it has used so far by its own account.
func (c *child) burn(ms int) time.Duration {
	c.t.Helper()
	fmt.Fprintln(c.in, ms)
	var ns int64
	if _, err := fmt.Fscan(c.out, &ns); err != nil {
		c.t.Fatal(err)
	}
	return time.Duration(ns)
}

// end lets it end, and reaps it.
func (c *child) end() {
	c.in.Close()
	c.Wait()
	c.out.Close()
}

func mustTake(t *testing.T, src Source) Reading {
	t.Helper()
	r, err := Take(src)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// near fails unless got is want, give or take what the kernel's clock may be
// behind (a tick, 10 ms at most) or what its ticks cut off, and what a process
// needs besides burning.
func near(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	const slack = 25 * time.Millisecond
	if got < want-slack || got > want+slack {
		t.Errorf("%s: %v of CPU; the process itself says %v", what, got, want)
	}
}

func TestBurnedCPU(t *testing.T) {
	c := start(t, "self")
	own := c.burn(0)
	a := mustTake(t, keeper{})
	used := c.burn(100) - own
	u := mustTake(t, keeper{}).Since(a)

	near(t, "a living process", u.CPU, used)
	near(t, "user and system", u.User+u.System, used)
	if u.Source != "clocks" || u.Processes != 1 || u.Threads < 2 || u.RSS <= 0 || u.PeakRSS < u.RSS || u.Span <= 0 {
		t.Errorf("got %+v", u)
	}
	if u.Voluntary+u.Involuntary < 1 {
		t.Errorf("%d context switches of a process that waited", u.Voluntary+u.Involuntary)
	}
}

// CPU before the window must not be in it, wherever it has moved to since.
func TestOnlyTheWindow(t *testing.T) {
	dies, stays := start(t, "self"), start(t, "self")
	dies.burn(150)
	stays.burn(50)
	before := dies.burn(0) + stays.burn(0)
	a := mustTake(t, keeper{})
	after := dies.burn(40) + stays.burn(20)
	dies.end()
	r := mustTake(t, keeper{})
	u := r.Since(a)
	near(t, "one that died in the window", u.CPU, after-before)
	if u.Replaced != 1 || u.Processes != 1 {
		t.Errorf("%d of %d processes replaced; want the one that died, and the other", u.Replaced, u.Processes)
	}
	if u := mustTake(t, keeper{}).Since(r); u.Replaced != 0 {
		t.Errorf("%d replaced while nothing happened", u.Replaced)
	}
}

// A process that came and went between the two readings is in neither.
func TestBornAndDiedInTheWindow(t *testing.T) {
	a := mustTake(t, keeper{})
	c := start(t, "self")
	used := c.burn(60)
	c.end()
	u := mustTake(t, keeper{}).Since(a)
	near(t, "one that nobody saw", u.CPU, used)
	if u.Processes != 0 {
		t.Errorf("%d processes at the end; want none", u.Processes)
	}
}

// What a process's own children used counts once the process has waited for
// them.
func TestReapedByTheServer(t *testing.T) {
	c := start(t, "child")
	own := c.burn(10)
	a := mustTake(t, keeper{})
	used := c.burn(100) - own
	near(t, "a worker that its master reaped", mustTake(t, keeper{}).Since(a).CPU, used)
}

func TestControlGroup(t *testing.T) {
	group, err := sys.NewCgroup("webdyno-probe-"+strconv.Itoa(os.Getpid()), false)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { group.Remove() })
	c := start(t, "child")
	if err := group.Add(c.Process.Pid); err != nil {
		t.Skip(err)
	}
	own := c.burn(0)
	a := mustTake(t, keeper{group})
	used := c.burn(100) - own
	u := mustTake(t, keeper{group}).Since(a)
	near(t, "a group", u.CPU, used)
	if u.Source != "cgroup" || u.User+u.System != u.CPU {
		t.Errorf("got %+v; want the group's counters", u)
	}
	c.end()
}

// A group's CPU must be exact, not the sum of what ticks happened to see: a
// server that answers a few hundred requests a second is never there when a tick
// looks. The process's own clock is read before and after the group, so that
// what it does in between is no error.
func TestControlGroupIsExact(t *testing.T) {
	group, err := sys.NewCgroup("webdyno-exact-"+strconv.Itoa(os.Getpid()), false)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { group.Remove() })
	c := start(t, "self")
	if err := group.Add(c.Process.Pid); err != nil {
		t.Skip(err)
	}
	least0, used0, most0 := around(t, c, group)
	for range 10 {
		c.burn(5)
	}
	least, used, most := around(t, c, group)
	got, least, most := used.Total-used0.Total, least-most0, most-least0
	const rounding = 10 * time.Microsecond // version 2 counts in whole ones
	if got < least-rounding || got > most+rounding || most < 50*time.Millisecond {
		t.Errorf("the group says %v of CPU; the process's clock %v to %v", got, least, most)
	}
	c.end()
}

// around reads a child's CPU clock, its group, and the clock again.
func around(t *testing.T, c *child, group *sys.Cgroup) (least time.Duration, used sys.GroupCPU, most time.Duration) {
	t.Helper()
	least, err1 := sys.ProcessCPU(c.Process.Pid)
	used, err2 := group.CPU()
	most, err3 := sys.ProcessCPU(c.Process.Pid)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return least, used, most
}

// Both parts together are the whole, to the nanosecond, whatever ticks saw.
func TestPartsAddUp(t *testing.T) {
	const ms = time.Millisecond
	read := func(total, user, system, ticksUser, ticksSystem time.Duration) Reading {
		return Reading{
			processes: map[identity]process{{pid: 1}: {clock: total, user: ticksUser, system: ticksSystem}},
			group:     &sys.GroupCPU{Total: total, User: user, System: system},
		}
	}
	tests := []struct {
		name              string
		a, b              Reading
		cpu, user, system time.Duration
	}{
		{"samples of the group", read(10*ms, 4*ms, 4*ms, 0, 0), read(40*ms, 16*ms, 8*ms, 0, 0), 30 * ms, 22500 * time.Microsecond, 7500 * time.Microsecond},
		{"samples of the processes", read(10*ms, 0, 0, 0, 0), read(40*ms, 0, 0, 10*ms, 20*ms), 30 * ms, 10 * ms, 20 * ms},
		{"samples of the group's life", read(10*ms, 1*ms, 3*ms, 0, 0), read(18*ms, 1*ms, 3*ms, 0, 0), 8 * ms, 2 * ms, 6 * ms},
		{"no sample", read(1*ms, 0, 0, 0, 0), read(2*ms, 0, 0, 0, 0), 1 * ms, 1 * ms, 0},
		{"samples that go back", read(1*ms, 8*ms, 4*ms, 0, 0), read(2*ms, 4*ms, 8*ms, 0, 0), 1 * ms, 0, 1 * ms},
	}
	for _, tt := range tests {
		u := tt.b.Since(tt.a)
		if u.CPU != tt.cpu || u.User != tt.user || u.System != tt.system {
			t.Errorf("%s: %v = %v user + %v system; want %v = %v + %v", tt.name, u.CPU, u.User, u.System, tt.cpu, tt.user, tt.system)
		}
	}
}

// The engine's own usage must not contain its keepers', which contain all that
// the servers used.
func TestSelf(t *testing.T) {
	a := mustTake(t, Self{})
	c := start(t, "self")
	c.burn(200)
	c.end()
	own := sys.OwnSpent().CPU()
	spend(50)
	spent := sys.OwnSpent().CPU() - own
	u := mustTake(t, Self{}).Since(a)
	if u.CPU < spent-25*time.Millisecond || u.CPU > spent+100*time.Millisecond {
		t.Errorf("%v of CPU; this process used %v and some", u.CPU, spent)
	}
	if u.Processes != 1 {
		t.Errorf("%d processes; want this one", u.Processes)
	}
}

// The peak of a window must not be that of a start-up before it.
func TestPeakIsTheWindows(t *testing.T) {
	if err := sys.ResetPeak(os.Getpid()); err != nil {
		t.Skip(err)
	}
	a := mustTake(t, Self{})
	grown := make([]byte, 48<<20)
	for i := 0; i < len(grown); i += 4096 {
		grown[i] = 1
	}
	b := mustTake(t, Self{})
	if u := b.Since(a); u.PeakRSS < 48<<20 {
		t.Errorf("peak %d; want the %d bytes just taken in it", u.PeakRSS, len(grown))
	}
	c := mustTake(t, Self{})
	if u := c.Since(b); u.PeakRSS > u.RSS+8<<20 {
		t.Errorf("peak %d with %d resident: it was not set back", u.PeakRSS, u.RSS)
	}
}

type broken struct{ keeper }

func (broken) Tree() ([]int, error) { return nil, os.ErrClosed }

func TestTakeFails(t *testing.T) {
	if _, err := Take(broken{}); err == nil {
		t.Error("read a tree that cannot be read")
	}
}
