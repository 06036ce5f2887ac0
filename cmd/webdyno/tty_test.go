package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// A sitting is webdyno at a real terminal, with somebody at its keys.
type sitting struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	vt     vt10x.Terminal

	mu  sync.Mutex
	raw strings.Builder // all that was written
	fed chan struct{}   // closed when nothing is written any more
}

func sit(t *testing.T, columns, lines int, args ...string) *sitting {
	t.Helper()
	cmd := exec.Command("webdyno", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=", "TMPDIR="+cmd.Dir, "HOME="+cmd.Dir)
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(lines), Cols: uint16(columns)})
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	s := &sitting{t: t, cmd: cmd, master: master, vt: vt10x.New(vt10x.WithSize(columns, lines)), fed: make(chan struct{})}
	go func() {
		defer close(s.fed)
		b := make([]byte, 64<<10)
		for {
			n, err := master.Read(b)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.raw.Write(b[:n])
			s.mu.Unlock()
			s.vt.Write(b[:n])
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		master.Close()
		<-s.fed
	})
	return s
}

func (s *sitting) await(text string) {
	s.t.Helper()
	s.until(text, func() bool { return strings.Contains(s.vt.String(), text) })
}

func (s *sitting) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the terminal never showed %q, but\n%s", what, s.vt.String())
		}
	}
}

func (s *sitting) press(keys string) { s.master.WriteString(keys) }

func (s *sitting) resize(columns, lines int) {
	s.vt.Resize(columns, lines)
	pty.Setsize(s.master, &pty.Winsize{Rows: uint16(lines), Cols: uint16(columns)})
}

// ends waits for the end, and returns the exit status. The terminal must be as it
// was: its first page, with a cursor.
func (s *sitting) ends() int {
	s.t.Helper()
	s.cmd.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if raw := s.raw.String(); strings.Count(raw, "\x1b[?1049h") != strings.Count(raw, "\x1b[?1049l") || strings.LastIndex(raw, "\x1b[?25h") < strings.LastIndex(raw, "\x1b[?25l") {
		s.t.Errorf("the terminal was not given back:\n%q", raw)
	}
	if st, err := unix.IoctlGetTermios(int(s.master.Fd()), askTerminal); err == nil && st.Lflag&unix.ECHO == 0 {
		s.t.Error("the terminal does not echo any more")
	}
	return s.cmd.ProcessState.ExitCode()
}

// One load at a terminal: it is shown, follows the terminal's size, stands Ctrl-Z,
// and ends at a key with what was measured.
func TestLoadAtTerminal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) }))
	defer server.Close()
	s := sit(t, 80, 24, "load", "-c", "2", "-d", "100s", "-R", "200", server.URL)
	s.await("window")
	s.await("open, 200/s, poisson, 2 connections")
	s.await("answered/s")
	s.resize(40, 12)
	s.until("40 columns", func() bool {
		return !strings.Contains(s.vt.String(), "poisson") && strings.Contains(s.vt.String(), "q quit")
	})
	s.press("\x1a") // Ctrl-Z
	s.until("the first page", func() bool { return s.count("\x1b[?1049l") == 1 })
	s.cmd.Process.Signal(syscall.SIGCONT)
	s.until("the second page again", func() bool { return s.count("\x1b[?1049h") == 2 })
	s.await("q quit")
	s.press("qy")
	if status := s.ends(); status != statusSignal+int(syscall.SIGINT) {
		t.Errorf("exit status %d, want that of Ctrl-C", status)
	}
	if _, report, _ := strings.Cut(s.written(), "\x1b[?1049h"); !strings.Contains(report, "answered") {
		t.Errorf("what was measured is not told:\n%s", report)
	}
}

func (s *sitting) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

func (s *sitting) count(text string) int { return strings.Count(s.written(), text) }

// A run at a terminal: subjects and standings are shown; one is skipped, the run
// ends after its round, and the report says both.
func TestRunAtTerminal(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "two.yaml")
	text := `title: Two of a kind
subjects:
  - {name: first, serve: hello}
  - {name: second, serve: hello}
load: {closed: {connections: 2}}
warmup: 100ms
rewarm: 50ms
window: 700ms
rounds: 8
`
	if err := os.WriteFile(plan, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sit(t, 80, 24, "run", plan, "--out", "record")
	s.await("Two of a kind")
	s.await("standings after 1 round: throughput")
	s.press("\x1b[B\x1b[B\x1b[Bs")
	s.await("skip second for the rest of the run?")
	s.press("y")
	s.await("second: skipped by hand")
	s.press("e")
	s.await("stopping after this round")
	if status := s.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	_, report, _ := strings.Cut(s.written(), "\x1b[?1049l")
	if !strings.Contains(report, "skipped by hand") {
		t.Errorf("the report does not say what was skipped:\n%s", report)
	}
	if s.cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Error("ended by a signal")
	}
}
