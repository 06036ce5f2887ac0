package supervise

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"webdyno/internal/sys"
)

// How a server is frozen. Each is a fact of evidence, not a choice of the caller's.
const (
	byFreezer = "the freezer of its control group"
	byStop    = "SIGSTOP"
)

// standing is how long a tree may take to stand still, and how long webdyno
// waits for its keeper to say that it does.
const standing = 2 * time.Second

// Freeze stops the server and all that descends from it in their tracks: by the
// freezer of its control group (version 2) where it has one, else by SIGSTOP to
// each, which their parents may notice. It returns how, once everything stands
// still. The server keeps its listener and its connections, and can be stopped
// and killed as ever: Stop thaws it first.
//
// An error says what would not stand still; what did has been thawed.
func (p *Process) Freeze() (how string, err error) {
	if how, err = p.halt(true); err != nil {
		return "", fmt.Errorf("freeze %s: %w", p.name, err)
	}
	return how, nil
}

// Thaw lets the server go on where Freeze stopped it; of one that was not frozen
// it does nothing.
func (p *Process) Thaw() error {
	if _, err := p.halt(false); err != nil {
		return fmt.Errorf("thaw %s: %w", p.name, err)
	}
	return nil
}

// halt asks the keeper, and waits for its answer.
func (p *Process) halt(still bool) (how string, err error) {
	p.mu.Lock()
	p.asked++
	number := p.asked
	answered := make(chan struct{})
	p.waiting[number] = answered
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, number)
	}()

	if err := p.ask(request{Halt: &halt{Number: number, Still: still}}); err != nil {
		return "", err
	}
	patience := time.NewTimer(cmp.Or(p.supervisor.patience, 2*standing))
	defer patience.Stop()
	select {
	case <-answered:
	case <-p.gone:
		return "", errors.New("it has ended")
	case <-patience.C:
		return "", errors.New("its keeper does not answer")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if text := p.halted.Error; text != "" {
		return "", errors.New(text)
	}
	return p.halted.How, nil
}

// A halt asks the keeper to bring the tree to a stand, or to let it go on.
type halt struct {
	Number int  `json:"number"`
	Still  bool `json:"still"`
}

// A halted is its answer.
type halted struct {
	Number int    `json:"number"`
	How    string `json:"how,omitempty"`
	Error  string `json:"error,omitempty"`
}

// halt does what h asks, and tells.
func (k *keeper) halt(h halt) {
	answer := halted{Number: h.Number}
	var err error
	if h.Still {
		answer.How, err = k.freeze()
	} else {
		err = k.thaw()
	}
	if err != nil {
		answer.Error = err.Error()
	}
	k.tell(event{Halted: &answer})
}

func (k *keeper) freeze() (how string, err error) {
	if k.group.CanFreeze() {
		if err = k.group.Freeze(); err == nil {
			k.frozen = byFreezer
			return k.frozen, nil
		}
		_ = k.group.Thaw() // best effort: signals do it now
	}
	k.frozen = byStop // from the first signal on
	if err := k.freezeEach(); err != nil {
		return "", errors.Join(err, k.thaw())
	}
	return k.frozen, nil
}

// freezeEach sends SIGSTOP to everything there is, looks again until a look finds
// nothing that still moves, and gives up after a while. What is stopped cannot
// start anything, so that the looks come to an end.
func (k *keeper) freezeEach() error {
	deadline := time.Now().Add(standing)
	for {
		all, err := k.living()
		if err != nil {
			return err
		}
		moving := slices.DeleteFunc(all, func(p sys.Process) bool { return p.State == 'T' || p.State == 't' })
		if len(moving) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("still moving: %s", relics(toRelics(moving)))
		}
		for _, p := range moving {
			if err := p.Signal(syscall.SIGSTOP); err != nil {
				return fmt.Errorf("SIGSTOP to %d (%s): %w", p.PID, p.Name, err)
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// thaw lets everything go on that freeze has stopped: children before their
// parents, some of which watch them.
func (k *keeper) thaw() error {
	how := k.frozen
	k.frozen = ""
	switch how {
	case "":
		return nil
	case byFreezer:
		return k.group.Thaw()
	}
	all, err := k.living()
	if err != nil {
		return err
	}
	var problems []string
	for _, p := range slices.Backward(parentsFirst(all)) {
		if err := p.Signal(syscall.SIGCONT); err != nil {
			problems = append(problems, fmt.Sprintf("SIGCONT to %d (%s): %v", p.PID, p.Name, err))
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// parentsFirst returns processes so that none comes before its parent.
func parentsFirst(ps []sys.Process) []sys.Process {
	var ordered []sys.Process
	left := slices.Clone(ps)
	for len(left) > 0 {
		there := map[int]bool{}
		for _, p := range left {
			there[p.PID] = true
		}
		var rest []sys.Process
		for _, p := range left {
			if there[p.Parent] && p.Parent != p.PID {
				rest = append(rest, p)
				continue
			}
			ordered = append(ordered, p)
		}
		if len(rest) == len(left) {
			return append(ordered, rest...) // a ring: read while pids were given out again
		}
		left = rest
	}
	return ordered
}
