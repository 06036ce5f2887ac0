package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/report"
)

// A fault is something that is really wrong while webdyno measures, and the signal
// that has to tell it. Of the others none may fire that is primary (report.Signal's
// Effect is false), but those that the same thing shows in.
type fault struct {
	name   string
	signal string         // "" if nothing is wrong: then none fires, effects included
	grade  evidence.Grade // at least
	beside []string

	// sure says that the signal fires whatever else is going on here. That of any
	// other fault may as well be fired by a neighbour, so that nothing is tried
	// without quiet.
	sure bool

	cause func(t *testing.T) []sighted
}

// A sighted is a signal that fired.
type sighted struct {
	name    string
	grade   evidence.Grade
	worst   string
	primary bool
}

// byNeighbours are the signals that anybody on the machine can make fire.
var byNeighbours = []string{
	"foreign_cpu", "steal", "cpu_pressure", "hiccups", "throttled", "canary", "frequency",
	"memory_pressure", "io_pressure", "swapped_in", "oom_kills", "accept_queue", "retransmits",
	"preempted", "lag",
}

// Real servers, real faults: each makes its own signal fire and no other primary
// one, and where nothing is wrong none fires at all.
func TestRealFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes up to a minute; -short was given")
	}
	// Whoever is asked by load has not been given CPUs of its own.
	anywhere := []string{"shared_cpus"}
	faults := []fault{
		{name: "none", cause: running(served{parts: []string{"well"}})},
		{name: "hog on the subject's CPU", signal: "foreign_cpu", grade: evidence.L, cause: besideHog},
		{name: "stopped instrument", signal: "lag", grade: evidence.L, beside: anywhere, cause: stopped},
		{name: "collections", signal: "collections", grade: evidence.L, sure: true, beside: anywhere, cause: collected},
		{name: "wrong byte", signal: "wrong_bodies", grade: evidence.X, sure: true,
			cause: running(served{parts: []string{"wrong"}, expects: true})},
		{name: "empty body", signal: "empty_answers", grade: evidence.B, sure: true,
			cause: running(served{parts: []string{"well", "empty"}})},
		{name: "worker replaced", signal: "recycled", grade: evidence.B, sure: true,
			cause: running(served{parts: []string{"workers"}})},
		{name: "crash", signal: "subject_failed", grade: evidence.X, sure: true, beside: []string{"recycled"},
			cause: running(served{parts: []string{"crash"}})},
		{name: "backlog of one", signal: "accept_queue", grade: evidence.B, sure: true,
			cause: running(served{parts: []string{"slow-accept"}, load: "{closed: {connections: 6, per_connection: 1}}"})},
		{name: "lost segments", signal: "retransmits", grade: evidence.B,
			cause: running(served{parts: []string{"lossy"}})},
		{name: "restless neighbour of ours", signal: "neighbours_cpu", grade: evidence.L, sure: true,
			cause: running(served{parts: []string{"well", "restless"}})},
		{name: "no port left", signal: "no_port", grade: evidence.X, sure: true, beside: append(anywhere, "ports_waiting"), cause: squeezed},
	}
	q := &quiet{left: waitForQuiet(t)}
	skipped := 0
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			defer func() {
				if t.Skipped() {
					skipped++
				}
			}()
			f.test(t, q)
		})
	}
	if skipped > 0 {
		t.Skipf("%d of %d faults not judged, or not wholly", skipped, len(faults))
	}
}

// wrongBefore is how often a fault must be told wrongly before the test fails: a
// neighbour may wake between two looks at the machine.
const wrongBefore = 3

// test causes the fault until the machine was quiet meanwhile, or patience ends.
func (f *fault) test(t *testing.T, q *quiet) {
	q.spare = q.left / 2 // for the others
	if !f.sure && !q.await(t) {
		t.Skipf("noisy machine: %s", q.seen)
	}
	failed := 0
	for range 5 {
		noise, wrong := f.judge(f.cause(t))
		switch {
		case len(wrong) > 0 && (noise == "" || f.sure):
			if failed++; failed == wrongBefore {
				t.Error(strings.Join(wrong, "; "))
				return
			}
			q.seen = strings.Join(wrong, "; ")
			continue
		case noise == "":
			return
		}
		q.seen, q.now = noise, false
		if !q.await(t) {
			break
		}
	}
	t.Skipf("noisy machine: %s", q.seen)
}

