//go:build linux

package supervise

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestExitInWords(t *testing.T) {
	tests := []struct {
		exit Exit
		want string
	}{
		{Exit{Status: 139, After: 4200 * time.Millisecond}, "exited with status 139 after 4.2 s"},
		{Exit{Signal: syscall.SIGSEGV, After: 72 * time.Second}, "killed by signal 11 (SIGSEGV) after 72 s"},
		{Exit{After: 1500 * time.Microsecond}, "exited with status 0 after 1.5 ms"},
		{Exit{Signal: 60, After: 25 * time.Millisecond}, "killed by signal 60 (a signal without a name) after 25 ms"},
		{Exit{Lost: "it is gone", After: time.Second}, "was lost after 1.0 s: it is gone"},
	}
	for _, tt := range tests {
		if got := tt.exit.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestProblemInWords(t *testing.T) {
	exit := Exit{After: time.Second}
	tests := []struct {
		ending Ending
		want   string
	}{
		{Ending{Exit: exit, LogCut: 5}, ""},
		{Ending{Exit: Exit{Lost: "its keeper ended too early", After: time.Second}, Lost: "its keeper ended too early"},
			"was lost after 1.0 s: its keeper ended too early"},
		{Ending{Exit: exit, Lost: "its keeper ended too early"}, "exited with status 0 after 1.0 s; its keeper ended too early"},
		{Ending{Exit: exit, LogProblem: "log: open x: no such file"},
			"exited with status 0 after 1.0 s; what it printed is not complete: log: open x: no such file"},
		{Ending{Exit: exit, GroupProblem: "busy"}, "exited with status 0 after 1.0 s; what it ran in could not be removed: busy"},
		{Ending{Exit: exit, Survivors: []Relic{{8, "x"}}}, "exited with status 0 after 1.0 s; processes that could not be killed: 8 (x)"},
	}
	for _, tt := range tests {
		if got := tt.ending.Problem(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

func TestErrorsInWords(t *testing.T) {
	addr := netip.MustParseAddrPort("127.0.0.1:8080")
	wild := netip.MustParseAddrPort("[::]:8080")
	tests := []struct {
		err  error
		want string
	}{
		{&NotOwnerError{Addr: addr, Found: addr, PID: 7, Command: "nginx: master"}, "127.0.0.1:8080 belongs to another: process 7: nginx: master"},
		{&NotOwnerError{Addr: addr, Found: wild, UID: 33},
			"127.0.0.1:8080 belongs to another, which listens on [::]:8080: a process of user 33 that cannot be looked into"},
		{&ExitedError{Exit{After: time.Second, Left: []Relic{{8, "python3"}}}},
			"exited with status 0 after 1.0 s and left 8 (python3) running: it must stay in the foreground"},
		{&SilentError{Addr: addr, Waited: 10 * time.Second, Elsewhere: []netip.AddrPort{wild}},
			"nothing listens on 127.0.0.1:8080 after 10 s; it listens on [::]:8080 instead"},
		{&CannotLimitError{"memory", "no control group"}, "limit memory: no control group"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

func TestCleanEnv(t *testing.T) {
	env := CleanEnv("/h", []string{"TZ=CET", "X=1", "X=2", "Y=a=b"})
	for _, want := range []string{"HOME=/h", "TZ=CET", "X=2", "Y=a=b", "PYTHONPYCACHEPREFIX=/h/pycache"} {
		if !slices.Contains(env, want) {
			t.Errorf("%v lacks %s", env, want)
		}
	}
	names := map[string]bool{}
	for _, v := range env {
		if names[varName(v)] {
			t.Errorf("%s is there twice", varName(v))
		}
		names[varName(v)] = true
	}
	if names["PYTHONUNBUFFERED"] || names["USER"] || len(env) != len(CleanEnv("/h", nil))+2 {
		t.Errorf("got %v", env)
	}
}

func TestPorts(t *testing.T) {
	var ports Ports
	seen := map[uint16]bool{}
	for range 20 {
		port, err := ports.Free()
		if err != nil {
			t.Fatal(err)
		}
		if low, high := portRange(); seen[port] || port < low || port > high {
			t.Errorf("port %d; want a new one of %d to %d", port, low, high)
		}
		seen[port] = true
	}
}

func TestPortsOutsideTheEphemeralRange(t *testing.T) {
	tests := []struct {
		ephemeral string
		low, high uint16
	}{
		{"32768\t60999\n", 10000, 32767},
		{"1024 65535", 10000, 65535},
		{"10000 50000", 50001, 65535},
		{"15000 65535", 10000, 14999},
		{"nonsense", 10000, 32767},
		{"1 99999", 10000, 32767},
	}
	for _, tt := range tests {
		if low, high := outside(tt.ephemeral); low != tt.low || high != tt.high {
			t.Errorf("%q: %d to %d, want %d to %d", tt.ephemeral, low, high, tt.low, tt.high)
		}
	}
}

func TestFinishLog(t *testing.T) {
	tests := []struct {
		name, text string
		limit, cut int64
		want       string
		out        int64
	}{
		{"short", "abc\n", 10, 0, "abc\n", 0},
		{"just so", "0123456789", 10, 0, "0123456789", 0},
		{"long", "01234xxxxx56789", 10, 0, "01234\n[webdyno: 5 bytes left out here]\n56789", 5},
		{"cut before", "0123456", 10, 100, "01234\n[webdyno: 100 bytes left out here]\n56", 100},
		{"cut to its head", "01234", 10, 100, "01234\n[webdyno: 100 bytes left out here]\n", 100},
	}
	for _, tt := range tests {
		name := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(name, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := finishLog(name, tt.limit, tt.cut)
		got, _ := os.ReadFile(name)
		if err != nil || out != tt.out || string(got) != tt.want {
			t.Errorf("%s: %q, %d, %v; want %q, %d", tt.name, got, out, err, tt.want, tt.out)
		}
	}
	if _, err := finishLog("/no/such/log", 10, 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v; want that there is no log", err)
	}
}

func TestLastLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	text := strings.Repeat("\x00", 1000) + "one\ntwo\r\n\n\x1b[31mthree\x07\t\xff!\n" + strings.Repeat("y", 5000)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []string{"two", "[31mthree \ufffd!", strings.Repeat("y", 500)}
	if got := lastLines(name, 3); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := lastLines(name, 100); len(got) != 4 {
		t.Errorf("%d lines, want 4", len(got))
	}
}
