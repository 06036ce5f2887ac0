package engine

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

const (
	// dialingAtOnce is how many connections all loops together open at once
	// where they are opened beforehand: a listener's queue may hold as few as 5,
	// and what does not fit waits a second for the next SYN.
	dialingAtOnce = 16

	// lingering is how long the server is given to end a connection that it was
	// asked to end.
	lingering = 100 * time.Millisecond
)

// A loop is one thread of an engine; see doc.go for what it owns.
type loop struct {
	d      driver
	job    *Job
	share  load.Share
	use    load.Use
	limit  time.Duration // of a request, from its due
	closed bool          // the load is closed
	thinks bool          // users think, and the load is closed

	gate   *gate
	shown  *published
	watch  *watch
	stop   atomic.Bool // set by others: leave off
	noted  [2]bool     // edges that have been passed on
	cut    bool        // it left off because of that
	failed error       // why it could not be prepared
	broken error       // why it cannot go on

	span    span
	book    *book
	check   checker
	heads   heads
	reel    *reel
	turn    int32    // where the next request's bytes are in the reel
	number  int64    // of the next request, among all of the job
	pending *pending // nil in a closed load, and before the schedule starts

	now     mono.Time // the latest reading
	latest  mono.Time // of the latest outcome
	scratch request   // a pending one, while its outcome is booked
	done    completion
	started bool      // the schedule has
	arrived bool      // at the gate
	giveUp  mono.Time // when the schedule starts though connections are missing

	slots     []*slot
	most      int // slots there may be
	untried   int // index of the first slot that has not been dialed yet
	opening   int // first dials under way
	tied      int // dials under way for requests that have a slot already
	available queue[slot]
	dialing   queue[slot]
	dials     int       // on demand, in this turn
	full      bool      // there was no more room for connections when last one was wanted
	freed     mono.Time // until when requests waited for that, or for a slot's rest
	resting   [restLevels]queue[slot]
	unused    []*slot // empty ones, where connections open on demand
	awaited   queue[request]
	thinking  thinking

	sheetMem [][]byte

	conns     []*conn
	spare     []*conn
	inUse     int // connections of slots, dialing or open
	leaving   queue[conn]
	mostConns int // descriptors that may be in use
}

func newLoop(d driver, job *Job, k, of int, g *gate, w *watch) *loop {
	l := &loop{
		d: d, job: job, gate: g, watch: w, shown: &w.loops[k],
		share: job.Share.Split(k, of),
		use:   job.Load.Usage(),
		limit: job.Load.Usage().Limit(),
	}
	connections := 0
	if ld, ok := job.Load.(load.Closed); ok {
		connections = ld.Connections
	}
	l.span = newSpan(job.Warmup, job.Window, l.share, connections)
	l.book = newBook(&l.span)
	l.book.trace(job.Trace)
	l.book.tally.Backend = d.name()
	l.number = int64(l.share.Nth)
	if l.reel, l.failed = newReel(job, l.share); l.failed == nil {
		l.failed = l.makeSlots(of)
	}
	return l
}

// makeSlots makes the slots of the loop's share, or none yet where connections
// open on demand.
func (l *loop) makeSlots(loops int) error {
	depth := l.use.Depth()
	l.mostConns = max(1, (sys.DescriptorLimit()-descriptorsKept)/loops)
	switch ld := l.job.Load.(type) {
	case load.Closed:
		l.closed = true
		l.most = int(l.share.Count(int64(ld.Connections)))
	case load.Open:
		l.most = int(l.share.Count(int64(ld.Connections)))
		if ld.Connections == 0 {
			l.most = l.budget(ld.MaxConnections, loops)
			l.untried = math.MaxInt // none is opened beforehand
			return nil
		}
	}
	slots := newSlots(l.most, depth)
	for i := range slots {
		l.slots = append(l.slots, &slots[i])
	}
	if ld, ok := l.job.Load.(load.Closed); ok && ld.Think > 0 {
		l.thinks = true
		l.thinking = newThinking(ld, l.job.Seed, l.share, l.slots)
	}
	return l.giveSheets(slots, depth)
}

// descriptorsKept is how many descriptors are left to the rest of the process.
const descriptorsKept = 100

