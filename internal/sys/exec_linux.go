package sys

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DefaultSignals undoes for the program about to be executed what would
// survive the exec: signals that are ignored (by nohup, say) get their default
// action again, and none stays blocked. The caller must have locked its thread
// and must exec from it.
func DefaultSignals() error {
	const ignored = 1 // SIG_IGN
	for sig := range uintptr(65) {
		// The kernel's struct sigaction begins with the handler; all of it is
		// zero for the default action, so that the rest of its layout, which
		// differs between architectures, does not matter.
		var old, plain [8]uintptr
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, 0, uintptr(unsafe.Pointer(&old)), 8, 0, 0)
		if errno != 0 || old[0] != ignored {
			continue
		}
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&plain)), 0, 8, 0, 0)
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil); err != nil {
		return fmt.Errorf("unblock signals: %w", err)
	}
	return nil
}

// DieWithParent has the kernel kill this process, and what it executes from the
// calling thread, when the thread of process parent that started it ends. The
// error says that the parent is gone already. The mark belongs to the thread:
// the caller must have locked it, and must exec from it.
func DieWithParent(parent int) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("die with process %d: %w", parent, err)
	}
	if os.Getppid() != parent {
		return fmt.Errorf("die with process %d: it is dead", parent)
	}
	return nil
}

// CloseOnExecFrom makes an exec close every descriptor from first upwards,
// those included that were inherited and that nobody here knows of.
func CloseOnExecFrom(first int) error {
	err := unix.CloseRange(uint(first), math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	fds, err := numbersIn("/proc/self/fd") // kernels before 5.11
	if err != nil {
		return fmt.Errorf("close inherited descriptors: %w", err)
	}
	for _, fd := range fds {
		if fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// LimitFiles lets this process, and what it executes, open so many
// descriptors, no more and, where the hard limit can be raised, no less.
func LimitFiles(n int) error {
	// Of package syscall, because Go raises the soft limit at start and puts
	// the old one back at exec unless that package was told otherwise.
	limit := syscall.Rlimit{Cur: uint64(n), Max: uint64(n)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit open files to %d: %w", n, err)
	}
	return nil
}

// PunchHole gives a part of a file back to the disk; it reads as zeros from
// then on and the file keeps its size. The error is [ErrUnsupported] where the
// file system cannot.
func PunchHole(f *os.File, offset, length int64) error {
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, length)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return ErrUnsupported
	}
	return err
}

// SessionID returns the session that this process is in.
func SessionID() int {
	sid, _ := unix.Getsid(0) // it cannot fail for oneself
	return sid
}
