package subjects_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"webdyno/subjects"
)

// limit is how long anything here may take before it counts as hanging. A JIT
// on a machine busy with other tests needs its time.
const limit = 20 * time.Second

// interpreter returns the program called name, or, without a name, a CPython
// that can import the modules.
func interpreter(name, modules string) (string, error) {
	if name != "" {
		return exec.LookPath(name)
	}
	return pythonWith(modules)
}

// pythonWith returns a CPython that can import the modules.
func pythonWith(modules string) (string, error) {
	var tried []string
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		out, err := exec.Command(name, "-c", "import "+modules).CombinedOutput()
		if err == nil {
			return name, nil
		}
		tried = append(tried, fmt.Sprintf("%s: %v %s", name, err, lastLine(out)))
	}
	return "", errors.New(strings.Join(tried, "; "))
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// A process is an implementation that runs in a process group of its own.
type process struct {
	cmd  *exec.Cmd
	addr string
	out  bytes.Buffer
	done chan struct{}
}

// A source is where an implementation comes from: a folder of ours, written out.
type source string

func materialized(t *testing.T, folder string) source {
	t.Helper()
	at, err := subjects.Materialize(folder, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return source(at)
}

// command is a command of the folder, in a directory that is not that folder
// and without our environment.
func (s source) command(t *testing.T, program string, args []string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, append([]string{filepath.Join(string(s), args[0])}, args[1:]...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(slices.Clone(env), "PATH="+os.Getenv("PATH"), "HOME="+cmd.Dir, "PYTHONDONTWRITEBYTECODE=1", "PYPY_GC_NURSERY=4M")
	return cmd
}

// build runs the folder's build.py at a level, and returns what belongs into
// the environment of a server that is to find what was built.
func (s source) build(t *testing.T, python, level string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := s.command(t, python, []string{"build.py", level, dir}).CombinedOutput(); err != nil {
		t.Fatalf("build.py %s: %v\n%s", level, err, out)
	}
	return "PYTHONPATH=" + dir
}

// start runs an implementation that takes its port as --port.
func (s source) start(t *testing.T, program string, args []string, env ...string) *process {
	t.Helper()
	addr := freeAddress(t)
	_, port, _ := net.SplitHostPort(addr)
	return launch(t, s.command(t, program, append(slices.Clone(args), "--port="+port), env...), addr)
}

// launch runs a server in a process group of its own until the test ends, and
// waits until it listens at addr.
func launch(t *testing.T, cmd *exec.Cmd, addr string) *process {
	t.Helper()
	s := &process{cmd: cmd, addr: addr, done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(s.done); s.cmd.Wait() }()
	t.Cleanup(func() { syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL); <-s.done })
	s.await(t)
	return s
}

// freeAddress returns an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// await waits until the process listens. It can only be asked again and again:
// servers have no common way of saying so.
func (s *process) await(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	giveUp := time.After(limit)
	for {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-s.done:
			t.Fatalf("it ended by itself:\n%s", s.out.String())
		case <-giveUp:
			t.Fatalf("it does not listen after %v", limit)
		}
	}
}

// ends asks the process to end, and checks that it does so at once, saying
// nothing, and that nothing of it is left.
func (s *process) ends(t *testing.T) {
	t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(limit):
		t.Fatalf("it runs on after SIGTERM")
	}
	if !s.cmd.ProcessState.Success() || s.out.Len() > 0 {
		t.Errorf("ended with %v, having said %q; want status 0 and nothing", s.cmd.ProcessState, s.out.String())
	}
	if err := syscall.Kill(-s.cmd.Process.Pid, 0); err != syscall.ESRCH {
		t.Errorf("something of its process group is left: %v", err)
	}
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Errorf("%s still listens", s.addr)
	}
}

// wanted skips a test of other systems where nobody asked for them: to start
// each of them takes minutes, and needs more than Go.
func wanted(t *testing.T) {
	t.Helper()
	if os.Getenv("WEBDYNO_SUBJECTS") == "" {
		t.Skip("not asked for: WEBDYNO_SUBJECTS=any tests the systems that are there, make test-subjects installs and tests all")
	}
}

// missing skips a test of a system that this machine does not have, unless all
// of them were promised: "make test-subjects" installs them.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("WEBDYNO_SUBJECTS") == "all" {
		t.Fatal(err)
	}
	t.Skip(err)
}
