package sys

import "golang.org/x/sys/unix"

// PeerEnded tells whether the other end of a connected socket has ended the
// connection or its sending half, whatever may still lie there unread. It does
// not wait.
func PeerEnded(fd int) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0 && p[0].Revents != 0
}
