package supervise

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"webdyno/internal/sys"
)

// KeeperMain is the keeper's main function, which cmd runs under the hidden
// verb "keeper". It takes requests from standard input until that ends, tells
// events through descriptor 3, and returns the exit status: 0 if nothing was
// left behind.
func KeeperMain() int {
	// The server is to die with the thread that forks it: this one lasts.
	runtime.LockOSThread()
	events := agreed(eventsFD, "events")
	// Caught and not ignored: an ignored signal would stay ignored in the
	// server.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	k := &keeper{events: events, requests: make(chan request), deaths: make(chan death)}
	if err := sys.SetSubreaper(); err != nil {
		k.tell(event{Refused: &refused{Text: err.Error()}})
		return 1
	}
	go k.read(os.Stdin)
	return k.run()
}

// A keeper is the state of a keeper process. Its main goroutine owns all of
// it; the others only send.
type keeper struct {
	events   *os.File
	requests chan request // closed by read when webdyno is gone
	deaths   chan death   // closed by reap when no child is left

	log   *logKeeper
	group *sys.Cgroup
	pid   int  // of the server's first process; 0 before the fork
	over  bool // it has ended

	frozen string // how the tree was brought to a stand; "" if it moves
}

type death struct {
	sys.Death
	at int64
}

func (k *keeper) tell(e event) { send(k.events, e) } // nobody to tell if it does not arrive

func (k *keeper) read(from io.Reader) {
	defer close(k.requests)
	lines := json.NewDecoder(bufio.NewReader(from))
	for {
		var r request
		if lines.Decode(&r) != nil {
			return
		}
		k.requests <- r
	}
}

func (k *keeper) reap() {
	defer close(k.deaths)
	for {
		d, err := sys.Reap()
		if err != nil {
			return // ECHILD: the tree is empty, and nothing can be added to it
		}
		k.deaths <- death{d, sys.SystemMonotonic()}
	}
}

func (k *keeper) run() int {
	first, ok := <-k.requests
	if !ok || first.Start == nil {
		return 1
	}
	if r := k.start(first.Start); r != nil {
		k.exterminate()
		k.removeGroup()
		k.tell(event{Refused: r})
		return 1
	}
	e := k.serve()
	if err := k.removeGroup(); err != nil {
		e.NoRemoval = err.Error()
	}
	e.LogCut = k.log.cut
	k.tell(event{Ended: &e})
	if len(e.Survivors) > 0 {
		return 1
	}
	return 0
}

// start brings the server up to its exec, and tells. It returns why it could
// not, in which case a second stage may still be there.
func (k *keeper) start(o *order) *refused {
	var err error
	if k.log, err = openLog(o.Log, o.LogLimit); err != nil {
		return &refused{Text: err.Error()}
	}
	o.Keeper = os.Getpid()
	noGroup, r := k.makeGroup(o)
	if r != nil {
		return r
	}
	reports, err := k.fork(o)
	if k.pid != 0 {
		go k.reap()
	}
	if err != nil {
		return &refused{Text: err.Error()}
	}
	select {
	case r := <-reports:
		if r.Refused != nil {
			return r.Refused
		}
		k.tell(event{Started: &started{PID: k.pid, At: r.At, Group: k.group, NoGroup: noGroup}})
		return nil
	case <-k.requests:
		return &refused{Text: "given up before it was executed"}
	}
}

// makeGroup makes the control group; where it may not, it says why, which is a
// refusal only if a limit depends on it.
func (k *keeper) makeGroup(o *order) (noGroup string, r *refused) {
	if o.NoGroup && o.Memory == 0 {
		return "not asked for", nil
	}
	sys.SweepCgroups(forsaken)
	group, err := sys.NewCgroup(o.Name, o.Memory > 0)
	if err == nil && o.Memory > 0 {
		err = group.LimitMemory(o.Memory)
	}
	k.group, o.Group = group, group
	if err == nil {
		return "", nil
	}
	if o.Memory > 0 {
		return "", &refused{Text: err.Error(), Limit: "memory"}
	}
	return err.Error(), nil
}

// fork starts the second stage, and returns a channel that yields its report
// once it has executed the server or failed to.
func (k *keeper) fork(o *order) (<-chan stageReport, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	orderIn, orderOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer orderIn.Close()
	defer orderOut.Close()
	reportIn, reportOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reportOut.Close()

	errs := k.log.file.Fd()
	out := errs
	if o.Output != "" {
		f, err := os.Create(o.Output)
		if err != nil {
			return nil, fmt.Errorf("output: %w", err)
		}
		defer f.Close()
		out = f.Fd()
	}
	pid, err := syscall.ForkExec(o.Stage[0], o.Stage, &syscall.ProcAttr{
		Env:   []string{"GOMAXPROCS=1", "GORACE=atexit_sleep_ms=0"},
		Files: []uintptr{null.Fd(), out, errs, orderIn.Fd(), reportOut.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		reportIn.Close()
		return nil, fmt.Errorf("second stage: %w", err)
	}
	k.pid = pid
	orderIn.Close() // so that a second stage that dies breaks the pipe
	if err := send(orderOut, o); err != nil {
		reportIn.Close()
		return nil, fmt.Errorf("second stage: %w", err)
	}
	reports := make(chan stageReport, 1)
	go func() { reports <- readReport(reportIn) }()
	return reports, nil
}

// readReport reads what the second stage says until exec, or its end, closes
// the pipe.
func readReport(from *os.File) stageReport {
	defer from.Close()
	var last stageReport
	for lines := json.NewDecoder(from); ; {
		var r stageReport
		err := lines.Decode(&r)
		switch {
		case err == nil && r.Refused != nil:
			return r
		case err == nil:
			last = r
		case errors.Is(err, io.EOF) && last.At != 0:
			return last
		default:
			return stageReport{Refused: &refused{Text: "the second stage ended before it could execute the program"}}
		}
	}
}

// logPeriod is how often the log's size is looked at. A server that prints a
// gigabyte a second has some 100 MB of it on disk at times.
const logPeriod = 100 * time.Millisecond

// serve answers requests and tells of deaths until it is asked to stop or
// webdyno is gone, and then until nothing is left.
func (k *keeper) serve() ended {
	look := time.NewTicker(logPeriod)
	defer look.Stop()
	deaths := k.deaths
	for {
		select {
		case r, ok := <-k.requests:
			switch {
			case !ok:
				return k.kill()
			case r.Stop != nil:
				return k.stop(*r.Stop)
			case r.Halt != nil:
				k.halt(*r.Halt)
			case r.Usage != 0:
				k.tell(event{Usage: &usage{Number: r.Usage, Spent: sys.ReapedSpent()}})
			}
		case d, ok := <-deaths:
			if !ok {
				deaths = nil // and go on answering requests
				continue
			}
			k.died(d)
		case <-look.C:
			k.log.trim()
		}
	}
}

func (k *keeper) died(d death) {
	if d.PID != k.pid {
		return
	}
	k.over = true
	left, _ := k.living()
	k.tell(event{Exited: &exited{Status: d.Status, Signal: d.Signal, At: d.at, Left: toRelics(left)}})
}

// living returns the descendants that have not ended.
func (k *keeper) living() ([]sys.Process, error) {
	all, err := sys.Descendants(os.Getpid())
	var alive []sys.Process
	for _, p := range all {
		if !p.Zombie() {
			alive = append(alive, p)
		}
	}
	return alive, err
}

func toRelics(ps []sys.Process) []Relic {
	var rs []Relic
	for _, p := range ps {
		rs = append(rs, Relic{PID: p.PID, Name: p.Name})
	}
	return rs
}
