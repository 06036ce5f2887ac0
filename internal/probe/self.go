package probe

import (
	"os"
	"time"

	"webdyno/internal/sys"
)

// Self is this process, alone, as a Source: the engine's own CPU, memory and
// switches.
type Self struct{}

// Tree returns the pid of this process.
func (Self) Tree() ([]int, error) { return []int{os.Getpid()}, nil }

// ReapedCPU returns 0: what keepers and helpers of ours used is not the
// engine's.
func (Self) ReapedCPU() time.Duration { return 0 }

// Cgroup returns nil: the group this process is in may hold others too.
func (Self) Cgroup() *sys.Cgroup { return nil }
