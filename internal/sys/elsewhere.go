//go:build unix && !linux

package sys

import (
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What follows stands in, on systems other than Linux, for what this package
// does there. What the load engine needs, it does; what only starting servers
// needs answers [ErrUnsupported], or nothing.

// ProcessCPU returns the CPU time, user and system, that all threads of this
// process have used since it began. Other processes are unsupported.
func ProcessCPU(pid int) (time.Duration, error) {
	if pid != os.Getpid() {
		return 0, ErrUnsupported
	}
	return OwnSpent().CPU(), nil
}

// ThreadCPU returns the CPU time, user and system, that the calling thread has
// used, in nanoseconds.
func ThreadCPU() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// SystemMonotonic reads the system's monotonic clock, in nanoseconds since some
// moment that is the same for every process of this machine.
func SystemMonotonic() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return ts.Nano()
}

// EphemeralPorts returns how many ports the kernel may choose from for our end
// of a connection.
func EphemeralPorts() int {
	const usual = 16384 // 49152 to 65535
	low, err1 := unix.SysctlUint32("net.inet.ip.portrange.first")
	high, err2 := unix.SysctlUint32("net.inet.ip.portrange.last")
	if err1 != nil || err2 != nil || high < low {
		return usual
	}
	return int(high-low) + 1
}

// Sources is how many addresses there are for our end of connections on the
// loopback interface.
const Sources = 1

// Source returns the address of source n, of which there is one.
func Source(int) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

// BindLate is unsupported.
func BindLate(int) error { return ErrUnsupported }

// Urgent is unsupported.
func Urgent() error { return ErrUnsupported }

// ThreadPreempted is not known here.
func ThreadPreempted() int64 { return 0 }

// Nap sleeps for d.
func Nap(d time.Duration) { time.Sleep(d) }

// SetTimerSlack is unsupported.
func SetTimerSlack(time.Duration) error { return ErrUnsupported }

// Affinity is unsupported.
func Affinity() ([]int, error) { return nil, ErrUnsupported }

// SetAffinity is unsupported.
func SetAffinity(int, []int) error { return ErrUnsupported }

// SetProcessAffinity is unsupported.
func SetProcessAffinity([]int) error { return ErrUnsupported }

// ReadProcess is unsupported.
func ReadProcess(int) (Process, error) { return Process{}, ErrUnsupported }

// Processes is unsupported.
func Processes() ([]Process, error) { return nil, ErrUnsupported }

// Descendants is unsupported.
func Descendants(int) ([]Process, error) { return nil, ErrUnsupported }

// Children is unsupported.
func Children(int) ([]int, error) { return nil, ErrUnsupported }

// DescendsFrom knows nothing here.
func DescendsFrom(_, _ int) bool { return false }

// CommandLine knows nothing here.
func CommandLine(int) string { return "" }

// Signal is unsupported.
func (Process) Signal(unix.Signal) error { return ErrUnsupported }

// ReadFootprint is unsupported.
func ReadFootprint(int) (Footprint, error) { return Footprint{}, ErrUnsupported }

// ResetPeak is unsupported.
func ResetPeak(int) error { return ErrUnsupported }

// Reap is unsupported.
func Reap() (Death, error) { return Death{}, ErrUnsupported }

// ReapNow knows nothing here.
func ReapNow(int) bool { return false }

// SetSubreaper is unsupported.
func SetSubreaper() error { return ErrUnsupported }

// DefaultSignals is unsupported.
func DefaultSignals() error { return ErrUnsupported }

// DieWithParent is unsupported.
func DieWithParent(int) error { return ErrUnsupported }

// CloseOnExecFrom is unsupported.
func CloseOnExecFrom(int) error { return ErrUnsupported }

// LimitFiles is unsupported.
func LimitFiles(int) error { return ErrUnsupported }

// PunchHole is unsupported.
func PunchHole(*os.File, int64, int64) error { return ErrUnsupported }

// SessionID knows nothing here.
func SessionID() int { return 0 }

// Listeners is unsupported.
func Listeners() ([]Listener, error) { return nil, ErrUnsupported }

// NewCgroup is unsupported.
func NewCgroup(string, bool) (*Cgroup, error) { return nil, ErrUnsupported }

// CheckProc is unsupported.
func CheckProc() error { return ErrUnsupported }

// SweepCgroups knows nothing here.
func SweepCgroups(func(string) bool) {}

// SocketOwners is unsupported.
func SocketOwners([]uint64) (map[uint64][]int, error) { return nil, ErrUnsupported }

// Add is unsupported.
func (*Cgroup) Add(int) error { return ErrUnsupported }

// LimitMemory is unsupported.
func (*Cgroup) LimitMemory(int64) error { return ErrUnsupported }

// CPU is unsupported.
func (*Cgroup) CPU() (GroupCPU, error) { return GroupCPU{}, ErrUnsupported }

// OOMKills knows nothing here.
func (*Cgroup) OOMKills() int64 { return 0 }

// Pids is unsupported.
func (*Cgroup) Pids() ([]int, error) { return nil, ErrUnsupported }

// CanFreeze is false.
func (*Cgroup) CanFreeze() bool { return false }

// Freeze is unsupported.
func (*Cgroup) Freeze() error { return ErrUnsupported }

// Thaw is unsupported.
func (*Cgroup) Thaw() error { return ErrUnsupported }

// Remove is unsupported.
func (*Cgroup) Remove() error { return ErrUnsupported }

// QueueDisciplines is unsupported.
func QueueDisciplines(string) ([]string, error) { return nil, ErrUnsupported }
