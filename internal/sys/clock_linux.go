package sys

import (
	"time"

	"golang.org/x/sys/unix"
)

// ProcessCPU returns the CPU time, user and system, that all threads of a
// process have used since it began, those that have ended included. It is in
// nanoseconds; a thread that is running at this moment may be behind by the
// time since its CPU's last tick (1 to 10 ms). It works on any process, and on
// a zombie until it is reaped.
func ProcessCPU(pid int) (time.Duration, error) {
	const mostPIDs = 1 << 22 // the kernel's PID_MAX_LIMIT; what is larger does not fit the clock's number
	if pid <= 0 || pid > mostPIDs {
		return 0, unix.ESRCH
	}
	// The kernel's encoding of "the CPU clock of process pid": the complement of
	// pid in the upper bits, CPUCLOCK_SCHED (2) in the lower three.
	clock := int32(^pid<<3 | 2)
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// SystemMonotonic reads CLOCK_MONOTONIC, in nanoseconds since some moment that
// is the same for every process of this machine, so that two processes can
// tell each other when something was.
func SystemMonotonic() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0 // it cannot fail with a clock every kernel has
	}
	return ts.Nano()
}
