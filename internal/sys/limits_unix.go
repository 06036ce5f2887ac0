//go:build unix

package sys

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrnoName returns the name of an errno as the manuals have it: "ECONNRESET";
// "errno 999" of one that has none.
func ErrnoName(errno unix.Errno) string {
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return "errno " + strconv.Itoa(int(errno))
}

// DescriptorLimit returns how many descriptors this process may have open.
func DescriptorLimit() int {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 1024 // the least any Linux grants
	}
	return int(min(r.Cur, 1<<30))
}
