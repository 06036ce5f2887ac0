//go:build linux

package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFlood(t *testing.T) {
	leaks(t)
	const printed = 20 << 20
	var s Supervisor
	addr := free(t)
	log := filepath.Join(t.TempDir(), "log")
	p, err := s.Start(soon(t), Command{Argv: self(t, "flood", addr.String(), fmt.Sprint(printed)), Env: manners(), Log: log, LogLimit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Listens(soon(t), addr); err != nil {
		t.Fatal(err)
	}
	if got := p.LastLines(1); len(got) != 1 || got[0] != "last words" {
		t.Errorf("last line %q; want %q", got, "last words")
	}
	end, err := p.Stop()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	const whole = printed/10_000*10_000 + len("last words\n")
	mark := fmt.Sprintf("[webdyno: %d bytes left out here]", whole-10_000)
	if end.LogCut != int64(whole-10_000) || !strings.Contains(string(b), mark) || len(b) != 10_000+len(mark)+2 {
		t.Errorf("log of %d bytes, %d cut; want 10000 and %q", len(b), end.LogCut, mark)
	}
	if strings.ContainsRune(string(b), 0) || !strings.HasSuffix(string(b), "x\nlast words\n") {
		t.Errorf("log ends %q", b[len(b)-40:])
	}
}

// A log that nobody asked for must be readable, after the end too, and leave
// no file.
func TestLogWithoutName(t *testing.T) {
	leaks(t)
	t.Setenv("TMPDIR", t.TempDir())
	var s Supervisor
	p, err := s.Start(soon(t), Command{Argv: self(t, "deaf", "127.0.0.1:0"), Env: manners(), Grace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	said(t, p, "deaf")
	if _, err := p.Stop(); err != nil {
		t.Error(err)
	}
	if got := p.LastLines(1); len(got) != 1 || got[0] != "deaf" {
		t.Errorf("last line %q; want %q", got, "deaf")
	}
	if got := p.LastLines(0); len(got) != 0 {
		t.Errorf("the last 0 lines are %q", got)
	}
	noneDeleted(t)
	if files, err := os.ReadDir(os.TempDir()); err != nil || len(files) != 0 {
		t.Errorf("left %v, %v", files, err)
	}
}

// Nor may it stay open where nothing came of the start.
func TestLogWithoutNameOfNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, s := range []*Supervisor{{}, {Keeper: []string{"/no/such/keeper"}}} {
		if p, err := s.Start(soon(t), Command{Argv: []string{"/no/such/server"}}); err == nil {
			p.Stop()
			t.Error("it started")
		}
	}
	noneDeleted(t)
}

// noneDeleted fails if this process has a log open that has no name.
func noneDeleted(t *testing.T) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		name, _ := os.Readlink("/proc/self/fd/" + fd.Name())
		if strings.Contains(name, "webdyno-log-") {
			t.Errorf("%s is still open", name)
		}
	}
}

// A log that somebody has deleted is a problem to be told, and no error: the
// server is gone all the same.
func TestLogDeleted(t *testing.T) {
	leaks(t)
	var s Supervisor
	log := filepath.Join(t.TempDir(), "log")
	p, err := s.Start(soon(t), Command{Argv: []string{"/bin/sleep", "60"}, Env: manners(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(log)
	end, err := p.Stop()
	if err != nil || !end.Clean() || !strings.Contains(end.Problem(), log) {
		t.Errorf("ended %v, %v; want a problem that names %s", end, err, log)
	}
}

// What goes to standard output apart from the log is kept whole, and the log has
// the rest.
func TestOutputApart(t *testing.T) {
	leaks(t)
	dir := t.TempDir()
	var s Supervisor
	c := Command{Argv: []string{"/bin/sh", "-c", "echo one; echo two >&2; echo three"}, Env: manners(),
		Log: filepath.Join(dir, "log"), Output: filepath.Join(dir, "output")}
	p, err := s.Start(soon(t), c)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if _, err := p.Stop(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{c.Output: "one\nthree\n", c.Log: "two\n"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", filepath.Base(name), got, err, want)
		}
	}
}
