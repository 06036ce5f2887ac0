//go:build !unix

package sys

import "syscall"

// WriteNow has nothing to offer to a descriptor of this system without
// waiting: the caller writes in the ordinary way.
func WriteNow(uintptr, []byte) (int, syscall.Errno) { return 0, syscall.EAGAIN }
