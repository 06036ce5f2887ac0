package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"webdyno/internal/mono"
)

// A loop serves connections on one thread, by an epoll set of its own. It owns
// its connections, its buffer and its service; other loops only hand it
// connections, through given.
//
// The set is level-triggered, unlike that of sys.Poller: a connection that owes
// too many answers is not listened to until it has taken them, and nothing has
// to be remembered about it. The wait is a plain call that gives up its P,
// because a server may be given a single one (GOMAXPROCS=1), which the signal
// that ends it needs too.
type loop struct {
	service  service
	clock    mono.Clock
	epoll    int
	wake     int       // an eventfd, readable once the loop is to end
	timer    int       // a timerfd; it is exact where epoll's own timeout counts milliseconds
	armed    mono.Time // what the timer is set to
	listener int       // -1 but in the loop that accepts

	peers []*loop // that connections are dealt out to in turn, itself among them
	deal  int     // number of the connection to be dealt next

	conns  []*conn // by descriptor
	events []unix.EpollEvent
	buf    []byte // what is being read; of every connection, one at a time
	over   bool

	malformed uint64 // connections ended because their bytes could not be served

	mu    sync.Mutex
	given []int // descriptors dealt to this loop that it has not looked at
}

// A service answers the requests of one loop. All its methods run on the
// loop's thread.
type service interface {
	// answer answers a request by writing to c.out, or counts it in c.waiting
	// and sees to it later. The request's bytes are gone when it returns.
	answer(c *conn, r request)
	// turn does what has fallen due. It is called after every batch of events,
	// and again no later than at the time it returns.
	turn() mono.Time
	// opened and ended tell of connections; c.waiting answers will not be sent.
	opened(c *conn)
	ended(c *conn)
}

// serveLoops serves the listener's connections by one loop per service, until
// ctx is done. It owns the listener from here on.
func serveLoops(ctx context.Context, ln net.Listener, clock mono.Clock, services ...func(*loop) service) error {
	listener, err := takeOver(ln)
	if err != nil {
		return err
	}
	defer unix.Close(listener)
	var loops []*loop
	defer func() {
		for _, l := range loops {
			l.close()
		}
	}()
	for _, s := range services {
		l, err := newLoop(clock)
		if err != nil {
			return err
		}
		l.service = s(l)
		loops = append(loops, l)
	}
	for _, l := range loops {
		l.peers = loops
	}
	loops[0].listener = listener
	if err := loops[0].add(listener); err != nil {
		return fmt.Errorf("watch the listener: %w", err)
	}
	return runLoops(ctx, loops)
}

// runLoops runs each loop on a thread of its own until ctx is done or one of
// them fails, which ends the others.
func runLoops(ctx context.Context, loops []*loop) error {
	ctx, cancel := context.WithCancel(ctx)
	told := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(told)
		for _, l := range loops {
			l.tell()
		}
	})
	errs := make([]error, len(loops))
	var wg sync.WaitGroup
	for i, l := range loops {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if errs[i] = l.run(); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	cancel()
	<-told
	return errors.Join(errs...)
}

// takeOver returns a descriptor for the listener's socket and closes the
// listener. Were it left open, Go's own poller would be woken for every
// connection as well.
func takeOver(ln net.Listener) (int, error) {
	defer ln.Close()
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("listener %s has no descriptor", ln.Addr())
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd := -1
	var dupErr error
	err = raw.Control(func(s uintptr) {
		// Accepted sockets inherit it, which saves a call for each.
		unix.SetsockoptInt(int(s), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		fd, dupErr = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
	})
	return fd, errors.Join(err, os.NewSyscallError("dup", dupErr))
}

func newLoop(clock mono.Clock) (*loop, error) {
	l := &loop{clock: clock, epoll: -1, wake: -1, timer: -1, listener: -1, armed: mono.Never,
		events: make([]unix.EpollEvent, 256),
		buf:    make([]byte, 2*maxHead)}
	if err := l.open(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// open makes the loop's kernel objects.
func (l *loop) open() (err error) {
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("make an epoll set: %w", err)
	}
	if l.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("make an eventfd: %w", err)
	}
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		return fmt.Errorf("make a timer: %w", err)
	}
	return errors.Join(l.add(l.wake), l.add(l.timer))
}

// close releases everything the loop holds. The loop must not be running, nor
// any that deals to it.
func (l *loop) close() {
	l.settle()
	for _, c := range l.conns {
		if c != nil {
			l.end(c)
		}
	}
	for _, fd := range []int{l.epoll, l.wake, l.timer} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// tell makes the loop end soon. Any goroutine may call it.
func (l *loop) tell() { unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// add has the loop told when fd is readable.
func (l *loop) add(fd int) error {
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// run serves until the loop is told to end.
func (l *loop) run() error {
	for !l.over {
		if err := l.arm(l.service.turn()); err != nil {
			return fmt.Errorf("set the timer: %w", err)
		}
		n, err := unix.EpollWait(l.epoll, l.events, -1)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for events: %w", err)
		}
		for i := range max(n, 0) {
			l.event(&l.events[i])
		}
	}
	return nil
}

// arm sets the timer, unless it is set rightly. Setting it also takes back that
// it has fired, so that it need never be read.
func (l *loop) arm(at mono.Time) error {
	if at == l.armed {
		return nil
	}
	l.armed = at
	var spec unix.ItimerSpec // all zero stops the timer
	if at != mono.Never {
		spec.Value = unix.NsecToTimespec(int64(max(1, at.Sub(l.clock.Now()))))
	}
	return unix.TimerfdSettime(l.timer, 0, &spec, nil)
}

func (l *loop) event(ev *unix.EpollEvent) {
	switch fd := int(ev.Fd); fd {
	case l.wake:
		l.over = true
	case l.timer:
		l.armed = 0 // it has fired, and must be set again whatever comes
	case l.listener:
		l.accept()
	default:
		if c := l.conn(fd); c != nil {
			l.ready(c, ev.Events)
		}
	}
}

// patience is how long a loop waits that could not accept for want of
// descriptors or memory. The connections wait with it, in the kernel's queue.
const patience = time.Millisecond

// accept takes what connections have come, some at a time so that those that
// are there are not kept waiting, and deals them out.
func (l *loop) accept() {
	for range 64 {
		fd, _, err := unix.Accept4(l.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			l.peers[l.deal%len(l.peers)].give(fd)
			l.deal++
		case unix.EAGAIN:
			return
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			ts := unix.NsecToTimespec(int64(patience))
			unix.Nanosleep(&ts, nil)
			return
		default: // the connection was gone before we came to it
		}
	}
}

// give hands a connection to the loop, from whichever loop accepted it.
func (l *loop) give(fd int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.add(fd) != nil {
		unix.Close(fd)
		return
	}
	l.given = append(l.given, fd)
}

// settle makes connections of the descriptors that were given.
func (l *loop) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fd := range l.given {
		for len(l.conns) <= fd {
			l.conns = append(l.conns, nil)
		}
		l.conns[fd] = &conn{fd: fd, interest: unix.EPOLLIN}
		l.service.opened(l.conns[fd])
	}
	l.given = l.given[:0]
}

// conn returns the connection of descriptor fd; nil if it ended in the batch of
// events that is being handled.
func (l *loop) conn(fd int) *conn {
	if fd >= len(l.conns) || l.conns[fd] == nil {
		l.settle()
	}
	if fd >= len(l.conns) {
		return nil
	}
	return l.conns[fd]
}
