package capture

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed inject
var pieces embed.FS

const (
	// helloPatience is how long the first process may take to be heard of,
	// startPatience how long each may take to turn its profiler on, and
	// writePatience to write what it found.
	helloPatience = time.Second
	startPatience = 10 * time.Second
	writePatience = 60 * time.Second
)

// An Injected is a profiler within the server's own processes: of Python or of
// node. Each of them says hello on a socket, and does as it is told there. All
// of them are told at once.
//
//	process                   webdyno
//	hello PID VERSION
//	                          start
//	started
//	                          stop
//	file PATH                           (any number of times)
//	done
//
// In place of any of its words a process may say: cannot REASON.
type Injected struct {
	way    Way
	dir    string // ours: the pieces, the socket, and what is written
	socket *net.UnixListener

	accepting sync.WaitGroup

	mu    sync.Mutex // guards what follows, and the fields of each process
	all   []*process
	on    bool // those that come now begin at once
	moved chan struct{}
}

// A process is one that has said hello.
type process struct {
	conn   net.Conn
	name   string // "812 3.11.2"
	state  state
	told   state // what it was asked to be
	reason string
	files  []string
}

type state int

const (
	waiting state = iota
	started
	done
	failed
	gone // before it was told to stop
)

// Inject lays a profiler ready for a server of Python or node, in a folder of its
// own below scratch: CProfile, PyPy, Sampler or V8.
func Inject(way Way, scratch string) (*Injected, error) {
	dir, err := os.MkdirTemp(scratch, "p-")
	if err != nil {
		return nil, err
	}
	i := &Injected{way: way, dir: dir, moved: make(chan struct{}, 1)}
	if err := i.layOut(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	i.accepting.Go(i.accept)
	return i, nil
}

func (i *Injected) layOut() error {
	name := "sitecustomize.py"
	if i.way == V8 {
		name = "preload.cjs"
	}
	text, err := pieces.ReadFile("inject/" + name)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(i.dir, "inject"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(i.dir, "inject", name), text, 0o644); err != nil {
		return err
	}
	i.socket, err = net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(i.dir, "control"), Net: "unix"})
	return err
}

// Env makes the server load our piece before anything of its own. What it has on
// PYTHONPATH or in NODE_OPTIONS already stays behind; see Prepend.
func (i *Injected) Env() []string {
	env := []string{"WEBDYNO_CONTROL=" + filepath.Join(i.dir, "control"), "WEBDYNO_PROFILES=" + i.dir}
	inject := filepath.Join(i.dir, "inject")
	switch i.way {
	case V8:
		return append(env, "NODE_OPTIONS=--require="+filepath.Join(inject, "preload.cjs"))
	case Sampler:
		return append(env, "WEBDYNO_PROFILER=sampler", "PYTHONPATH="+inject)
	}
	return append(env, "WEBDYNO_PROFILER=cprofile", "PYTHONPATH="+inject)
}

// With returns the environment env with what a capture wants added: a search
// path is put in front of the one that is there.
func With(env, wanted []string) []string {
	out := slices.Clone(env)
	for _, v := range wanted {
		name, value, _ := strings.Cut(v, "=")
		at := slices.IndexFunc(out, func(o string) bool { return strings.HasPrefix(o, name+"=") })
		switch {
		case at < 0:
			out = append(out, v)
		case name == "PYTHONPATH":
			out[at] = v + string(filepath.ListSeparator) + out[at][len(name)+1:]
		case name == "NODE_OPTIONS":
			out[at] = v + " " + out[at][len(name)+1:]
		default:
			out[at] = name + "=" + value
		}
	}
	return out
}

// accept takes up processes until the socket is closed.
func (i *Injected) accept() {
	for {
		conn, err := i.socket.Accept()
		if err != nil {
			return
		}
		p := &process{conn: conn}
		i.mu.Lock()
		i.all = append(i.all, p)
		i.mu.Unlock()
		i.accepting.Go(func() { i.hear(p) })
	}
}

// hear takes in what a process says.
func (i *Injected) hear(p *process) {
	defer p.conn.Close()
	lines := bufio.NewScanner(p.conn)
	for lines.Scan() {
		i.said(p, lines.Text())
	}
	i.mu.Lock()
	if p.state != done && p.state != failed {
		p.state = gone
	}
	i.mu.Unlock()
	i.stir()
}

func (i *Injected) said(p *process, line string) {
	word, rest, _ := strings.Cut(line, " ")
	i.mu.Lock()
	switch word {
	case "hello":
		p.name = rest
		if i.on {
			i.tell(p, started)
		}
	case "started":
		p.state = started
	case "file":
		if filepath.Dir(rest) == i.dir {
			p.files = append(p.files, rest)
		}
	case "done":
		p.state = done
	case "cannot":
		p.state, p.reason = failed, rest
	}
	i.mu.Unlock()
	i.stir()
}

