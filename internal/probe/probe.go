// Package probe reads what a process tree has used, cut to a window: CPU time,
// memory, context switches.
//
// A Reading is taken at each edge of the window and the later one is asked
// what was used since the earlier. Nothing runs in between, so that probing
// costs the trial nothing but its edges.
//
// CPU time comes from the tree's control group where there is one: its counter
// misses nothing. Otherwise it is a sum that stays true while processes come
// and go:
//
//	CPU clocks of those that are there      nanoseconds
//	+ times of the children they have reaped  ticks of 10 ms per process
//	+ what the keeper has reaped              microseconds
//
// A process that ends moves from the first line to the second or the third
// with all it ever used, so the difference of two sums is what was used in
// between. What it cannot see is the last part of a child whose parent ignores
// SIGCHLD, which the kernel reaps without telling anybody.
package probe

import (
	"errors"
	"fmt"
	"os"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/sys"
)

// A Source is a process tree to read.
type Source interface {
	Tree() ([]int, error)     // its pids, those that have ended but were not reaped included
	ReapedCPU() time.Duration // of processes that are in the tree no longer and were reaped by no one in it
	Cgroup() *sys.Cgroup      // nil if there is none
}

// A Reading is a look at a process tree at one moment.
type Reading struct {
	at        time.Time
	processes map[identity]process
	reaped    sys.Spent
	group     *sys.GroupCPU // what the control group has counted; nil without one
	killed    int64         // of the group's processes, for want of memory
}

// An identity names a process for good: a pid is given out again.
type identity struct {
	pid   int
	began uint64
}

type process struct {
	clock                    time.Duration // CPU clock of the process
	user, system             time.Duration // in ticks
	reapedUser, reapedSystem time.Duration // of those it has reaped, in ticks
	sys.Footprint
}

// inherited is what those that the process has reaped had used.
func (p process) inherited() time.Duration { return p.reapedUser + p.reapedSystem }

// Take reads src now. It also sets the peaks of memory back, so that the peak
// of the next Reading is that of the time since this one; where the kernel
// does not let it, a peak is that of the process's whole life. A tree that is
// empty gives a Reading too: of what it has used until its end.
func Take(src Source) (Reading, error) {
	const tries = 5 // a process that ends while it is read would be counted twice, or not at all
	var r Reading
	for range tries {
		before := reaped(src)
		var err error
		if r, err = take(src); err != nil {
			return Reading{}, fmt.Errorf("read process tree: %w", err)
		}
		if r.reaped = reaped(src); r.reaped == before {
			break
		}
	}
	for id := range r.processes {
		sys.ResetPeak(id.pid) // refused to those who do not own it: see above
	}
	return r, nil
}

// reaped asks for all there is to know, of a source that knows more than CPU.
func reaped(src Source) sys.Spent {
	if s, ok := src.(interface{ Reaped() sys.Spent }); ok {
		return s.Reaped()
	}
	return sys.Spent{User: src.ReapedCPU()}
}

func take(src Source) (Reading, error) {
	r := Reading{processes: map[identity]process{}}
	pids, err := src.Tree()
	if err != nil {
		return r, err
	}
	for _, pid := range pids {
		id, p, err := look(pid)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended since the list was made
		}
		if err != nil {
			return r, err
		}
		if _, alone := src.(Self); alone {
			p.reapedUser, p.reapedSystem = 0, 0 // of helpers, which are not the engine
		}
		r.processes[id] = p
	}
	if group := src.Cgroup(); group != nil {
		used, err := group.CPU()
		if err != nil {
			return r, err
		}
		r.group, r.killed = &used, group.OOMKills()
	}
	r.at = time.Now()
	return r, nil
}

