package engine

import (
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// A closer is who ended a connection.
type closer uint8

const (
	byServer closer = iota
	byUs
)

// openMore dials slots for the first time, few at once. In a closed load a
// slot's first request falls due as its dial begins.
func (l *loop) openMore(now mono.Time) {
	if l.closed && !l.started {
		return
	}
	if l.thinks {
		l.askFresh(now)
	}
	for l.untried < len(l.slots) && l.opening < l.atOnce() {
		s := l.slots[l.untried]
		l.untried++
		if l.closed {
			s.since = now
			if l.fill(s, now); s.n == 0 {
				continue
			}
		}
		s.first = true
		l.opening++
		l.dial(s)
	}
}

// atOnce returns how many first dials this loop may have under way.
func (l *loop) atOnce() int { return max(1, dialingAtOnce/len(l.watch.loops)) }

// tried notes that a slot's dial is decided.
func (l *loop) tried(s *slot) {
	if s.tied {
		s.tied = false
		l.tied--
	}
	if s.first {
		s.first = false
		l.opening--
	}
}

// begin starts the schedule as soon as this loop and all others are prepared:
// in an open load, when each connection that is opened beforehand has been
// tried, or the timeout is over.
func (l *loop) begin() {
	if l.started {
		return
	}
	prepared := l.closed || l.untried >= len(l.slots) && l.opening == 0
	if !l.arrived && (prepared || l.now >= l.giveUp) {
		l.arrived = true
		l.gate.arrive(l.now)
	}
	at, ok := l.gate.start()
	if !ok {
		return
	}
	l.started = true
	l.span.begin(at)
	l.noteEdges()
	if ld, ok := l.job.Load.(load.Open); ok {
		l.pending = newPending(&l.span, ld, l.share, l.job.Seed, at)
		if l.onDemand() {
			l.pending.asked = newArrivals(ld, l.share, l.job.Seed, at)
		}
		return
	}
	l.now = max(l.now, at)
	l.openMore(l.now)
}

// launch gives requests that are due to connections that have room, the one
// that waited longest first, and opens more where that is left to demand.
func (l *loop) launch(now mono.Time) {
	p := l.pending
	if p.back.due <= now && !p.over {
		p.fall(now)
		l.noteEdges()
	}
	for p.waiting() > 0 {
		if p.oldest().Add(l.limit) <= now {
			l.now = now
			l.settlePending(evidence.Unsent, noConnection)
			continue
		}
		s := l.available.head()
		if s == nil {
			l.openOnDemand()
			return
		}
		l.assign(s)
	}
}

// assign sends the oldest pending request on an open connection.
func (l *loop) assign(s *slot) {
	l.available.remove(&s.place)
	late := l.late(s)
	due, counted := l.pending.take()
	r := l.add(s, due, counted)
	r.ready = max(due, s.since.Add(-late))
	if s.since == s.opened {
		r.connect = max(0, min(s.opened.Sub(max(due, s.began)), r.ready.Sub(due)))
	}
	l.sendOut(s)
	if l.room(s) {
		l.available.push(&s.place)
	}
}

// late returns how much sooner slot s could have taken the oldest pending request,
// or another connection in its place, had we dialed for it when it was due. That
// is our lag, and none of the server's doing.
func (l *loop) late(s *slot) time.Duration {
	p := l.pending
	switch due := p.front.due; {
	case s.since <= due || !l.onDemand():
		return 0
	case s.since == s.opened:
		return s.late
	case p.asked.number <= p.front.number: // nothing was dialed for it yet
		if l.full || l.atRest() > 0 {
			return 0
		}
		return max(0, s.since.Sub(max(due, l.freed)))
	}
	if first := l.dialing.head(); first != nil {
		return first.late
	}
	return 0
}

// settlePending gives the oldest pending request an outcome.
func (l *loop) settlePending(how evidence.Outcome, cause string) {
	due, counted := l.pending.take()
	l.scratch = request{due: due, counted: counted}
	l.number += int64(max(l.share.Of, 1)) // its values stay its own
	l.book.fail(&l.scratch, how, l.now, cause)
	l.latest = l.now
}

// openOnDemand dials for pending requests that no connection is on its way for.
// A slot at rest counts as on its way.
func (l *loop) openOnDemand() {
	if !l.onDemand() {
		return
	}
	if l.full {
		l.full, l.freed = false, l.now // what waited until now did not wait for us
	}
	coming := int64(l.dialing.len() - l.tied + l.atRest())
	for l.dials < dialsAtOnce && coming < l.pending.waiting() {
		if l.inUse+l.atRest() >= l.most {
			l.full = true
			return
		}
		s := l.unusedSlot()
		l.dial(s)
		s.late = max(0, l.now.Sub(max(l.pending.ask(coming), l.freed)))
		coming++
		l.dials++
	}
}

// dialsAtOnce is how many connections are opened on demand in one turn of the
// loop. A dial takes some 50 µs: after a hiccup of the machine thousands of
// requests may be pending, and a connection for each, dialed in one go, would
// keep the loop from the answers that free the connections there are. Each dial
// that ends brings the loop back here, so none is forgotten.
const dialsAtOnce = 32

// refusePending refuses pending requests when a dial has failed: the one that a
// dial on demand was for; and all of them, if there is no other connection that
// could take them. Own tells that the dial was for a request of its slot.
func (l *loop) refusePending(cause string, own bool) {
	if l.pending == nil {
		return
	}
	l.pending.fall(l.now)
	l.noteEdges()
	if l.onDemand() && !own && l.pending.waiting() > 0 {
		l.settlePending(evidence.Refused, cause)
	}
	if l.inUse > 0 {
		return
	}
	for l.pending.waiting() > 0 {
		l.settlePending(evidence.Refused, cause)
	}
}

// onDemand tells whether connections open on demand.
func (l *loop) onDemand() bool { return !l.closed && l.job.connections() == 0 }

// unusedSlot returns an empty slot, made if there is none.
func (l *loop) unusedSlot() *slot {
	if len(l.unused) == 0 {
		slots := newSlots(slotBlock, l.use.Depth())
		for i := range slots {
			l.slots = append(l.slots, &slots[i])
			l.unused = append(l.unused, &slots[i])
		}
		if err := l.giveSheets(slots, l.use.Depth()); err != nil {
			l.broken = err
		}
	}
	s := l.unused[len(l.unused)-1]
	l.unused = l.unused[:len(l.unused)-1]
	return s
}

// reopen is what happens to a slot whose connection has left it.
func (l *loop) reopen(s *slot, at mono.Time) {
	s.state = empty
	if l.closed {
		l.fill(s, at)
	}
	switch {
	case s.n > 0:
		l.dial(s)
	case l.onDemand():
		l.unused = append(l.unused, s)
	case !l.closed && (!l.span.closed || l.pending != nil && l.pending.waiting() > 0):
		l.dial(s)
	}
}

// rest makes a slot wait before it is dialed again.
func (l *loop) rest(s *slot) {
	s.failures = min(s.failures+1, restLevels)
	s.state = resting
	s.until = l.now.Add(restAfter(s.failures))
	l.resting[s.failures-1].push(&s.place)
}

// rested is what happens when a slot's rest is over.
func (l *loop) rested(s *slot, now mono.Time) {
	l.resting[s.failures-1].remove(&s.place)
	l.freed = now
	s.state = empty
	l.reopen(s, now)
}

func (l *loop) atRest() (n int) {
	for i := range l.resting {
		n += l.resting[i].len()
	}
	return n
}

// takeConn returns a connection that is not in use.
func (l *loop) takeConn() *conn {
	if l.inUse+l.leaving.len() >= l.mostConns && l.leaving.len() > 0 {
		l.endLeft(l.leaving.head())
	}
	if len(l.spare) == 0 {
		block := make([]conn, slotBlock)
		for i := range block {
			k := &block[i]
			k.id = int32(len(l.conns))
			k.place.of = k
			l.conns = append(l.conns, k)
			l.spare = append(l.spare, k)
		}
	}
	k := l.spare[len(l.spare)-1]
	l.spare = l.spare[:len(l.spare)-1]
	l.inUse++
	return k
}

// part ends a slot's connection, open or not, without a word to the books.
func (l *loop) part(s *slot) {
	k := s.conn
	how := orderly
	if l.use.Close == load.ByReset {
		how = byReset
	}
	s.conn, s.state, s.reading = nil, empty, false
	s.asked, s.answered = 0, 0
	l.inUse--
	l.free(k, how)
}

// leave ends a slot's open connection.
func (l *loop) leave(s *slot, by closer) {
	l.available.remove(&s.place)
	l.bookClosed(by)
	l.part(s)
}

// linger takes an open connection out of its slot, and leaves it to the server
// to end it.
func (l *loop) linger(s *slot, at mono.Time) {
	l.available.remove(&s.place)
	k := s.conn
	s.conn, s.state, s.reading = nil, empty, false
	s.asked, s.answered = 0, 0
	l.inUse--
	k.slot = nil
	k.until = at.Add(lingering)
	l.leaving.push(&k.place)
}

// leftHappened is what happens to a connection that has left its slot.
func (l *loop) leftHappened(k *conn, c *completion) {
	if !k.place.in || c.what == received || c.what == connected {
		return
	}
	l.leaving.remove(&k.place)
	l.bookClosed(byServer)
	l.free(k, orderly)
}

// endLeft ends a connection that the server did not.
func (l *loop) endLeft(k *conn) {
	l.leaving.remove(&k.place)
	l.bookClosed(byUs)
	l.free(k, orderly)
}

func (l *loop) free(k *conn, how ending) {
	l.d.close(k.id, how)
	k.slot = nil
	k.life++
	l.spare = append(l.spare, k)
}

func (l *loop) bookClosed(by closer) {
	if by == byServer {
		l.book.tally.Connections.ClosedByServer++
	} else {
		l.book.tally.Connections.ClosedByUs++
	}
}

// deadline returns when the loop has something to do though nothing happens.
func (l *loop) deadline() mono.Time {
	at := l.span.edge()
	if r := l.awaited.head(); r != nil {
		at = min(at, r.due.Add(l.limit))
	}
	if s := l.dialing.head(); s != nil {
		at = min(at, s.began.Add(l.limit))
	}
	if k := l.leaving.head(); k != nil {
		at = min(at, k.until)
	}
	for i := range l.resting {
		if s := l.resting[i].head(); s != nil {
			at = min(at, s.until)
		}
	}
	if l.thinks {
		at = min(at, l.thinking.next())
	}
	if !l.arrived {
		at = min(at, l.giveUp)
	}
	if p := l.pending; p != nil {
		at = min(at, l.nextArrival(p))
	}
	return at
}

// nextArrival returns when the schedule asks for something next. While no
// connection could take it, an arrival is not waited for.
func (l *loop) nextArrival(p *pending) mono.Time {
	at := mono.Never
	if oldest := p.oldest(); oldest != mono.Never {
		at = oldest.Add(l.limit)
	}
	if l.available.len() > 0 || l.onDemand() || p.span.count != noCount || !p.span.opened {
		at = min(at, p.next())
	}
	return at
}
