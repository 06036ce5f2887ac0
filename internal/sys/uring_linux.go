package sys

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Ring is an io_uring: operations on descriptors are asked for in one piece
// of memory shared with the kernel, and answered in another. With it goes a ring
// of buffers, of which the kernel takes one for each piece it receives.
//
// One thread uses a Ring: the one that calls Start, which stays locked to its
// goroutine. Wake alone may be called from any. Operations are asked for with
// Recv, Send and the like, each with a key; Enter hands them over and waits;
// Next then tells what is complete.
type Ring struct {
	fd       int
	features uint32
	wake     int // eventfd

	rings  []byte // both queues' indexes, and the completions
	queued []byte // the submissions
	sq     []submission
	cq     []Completion

	// The kernel moves a queue's one end, we the other.
	sqHead, sqTail *uint32
	cqHead, cqTail *uint32

	tail uint32 // of submissions, those not handed over included
	head uint32 // of completions, up to which they were taken

	arg    *waitArg
	header *unix.Msghdr // of every RecvStamped
	args   []byte       // mapped: the kernel reads them while it sleeps

	buffers buffers
	began   time.Time     // when the kernel's monotonic clock
	epoch   time.Duration // stood there

	running bool // Start was called
	deaf    bool // nothing waits for Wake
}

// RingConfig says how large a Ring is. Numbers are rounded up to powers of two.
type RingConfig struct {
	Submissions int // operations that can be asked for before an Enter
	Completions int // that find room; the kernel keeps what is more, at a price
	Buffers     int // for receiving; at most 32768
	BufferSize  int // bytes of one

	// Plain does without what newer kernels make cheaper, for tests: everything
	// works as on the oldest kernel that will do.
	Plain bool
}

// NewRing makes a Ring. Any thread may do so, before another starts it. It fails
// where the kernel has no io_uring, or an old one, or forbids it.
func NewRing(c RingConfig) (_ *Ring, err error) {
	r := &Ring{fd: -1, wake: -1}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	p := ringParams{sqEntries: power(c.Submissions), cqEntries: power(c.Completions)}
	if r.fd, err = setup(&p, c.Plain); err != nil {
		return nil, err
	}
	r.features = p.features
	r.began, r.epoch = clocks()
	if lack := featSingleMmap | featNoDrop | featExtArg | featSkip; p.features&uint32(lack) != uint32(lack) {
		return nil, errors.New("the kernel's io_uring is older than Linux 6.0")
	}
	if err = r.mapQueues(&p); err != nil {
		return nil, err
	}
	if r.args, err = Map(int(unsafe.Sizeof(waitArg{}) + unsafe.Sizeof(unix.Msghdr{}))); err != nil {
		return nil, err
	}
	r.arg = (*waitArg)(unsafe.Pointer(&r.args[0]))
	r.header = (*unix.Msghdr)(unsafe.Pointer(&r.args[unsafe.Sizeof(waitArg{})]))
	r.header.SetControllen(stampSpace)
	r.arg.timespec = uint64(uintptr(unsafe.Pointer(&r.arg.sec)))
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	return r, r.provide(int(power(c.Buffers)), c.BufferSize)
}

// clocks reads Go's clock and the kernel's at the same time: the closest pair of
// a few, lest the thread was put to sleep between the two.
func clocks() (began time.Time, epoch time.Duration) {
	closest := time.Hour
	for range 5 {
		before := time.Now()
		now := SystemMonotonic()
		if apart := time.Since(before); apart < closest {
			closest, began, epoch = apart, before, time.Duration(now)
		}
	}
	return began, epoch
}

// power returns n, or the next power of two above it.
func power(n int) uint32 { return 1 << bits.Len32(uint32(max(n, 1)-1)) }

