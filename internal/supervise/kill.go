package supervise

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"webdyno/internal/sys"
)

// How an end is brought about. These are bounds, not waits: each ends as soon
// as nothing is left.
const (
	// settle is what processes outside the server's group get once the group
	// is empty: they were sent no signal, so waiting longer serves nothing.
	settle = 250 * time.Millisecond
	// killing is how long killed processes may take to go. One that is stuck
	// in the kernel, or belongs to another user, outlasts it.
	killing = 10 * time.Second
	// again is the pause between two looks at what is left.
	again = 5 * time.Millisecond
)

// stop sends the group the signal it is to end by, waits, and kills what is
// left.
func (k *keeper) stop(how ending) ended {
	_ = k.thaw() // what stands still cannot end in good order; if that fails, the grace runs out
	groups := k.groups()
	for _, g := range groups {
		sys.SignalGroup(g, how.Signal)
	}
	var emptied time.Time // when the group was first seen empty
	grace := time.NewTimer(how.Grace)
	defer grace.Stop()
	look := time.NewTicker(again)
	defer look.Stop()
	requests := k.requests
	for {
		select {
		case d, ok := <-k.deaths:
			if !ok {
				return ended{}
			}
			k.died(d)
		case _, ok := <-requests:
			if !ok {
				return k.kill() // webdyno is gone: nobody waits for good manners
			}
		case <-grace.C:
			return k.kill()
		case <-look.C:
			k.log.trim()
			if !k.over || !empty(groups) {
				continue
			}
			if emptied.IsZero() {
				emptied = time.Now()
			}
			if time.Since(emptied) > settle {
				return k.kill()
			}
		}
	}
}

// groups returns the process groups that a signal to the server goes to: the
// one it was given, and the one that its first process has made for itself
// since, if it has. Only groups with a living descendant in them are among
// them: the pid of a process that has ended may be a stranger's by now, and his
// group is none of ours.
func (k *keeper) groups() []int {
	living, err := k.living()
	if err != nil && !k.over {
		return []int{k.pid} // it was not reaped yet, so that the number is still its own
	}
	var groups []int
	for _, p := range living {
		ours := p.PID == k.pid || p.Group == k.pid
		if ours && p.Group != syscall.Getpgrp() && !slices.Contains(groups, p.Group) {
			groups = append(groups, p.Group)
		}
	}
	return groups
}

func empty(groups []int) bool {
	for _, g := range groups {
		if !errors.Is(syscall.Kill(-g, 0), syscall.ESRCH) {
			return false
		}
	}
	return true
}

// kill kills every descendant and says what it had to kill.
func (k *keeper) kill() ended {
	e := ended{Killed: !k.over}
	killed, survivors := k.exterminate()
	for _, p := range killed {
		if p.PID != k.pid {
			e.Left = append(e.Left, Relic{PID: p.PID, Name: p.Name})
		}
	}
	e.Survivors = toRelics(survivors)
	return e
}

// exterminate kills descendants until none is left, or until no more can be
// done about the survivors. It reports the ends of those it kills.
func (k *keeper) exterminate() (killed, survivors []sys.Process) {
	if k.pid == 0 {
		return nil, nil
	}
	hunt := newHunt(k.living)
	deadline := time.After(killing)
	look := time.NewTicker(again)
	defer look.Stop()
	left := hunt.round()
	for {
		select {
		case d, ok := <-k.deaths:
			if !ok {
				return hunt.killed, nil
			}
			k.died(d)
		case <-look.C:
			left = hunt.round()
		case <-deadline:
			return hunt.killed, left
		}
	}
}

// removeGroup removes the control group, if there is one.
func (k *keeper) removeGroup() error {
	if k.group == nil {
		return nil
	}
	return k.group.Remove()
}

// A hunt kills processes that may be forking while it looks.
type hunt struct {
	find   func() ([]sys.Process, error) // those that are left, alive
	seen   map[identity]bool
	killed []sys.Process // in the order they were met
}

// An identity names a process for good: a pid is given out again.
type identity struct {
	pid   int
	began uint64
}

func newHunt(find func() ([]sys.Process, error)) *hunt {
	return &hunt{find: find, seen: map[identity]bool{}}
}

// round stops everything it finds, looks again until a look finds nothing new,
// and then kills it all: what is stopped can neither fork nor see its children
// die and start others. It returns what was alive at its last look.
func (h *hunt) round() []sys.Process {
	const looks = 100 // of one round; a tree that forks faster gets another round
	var found []sys.Process
	for range looks {
		ps, err := h.find()
		if err != nil {
			return found
		}
		found = ps
		fresh := false
		for _, p := range found {
			id := identity{p.PID, p.Began}
			if h.seen[id] {
				continue
			}
			h.seen[id], fresh = true, true
			h.killed = append(h.killed, p)
			p.Signal(syscall.SIGSTOP)
		}
		if !fresh {
			break
		}
	}
	for _, p := range found {
		p.Signal(syscall.SIGKILL)
	}
	return found
}

// huntOrphans is the end of a server whose keeper was lost: it kills what the
// keeper would have killed. Found are the members of the keeper's session and
// of the control group, and, where this process has become their parent, the
// orphans that are no keeper of ours; and the descendants of them all. It
// returns what could not be killed.
func (s *Supervisor) huntOrphans(keeper sys.Process, group *sys.Cgroup) (killed, survivors []Relic) {
	h := newHunt(func() ([]sys.Process, error) { return s.orphans(keeper, group) })
	var left []sys.Process
	deadline := time.Now().Add(killing)
	for empty := 0; empty < 2 && time.Now().Before(deadline); { // the second look reaps what died during the first
		if left = h.round(); len(left) == 0 {
			empty++
			continue
		}
		time.Sleep(again)
	}
	if group != nil {
		group.Remove()
	}
	return toRelics(h.killed), toRelics(left)
}

func (s *Supervisor) orphans(keeper sys.Process, group *sys.Cgroup) ([]sys.Process, error) {
	s.mu.Lock() // no keeper is half started while we look
	all, err := sys.Processes()
	ours := make(map[int]bool, len(s.keepers))
	for pid := range s.keepers {
		ours[pid] = true
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	grouped := map[int]bool{}
	if group != nil {
		pids, _ := group.Pids() // the folder may be gone already
		for _, pid := range pids {
			grouped[pid] = true
		}
	}
	self, session := os.Getpid(), sys.SessionID()
	mine := map[int]bool{}
	for _, p := range all {
		adopted := s.Subreaper && p.Parent == self && p.Session != session && p.Began >= keeper.Began
		if ours[p.PID] || (p.Session != keeper.PID && !grouped[p.PID] && !adopted) {
			continue
		}
		mine[p.PID] = true
		if p.Parent == self && p.Zombie() {
			sys.ReapNow(p.PID) // nobody else will
		}
	}
	return withDescendants(all, mine), nil
}

// withDescendants returns the living among the processes in mine and what
// descends from them.
func withDescendants(all []sys.Process, mine map[int]bool) []sys.Process {
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if mine[p.Parent] && !mine[p.PID] {
				mine[p.PID], grown = true, true
			}
		}
	}
	var alive []sys.Process
	for _, p := range all {
		if mine[p.PID] && !p.Zombie() {
			alive = append(alive, p)
		}
	}
	return alive
}
