package engine

import (
	"errors"
	"math/bits"
	"syscall"

	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

const (
	// uringSubmissions is how many operations are asked for at most before they
	// are handed over.
	uringSubmissions = 1024

	// uringReceiving is how much memory answers are received into, and
	// uringBuffers how many pieces it is cut into at least. A connection that
	// finds no piece free is not lost, but costs another operation.
	uringReceiving = 16 << 20
	uringBuffers   = 256

	// uringStamped is the size of a piece from which on the time of arrival, and
	// what goes with it, may take some of its room.
	uringStamped = 1 << 10

	// silentSend is how large a send may be to go without a word. Into a socket
	// that has sent nothing since its last answer so much always fits; a larger
	// one may still be on its way when the server, answering early, lets us send
	// again.
	silentSend = 16 << 10

	// Sends that are handed over together go out one after the other, a
	// microsecond or two each, and are all said to be sent when the first is.
	// Few at once keep that out of the server's time; in a closed load some more
	// are let pass, because each handing over costs as much as half a send.
	uringSendsOpen   = 4
	uringSendsClosed = 32
)

// A uring is the driver on io_uring. Each connection has one receive under way,
// from when it is made until it ends, and the kernel chooses a buffer for each
// piece. Sends say something only if they fail. Everything is handed over with
// the next wait, in one system call.
//
// Connections are made by a system call of their own: on one machine it is
// mostly decided when it returns, and then cheaper than any waiting.
type uring struct {
	clock   mono.Clock
	wall    wall
	stamper int // a socket that keeps the kernel stamping, or -1
	ring    *sys.Ring
	peer    *sys.Peer
	from    sources
	tcp     bool
	told    bool // the end of every send is: several may be under way on a connection, or their bytes change
	few     int  // sends that are handed over together at most
	conns   []uringConn

	started bool
	failed  error     // told by the next wait
	at      mono.Time // when the last wait was over
	left    int       // completions of it that were not looked at
	seen    uint64    // completions taken, ever
	held    int32     // the buffer of the last one; -1 if it had none

	turn    uint64  // number of the next handing over
	sending []int32 // connections with a send in it

	// early are completions that no waiting brought about.
	early []completion // of connection -1: it was closed in the meantime
	taken int
}

// A uringConn is a connection. After a reset its socket stays, to be dialed
// again, and with it the receive: making sockets is a quarter of the cost of
// short connections.
type uringConn struct {
	fd      int32  // -1: none
	life    uint32 // of the socket: a part of its operations' keys
	phase   uringPhase
	armed   bool  // a receive is under way
	stamped bool  // the socket tells times of arrival
	source  uint8 // where the socket's connections come from
	busy    bool  // a send is under way whose end will be told

	// before is how many completions there had been, ever, when the connection
	// was dialed: if its socket is used again, those tell of the one before.
	before uint64

	touched uint64    // the turn in which something was last asked for
	sent    mono.Time // Never while the last send is not handed over
	rest    int       // size of the send that keeps it busy
	queued  [][]byte  // sends after that
	why     syscall.Errno
}

type uringPhase uint8

const (
	uringNone    uringPhase = iota // not dialed, or closed
	uringDialing                   // dialed, and not decided
	uringOpen
	uringBroken // a send failed, and the receive is about to end
	uringDone   // its end was told
)

// An operation's key is its kind, the life of its socket and the connection.
type uringKind uint8

const (
	uringReceive uringKind = iota
	uringSend
	uringConnect
)

func uringKey(kind uringKind, c int32, k *uringConn) uint64 {
	return uint64(kind)<<56 | uint64(k.life)<<32 | uint64(uint32(c))
}

const lifeMask = 1<<24 - 1

func newUring(clock mono.Clock, job *Job, from sources, size sys.RingConfig) (_ *uring, err error) {
	d := &uring{
		clock: clock, wall: wall{clock: clock}, tcp: job.Unix == "", from: from, held: -1, stamper: -1, turn: 1,
		told: job.Load.Usage().Depth() > 1 || job.Requests.HasBlanks(), few: uringSendsOpen,
	}
	if _, closed := job.Load.(load.Closed); closed {
		d.few = uringSendsClosed
	}
	defer func() {
		if err != nil {
			d.shutdown()
		}
	}()
	if d.tcp {
		d.peer, err = sys.NewPeer(job.Address)
	} else {
		d.peer, err = sys.NewUnixPeer(job.Unix)
	}
	if err != nil {
		return nil, err
	}
	d.stamper = keepStamping(d.peer, d.tcp && size.BufferSize >= uringStamped)
	d.ring, err = sys.NewRing(size)
	return d, err
}

// uringSize returns how large a ring is for so many connections; 0 if they open
// on demand. A connection has two completions in a turn at most, but for large
// answers, and what finds no room is kept by the kernel.
func uringSize(connections int) sys.RingConfig {
	if connections == 0 {
		connections = 1024
	}
	connections = 1 << bits.Len(uint(min(connections, 4096)-1))
	n := max(connections, uringBuffers)
	return sys.RingConfig{
		Submissions: uringSubmissions,
		Completions: max(4*connections, 4096),
		Buffers:     n,
		BufferSize:  uringReceiving / n,
	}
}

func (d *uring) name() string { return "uring" }

func (d *uring) sources() int { return d.from.used }

func (d *uring) now() mono.Time { return d.clock.Now() }

func (d *uring) wake() { d.ring.Wake() }

func (d *uring) dial(c int32) {
	for int(c) >= len(d.conns) {
		d.conns = append(d.conns, uringConn{fd: -1})
	}
	k := &d.conns[c]
	k.phase, k.why = uringDialing, 0
	k.before = d.seen + uint64(d.ring.Posted())
	if k.fd < 0 {
		fd, errno := d.from.socket(d.peer, &k.source)
		if errno != 0 {
			d.tellEarly(c, errno)
			return
		}
		k.fd = int32(fd)
		k.life = (k.life + 1) & lifeMask
		k.stamped = askStamps(c, d.stamper, fd)
	}
	errno := d.from.connect(d.peer, int(k.fd), &k.source)
	if errno != syscall.EINPROGRESS {
		d.tellEarly(c, errno)
		return
	}
	if d.ask(k) {
		d.ring.Poll(int(k.fd), sys.Writable, uringKey(uringConnect, c, k))
	}
}

// tellEarly says that a dial is decided.
func (d *uring) tellEarly(c int32, errno syscall.Errno) {
	what := connected
	if errno != 0 {
		what = failed
	}
	d.early = append(d.early, completion{conn: c, what: what, err: errno, at: d.clock.Now()})
}

// ask makes room for an operation on k. It fails only if the kernel does not
// take what it was asked for before, which wait will tell.
func (d *uring) ask(k *uringConn) bool {
	if d.ring.Room() == 0 {
		d.handOver()
		if d.ring.Room() == 0 {
			d.failed = errors.Join(d.failed, errors.New("io_uring: the kernel takes no more operations"))
			return false
		}
	}
	k.touched = d.turn
	return true
}

// handOver gives the kernel what it was asked for, without waiting.
func (d *uring) handOver() {
	d.stamp(d.clock.Now())
	d.failed = errors.Join(d.failed, d.ring.Submit())
}

// stamp notes when sends are handed over, which is about to happen.
func (d *uring) stamp(now mono.Time) {
	for _, c := range d.sending {
		d.conns[c].sent = now
	}
	d.sending = d.sending[:0]
	d.turn++
}

// receive lets whatever comes be received.
func (d *uring) receive(c int32, k *uringConn) {
	if k.armed || !d.ask(k) {
		return
	}
	k.armed = true
	if k.stamped {
		d.ring.RecvStamped(int(k.fd), uringKey(uringReceive, c, k))
	} else {
		d.ring.Recv(int(k.fd), uringKey(uringReceive, c, k))
	}
}

func (d *uring) send(c int32, b []byte) {
	k := &d.conns[c]
	k.sent = mono.Never
	switch {
	case k.phase != uringOpen:
		k.sent = d.clock.Now() // broken: the end of the receive will tell
	case k.busy:
		k.queued = append(k.queued, b)
	default:
		d.push(c, k, b)
	}
}

// push asks for a send. Where several may be under way on a connection, or it is
// of something large, its end is told, so that the next does not overtake it.
func (d *uring) push(c int32, k *uringConn, b []byte) {
	if !d.ask(k) {
		return
	}
	k.busy = d.told || len(b) > silentSend
	k.rest = len(b)
	d.ring.Send(int(k.fd), b, uringKey(uringSend, c, k), !k.busy)
	d.sending = append(d.sending, c)
	if len(d.sending) >= d.few {
		d.handOver()
	}
}

func (d *uring) unsent(c int32) int {
	k := &d.conns[c]
	n := len(k.queued)
	if k.busy {
		n++
	}
	return n
}

func (d *uring) sentAt(c int32) mono.Time {
	if at := d.conns[c].sent; at != mono.Never {
		return at
	}
	return d.clock.Now() // it is about to be
}

func (d *uring) close(c int32, how ending) {
	k := &d.conns[c]
	for i := d.taken; i < len(d.early); i++ {
		if d.early[i].conn == c {
			d.early[i].conn = -1
		}
	}
	phase := k.phase
	k.phase = uringNone
	clear(k.queued)
	k.queued = k.queued[:0]
	if k.fd < 0 {
		return
	}
	if k.touched == d.turn {
		d.forget(c, k)
	}
	if !d.keeps(k, how, phase) {
		d.drop(k, how, phase)
	}
}

// keeps ends a connection so that its socket can be dialed again, if it can.
func (d *uring) keeps(k *uringConn, how ending, phase uringPhase) bool {
	switch {
	case !d.tcp || phase == uringDialing || k.busy:
		return false
	case how == byReset:
		return sys.Disconnect(int(k.fd)) == 0
	}
	return phase == uringDone && !k.armed && sys.Retire(int(k.fd))
}

// forget takes back what was asked for on a connection and not handed over.
func (d *uring) forget(c int32, k *uringConn) {
	d.ring.Forget(func(key uint64) bool {
		if key == sys.WakeKey || int32(uint32(key)) != c {
			return false
		}
		switch uringKind(key >> 56) {
		case uringReceive:
			k.armed = false
		case uringSend:
			k.busy = false
		}
		return true
	})
}

// drop closes a connection's socket. What is under way holds on to the
// connection, not to the descriptor, and has to be ended for itself.
func (d *uring) drop(k *uringConn, how ending, phase uringPhase) {
	underWay := k.armed || k.busy || phase == uringDialing
	switch {
	case how == byReset && d.tcp && phase != uringDialing && sys.Disconnect(int(k.fd)) == 0:
		sys.CloseSocket(int(k.fd))
	case how == byReset && !underWay:
		sys.ResetSocket(int(k.fd))
	default:
		if underWay {
			sys.ShutSocket(int(k.fd))
		}
		sys.CloseSocket(int(k.fd))
	}
	k.fd, k.armed, k.busy = -1, false, false
}

func (d *uring) wait(until mono.Time) error {
	if !d.started {
		d.started = true
		d.failed = errors.Join(d.failed, d.ring.Start())
	}
	if d.failed != nil {
		return d.failed
	}
	now := d.clock.Now()
	d.stamp(now)
	if len(d.early) > 0 {
		until = now
	}
	left := until.Sub(now)
	if left <= spinning {
		left = 0
	}
	err := d.ring.Enter(left)
	d.at = d.clock.Now()
	for left == 0 && err == nil && d.ring.Posted() == 0 && d.at < until {
		err = d.ring.Enter(0)
		d.at = d.clock.Now()
	}
	// What comes to be complete while these are handled was not, at that time.
	d.left = d.ring.Posted()
	return err
}

func (d *uring) shutdown() (err error) {
	if d.ring != nil {
		err = d.ring.Close()
	}
	for i := range d.conns {
		if k := &d.conns[i]; k.fd >= 0 {
			sys.CloseSocket(int(k.fd))
		}
	}
	d.conns = nil
	if d.stamper >= 0 {
		sys.CloseSocket(d.stamper)
	}
	if d.peer != nil {
		d.peer.Close()
	}
	return err
}