// stir wakes whoever waits for the processes.
func (i *Injected) stir() {
	select {
	case i.moved <- struct{}{}:
	default:
	}
}

// tell asks a process to become what state says. The lock is held.
func (i *Injected) tell(p *process, s state) {
	p.told = s
	word := "start\n"
	if s == done {
		word = "stop\n"
	}
	if _, err := p.conn.Write([]byte(word)); err != nil && p.state != failed {
		p.state = gone
	}
}

// await waits until every process that was told to be s is, or never will be.
func (i *Injected) await(ctx context.Context, s state, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !i.settled(s) {
		select {
		case <-i.moved:
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer the profiler within %v: its interpreter may not let other threads run (uWSGI: --enable-threads)", i.slowest(s), patience)
		}
	}
	return nil
}

func (i *Injected) settled(s state) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !slices.ContainsFunc(i.all, func(p *process) bool { return p.told == s && p.state < s })
}

func (i *Injected) slowest(s state) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, p := range i.all {
		if p.told == s && p.state < s {
			return "process " + p.name
		}
	}
	return "a process"
}

// Begin has every process turn its profiler on.
func (i *Injected) Begin(ctx context.Context, _ func() ([]int, error)) error {
	i.awaitHello(ctx)
	i.mu.Lock()
	i.on = true
	there := 0
	for _, p := range i.all {
		if p.name != "" && p.state == waiting {
			i.tell(p, started)
			there++
		}
	}
	i.mu.Unlock()
	if there == 0 {
		return i.nobody()
	}
	if err := i.await(ctx, started, startPatience); err != nil {
		return err
	}
	return i.troubles(started)
}

// awaitHello waits a little for the first process: it has said hello before the
// server has answered anything, but that may not have got here yet.
func (i *Injected) awaitHello(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, helloPatience)
	defer cancel()
	for {
		i.mu.Lock()
		there := slices.ContainsFunc(i.all, func(p *process) bool { return p.name != "" })
		i.mu.Unlock()
		if there {
			return
		}
		select {
		case <-i.moved:
		case <-ctx.Done():
			return
		}
	}
}

// nobody explains why no process has taken the profiler up.
func (i *Injected) nobody() error {
	if i.way == V8 {
		return errors.New("no process of it has loaded the profiler: it must be node, and take NODE_OPTIONS")
	}
	return errors.New("no process of it has loaded the profiler: it must be a Python that takes PYTHONPATH (not started with -I, -E or -S) and lets threads run (uWSGI: --enable-threads); profile: perf looks at it from outside")
}

// troubles is an error if no process has come to be s: some may have failed.
func (i *Injected) troubles(s state) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	why := "they all ended meanwhile"
	for _, p := range i.all {
		if p.state == s {
			return nil
		}
		if p.reason != "" {
			why = p.reason
		}
	}
	return fmt.Errorf("none of its processes could be profiled: %s", why)
}

// End has every process turn it off and write down what it found.
func (i *Injected) End(ctx context.Context) error {
	i.mu.Lock()
	i.on = false
	for _, p := range i.all {
		if p.state == started {
			i.tell(p, done)
		}
	}
	i.mu.Unlock()
	if err := i.await(ctx, done, writePatience); err != nil {
		return err
	}
	return i.troubles(done)
}

// Read adds up what the processes wrote.
func (i *Injected) Read() (*Taken, error) {
	i.mu.Lock()
	var files []string
	wrote, lost := 0, 0
	for _, p := range i.all {
		if p.state == done && len(p.files) > 0 {
			files = append(files, p.files...)
			wrote++
		}
		if p.told != waiting && p.state != done {
			lost++
		}
	}
	i.mu.Unlock()
	t, err := readFiles(files)
	if err != nil {
		return nil, err
	}
	t.Processes = wrote
	if lost > 0 {
		t.Says = append(t.Says, fmt.Sprintf("%d more of its processes ended, or failed, before they had written their profiles: they are not in it.", lost))
	}
	t.Says = append(t.Says, caveats(i.way)...)
	return t, nil
}

// caveats are what the reader of a profile of some way must know.
func caveats(w Way) []string {
	switch w {
	case CProfile, PyPy:
		return []string{
			"Times are of the clock: what waits for the network counts too, as time of the function that waits.",
			"Every call was charged for being counted, so that many small functions look more expensive than they are.",
		}
	case Sampler:
		return []string{
			"Weights are CPU time. What C code does is booked on the Python function that called it, or, where C calls Python as uvloop does, on the one that it called next.",
		}
	}
	return nil
}

// Close ends the control of the processes and removes what was written.
func (i *Injected) Close() error {
	i.socket.Close()
	i.mu.Lock()
	for _, p := range i.all {
		p.conn.Close()
	}
	i.mu.Unlock()
	i.accepting.Wait()
	return os.RemoveAll(i.dir)
}