// judge tells what was wrong with the signals that fired, and which of them fired
// by what neighbours did, so that it cannot be told.
func (f *fault) judge(fired []sighted) (noise string, wrong []string) {
	own := false
	var others []string
	for _, s := range fired {
		switch {
		case s.name == f.signal:
			if own = true; s.grade < f.grade {
				wrong = append(wrong, fmt.Sprintf("%s fired with grade %v, want %v at least", s.name, s.grade, f.grade))
			}
		case f.signal != "" && !s.primary, slices.Contains(f.beside, s.name):
		case slices.Contains(byNeighbours, s.name):
			others = append(others, s.name+" "+s.worst)
		default:
			wrong = append(wrong, fmt.Sprintf("%s fired as well: %s, grade %v", s.name, s.worst, s.grade))
		}
	}
	if !own && f.signal != "" {
		wrong = append(wrong, fmt.Sprintf("%s did not fire; these did: %v", f.signal, fired))
	}
	return strings.Join(others, ", "), wrong
}

// A quiet waits for moments in which nobody else needs the machine, so long and
// no longer, all tests together.
type quiet struct {
	left  time.Duration
	spare time.Duration // of it, that no one of them may use up
	now   bool          // the last look found it so
	seen  string        // else
}

// waitForQuiet is the rule of calibrate's tests.
func waitForQuiet(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("WEBDYNO_QUIET_WAIT")
	if text == "" {
		return 10 * time.Second
	}
	wait, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("WEBDYNO_QUIET_WAIT: %v", err)
	}
	return wait
}

// await looks at the machine, a second at a time.
func (q *quiet) await(t *testing.T) bool {
	t.Helper()
	const most = 0.1 // CPUs, as calibrate has it
	w := host.Watch{Root: os.DirFS("/")}
	for !q.now && q.left-q.spare >= time.Second {
		q.left -= time.Second
		began, err := w.Begin()
		if err != nil {
			t.Skip(err)
		}
		time.Sleep(time.Second)
		a := w.End(began, 0)
		q.now = 0 <= a.Foreign && a.Foreign < most
		q.seen = fmt.Sprintf("%.2f CPUs were busy with other things", a.Foreign)
	}
	if !q.now && q.seen == "" {
		q.seen = "no time was given to wait for quiet"
	}
	return q.now
}

// A served is a plan of servers that misbehave, or do not.
type served struct {
	parts   []string
	load    string
	expects bool // the plan says what is right
}

// running returns what carries out a plan, and reads the signals in its report.
func running(s served) func(*testing.T) []sighted {
	return func(t *testing.T) []sighted {
		t.Helper()
		dir := t.TempDir()
		plan := filepath.Join(dir, "plan.yaml")
		if err := os.WriteFile(plan, []byte(s.plan(t)), 0o644); err != nil {
			t.Fatal(err)
		}
		said := webdyno(t, "run", plan, "--plain", "--out", filepath.Join(dir, "rec"))
		b, err := os.ReadFile(filepath.Join(dir, "rec", "report.json"))
		if err != nil {
			t.Fatalf("%v; webdyno said: %s", err, said)
		}
		var r struct{ Signals []report.Signal }
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		var fired []sighted
		for _, g := range r.Signals {
			if g.Trials > 0 && g.Grade > evidence.A {
				fired = append(fired, sighted{g.Name, g.Grade, fmt.Sprint(g.Worst.X), !g.Effect})
			}
		}
		return fired
	}
}

