package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"webdyno/internal/supervise"
	"webdyno/plans"
)

// TestMain lets the test binary stand in for webdyno, its hidden verbs
// included: they are how it starts its subjects.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case hiddenKeeper:
			os.Exit(supervise.KeeperMain())
		case hiddenExec:
			os.Exit(supervise.ExecMain())
		}
	}
	testscript.Main(m, map[string]func(){
		"webdyno":   func() { main() },
		"misbehave": misbehave,
	})
}

// The command line is what scripts depend on: each file is one subject, each
// paragraph one promise.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

// The same on real servers, which "make test-subjects" installs first.
func TestSubjects(t *testing.T) {
	if os.Getenv("WEBDYNO_SUBJECTS") != "all" {
		t.Skip("the servers may be missing: make test-subjects installs them and runs this")
	}
	runScripts(t, "testdata/subjects")
}

func runScripts(t *testing.T, dir string) {
	testscript.RunT(briefly{t}, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TMPDIR", e.Getenv("WORK"))
			e.Setenv("HOME", e.Getenv("WORK")) // the default is a folder in the root, which root would make
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"port":   port,
			"await":  await,
			"signal": signalAfter,
			"lines":  lines,
			"https":  https,

			"shipped": shipped,
		},
	})
}

// exits STATUS COMMAND … runs a command and demands its exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d; want %d", got, want)
	}
}

// port NAME … puts the number of a free port into each variable.
func port(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
		ts.Check(l.Close())
	}
}

// https NAME FILE serves "hello" over TLS as 127.0.0.1, puts the port into the
// variable and the certificate into the file.
func https(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	s.StartTLS()
	ts.Defer(s.Close)
	ts.Setenv(args[0], strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port))
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), cert, 0o644))
}

// await ADDRESS waits until somebody accepts connections there; await FILE,
// until the file has something in it.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for range 2000 {
		if strings.Contains(args[0], ":") {
			if c, err := net.Dial("tcp", args[0]); err == nil {
				ts.Check(c.Close())
				return
			}
		} else if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	ts.Fatalf("%s: nothing within 10 s", args[0])
}

// signalAfter SIGNAL FILE COMMAND … runs a command, sends it the signal once
// the file has something in it, and demands that it exits with 128 + signal.
func signalAfter(ts *testscript.TestScript, _ bool, args []string) {
	sig := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[0]]
	// The script's own PATH has the test binary under webdyno's name.
	program := filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[2])
	cmd := exec.Command(program, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "TMPDIR=" + ts.Getenv("WORK"), "HOME=" + ts.Getenv("WORK")}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	await(ts, false, []string{args[1]})
	ts.Check(cmd.Process.Signal(sig))
	err := cmd.Wait()
	ts.Logf("%s", out.String())
	if sig == syscall.SIGKILL {
		return
	}
	if got := cmd.ProcessState.ExitCode(); got != 128+int(sig) {
		ts.Fatalf("exit status %d (%v); want %d", got, err, 128+int(sig))
	}
}

// lines FILE N demands that a file has N lines; of N+, that it has so many at
// least: on a noisy machine blocks are repeated.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	number, orMore := strings.CutSuffix(args[1], "+")
	want, err := strconv.Atoi(number)
	ts.Check(err)
	got := strings.Count(ts.ReadFile(args[0]), "\n")
	if got < want || got > want && !orMore {
		ts.Fatalf("%s has %d lines; want %s", args[0], got, args[1])
	}
}

// shipped PLAN FILE PRESETS writes a plan that ships to a file, with further
// presets from another one appended.
func shipped(ts *testscript.TestScript, _ bool, args []string) {
	plan, err := plans.Open(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), append(plan, ts.ReadFile(args[2])...), 0o644))
}

// briefly shows the end of a script's log, where it says what failed, before
// anything else: whoever reads a long log of many tests sees its beginning, and
// a script prints whole reports before it fails.
type briefly struct{ *testing.T }

// endLines is how many lines of the end come first.
const endLines = 30

func (b briefly) Log(args ...any) {
	b.Helper()
	text := fmt.Sprint(args...)
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if b.Failed() && len(all) > 2*endLines {
		text = fmt.Sprintf("the last %d of %d lines:\n%s\n\nthe whole:\n%s",
			endLines, len(all), strings.Join(all[len(all)-endLines:], "\n"), text)
	}
	b.T.Log(text)
}

func (b briefly) Run(name string, f func(testscript.T)) {
	b.T.Run(name, func(t *testing.T) { f(briefly{t}) })
}

func (b briefly) Verbose() bool { return testing.Verbose() }
