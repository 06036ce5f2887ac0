package sys

import (
	"time"

	"golang.org/x/sys/unix"
)

// SetTimerSlack sets how late the kernel may wake the calling thread so as to
// bundle timers. It is 50 µs unless set; 1 ns is the least, and what sending on
// time needs. The thread must be locked.
func SetTimerSlack(d time.Duration) error {
	return unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(max(d, 1)), 0, 0, 0)
}

// Nap has the calling thread itself, and not only the goroutine, sleep for d: it
// comes back late by what the kernel is late, and by nothing of Go's. A signal
// cuts it short.
func Nap(d time.Duration) {
	period := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&period, nil)
}

// ThreadCPU returns the CPU time, user and system, that the calling thread has
// used, in nanoseconds.
func ThreadCPU() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
		return 0 // it cannot fail with a clock every kernel has
	}
	return time.Duration(ts.Nano())
}

// Urgent has the calling thread run before every ordinary one on its CPU, so
// that what holds it up holds up everything. It takes a right (CAP_SYS_NICE)
// that ordinary users lack, and is an error without it. The thread must be
// locked, and must spend nearly all its time asleep.
func Urgent() error {
	const lowest = 1 // of the real-time priorities
	return unix.SchedSetAttr(0, &unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: lowest,
	}, 0)
}

// ThreadPreempted returns how often the calling thread was taken off its CPU
// while it had something to do.
func ThreadPreempted() int64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0 // it cannot fail with a buffer of ours
	}
	return u.Nivcsw
}
