package sys

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Events is what a Poller saw of a descriptor: a set of the bits below.
type Events uint32

// The events of a Poller.
const (
	Readable Events = unix.EPOLLIN
	Writable Events = unix.EPOLLOUT
	PeerDone Events = unix.EPOLLRDHUP // the other end will send no more
	HungUp   Events = unix.EPOLLHUP
	Broken   Events = unix.EPOLLERR
)

// WakeKey is the key of the event that Wake causes. No descriptor may be
// watched under it.
const WakeKey = ^uint64(0)

// A Poller waits for events on descriptors: an epoll set, edge-triggered, with
// a descriptor of its own to be woken by. One thread uses it; Wake alone may be
// called from any.
//
// It waits in epoll_pwait2, to the nanosecond. Where the kernel has none
// (before 5.11) it waits in epoll_pwait beside a timer descriptor, which is as
// exact and costs one more system call a wait.
type Poller struct {
	fd    int
	wake  int
	timer int // a timerfd, where there is no epoll_pwait2; else -1

	// shared is what the kernel reads and writes while the thread is in it: a
	// timespec, which counts as a new value in an itimerspec, then the events.
	shared []byte
	most   int
	n      int // events seen by the last Wait

	closed atomic.Bool
}

// The layout of Poller.shared: struct itimerspec is two timespecs of which the
// second is the value.
const (
	timespecAt   = 16
	eventsAt     = 32
	sizeOfEvent  = int(unsafe.Sizeof(unix.EpollEvent{}))
	hasNoPwait2  = unix.ENOSYS
	longestSleep = time.Second
)

// NewPoller returns a Poller that reports at most so many events at once.
func NewPoller(events int) (_ *Poller, err error) {
	p := &Poller{fd: -1, wake: -1, timer: -1, most: events}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if p.shared, err = Map(eventsAt + events*sizeOfEvent); err != nil {
		return nil, err
	}
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	// Edge-triggered, so that the count need never be read: each Wake is an
	// event of its own.
	if errno := p.add(p.wake, WakeKey, unix.EPOLLIN|unix.EPOLLET); errno != 0 {
		return nil, fmt.Errorf("epoll_ctl: %w", errno)
	}
	if errno := p.pwait2(0); errno == hasNoPwait2 {
		return p, p.useTimer()
	}
	return p, nil
}

// useTimer makes the Poller do without epoll_pwait2.
func (p *Poller) useTimer() (err error) {
	p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("timerfd_create: %w", err)
	}
	// Edge-triggered too: setting the timer anew clears what it had counted.
	if errno := p.add(p.timer, WakeKey, unix.EPOLLIN|unix.EPOLLET); errno != 0 {
		return fmt.Errorf("epoll_ctl: %w", errno)
	}
	return nil
}

// Watch reports every change of fd from now on, and its present state once,
// under key. It ends when fd is closed.
func (p *Poller) Watch(fd int, key uint64) unix.Errno {
	return p.add(fd, key, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET)
}

func (p *Poller) add(fd int, key uint64, events uint32) unix.Errno {
	e := unix.EpollEvent{Events: events, Fd: int32(uint32(key)), Pad: int32(uint32(key >> 32))}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), unix.EPOLL_CTL_ADD,
		uintptr(fd), uintptr(unsafe.Pointer(&e)), 0, 0)
	return errno
}

// Wait sleeps until something happened, somebody called Wake, or d has passed,
// but never longer than a second. It returns how many events there are for
// Event to tell; none is normal: a signal ended the wait, say.
//
// It is a raw system call, which keeps its P: the scheduler is not told, and
// does not take the P away at every wait.
func (p *Poller) Wait(d time.Duration) (int, error) {
	p.n = 0
	d = min(max(d, 0), longestSleep)
	var errno unix.Errno
	if p.timer < 0 {
		errno = p.pwait2(d)
	} else {
		errno = p.pwaitTimed(d)
	}
	if errno != 0 && errno != unix.EINTR {
		return 0, fmt.Errorf("epoll_wait: %w", errno)
	}
	return p.n, nil
}

func (p *Poller) pwait2(d time.Duration) unix.Errno {
	ts := p.setTime(d)
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), p.events(), uintptr(p.most), ts, 0, 0)
	if errno == 0 {
		p.n = int(n)
	}
	return errno
}

func (p *Poller) pwaitTimed(d time.Duration) unix.Errno {
	wait := -1
	if d == 0 {
		wait = 0
	} else {
		p.setTime(d)
		_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(p.timer), 0,
			uintptr(unsafe.Pointer(&p.shared[0])), 0, 0, 0)
		if errno != 0 {
			return errno
		}
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), p.events(), uintptr(p.most), uintptr(wait), 0, 0)
	if errno == 0 {
		p.n = int(n)
	}
	return errno
}

// setTime writes d where the kernel reads it, and returns where that is.
func (p *Poller) setTime(d time.Duration) uintptr {
	ts := (*unix.Timespec)(unsafe.Pointer(&p.shared[timespecAt]))
	*ts = unix.NsecToTimespec(int64(d))
	return uintptr(unsafe.Pointer(ts))
}

func (p *Poller) events() uintptr { return uintptr(unsafe.Pointer(&p.shared[eventsAt])) }

// Event returns the key and the events of one of those the last Wait saw.
func (p *Poller) Event(i int) (key uint64, e Events) {
	ev := (*unix.EpollEvent)(unsafe.Pointer(&p.shared[eventsAt+i*sizeOfEvent]))
	return uint64(uint32(ev.Fd)) | uint64(uint32(ev.Pad))<<32, Events(ev.Events)
}

// Wake ends the present Wait, or else the next one, with an event under
// WakeKey. It must not be called during or after Close.
func (p *Poller) Wake() {
	one := uint64(1)
	unix.RawSyscall(unix.SYS_WRITE, uintptr(p.wake), uintptr(unsafe.Pointer(&one)), 8)
}

// Close releases the Poller. Descriptors that are watched stay open.
func (p *Poller) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	for _, fd := range []int{p.timer, p.wake, p.fd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	return Unmap(p.shared)
}
