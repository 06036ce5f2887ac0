package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/host"
	"webdyno/internal/sys"
)

// patience is how long a tool may take for what should take a second or two.
const patience = 15 * time.Second

// A stand is the machine as the tools get it: a CPU for the server, and the last
// one, or the last two, for the client.
type stand struct {
	webdyno string // a copy: whoever builds meanwhile changes nothing
	server  []int
	all     []int
	watch   host.Watch
}

// newStand skips the benchmark where it would not tell anything.
func newStand(b *testing.B) *stand {
	cpus, err := sys.Affinity()
	if err != nil {
		b.Skipf("no tool can be kept on its CPU here: %v", err)
	}
	if len(cpus) < 2 {
		b.Skip("one CPU: server and client would take turns on it; two are wanted")
	}
	built, err := os.ReadFile("../bin/webdyno")
	if err != nil {
		b.Skipf("%v: make build", err)
	}
	copied := b.TempDir() + "/webdyno"
	if err := os.WriteFile(copied, built, 0o755); err != nil {
		b.Fatal(err)
	}
	root := os.DirFS("/")
	return &stand{webdyno: copied, server: cpus[:1], all: cpus, watch: host.Watch{Root: root, Interrupts: host.ReadInterrupts(root)}}
}

// client returns the CPUs of a tool with so many threads. On a machine of two
// CPUs the second thread has to share the server's.
func (s *stand) client(loops int) []int {
	return s.all[len(s.all)-min(loops, len(s.all)):]
}

// startOn starts cmd on cpus. Affinity is inherited from the thread that forks.
func startOn(cpus []int, cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := sys.Affinity()
	if err != nil {
		return err
	}
	if err := sys.SetAffinity(0, cpus); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), sys.SetAffinity(0, before))
}

// A server is `webdyno serve null`, on its CPU.
type server struct {
	url string
	pid int
}

// serve starts a server that answers with so many bytes, until b is done.
func (s *stand) serve(b *testing.B, bodyBytes int) server {
	cmd := exec.Command(s.webdyno, "serve", "null", "--addr", "127.0.0.1:0", "--", "-loops", "1", "-bytes", itoa(bodyBytes))
	says, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := startOn(s.server, cmd); err != nil {
		b.Fatalf("start the server: %v", err)
	}
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(says).ReadString('\n')
	addr, ok := strings.CutPrefix(line, "listening on ")
	if !ok {
		b.Fatalf("the server said %q, %v; want the address it listens on", line, err)
	}
	return server{url: "http://" + strings.TrimSpace(addr) + "/", pid: cmd.Process.Pid}
}

// A trial is what one tool did once.
type trial struct {
	count
	took                   time.Duration // from start to exit
	user, system           time.Duration // of the tool's process
	voluntary, involuntary int64         // its context switches
	server                 time.Duration // CPU of the server meanwhile

	foreign, steal float64 // as in evidence.Activity, on the CPUs in use
}

func (t trial) cpu() time.Duration { return t.user + t.system }

// perRequest returns µs of client CPU per request answered.
func (t trial) perRequest() float64 { return micros(t.cpu()) / float64(t.answered) }

// rate returns requests answered per second of the tool's life. Its start and
// end are in it, and of h1load a wait for the next full second.
func (t trial) rate() float64 { return float64(t.answered) / t.took.Seconds() }

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// try has tool put c on srv once. A trial in which more than one request in a
// thousand failed is an error: such requests cost something else. So is one that
// fell behind the arrivals asked for.
func (s *stand) try(ctx context.Context, tool tool, c comparison, srv server, guess int64) (trial, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool.program, tool.args(c, srv.url, guess)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	t, err := s.watched(cmd, c.loops, srv)
	if err != nil {
		if ctx.Err() != nil {
			return t, fmt.Errorf("had not ended after %v", patience)
		}
		return t, fmt.Errorf("%w: %s", err, lastLine(complaints.Bytes()))
	}
	if t.count, err = tool.read(out.Bytes()); err != nil {
		return t, fmt.Errorf("its output is not understood: %w", err)
	}
	if t.answered == 0 || t.failed > t.answered/1000 {
		return t, fmt.Errorf("%d requests failed, %d were answered", t.failed, t.answered)
	}
	if t.answered < int64(c.rate)*4/5 {
		return t, fmt.Errorf("%d answers to a second of %d arrivals: that was another load", t.answered, c.rate)
	}
	if tool.isOurs() && c.rate > 0 && t.lagMedian < 0 {
		return t, errors.New("percentiles of lag were not told")
	}
	return t, nil
}

// watched runs cmd to its end, with an eye on what others do on the CPUs in use.
func (s *stand) watched(cmd *exec.Cmd, loops int, srv server) (t trial, err error) {
	w := s.watch
	w.CPUs = append(s.client(loops), s.server...)
	if loops >= len(s.all) {
		w.CPUs = s.all
	}
	served, err := sys.ProcessCPU(srv.pid)
	if err != nil {
		return t, err
	}
	glance, err := w.Begin()
	if err != nil {
		return t, err
	}
	began := time.Now()
	if err := startOn(s.client(loops), cmd); err != nil {
		return t, err
	}
	err = cmd.Wait()
	t.took = time.Since(began)
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		t.user, t.system = time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
		t.voluntary, t.involuntary = u.Nvcsw, u.Nivcsw
	}
	if now, err := sys.ProcessCPU(srv.pid); err == nil {
		t.server = now - served
	}
	activity := w.End(glance, t.cpu()+t.server)
	t.foreign, t.steal = activity.Foreign, activity.Steal
	return t, err
}

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}