func look(pid int) (identity, process, error) {
	clock, err := sys.ProcessCPU(pid)
	if err != nil {
		return identity{}, process{}, os.ErrNotExist
	}
	p, err := sys.ReadProcess(pid)
	if err != nil {
		return identity{}, process{}, os.ErrNotExist
	}
	seen := process{
		clock:        clock,
		user:         p.User,
		system:       p.System,
		reapedUser:   p.ReapedUser,
		reapedSystem: p.ReapedSystem,
	}
	if !p.Zombie() {
		seen.Footprint, _ = sys.ReadFootprint(pid) // of one that ends meanwhile, nothing
	}
	return identity{pid, p.Began}, seen, nil
}

// Since returns what the tree used from a to r. Answered is left to the
// caller. User and System are CPU, which is exact, parted as the kernel's
// samples have it. Context switches are those of the processes that were there
// at the end, by threads that were; and of processes that the keeper has reaped
// since, over their lives.
func (r Reading) Since(a Reading) *evidence.Usage {
	u := &evidence.Usage{Span: r.at.Sub(a.at), Processes: len(r.processes), Source: "clocks"}
	u.CPU = max(r.total()-a.total(), r.survivors(a))
	samples := r.samples(a)
	if a.group != nil && r.group != nil {
		u.Source = "cgroup"
		u.CPU = max(r.group.Total-a.group.Total, 0)
		u.OutOfMemory = uint64(max(r.killed-a.killed, 0))
		samples = append([]parts{
			{r.group.User - a.group.User, r.group.System - a.group.System},
			{r.group.User, r.group.System},
		}, samples...)
	}
	u.User, u.System = split(u.CPU, samples)
	u.Voluntary = r.reaped.Voluntary - a.reaped.Voluntary
	u.Involuntary = r.reaped.Involuntary - a.reaped.Involuntary
	for id, p := range a.processes {
		if _, ok := r.processes[id]; !ok { // its life before a is in r.reaped
			u.Replaced++
			u.Voluntary -= p.Voluntary
			u.Involuntary -= p.Involuntary
		}
	}
	u.Voluntary, u.Involuntary = max(u.Voluntary, 0), max(u.Involuntary, 0)
	for id, p := range r.processes {
		before := a.processes[id]
		u.Voluntary += max(p.Voluntary-before.Voluntary, 0)
		u.Involuntary += max(p.Involuntary-before.Involuntary, 0)
		u.RSS += p.RSS
		u.PeakRSS += p.PeakRSS
		u.Threads += p.Threads
	}
	return u
}

// total is the sum that the package comment explains.
func (r Reading) total() time.Duration {
	sum := r.reaped.CPU()
	for _, p := range r.processes {
		sum += p.clock + p.inherited()
	}
	return sum
}

// survivors is what the processes of r have used themselves since a: a lower
// bound, for when an ended process took its time with it unseen.
func (r Reading) survivors(a Reading) time.Duration {
	var sum time.Duration
	for id, p := range r.processes {
		sum += p.clock - a.processes[id].clock
	}
	return sum
}

// parts are user and system time as sampled, good only for their proportion.
type parts struct{ user, system time.Duration }

// samples returns what ticks have seen of the tree since a, and of the lives of
// its processes.
func (r Reading) samples(a Reading) []parts {
	life := parts{r.reaped.User, r.reaped.System}
	for _, p := range r.processes {
		life.user, life.system = life.user+p.user+p.reapedUser, life.system+p.system+p.reapedSystem
	}
	since := parts{life.user - a.reaped.User, life.system - a.reaped.System}
	for _, p := range a.processes {
		since.user, since.system = since.user-p.user-p.reapedUser, since.system-p.system-p.reapedSystem
	}
	return []parts{since, life}
}

// split parts a total in the proportion of the first sample that saw anything.
// If none did, it counts as user time.
func split(total time.Duration, samples []parts) (user, system time.Duration) {
	for _, s := range samples {
		s.user, s.system = max(s.user, 0), max(s.system, 0)
		if sum := s.user + s.system; sum > 0 {
			system = time.Duration(float64(total) * float64(s.system) / float64(sum))
			return total - system, system
		}
	}
	return total, 0
}