func (s *served) plan(t *testing.T) string {
	t.Helper()
	misbehave, err := exec.LookPath("misbehave")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("title: A fault\nsubjects:\n")
	for _, part := range s.parts {
		fmt.Fprintf(&b, "  - {name: %s, start: [%q, %s, \"{port}\"]}\n", part, misbehave, part)
	}
	b.WriteString("workload: {path: /")
	if s.expects {
		b.WriteString(", expect: {body: " + greeting + "}")
	}
	load := s.load
	if load == "" {
		load = "{open: {rate: 500, connections: 16, arrivals: constant}}"
	}
	fmt.Fprintf(&b, "}\nload: %s\nmode: resident\nwarmup: none\nrewarm: 100ms\nwindow: 1s\nblocks: 1\nrounds: 1\n", load)
	return b.String()
}

// command is a part of this binary that looks for its files where the test may
// write.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME=")
	return cmd
}

// webdyno returns what it printed, in whatever way it ended.
func webdyno(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, programName, args...).CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return string(out)
}

// besideHog measures beside a process that wants the subject's CPU for itself.
func besideHog(t *testing.T) []sighted {
	t.Helper()
	topology, err := host.ReadTopology(os.DirFS("/"))
	if err != nil {
		t.Skip(err)
	}
	cpus := host.Assign(topology, 1, false)
	if cpus.Shared || len(cpus.Subjects) == 0 {
		t.Skip("the engine has no CPU to itself here")
	}
	start(t, command(t, "misbehave", "hog", strconv.Itoa(cpus.Subjects[0])))
	return running(served{parts: []string{"well"}})(t)
}

// start starts a process that is killed when the test ends.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// loaded are the arguments that put a steady load on a server of its own, which
// ends with the test.
func loaded(t *testing.T, args ...string) []string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().(*net.TCPAddr)
	l.Close()
	start(t, command(t, "misbehave", "well", strconv.Itoa(at.Port)))
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", at.String())
		if err == nil {
			c.Close()
			break
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal(err)
		}
	}
	return append([]string{"load", "-R", "1000", "-c", "16", "--arrivals", "constant", "-o", "json", "http://" + at.String() + "/"}, args...)
}

// collected measures while webdyno's own garbage is collected.
func collected(t *testing.T) []sighted {
	t.Helper()
	var out, said bytes.Buffer
	cmd := command(t, "misbehave", append([]string{"collect"}, loaded(t, "-d", "1")...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return notesOf(t, &out)
}

// stopped measures with a webdyno that stands still for 50 ms amidst its window.
func stopped(t *testing.T) []sighted {
	t.Helper()
	// Every request that falls due meanwhile finds an idle connection, so that all of
	// its delay is lag: with fewer, the rest is booked as waiting for one.
	cmd := command(t, programName, loaded(t, "-c", "256", "-d", "2", "--progress")...)
	var out bytes.Buffer
	cmd.Stdout = &out
	lines, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(lines).ReadString('\n'); err != nil { // after a second
		t.Fatal(err)
	}
	for _, what := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := cmd.Process.Signal(what); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // a tenth of the window: more than neighbours do
	}
	_, _ = io.Copy(io.Discard, lines)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return notesOf(t, &out)
}

// squeezed measures in a network that has a hundred ports, of which each is used
// once a minute.
func squeezed(t *testing.T) []sighted {
	t.Helper()
	cmd := command(t, "misbehave", "squeeze", "load", "-c", "4", "--per-connection", "1", "--close", "fin",
		"--sources", "1", "-n", "400", "-d", "2", "-o", "json")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Skipf("no network of its own: %v %s", err, said.String())
	}
	return notesOf(t, &out)
}

// notesOf reads which signals fired from what load prints as JSON.
func notesOf(t *testing.T, out io.Reader) []sighted {
	t.Helper()
	var r struct{ Notes []evidence.Note }
	if err := json.NewDecoder(out).Decode(&r); err != nil {
		t.Fatal(err)
	}
	var fired []sighted
	for _, n := range r.Notes {
		name, primary := report.SignalOf(n.Kind)
		if name == "" {
			name = "note " + n.Kind
		}
		if n.Grade > evidence.A {
			fired = append(fired, sighted{name, n.Grade, n.Text, primary})
		}
	}
	return fired
}
