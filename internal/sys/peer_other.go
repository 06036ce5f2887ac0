//go:build unix && !linux

package sys

import "golang.org/x/sys/unix"

// PeerEnded tells whether the other end of a connected socket has ended the
// connection or its sending half, unless something still lies there unread. It
// does not wait.
func PeerEnded(fd int) bool {
	n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n == 0 || err == unix.ECONNRESET
}
