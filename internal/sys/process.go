//go:build unix

package sys

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnsupported says that this kernel does not have what was asked for.
var ErrUnsupported = errors.New("not supported by this kernel")

// A Process is what the kernel says of a process in /proc/PID/stat.
type Process struct {
	PID     int
	Parent  int
	Group   int
	Session int
	Name    string // at most 15 bytes, and whatever bytes the process chose
	State   byte   // 'R', 'S', 'D', 'T', 'Z', …
	Began   uint64 // ticks after boot; with PID, it identifies the process

	// User, System: of the process's own threads, dead ones included.
	// ReapedUser, ReapedSystem: of the children it has waited for, and theirs.
	// All in ticks of 10 ms.
	User, System             time.Duration
	ReapedUser, ReapedSystem time.Duration
	Threads                  int
}

// Zombie tells whether the process has ended and waits to be reaped. One whose
// first thread has ended while others go on is shown in the same state, but is
// alive.
func (p Process) Zombie() bool { return (p.State == 'Z' || p.State == 'X') && p.Threads <= 1 }

// IDs returns the pids of processes, ascending.
func IDs(ps []Process) []int {
	ids := make([]int, len(ps))
	for i, p := range ps {
		ids[i] = p.PID
	}
	slices.Sort(ids)
	return ids
}

func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// SignalGroup sends sig to every process of the group. A group that is empty
// is no error.
func SignalGroup(group int, sig unix.Signal) error { return gone(unix.Kill(-group, sig)) }

// Spent is what processes have used.
type Spent struct {
	User, System           time.Duration
	Voluntary, Involuntary int64 // context switches
}

// CPU returns user and system time together.
func (s Spent) CPU() time.Duration { return s.User + s.System }

// ReapedSpent returns what the children that this process has waited for have
// used in their lives, and the children they had waited for, and so on. It is
// exact to the microsecond.
func ReapedSpent() Spent { return rusage(unix.RUSAGE_CHILDREN) }

// OwnSpent returns what this process has used, all its threads together, its
// children not included.
func OwnSpent() Spent { return rusage(unix.RUSAGE_SELF) }

func rusage(who int) Spent {
	var u unix.Rusage
	if unix.Getrusage(who, &u) != nil {
		return Spent{} // only a bad address or a bad who can make it fail
	}
	return Spent{
		User:        time.Duration(u.Utime.Nano()),
		System:      time.Duration(u.Stime.Nano()),
		Voluntary:   u.Nvcsw,
		Involuntary: u.Nivcsw,
	}
}

// A Death is a child that has ended and been reaped.
type Death struct {
	PID    int
	Status int         // if it exited
	Signal unix.Signal // if it was killed; otherwise 0
}

// A Footprint is what a living process occupies and how often it was switched.
type Footprint struct {
	RSS, PeakRSS           int64 // bytes
	Voluntary, Involuntary int64 // context switches of the threads that are alive
	Threads                int
}
