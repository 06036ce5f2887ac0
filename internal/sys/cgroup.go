package sys

import (
	"os"
	"slices"
	"strings"
	"time"
)

// A Cgroup is a control group of our own. It accounts for the CPU of every
// process that was ever in it, those that came and went unseen included. On
// version 2 it is one folder; on version 1 one per controller.
type Cgroup struct {
	V2     string `json:"v2,omitempty"`      // folder on version 2
	CPUAcc string `json:"cpuacct,omitempty"` // folder of cpuacct, version 1
	Mem    string `json:"memory,omitempty"`  // folder of memory, version 1; only where a limit is asked

	held []*os.File // the folders, locked by the process that made the group for as long as it lives
}

// GroupCPU is what the processes of a control group have used. Total is exact;
// User and System are the kernel's estimate of its parts, made from samples at
// each tick, so that they need not add up to it.
type GroupCPU struct{ Total, User, System time.Duration }

// folders returns the group's folders.
func (c *Cgroup) folders() []string {
	return slices.DeleteFunc([]string{c.V2, c.CPUAcc, c.Mem}, func(s string) bool { return s == "" })
}

// String names the group's folders.
func (c *Cgroup) String() string { return strings.Join(c.folders(), ", ") }
