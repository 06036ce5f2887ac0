package supervise

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"webdyno/internal/sys"
)

// A Command is a server as it is to be started.
type Command struct {
	// Argv is the program and its arguments. A program without a slash is
	// looked for in the PATH of Env, one with a slash relative to Dir.
	Argv []string
	Dir  string   // where it starts; empty: where webdyno is
	Env  []string // all of it: nothing is inherited
	CPUs []int    // that it and its children may run on; empty: webdyno's own

	Files  int   // open descriptors of each process; 0: as many as webdyno was given
	Memory int64 // bytes of all its processes together; 0: no limit. Needs a control group

	Signal syscall.Signal // how it is asked to end; 0: SIGTERM
	Grace  time.Duration  // and how long it may take; 0: 5 s

	// Log is the file that gets what it prints on standard output and error. It
	// is made anew at each start. Empty: a file that has no name and goes with
	// the Process.
	Log      string
	LogLimit int64 // bytes kept of it: the first and the last half; 0: DefaultLogLimit

	// Output is a file of its own for standard output, made anew at each start and
	// kept whole; Log then gets standard error alone. Empty: there is none.
	Output string
}

// A Supervisor starts servers, each under a keeper of its own. The zero
// Supervisor is ready for use; a process should have one only, so that it can
// tell its keepers from strangers. It must not be copied.
type Supervisor struct {
	// Keeper is the command that runs KeeperMain, Exec the one that runs
	// ExecMain; empty: this binary with the arguments "keeper" and "exec".
	Keeper, Exec []string

	// Subreaper makes this process the heir of orphans should a keeper be
	// killed, for the rest of its life. Without it and without a control group,
	// what left the keeper's session then is out of reach.
	Subreaper bool

	// NoGroup does without control groups even where they could be made, except
	// for a limit on memory.
	NoGroup bool

	patience time.Duration // how long a keeper may take beyond a server's grace; 0: as long as it has to

	mu      sync.Mutex
	keepers map[int]bool // pids of those that live; the lock is held while one is being started
}

// Start starts a server and returns once it has been executed. An error names
// the program and says why not; of a limit that cannot be kept, it is a
// [CannotLimitError]. Ending ctx ends the starting, after which nothing is
// left; on the server that was started it has no effect.
func (s *Supervisor) Start(ctx context.Context, c Command) (*Process, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return nil, errors.New("start a server: no program is given")
	}
	p, err := s.start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Argv[0], err)
	}
	return p, nil
}

func (s *Supervisor) start(ctx context.Context, c Command) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := sys.CheckProc(); err != nil {
		return nil, err
	}
	log, unnamed, err := logOf(c)
	if err != nil {
		return nil, err
	}
	o := s.order(c, log)
	if c.Output != "" {
		if o.Output, err = filepath.Abs(c.Output); err != nil {
			unnamed.Close()
			return nil, err
		}
	}
	p, err := s.startKeeper(o, c)
	if err != nil {
		unnamed.Close()
		return nil, err
	}
	p.unnamedLog = unnamed
	go p.watch()

	err = p.ask(request{Start: o})
	if err == nil {
		select {
		case err = <-p.begun:
		case <-p.gone:
			err = p.refusal()
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		p.abandon()
		return nil, err
	}
	return p, nil
}

// logOf returns where the log goes, and the file itself if it has no name. Such
// a file cannot be left behind; the keeper opens it through this process.
func logOf(c Command) (name string, unnamed *os.File, err error) {
	if c.Log != "" {
		name, err = filepath.Abs(c.Log)
		return name, nil, err
	}
	f, err := os.CreateTemp("", "webdyno-log-")
	if err != nil {
		return "", nil, fmt.Errorf("log: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return "", nil, fmt.Errorf("log: %w", err)
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()), f, nil
}

// order is what the keeper is told.
func (s *Supervisor) order(c Command, log string) *order {
	return &order{
		Name:     groupName(os.Getpid(), sys.SystemMonotonic()),
		Stage:    s.command(s.Exec, "exec"),
		Argv:     c.Argv,
		Dir:      c.Dir,
		Env:      c.Env,
		CPUs:     c.CPUs,
		Files:    c.Files,
		Memory:   c.Memory,
		Log:      log,
		LogLimit: cmp.Or(c.LogLimit, DefaultLogLimit),
		NoGroup:  s.NoGroup,
	}
}

// groupName is the name of a control group: whose it is, and when that was.
func groupName(webdyno int, made int64) string { return fmt.Sprintf("webdyno-%d-%d", webdyno, made) }

// CanLimitMemory tells whether this user may limit the memory of what is started
// here, by trying; the error is a [CannotLimitError].
func CanLimitMemory() error {
	name := groupName(os.Getpid(), sys.SystemMonotonic())
	group, err := sys.NewCgroup(name, true)
	if err == nil {
		err = group.Remove()
	}
	if err == nil {
		return nil
	}
	// The same words for the same cause, in one line: they are told once for all
	// subjects that it holds for.
	why := strings.NewReplacer(name, "webdyno", "\n", "; ").Replace(err.Error())
	return &CannotLimitError{What: "memory", Reason: why}
}

// forsaken tells whether name is that of a control group which nobody may be
// left to remove, because webdyno and keeper were both killed. It takes a minute
// for that: between making a group and holding it there is a moment.
func forsaken(name string) bool {
	var webdyno int
	var made int64
	n, _ := fmt.Sscanf(name, "webdyno-%d-%d", &webdyno, &made)
	return n == 2 && name == groupName(webdyno, made) && time.Duration(sys.SystemMonotonic()-made) > time.Minute
}

func (s *Supervisor) command(given []string, verb string) []string {
	if len(given) > 0 {
		return given
	}
	return []string{"/proc/self/exe", verb}
}

// startKeeper starts a keeper that has not been told anything yet.
func (s *Supervisor) startKeeper(o *order, c Command) (*Process, error) {
	if s.Subreaper {
		if err := sys.SetSubreaper(); err != nil {
			return nil, err
		}
	}
	requestsIn, requestsOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer requestsIn.Close()
	eventsIn, eventsOut, err := os.Pipe()
	if err != nil {
		requestsOut.Close()
		return nil, err
	}
	defer eventsOut.Close()

	argv := s.command(s.Keeper, "keeper")
	p := newProcess(s, o, c)
	p.requests, p.events = requestsOut, eventsIn
	p.keeper = exec.Command(argv[0], argv[1:]...)
	p.keeper.Stdin, p.keeper.ExtraFiles = requestsIn, []*os.File{eventsOut}
	p.keeper.Stderr = &p.lastWords
	p.keeper.WaitDelay = time.Second
	p.keeper.Env = []string{"GOMAXPROCS=2", "GOTRACEBACK=single", "GORACE=atexit_sleep_ms=0"}
	p.keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := p.keeper.Start(); err != nil {
		requestsOut.Close()
		eventsIn.Close()
		return nil, fmt.Errorf("keeper: %w", err)
	}
	if s.keepers == nil {
		s.keepers = map[int]bool{}
	}
	s.keepers[p.Keeper()] = true
	p.keeperIs, _ = sys.ReadProcess(p.Keeper()) // it is there, at least as a zombie, until watch has waited for it
	return p, nil
}

func (s *Supervisor) forget(keeper int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keepers, keeper)
}

// words keeps the first few kilobytes of what is written to it. Only one
// goroutine writes, and others read after it has ended.
type words struct{ bytes.Buffer }

func (w *words) Write(b []byte) (int, error) {
	const most = 4 << 10
	w.Buffer.Write(b[:min(len(b), most-w.Len())])
	return len(b), nil
}
