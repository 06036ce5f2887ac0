package engine

import (
	"syscall"

	"webdyno/internal/sys"
)

// socket returns a new socket, and sets source to where its connections are to
// come from.
func (s *sources) socket(p *sys.Peer, source *uint8) (fd int, errno syscall.Errno) {
	if fd, errno = p.Socket(); errno != 0 {
		return fd, errno
	}
	n := s.pick()
	*source = uint8(n)
	if n > 0 {
		errno = sys.BindSource(fd, n)
	}
	if errno != 0 {
		sys.CloseSocket(fd)
	}
	return fd, errno
}

// connect begins to connect a socket, from another source if there is no port
// left at its own.
func (s *sources) connect(p *sys.Peer, fd int, source *uint8) syscall.Errno {
	errno := p.ConnectNow(fd)
	for range sourcesTried - 1 {
		if errno != syscall.EADDRNOTAVAIL {
			return errno
		}
		n, ok := s.instead(int(*source))
		if !ok || sys.BindSource(fd, n) != 0 {
			return errno
		}
		*source = uint8(n)
		errno = p.ConnectNow(fd)
	}
	return errno
}