// setup makes the kernel's part. What makes it cheaper is asked for and given up
// piece by piece: completions that are worked off only when waited for (Linux
// 6.1), one thread only (6.0), no interrupting of the thread (5.19).
func setup(p *ringParams, plain bool) (fd int, err error) {
	const always = setupCQSize | setupClamp | setupDisabled
	ways := []uint32{
		setupSubmitAll | setupSingleIssuer | setupDeferTaskrun,
		setupSubmitAll | setupSingleIssuer | setupCoopTaskrun,
		setupSubmitAll | setupCoopTaskrun,
		0,
	}
	if plain {
		ways = ways[len(ways)-1:]
	}
	for _, flags := range ways {
		q := *p
		q.flags = always | flags
		fd, _, errno := unix.RawSyscall(unix.SYS_IO_URING_SETUP, uintptr(p.sqEntries), uintptr(unsafe.Pointer(&q)), 0)
		switch errno {
		case 0:
			*p = q
			return int(fd), nil
		case unix.EINVAL:
			continue
		case unix.ENOSYS:
			return -1, errors.New("the kernel has none, or the container hides it")
		case unix.EPERM:
			return -1, errors.New("forbidden here, by the container or by the sysctl kernel.io_uring_disabled")
		}
		return -1, fmt.Errorf("io_uring_setup: %w", errno)
	}
	return -1, fmt.Errorf("io_uring_setup: %w", unix.EINVAL)
}

func (r *Ring) mapQueues(p *ringParams) (err error) {
	size := max(int(p.sq.array+4*p.sqEntries), int(p.cq.cqes)+int(p.cqEntries)*int(unsafe.Sizeof(Completion{})))
	if r.rings, err = r.mapAt(offsetRings, size); err != nil {
		return err
	}
	if r.queued, err = r.mapAt(offsetSubmissions, int(p.sqEntries)*int(unsafe.Sizeof(submission{}))); err != nil {
		return err
	}
	r.sq = unsafe.Slice((*submission)(unsafe.Pointer(&r.queued[0])), p.sqEntries)
	r.cq = unsafe.Slice((*Completion)(unsafe.Pointer(&r.rings[p.cq.cqes])), p.cqEntries)
	r.sqHead, r.sqTail = r.index(p.sq.head), r.index(p.sq.tail)
	r.cqHead, r.cqTail = r.index(p.cq.head), r.index(p.cq.tail)
	// Submissions are handed over in the order of their places.
	order := unsafe.Slice(r.index(p.sq.array), p.sqEntries)
	for i := range order {
		order[i] = uint32(i)
	}
	return nil
}

func (r *Ring) mapAt(offset int64, size int) ([]byte, error) {
	b, err := unix.Mmap(r.fd, offset, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map the io_uring's queues: %w", err)
	}
	return b, nil
}

func (r *Ring) index(at uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.rings[at])) }

func (r *Ring) register(what uintptr, arg unsafe.Pointer, n uintptr) unix.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), what, uintptr(arg), n, 0, 0)
	return errno
}

// Start makes the calling thread the Ring's.
func (r *Ring) Start() error {
	if errno := r.register(registerEnable, nil, 0); errno != 0 {
		return fmt.Errorf("start io_uring: %w", errno)
	}
	r.running, r.deaf = true, true
	return nil
}

// awaitWake lets each Wake be a completion. The count in the descriptor is never
// read: each write to it is an event of its own.
func (r *Ring) awaitWake() {
	r.deaf = false
	*r.next() = submission{op: opPollAdd, fd: int32(r.wake), opFlags: pollMask(unix.EPOLLIN), length: pollMultishot, key: WakeKey}
}

// Wake ends the present Enter, or else the next one that waits, with a
// completion under WakeKey. It must not be called during or after Close.
func (r *Ring) Wake() {
	one := uint64(1)
	unix.RawSyscall(unix.SYS_WRITE, uintptr(r.wake), uintptr(unsafe.Pointer(&one)), 8)
}

// Room returns how many operations can be asked for before the next Enter.
func (r *Ring) Room() int { return len(r.sq) - int(r.waiting()) }

// waiting returns how many submissions the kernel has not taken yet.
func (r *Ring) waiting() uint32 { return r.tail - atomic.LoadUint32(r.sqHead) }

