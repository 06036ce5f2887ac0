//go:build unix

package sys

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Map returns n bytes of zeroed memory, rounded up to whole pages, that the Go
// runtime knows nothing of: it never moves, is never scanned, and stays where
// it is until Unmap. Whatever the kernel may hold on to beyond one call, or
// reads while a thread sleeps in it, lives in such memory.
func Map(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, max(n, 1), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of memory: %w", n, err)
	}
	return b, nil
}

// Unmap returns memory that came from Map. No slice of it may be used again.
func Unmap(b []byte) error {
	if b == nil {
		return nil
	}
	if err := unix.Munmap(b); err != nil {
		return fmt.Errorf("unmap memory: %w", err)
	}
	return nil
}
