package supervise

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"webdyno/internal/sys"
)

// A Process is a server that has been started, with all that it starts itself.
// Make one with [Supervisor.Start], end it with Stop.
type Process struct {
	supervisor *Supervisor
	name       string // the program, for errors
	stop       ending
	log        string
	logLimit   int64
	unnamedLog *os.File // keeps the log in being where it has no name

	keeper    *exec.Cmd
	keeperIs  sys.Process
	requests  *os.File // to the keeper; closing it is the order to kill
	events    *os.File // from the keeper
	lastWords words    // what the keeper said on standard error

	// Set by watch before begun yields nil.
	pid     int
	execAt  int64
	execed  time.Time
	group   *sys.Cgroup
	noGroup string

	begun chan error    // yields once: nil when the server has been executed
	done  chan struct{} // closed by watch when its first process has ended, or was lost
	gone  chan struct{} // closed by watch when nothing is left and the keeper has ended

	stopping sync.Once
	ending   Ending
	endError error

	mu      sync.Mutex
	exit    Exit
	ended   *ended // the keeper's last word, or what stands for it
	lost    string // how the keeper was lost; "" if it was not
	refused *refused
	reaped  sys.Spent
	halted  halted // the keeper's last answer to Freeze or Thaw
	asked   int
	waiting map[int]chan struct{} // closed when the usage event of that number has come
	closed  bool                  // unnamedLog is; printed are its last lines
	printed []string
}

func newProcess(s *Supervisor, o *order, c Command) *Process {
	return &Process{
		supervisor: s,
		name:       c.Argv[0],
		stop:       ending{Signal: cmp.Or(c.Signal, syscall.SIGTERM), Grace: cmp.Or(c.Grace, 5*time.Second)},
		log:        o.Log,
		logLimit:   o.LogLimit,
		begun:      make(chan error, 1),
		done:       make(chan struct{}),
		gone:       make(chan struct{}),
		waiting:    map[int]chan struct{}{},
	}
}

// PID returns the pid of the server's first process, which leads its process
// group.
func (p *Process) PID() int { return p.pid }

// Keeper returns the pid of its keeper.
func (p *Process) Keeper() int { return p.keeper.Process.Pid }

// Began returns when the server was executed. The time has a monotonic
// reading, so that subtracting it measures start-up.
func (p *Process) Began() time.Time { return p.execed }

// Since returns how long ago the server was executed.
func (p *Process) Since() time.Duration { return time.Since(p.execed) }

// Done returns a channel that is closed when the server's first process has
// ended, of itself or because it was stopped, and when its keeper was lost.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit returns how the first process ended; the zero Exit before Done is
// closed.
func (p *Process) Exit() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// Cgroup returns the control group that the server is in, or nil; NoCgroup
// says why there is none.
func (p *Process) Cgroup() *sys.Cgroup { return p.group }

// NoCgroup says why the server has no control group; "" if it has one.
func (p *Process) NoCgroup() string { return p.noGroup }

// LastLines returns the last n lines that the server has printed, or fewer,
// long ones shortened and without control characters.
func (p *Process) LastLines(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return p.printed[max(len(p.printed)-n, 0):]
	}
	return lastLines(p.log, n)
}

// closeLog closes a log without a name, and keeps its last lines. The lock is
// held: once it is closed, its descriptor's number may be another file's.
func (p *Process) closeLog() {
	if p.unnamedLog == nil || p.closed {
		return
	}
	p.printed, p.closed = lastLines(p.log, math.MaxInt), true
	p.unnamedLog.Close()
}

// Tree returns the pids of the server's processes: all that descends from the
// keeper, daemons included, the keeper itself excluded. Those that have ended
// but have not been reaped are among them, since their CPU time is not
// anybody else's yet.
func (p *Process) Tree() ([]int, error) {
	pids, err := sys.Children(p.Keeper())
	if err == nil {
		return pids, nil
	}
	if !errors.Is(err, sys.ErrUnsupported) {
		return nil, fmt.Errorf("processes of %s: its keeper is gone: %w", p.name, err)
	}
	all, err := sys.Descendants(p.Keeper())
	return sys.IDs(all), err
}

// ReapedCPU returns the CPU time, over their whole lives, of those processes
// of the tree that have ended and that the keeper has reaped, and of the
// children these had reaped. A process that another one of the tree has reaped
// is counted there, by the kernel, in its "children" times.
func (p *Process) ReapedCPU() time.Duration { return p.Reaped().CPU() }

