package engine

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/sys"
)

// Connections come from as many addresses as were asked for, in turns, on every
// backend and with every way of ending them; and to others than 127.0.0.0/8 from
// one.
func TestConnectionsComeFromManySources(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		for _, how := range []load.Close{load.ByServer, load.ByFIN, load.ByReset} {
			var mu sync.Mutex
			from := map[string]int{}
			s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
				host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
				mu.Lock()
				from[host]++
				mu.Unlock()
				answering(hello)(s, c, r)
			})
			job := s.job(load.Closed{Connections: 10, Use: load.Use{PerConnection: 2, Close: how}}, count(200))
			job.Sources = 5
			tally := carryOut(t, Config{Backend: b}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 200})
			mu.Lock()
			if len(from) != 5 || from["127.0.0.5"] == 0 || tally.Sources != 5 {
				t.Errorf("%v: connections from %v, %d in the tally; want 5 sources", how, from, tally.Sources)
			}
			mu.Unlock()
		}
		s := serveOn(t, "tcp6", "[::1]:0", answering(hello))
		job := s.job(load.Closed{Connections: 3}, count(30))
		tally := carryOut(t, Config{Backend: b}, job)
		if tally.Sources != 1 {
			t.Errorf("%d sources on ::1", tally.Sources)
		}
		job.Sources = 3
		e, err := Open(Config{Backend: b})
		if err != nil {
			t.Skip(err)
		}
		defer e.Close()
		if _, err := e.Run(t.Context(), job); err == nil || !strings.Contains(err.Error(), "127.0.0.0/8") {
			t.Errorf("3 sources to ::1: %v", err)
		}
	})
}

// Which source is next does not depend on the kernel.
func TestSourcesAreUsedUpInOrder(t *testing.T) {
	s := sources{most: 3, used: 1}
	for range 2 {
		if s.pick() != 0 {
			t.Error("another source though there are ports")
		}
	}
	for i, want := range []struct{ out, instead, used int }{{0, 1, 2}, {0, 1, 2}, {1, 2, 3}, {1, 2, 3}, {2, 0, 3}, {2, 0, 3}} {
		if n, ok := s.instead(want.out); !ok || n != want.instead || s.used != want.used || s.pick() != n {
			t.Errorf("step %d: source %d instead of %d, %d used; want %d, %d", i, n, want.out, s.used, want.instead, want.used)
		}
	}
	turns := sources{most: 9, used: 2, spread: true}
	if a, b, c := turns.pick(), turns.pick(), turns.pick(); a != 0 || b != 1 || c != 0 {
		t.Errorf("sources %d, %d, %d, want them in turns", a, b, c)
	}
	if n, _ := turns.instead(0); n != 2 || turns.pick() != 2 || turns.pick() != 2 {
		t.Errorf("source %d where the planned ones do not suffice, want a fresh one from there on", n)
	}
	one := sources{most: 1, used: 1}
	if _, ok := one.instead(0); ok {
		t.Error("there is no other source, but one was named")
	}
	closed := func(n int) *Job {
		return &Job{Address: netip.MustParseAddrPort("127.0.0.1:1"), Load: load.Closed{Connections: n}}
	}
	ports := sys.EphemeralPorts()
	if s := newSources(closed(ports / 2)); s.used != 1 || s.spread {
		t.Errorf("half of the ports: %+v", s)
	}
	if s := newSources(closed(2 * ports)); s.used != 3 || !s.spread {
		t.Errorf("twice the ports: %+v, want 3 sources in turns", s)
	}
}

// inNamespace is set where the test below has started itself again.
const inNamespace = "WEBDYNO_TEST_IN_NAMESPACE"

// In a network of its own, with ten ports, thirty connections to one server are
// made from several addresses; where that is forbidden, those that find no port
// are refused with that cause, and the load comes to its end.
func TestPortsThatRunOut(t *testing.T) {
	if os.Getenv(inNamespace) != "" {
		shortOfPorts(t)
		return
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPortsThatRunOut$", "-test.v")
	c.Env = append(os.Environ(), inNamespace+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("no network of our own: %v", err)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	}
}

func shortOfPorts(t *testing.T) {
	if err := loopbackUp(); err != nil {
		t.Skipf("cannot bring the loopback interface up: %v", err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40009"), 0); err != nil {
		t.Skip(err)
	}
	port := 8000
	each(t, func(t *testing.T, b Backend) {
		for name, c := range map[string]struct {
			sources int
			load    load.Load
		}{
			"planned":   {0, load.Closed{Connections: 30}},
			"on demand": {0, load.Closed{Connections: 10, Use: load.Use{PerConnection: 1, Close: load.ByFIN}}},
			"fixed":     {4, load.Closed{Connections: 30}},
			"forbidden": {1, load.Closed{Connections: 30, Use: load.Use{Timeout: 200 * time.Millisecond}}},
		} {
			t.Run(name, func(t *testing.T) {
				port++ // what waits after the last load does not matter to this one
				s := serveOn(t, "tcp4", fmt.Sprintf("127.0.0.1:%d", port), answering(hello))
				job := s.job(c.load, count(300))
				job.Sources = c.sources
				tally := carryOut(t, Config{Backend: b}, job)
				if c.sources != 1 {
					expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 300})
					if tally.Sources < 2 {
						t.Errorf("%d sources", tally.Sources)
					}
					return
				}
				if tally.Causes["EADDRNOTAVAIL"] == 0 || tally.Outcomes[evidence.Answered] == 0 || tally.Due() != 300 || tally.Sources != 1 {
					t.Errorf("outcomes %v, causes %v, %d sources; want some answered and some without a port", tally.Outcomes, tally.Causes, tally.Sources)
				}
			})
		}
	})
}

// loopbackUp brings up the loopback interface of this network namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
		return fmt.Errorf("set flags: %w", err)
	}
	return nil
}