// next returns the place of the next submission. There must be Room.
func (r *Ring) next() *submission {
	s := &r.sq[r.tail&uint32(len(r.sq)-1)]
	r.tail++
	return s
}

// exactly is how long a wait may be for its end to matter to the microsecond.
const exactly = 10 * time.Millisecond

// Submit hands over what was asked for, without waiting.
func (r *Ring) Submit() error { return r.enter(0, 0, 0, 0) }

// Enter hands over what was asked for, and sleeps until an operation is
// complete, or somebody called Wake, or d has passed, but never longer than a
// second. It may return earlier, for no reason: a signal ended the wait, say.
//
// It is a raw system call, which keeps its P: the scheduler is not told, and
// does not take the P away at every wait.
func (r *Ring) Enter(d time.Duration) error {
	if r.deaf && r.Room() > 0 {
		r.awaitWake()
	}
	flags := uintptr(enterGetEvents)
	if r.features&featNoIowait != 0 {
		flags |= enterNoIowait // a core that waits for answers is idle
	}
	if d <= 0 || r.Posted() > 0 {
		return r.enter(0, flags, 0, 0)
	}
	if d = min(d, longestSleep); r.waiting() > 0 && d < exactly {
		// The kernel counts from when it has done what is handed over, a microsecond
		// or two for each send, unless it is told by the clock when to end.
		if r.features&featMinTimeout == 0 {
			began := time.Now()
			if err := r.Submit(); err != nil {
				return err
			}
			d = max(0, d-time.Since(began))
		} else {
			flags |= enterAbsTimer
			d += r.epoch + time.Since(r.began)
		}
	}
	r.arg.sec, r.arg.nsec = int64(d/time.Second), int64(d%time.Second)
	return r.enter(1, flags|enterExtArg, uintptr(unsafe.Pointer(r.arg)), sizeOfWaitArg)
}

func (r *Ring) enter(least, flags, arg, size uintptr) error {
	r.buffers.publish()
	atomic.StoreUint32(r.sqTail, r.tail)
	_, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.waiting()), least, flags, arg, size)
	switch errno {
	case 0, unix.ETIME, unix.EINTR:
	case unix.EAGAIN, unix.EBUSY: // no memory, or too many completions for now
	default:
		return fmt.Errorf("io_uring_enter: %w", errno)
	}
	return nil
}

// Posted returns how many completions there are for Next to tell.
func (r *Ring) Posted() int { return int(atomic.LoadUint32(r.cqTail) - r.head) }

// Next takes the oldest completion; false if there is none.
func (r *Ring) Next(c *Completion) bool {
	if atomic.LoadUint32(r.cqTail) == r.head {
		return false
	}
	*c = r.cq[r.head&uint32(len(r.cq)-1)]
	r.head++
	atomic.StoreUint32(r.cqHead, r.head)
	if c.Key == WakeKey && !c.More() {
		r.deaf = true
	}
	return true
}

// CancelAll ends every operation under way. Their completions follow with the
// next Enter: ECANCELED, unless one was done before.
func (r *Ring) CancelAll() error {
	c := cancelReg{fd: -1, flags: cancelAll | cancelAny, sec: 1}
	if errno := r.register(registerSyncCancel, unsafe.Pointer(&c), 1); errno != 0 && errno != unix.ENOENT {
		return fmt.Errorf("cancel in io_uring: %w", errno)
	}
	return nil
}

// Close ends every operation and releases the Ring. If the Ring was started, its
// thread calls it. No buffer that was received into may be used again.
func (r *Ring) Close() (err error) {
	if r.running {
		r.running = false
		// Only when nothing is under way may the memory go: a late receive would
		// write to whatever lies there by then.
		err = errors.Join(r.Submit(), r.CancelAll(), r.Enter(0))
	}
	for _, fd := range []*int{&r.wake, &r.fd} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
	for _, b := range []*[]byte{&r.queued, &r.rings, &r.args, &r.buffers.ring, &r.buffers.mem} {
		err = errors.Join(err, Unmap(*b))
		*b = nil
	}
	return err
}