// Reaped returns all that those processes have used. It asks the keeper, and
// falls back on the last answer if none comes within a second.
func (p *Process) Reaped() sys.Spent {
	p.mu.Lock()
	p.asked++
	number := p.asked
	answered := make(chan struct{})
	p.waiting[number] = answered
	p.mu.Unlock()

	if p.ask(request{Usage: number}) == nil {
		patience := time.NewTimer(time.Second)
		defer patience.Stop()
		select {
		case <-answered:
		case <-p.gone:
		case <-patience.C:
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, number)
	return p.reaped
}

// ask sends the keeper a request. A keeper that does not read for seconds is
// as good as dead.
func (p *Process) ask(r request) error {
	p.requests.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if err := send(p.requests, r); err != nil {
		return fmt.Errorf("keeper: %w", err)
	}
	return nil
}

// watch follows the keeper's events until the keeper has ended, and then does
// itself what the keeper left undone.
func (p *Process) watch() {
	defer close(p.gone)
	defer p.supervisor.forget(p.Keeper())
	lines := json.NewDecoder(bufio.NewReader(p.events))
	for {
		var e event
		if lines.Decode(&e) != nil {
			break
		}
		p.heed(e)
	}
	err := p.keeper.Wait()
	p.events.Close()
	p.requests.Close()
	p.settle(err)
}

func (p *Process) heed(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Started != nil:
		p.pid, p.execAt = e.Started.PID, e.Started.At
		p.execed = time.Now().Add(time.Duration(p.execAt - sys.SystemMonotonic()))
		p.group, p.noGroup = e.Started.Group, e.Started.NoGroup
		p.begun <- nil
	case e.Refused != nil:
		p.refused = e.Refused
	case e.Exited != nil:
		p.exit = Exit{
			Status: e.Exited.Status,
			Signal: e.Exited.Signal,
			After:  time.Duration(e.Exited.At - p.execAt),
			Left:   e.Exited.Left,
		}
		p.finish()
	case e.Usage != nil:
		p.reaped = e.Usage.Spent
		if answered, ok := p.waiting[e.Usage.Number]; ok {
			close(answered)
			delete(p.waiting, e.Usage.Number)
		}
	case e.Halted != nil:
		p.halted = *e.Halted
		if answered, ok := p.waiting[e.Halted.Number]; ok {
			close(answered)
			delete(p.waiting, e.Halted.Number)
		}
	case e.Ended != nil:
		p.ended = e.Ended
	}
}

// finish closes done, once. Only watch's goroutine calls it.
func (p *Process) finish() {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
}

// settle comes after the keeper's end. If it did not say that nothing is left,
// it was killed or has crashed.
func (p *Process) settle(waited error) {
	p.mu.Lock()
	lost := p.ended == nil && p.refused == nil
	begun := p.pid != 0
	p.mu.Unlock()
	if !lost {
		p.finish()
		return
	}
	killed, survivors := p.supervisor.huntOrphans(p.keeperIs, p.group)
	p.mu.Lock()
	defer p.mu.Unlock()
	why := p.keeperFate(waited)
	p.lost, p.ended = why, &ended{Survivors: survivors}
	for _, r := range killed {
		if r.PID != p.pid {
			p.ended.Left = append(p.ended.Left, r)
		}
	}
	select {
	case <-p.done: // the first process had ended before
	default:
		if begun {
			p.exit = Exit{Lost: why, After: time.Since(p.execed)}
		}
	}
	p.finish()
}

// keeperFate says how the keeper ended.
func (p *Process) keeperFate(waited error) string {
	fate := "without a word"
	if state := p.keeper.ProcessState; state != nil {
		fate = state.String()
	} else if waited != nil {
		fate = waited.Error()
	}
	why := "its keeper ended too early (" + fate + ")"
	if said := strings.TrimSpace(p.lastWords.String()); said != "" {
		said, _, _ = strings.Cut(said, "\n")
		why += ": " + said
	}
	return why
}

// refusal says why there is no server although the keeper was started.
func (p *Process) refusal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.refused == nil:
		return errors.New(cmp.Or(p.lost, "its keeper ended it"))
	case p.refused.Limit != "":
		return &CannotLimitError{What: p.refused.Limit, Reason: p.refused.Text}
	}
	return errors.New(p.refused.Text)
}

// abandon has everything killed at once, and returns when it is.
func (p *Process) abandon() {
	p.requests.Close()
	p.await(0)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeLog()
}

// await waits for the keeper to end, which after grace takes at most as long
// as killing does. One that takes longer is killed, and watch does the rest.
func (p *Process) await(grace time.Duration) {
	const margin = 3 * time.Second
	timer := time.NewTimer(grace + cmp.Or(p.supervisor.patience, killing+margin))
	defer timer.Stop()
	select {
	case <-p.gone:
	case <-timer.C:
		p.keeper.Process.Kill()
		<-p.gone
	}
}

// Stop brings the server to its end: its signal to the process group, its
// grace, and then SIGKILL to whatever descends from it. It returns when
// nothing is left, and may be called at any time, also when the server has
// ended already, and more than once: later calls return what the first did.
// The error says which processes could not be killed: with them about, nothing
// that is measured afterwards can be trusted. All else that went wrong, a lost
// keeper or a missing log, is in the Ending, which is filled in in any case.
func (p *Process) Stop() (Ending, error) {
	p.stopping.Do(p.end)
	return p.ending, p.endError
}

func (p *Process) end() {
	began := time.Now()
	if p.ask(request{Stop: &p.stop}) != nil {
		p.requests.Close() // it is gone, or does not listen
	}
	p.await(p.stop.Grace)

	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = Ending{
		Exit:         p.exit,
		Killed:       p.ended.Killed,
		Left:         p.ended.Left,
		Survivors:    p.ended.Survivors,
		Took:         time.Since(began),
		Lost:         p.lost,
		GroupProblem: p.ended.NoRemoval,
	}
	if p.unnamedLog != nil {
		p.closeLog()
	} else if cut, err := finishLog(p.log, p.logLimit, p.ended.LogCut); err != nil {
		p.ending.LogProblem = err.Error()
	} else {
		p.ending.LogCut = cut
	}
	if len(p.ended.Survivors) > 0 {
		p.endError = fmt.Errorf("stop %s: processes that could not be killed: %s", p.name, relics(p.ended.Survivors))
	}
}