// budget returns how many connections may open on demand: as many as asked, or
// what descriptors and ports allow.
func (l *loop) budget(asked, loops int) int {
	if asked > 0 {
		return int(l.share.Count(int64(asked)))
	}
	if l.job.Unix != "" {
		return l.mostConns
	}
	return max(1, min(l.mostConns, l.job.sources()*sys.EphemeralPorts()/loops))
}

// run carries out the loop's share. It is called on a thread of its own.
func (l *loop) run() error {
	if l.failed != nil {
		return l.failed
	}
	defer l.reel.free()
	defer l.freeSheets()
	_ = sys.SetTimerSlack(1) // refused, it costs 50 µs of lag, and lag is shown
	l.book.series = startSeries(l.shown)
	l.now = l.d.now()
	l.giveUp = l.now.Add(l.limit)
	l.advance(l.now)
	err := l.cycle()
	l.end()
	l.book.finish(!l.closed)
	l.book.tally.WrongAnswers = l.check.wrongs
	l.book.tally.Sources = l.d.sources()
	if err != nil {
		return fmt.Errorf("loop on %s: %w", l.job.name(), err)
	}
	return nil
}

// cycle turns until every request has its outcome, or until told to stop.
func (l *loop) cycle() error {
	for !l.over() {
		if l.stop.Load() {
			l.abandon()
			return nil
		}
		err := l.broken
		if err == nil {
			err = l.d.wait(l.deadline())
		}
		if err != nil {
			l.abandon()
			return err
		}
		l.dials = 0
		for l.d.next(&l.done) {
			l.handle(&l.done)
		}
		l.advance(l.d.now())
		l.publish()
	}
	return nil
}

// handle does what a completion asks for.
func (l *loop) handle(c *completion) {
	l.now = c.at
	k := l.conns[c.conn]
	if l.overdue(c.at) {
		// What should have happened before this did is done first; it may have
		// ended the connection.
		life := k.life
		l.clocked(c.at)
		if k.life != life {
			return
		}
	}
	switch s := k.slot; {
	case s == nil:
		l.leftHappened(k, c)
	case c.what == received:
		l.received(s, c.data, c.at)
	case c.what == connected:
		l.connected(s, c.at)
	case c.what == ended:
		l.ended(s, c.at)
	case s.state == dialing:
		l.dialFailed(s, c.err, c.why(), c.at)
	default:
		l.broke(s, c.why(), c.at)
	}
	if l.pending != nil {
		l.launch(c.at)
	}
	if l.thinks {
		l.askOut()
	}
}

// over tells whether every request that fell due has its outcome, and none
// falls due any more.
func (l *loop) over() bool {
	if !l.started || !l.span.closed || l.awaited.len() > 0 || l.leaving.len() > 0 {
		return false
	}
	return l.pending == nil || l.pending.waiting() == 0
}

// abandon gives every request without an outcome that of being unfinished.
func (l *loop) abandon() {
	l.cut = true
	l.now = l.d.now()
	if l.started {
		l.turnSpan(l.now)
	}
	if l.pending != nil {
		for l.pending.waiting() > 0 {
			l.settlePending(evidence.Unfinished, interrupted)
		}
	}
	for r := l.awaited.head(); r != nil; r = l.awaited.head() {
		l.settle(r, evidence.Unfinished, l.now, interrupted)
		r.slot.pop()
	}
	if l.span.opened {
		l.closeWindow(l.now)
	}
	l.span.closed = true
}

// closeWindow ends the window, unless it has ended before.
func (l *loop) closeWindow(at mono.Time) {
	l.span.close(at)
	l.noteEdges()
}

// end closes the connections that are left.
func (l *loop) end() {
	for k := l.leaving.head(); k != nil; k = l.leaving.head() {
		l.endLeft(k)
	}
	for _, s := range l.slots {
		switch s.state {
		case open:
			l.leave(s, byUs)
		case dialing:
			l.dialing.remove(&s.place)
			l.part(s)
		}
	}
	l.publish()
}

// publish shows how far the loop has come.
func (l *loop) publish() {
	if l.pending != nil {
		l.book.due = uint64(l.pending.back.number)
	}
	l.shown.publish(l.book)
}
