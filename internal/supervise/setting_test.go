//go:build linux

package supervise

import (
	"context"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"webdyno/internal/sys"
)

func ctxForEver() context.Context { return context.Background() }

// leaks fails the test if a goroutine is left at its end.
func leaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// manners has instrumented programs keep to themselves: those that detect races
// would sleep for a second at their end, and those that count coverage would
// print that they do not know where to leave it.
func manners() []string {
	return []string{"GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
}

// up starts a server that is stopped at the end of the test.
func up(t *testing.T, s *Supervisor, c Command) *Process {
	t.Helper()
	c.Log = filepath.Join(t.TempDir(), "log")
	c.Env = append(c.Env, manners()...)
	p, err := s.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	return p
}

func free(t *testing.T) netip.AddrPort {
	t.Helper()
	var ports Ports
	port, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
}

// soon is a context with room for a slow machine.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// tree returns all processes under a server's keeper, and the keeper, as they
// are now, for proving later that they are gone.
func tree(t *testing.T, keeper int) []sys.Process {
	t.Helper()
	ps, err := sys.Descendants(keeper)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := sys.ReadProcess(keeper); err == nil {
		ps = append(ps, k)
	}
	return ps
}

// gone fails if one of the processes is still there; that its pid has been
// given to another does not count.
func gone(t *testing.T, ps []sys.Process) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for _, p := range ps {
		for {
			now, err := sys.ReadProcess(p.PID)
			if err != nil || now.Began != p.Began || now.Zombie() {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("process %d (%s) is still there", p.PID, sys.CommandLine(p.PID))
				p.Signal(syscall.SIGKILL)
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// children returns the descendants of this process, zombies included.
func children(t *testing.T) []sys.Process {
	t.Helper()
	ps, err := sys.Descendants(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

// reapAll reaps what has become this process's since it is a subreaper.
func reapAll(t *testing.T) {
	t.Helper()
	for _, p := range children(t) {
		sys.ReapNow(p.PID)
	}
}

// await waits until the tree has n living processes.
func await(t *testing.T, keeper, n int) []sys.Process {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		ps := tree(t, keeper)
		if len(ps)-1 == n {
			return ps
		}
		if time.Now().After(deadline) {
			t.Fatalf("the tree of keeper %d has %d processes, want %d: %v", keeper, len(ps)-1, n, ps)
		}
		time.Sleep(time.Millisecond)
	}
}

// said waits until the server has printed a line.
func said(t *testing.T, p *Process, line string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if slices.Contains(p.LastLines(100), line) {
			return
		}
	}
	t.Fatalf("the server never printed %q", line)
}

// ignoreHUP makes this process ignore SIGHUP until the end of the test, as
// under nohup.
func ignoreHUP(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	t.Cleanup(func() { signal.Reset(syscall.SIGHUP) })
}
