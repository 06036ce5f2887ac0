package sys

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Affinity returns the CPUs that the calling thread may run on, ascending.
// Inside a container or a cpuset it is what was granted, not what the machine
// has.
func Affinity() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("read CPU affinity: %w", err)
	}
	var cpus []int
	for cpu := range len(set) * strconv.IntSize {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// SetAffinity confines the thread tid to cpus; 0 is the calling thread, which
// the caller must have locked. The kernel refuses with EINVAL if none of the
// CPUs exists and is granted to this process.
func SetAffinity(tid int, cpus []int) error {
	set, err := cpuSet(cpus)
	if err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(tid, set); err != nil {
		return fmt.Errorf("confine thread %d to CPUs %v: %w", tid, cpus, err)
	}
	return nil
}

// SetProcessAffinity confines every thread of this process to cpus. Affinity
// belongs to threads, and a new one inherits its creator's: it goes over the
// threads until a pass meets none that it has not confined already. Without
// CPUs it leaves every thread where it may run now: that is what a machine gets
// that does not say which CPUs it has.
func SetProcessAffinity(cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	set, err := cpuSet(cpus)
	if err != nil {
		return err
	}
	confined := map[int]bool{}
	for fresh := true; fresh; {
		fresh = false
		tids, err := threadsOf("self")
		if err != nil {
			return fmt.Errorf("confine this process: %w", err)
		}
		for _, tid := range tids {
			if confined[tid] {
				continue
			}
			err := unix.SchedSetaffinity(tid, set)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("confine this process to CPUs %v: %w", cpus, err)
			}
			confined[tid], fresh = true, true
		}
	}
	return nil
}

func cpuSet(cpus []int) (*unix.CPUSet, error) {
	var set unix.CPUSet
	limit := len(set) * strconv.IntSize
	for _, cpu := range cpus {
		if cpu < 0 || cpu >= limit {
			return nil, fmt.Errorf("CPU %d: want 0 to %d", cpu, limit-1)
		}
		set.Set(cpu)
	}
	if len(cpus) == 0 {
		return nil, errors.New("confine a thread to no CPU at all")
	}
	return &set, nil
}

// threadsOf returns the threads of a process; pid may be "self".
func threadsOf(pid string) ([]int, error) {
	return numbersIn("/proc/" + pid + "/task")
}

// numbersIn returns the entries of a folder whose names are numbers.
func numbersIn(folder string) ([]int, error) {
	d, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	var numbers []int
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers, err
}
