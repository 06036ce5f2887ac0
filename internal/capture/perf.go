package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"webdyno/internal/profile"
)

// perfRate is how often perf looks, in Hz of CPU time. It is no divisor of what
// servers do at regular intervals.
const perfRate = 997

// A Perfed is a profile that perf takes from outside: of the processes that are
// there when the load begins, and what they start. Its clock is the CPU clock of
// the kernel, which every machine has; hardware counters are not needed.
type Perfed struct {
	perf string // the program
	dir  string
	cmd  *exec.Cmd
	err  bytes.Buffer
	// control stays open until perf has ended: it would die of a broken pipe.
	control *pipes
	pids    int
	user    bool // the kernel's own functions are not to be had
}

// NewPerf returns a capture with perf, which keeps its data below scratch. Its
// error says why perf cannot be used here.
func NewPerf(ctx context.Context, scratch string) (*Perfed, error) {
	program, err := exec.LookPath("perf")
	if err != nil {
		return nil, errors.New("perf is not installed (apt-get install linux-perf)")
	}
	p := &Perfed{perf: program}
	if p.user, err = p.canRecord(ctx); err != nil {
		return nil, err
	}
	p.dir, err = os.MkdirTemp(scratch, "perf-")
	return p, err
}

// canRecord tries perf on a process of ours that does nothing.
func (p *Perfed) canRecord(ctx context.Context) (userOnly bool, err error) {
	for _, event := range []string{"cpu-clock", "cpu-clock:u"} {
		out, err := exec.CommandContext(ctx, p.perf, "record", "-q", "-e", event, "-o", "/dev/null", "--", "true").CombinedOutput()
		if err == nil {
			return event != "cpu-clock", nil
		}
		if event == "cpu-clock:u" {
			return false, fmt.Errorf("perf cannot record here: %s (sysctl kernel.perf_event_paranoid=1 may mend it)", firstLine(string(out)))
		}
	}
	return false, nil
}

func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "[") {
			return line
		}
	}
	return "it does not say why"
}

// Env is empty: perf needs nothing of the server.
func (p *Perfed) Env() []string { return nil }

func (p *Perfed) data() string { return filepath.Join(p.dir, "perf.data") }

// Begin starts perf, and waits until it records.
func (p *Perfed) Begin(ctx context.Context, pids func() ([]int, error)) error {
	all, err := pids()
	if err != nil {
		return err
	}
	var list []string
	for _, pid := range all {
		list = append(list, strconv.Itoa(pid))
	}
	p.pids = len(list)
	event := "cpu-clock"
	if p.user {
		event = "cpu-clock:u"
	}
	// perf says on the second pipe when it has obeyed what stands on the first.
	control, err := newPipes()
	if err != nil {
		return err
	}
	p.cmd = exec.Command(p.perf, "record", "-q", "-e", event, "-F", strconv.Itoa(perfRate), "-g",
		"-p", strings.Join(list, ","), "-o", p.data(), "--delay=-1", "--control=fd:3,4")
	p.cmd.Stderr = &p.err
	p.cmd.ExtraFiles = []*os.File{control.orders, control.acks}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		control.close()
		return err
	}
	p.control = control
	if err := control.enable(startPatience); err != nil {
		stopErr := p.stop()
		return errors.Join(fmt.Errorf("perf did not begin: %s", firstLine(p.err.String())), stopErr)
	}
	return nil
}

// pipes are how perf is told to begin.
type pipes struct{ orders, acks, write, read *os.File }

func newPipes() (*pipes, error) {
	orders, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	read, acks, err := os.Pipe()
	if err != nil {
		orders.Close()
		write.Close()
		return nil, err
	}
	return &pipes{orders, acks, write, read}, nil
}

// enable has perf begin, and returns once it has.
func (c *pipes) enable(patience time.Duration) error {
	c.acks.Close() // perf's end only, so that its death ends the reading
	if _, err := c.write.WriteString("enable\n"); err != nil {
		return err
	}
	if err := c.read.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	b := make([]byte, 16)
	n, err := c.read.Read(b)
	if err == nil && !strings.HasPrefix(string(b[:n]), "ack") {
		err = fmt.Errorf("perf answered %q", b[:n])
	}
	return err
}

func (c *pipes) close() {
	for _, f := range []*os.File{c.orders, c.acks, c.write, c.read} {
		f.Close()
	}
}

// End has perf write its data.
func (p *Perfed) End(context.Context) error { return p.stop() }

func (p *Perfed) stop() error {
	if p.cmd == nil {
		return nil
	}
	cmd := p.cmd
	p.cmd = nil
	defer p.control.close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	kill := time.AfterFunc(writePatience, func() { cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) && (exit.ExitCode() == -1 || exit.ExitCode() == 128+int(syscall.SIGINT)) {
		return nil // it ends itself by the signal it was asked to end with
	}
	if err != nil {
		return fmt.Errorf("perf record: %w: %s", err, firstLine(p.err.String()))
	}
	return nil
}

// Read has perf print what it recorded, and reads that.
func (p *Perfed) Read() (*Taken, error) {
	var out, said bytes.Buffer
	cmd := exec.Command(p.perf, "script", "-i", p.data(), "-F", "+period")
	cmd.Stdout, cmd.Stderr = &limited{&out, mostBytes}, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("perf script: %w: %s", err, firstLine(said.String()))
	}
	if out.Len() == 0 {
		return nil, errNothing
	}
	read, err := profile.Read(out.Bytes())
	if err != nil {
		return nil, err
	}
	t := &Taken{read, p.pids}
	t.Says = append(t.Says, "Call stacks follow frame pointers: where a program is built without them, callers are missing or wrong, and what a function took by itself is right.")
	if p.user {
		t.Says = append(t.Says, "What the kernel did for it is missing: perf may not look there (sysctl kernel.perf_event_paranoid=1).")
	}
	return t, nil
}

// limited takes so many bytes and no more.
type limited struct {
	*bytes.Buffer

	most int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > l.most {
		return 0, fmt.Errorf("it prints more than %d MiB: a shorter window, or fewer processes, would do", l.most>>20)
	}
	return l.Buffer.Write(b)
}

// Close ends perf, should it still run, and removes its data.
func (p *Perfed) Close() error { return errors.Join(p.stop(), os.RemoveAll(p.dir)) }
