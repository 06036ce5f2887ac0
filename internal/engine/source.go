package engine

import (
	"webdyno/internal/sys"
)

// sources are the addresses that a driver's end of connections has. On the
// loopback interface there are many, each with all ports to itself: where those
// of one do not suffice, more are used. To other machines there is one.
type sources struct {
	most   int  // that may be used; 1 where there is but one
	used   int  // so far, or from the beginning
	next   int  // of the next socket
	spread bool // sockets take turns
}

// portsKept is the share of a source's ports that is left alone when it is known
// beforehand how many connections there will be: others need some, and the last
// ones take the kernel long to find.
const portsKept = 0.2

// newSources returns the sources of a driver.
func newSources(job *Job) sources {
	s := sources{most: job.sources(), used: 1}
	if job.Sources > 1 {
		s.used, s.spread = s.most, s.most > 1
		return s
	}
	if planned := job.connections(); planned > 0 && s.most > 1 {
		each := int((1 - portsKept) * float64(sys.EphemeralPorts()))
		s.used = min((planned+each-1)/max(each, 1), s.most)
		s.spread = s.used > 1
	}
	return s
}

// sources returns how many addresses a job's connections may come from.
func (j *Job) sources() int {
	if j.Sources == 1 || !j.Address.Addr().Is4() || !j.Address.Addr().IsLoopback() {
		return 1
	}
	if j.Sources > 1 {
		return min(j.Sources, sys.Sources)
	}
	return sys.Sources
}

// pick returns the source of a new socket.
func (s *sources) pick() int {
	n := s.next
	if s.spread {
		s.next = (n + 1) % s.used
	}
	return n
}

// sourcesTried is how many sources one dial tries. Where all ports of one are in
// use it takes the kernel milliseconds to say so.
const sourcesTried = 3

// instead returns the source to use where n has no port left, if there is one: one
// that was not used yet, as long as there are any.
func (s *sources) instead(n int) (int, bool) {
	switch {
	case s.most == 1:
		return n, false
	case !s.spread && n != s.next:
		// Another socket has met with that before.
	case s.used < s.most:
		s.next, s.spread = s.used, false
		s.used++
	default:
		s.next = (n + 1) % s.most
	}
	return s.next, true
}
