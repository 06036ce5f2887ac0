package engine

import (
	"time"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// On a sample of connections the kernel is asked when the last bytes of what we
// read had reached this machine. What passes from then until we have read them
// is in service time though the server has no part in it: the receive lag.
const (
	stampedEvery = 16 // one connection in so many,
	stampedMost  = 64 // and at most so many of a loop's
)

// stamps tells whether connection c of a driver is one of the sample. The loop
// uses the last of each block of its connections first, and so of however few
// connections one is in it.
func stamps(c int32) bool {
	return c%stampedEvery == stampedEvery-1 && c < stampedEvery*stampedMost
}

// Reading with the time of arrival takes longer. On epoll, where each read can
// be made so or not, all of the first are, and then one in some: of one
// connection that is alone, which is of the sample, it would else be every one.
// Once that is so, the others of the first no longer count: how a load begins is
// not how it goes on, and would weigh eightfold.
const (
	stampedAlways = mostEarly
	stampedReads  = 8
)

// sampling tells as what read number n, from 1, of the sample is told.
func sampling(n uint64) sampled {
	switch {
	case n > stampedAlways:
		return thinned
	case n%stampedReads != 0:
		return early
	}
	return even
}

const (
	// wallKept is how long a comparison of the two clocks is relied on. The wall
	// clock is slewed by at most 500 millionths: 5 µs in that time.
	wallKept = 10 * time.Millisecond

	// wallApart is how far two comparisons may differ. If they do by more,
	// somebody has set the clock, and what was converted is not relied on.
	wallApart = 20 * time.Microsecond

	// closely is how long a comparison may take. If it takes longer, the thread
	// was put to sleep within.
	closely = time.Microsecond
)

// A wall converts readings of the wall clock, in which the kernel tells times of
// arrival.
type wall struct {
	clock mono.Clock
	ahead int64     // of the loop's clock, in nanoseconds
	at    mono.Time // of the comparison
	known bool
}

// convert returns the loop's time at a reading of the wall clock, which is not
// after now; 0 if that cannot be told.
func (w *wall) convert(reading int64, now mono.Time) mono.Time {
	if reading == 0 {
		return 0
	}
	if !w.known || now.Sub(w.at) > wallKept {
		before, known := w.ahead, w.known
		if w.compare(); known && time.Duration(w.ahead-before).Abs() > wallApart {
			return 0
		}
	}
	return min(mono.Time(reading-w.ahead), now)
}

// compare reads both clocks.
func (w *wall) compare() {
	for range 5 {
		before := w.clock.Now()
		at, reading := w.clock.Pair()
		w.at, w.ahead = at, reading-int64(at)
		if w.clock.Now().Sub(before) <= closely {
			break
		}
	}
	w.known = true
}

// keepStamping makes the kernel stamp what it receives for as long as the socket
// it returns is open, -1 if it does not or is not wanted to. Whether any socket
// asks for stamps is a switch for the whole kernel, which is slow to turn: it
// must not follow the coming and going of connections.
func keepStamping(p *sys.Peer, wanted bool) int {
	if !wanted {
		return -1
	}
	fd, errno := p.Socket()
	if errno != 0 {
		return -1
	}
	if sys.Stamp(fd) != 0 {
		sys.CloseSocket(fd)
		return -1
	}
	return fd
}

// askStamps asks for times of arrival on a connection's socket, if it is one of the
// sample, and tells whether they are to be had.
func askStamps(c int32, stamper, fd int) bool {
	return stamper >= 0 && stamps(c) && sys.Stamp(fd) == 0
}
