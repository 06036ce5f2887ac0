package sys

// The kernel's structures and numbers of io_uring, as far as they are used
// here. Names are those of its header, in the way of Go.

// A submission is one operation asked for: struct io_uring_sqe.
type submission struct {
	op       uint8
	flags    uint8
	ioprio   uint16 // of receiving and sending: further flags
	fd       int32
	off      uint64
	addr     uint64
	length   uint32
	opFlags  uint32
	key      uint64
	bufGroup uint16
	_        [22]byte
}

// A Completion is one operation that was done, or one of several results of it:
// struct io_uring_cqe.
type Completion struct {
	Key   uint64 // that the operation was asked for with
	res   int32
	flags uint32
}

type ringParams struct {
	sqEntries, cqEntries uint32
	flags                uint32
	_                    [2]uint32
	features             uint32
	_                    [4]uint32
	sq                   sqOffsets
	cq                   cqOffsets
}

type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array, _ uint32
	_                                                   uint64
}

type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags, _ uint32
	_                                                   uint64
}

// A waitArg is the argument of a wait: struct io_uring_getevents_arg, and what
// it points to.
type waitArg struct {
	sigmask     uint64
	sigmaskSize uint32
	minWait     uint32
	timespec    uint64
	sec, nsec   int64
}

// sizeOfWaitArg is how much of waitArg is the argument itself.
const sizeOfWaitArg = 24

// A provided is a buffer that is offered to the kernel: struct io_uring_buf.
// The tail of the ring of them lies in the last field of the first.
type provided struct {
	addr   uint64
	length uint32
	id     uint16
	tail   uint16
}

// A bufReg registers a ring of provided buffers: struct io_uring_buf_reg.
type bufReg struct {
	addr    uint64
	entries uint32
	group   uint16
	flags   uint16
	_       [3]uint64
}

// A cancelReg asks for operations to be ended: struct io_uring_sync_cancel_reg.
type cancelReg struct {
	key       uint64
	fd        int32
	flags     uint32
	sec, nsec int64
	op        uint8
	_         [7]uint8
	_         [3]uint64
}

// A probed says which operations the kernel knows: struct io_uring_probe.
type probed struct {
	last, n uint8
	_       uint16
	_       [3]uint32
	ops     [256]struct {
		op    uint8
		_     uint8
		flags uint16
		_     uint32
	}
}

// A received is what stands before the control messages and the data of a
// multishot recvmsg: struct io_uring_recvmsg_out.
type received struct {
	nameLen, controlLen, dataLen, flags uint32
}

const (
	setupCQSize       = 1 << 3
	setupClamp        = 1 << 4
	setupDisabled     = 1 << 6
	setupSubmitAll    = 1 << 7
	setupCoopTaskrun  = 1 << 8
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13

	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featExtArg     = 1 << 8
	featSkip       = 1 << 11
	featMinTimeout = 1 << 15 // Linux 6.12, which brought enterAbsTimer too
	featNoIowait   = 1 << 17

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3
	enterAbsTimer  = 1 << 5
	enterNoIowait  = 1 << 7

	registerProbe      = 8
	registerEnable     = 12
	registerBuffers    = 22
	registerSyncCancel = 24

	cancelAll = 1 << 0
	cancelAny = 1 << 2

	offsetRings       = 0
	offsetSubmissions = 0x10000000

	opNop     = 0
	opPollAdd = 6
	opRecvMsg = 10
	opSend    = 26
	opRecv    = 27

	withBuffer  = 1 << 5 // submission.flags: take a provided buffer
	skipSuccess = 1 << 6 // submission.flags: say nothing if all went well

	pollFirst     = 1 << 0 // submission.ioprio of a receive: wait, then try
	multishot     = 1 << 1 // submission.ioprio of a receive: go on and on
	pollMultishot = 1 << 0 // submission.length of a poll

	hasBuffer = 1 << 0 // Completion.flags
	hasMore   = 1 << 1
)
