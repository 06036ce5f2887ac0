//go:build unix

package sys

import (
	"errors"
	"syscall"
)

// WriteNow offers b to a descriptor that does not block, such as a socket of
// package net, and returns how many bytes were taken. EAGAIN says that there
// is no room at the moment.
func WriteNow(fd uintptr, b []byte) (int, syscall.Errno) {
	n, err := syscall.Write(int(fd), b)
	if err == nil {
		return n, 0
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EIO // of a system call there is no other error
	}
	return 0, errno
}
