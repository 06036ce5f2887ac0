package engine

import (
	"errors"
	"syscall"

	"webdyno/internal/evidence"
	"webdyno/internal/httpwire"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// The causes of failure that are no errno.
const (
	noAnswer       = "no answer in time"
	partAnswer     = "answer incomplete in time"
	behindAnother  = "behind a request that timed out"
	noConnection   = "no connection in time"
	endedBefore    = "ended before the answer"
	endedWithin    = "ended within the answer"
	interrupted    = "interrupted"
	noReason       = "connection failed"
	errDialTimeout = syscall.ETIMEDOUT
)

// dial opens a connection in a slot that has none.
func (l *loop) dial(s *slot) {
	k := l.takeConn()
	k.slot, s.conn = s, k
	s.state = dialing
	s.began, s.late = l.now, 0
	s.tried = true
	if s.tied = s.n > 0; s.tied {
		l.tied++
	}
	l.dialing.push(&s.place)
	l.d.dial(k.id)
}

// connected is what happens when a dial has succeeded.
func (l *loop) connected(s *slot, at mono.Time) {
	l.book.tally.Connections.Opened++
	l.dialing.remove(&s.place)
	l.tried(s)
	s.state = open
	s.since, s.opened = at, at
	for i := range s.n {
		r := s.at(i)
		r.ready = at
		r.connect = max(0, at.Sub(max(r.due, s.began)))
	}
	l.proceed(s, at)
	l.openMore(at)
}

// proceed sends what waits on an open connection, and lets it take more if it
// has room.
func (l *loop) proceed(s *slot, at mono.Time) {
	if l.closed {
		l.fill(s, at)
	}
	l.sendOut(s)
	if !l.closed && l.room(s) && !s.place.in {
		s.since = at
		l.available.push(&s.place)
	}
}

// room tells whether an open connection can take another request.
func (l *loop) room(s *slot) bool {
	k := l.use.PerConnection
	return s.n < len(s.ring) && (k == 0 || s.asked+s.n-s.out < k)
}

// fill lets the requests of a closed load fall due that a slot has room for, or
// lets its user think first.
func (l *loop) fill(s *slot, at mono.Time) {
	if s.thinker != nil {
		l.think(s, at)
		return
	}
	for l.room(s) {
		ok, counted := l.span.admit(at)
		if !ok {
			break
		}
		l.add(s, at, counted).ready = at
		l.book.due++
	}
	l.noteEdges()
}

// add gives a slot a request.
func (l *loop) add(s *slot, due mono.Time, counted bool) *request {
	r := s.add()
	r.due, r.counted, r.turn, r.number = due, counted, l.turn, l.number
	l.turn = l.reel.after(l.turn)
	l.number += int64(max(l.share.Of, 1))
	l.awaited.push(&r.place)
	return r
}

// sendOut hands the requests of an open connection to the driver that are not
// there yet: those that lie end to end in one piece.
func (l *loop) sendOut(s *slot) {
	if s.out == s.n {
		return
	}
	l.stamp(s)
	for s.out < s.n {
		r := s.at(s.out)
		last := s.asked+1 == l.use.PerConnection && l.use.Close == load.ByServer
		if l.reel.hasBlanks(r.turn) {
			b, n := l.write(s, last)
			l.hand(s, r, b, n)
			continue
		}
		if last {
			l.hand(s, r, l.reel.closing(r.turn), 1)
			continue
		}
		n := l.batch(s)
		b, n := l.reel.bytes(r.turn, n)
		l.hand(s, r, b, n)
	}
}

// hand gives the driver the bytes of n requests, of which r is the first.
func (l *loop) hand(s *slot, r *request, b []byte, n int) {
	l.d.send(s.conn.id, b)
	if s.sheets != nil {
		s.sheets.sends++
	}
	if n == 1 {
		r.handed = true
		r.out += int64(len(b))
	} else {
		for i := range n {
			q := s.at(s.out + i)
			one, _ := l.reel.bytes(q.turn, 1)
			q.handed = true
			q.out += int64(len(one))
		}
	}
	s.out += n
	s.asked += n
}

// batch returns how many of the requests to be sent next follow one another in
// the reel and are sent in their usual form.
func (l *loop) batch(s *slot) int {
	n := 1
	for most := l.sendable(s); n < most; n++ {
		r := s.at(s.out + n)
		if r.turn != l.reel.after(s.at(s.out+n-1).turn) || l.reel.hasBlanks(r.turn) {
			break
		}
	}
	return n
}

// sendable returns how many requests can be sent next in their usual form.
func (l *loop) sendable(s *slot) int {
	most := s.n - s.out
	if k := l.use.PerConnection; k > 0 && l.use.Close == load.ByServer {
		most = min(most, k-1-s.asked)
	}
	return most
}

// stamp asks when the requests were handed to the kernel that were with the
// driver since.
func (l *loop) stamp(s *slot) {
	for i := s.out - 1; i >= 0; i-- {
		r := s.at(i)
		if r.stamped {
			return
		}
		r.sent, r.stamped = l.d.sentAt(s.conn.id), true
	}
}

// received takes what arrived on an open connection.
func (l *loop) received(s *slot, data []byte, at mono.Time) {
	if s.out == 0 {
		l.lost(s, evidence.Malformed, at, httpwire.ErrSurplus.Cause, byUs)
		return
	}
	finished := false // an answer was
	var whole []byte  // what has come of an answer that began here
	for len(data) > 0 && s.out > 0 {
		if !s.reading {
			whole = data
		}
		n, done, err := l.feed(s, data, at)
		data = data[n:]
		if err != nil {
			l.malformed(s, at, err)
			return
		}
		if !done {
			continue
		}
		finished = true
		keep := s.known || s.parser.KeepAlive()
		more := len(data) > 0 && s.out == 1
		l.answer(s, at, more, whole[:max(0, len(whole)-len(data))])
		if more {
			l.leave(s, byUs)
			l.reopen(s, at)
			return
		}
		if !keep || s.answered == l.use.PerConnection {
			l.finished(s, at)
			return
		}
	}
	if finished {
		l.proceed(s, at)
	}
}

// feed lets the parser read on.
func (l *loop) feed(s *slot, data []byte, at mono.Time) (n int, done bool, err error) {
	r := s.oldest()
	if !s.reading {
		if l.stamp(s); r.sent > at {
			return 0, false, httpwire.ErrSurplus // it was there before we asked
		}
		s.reading = true
		q := l.reel.requests[r.turn]
		if s.known = l.heads.whole.repeats(data, &q.Expect, s.out > 1); s.known {
			l.check.begun++
			n = len(l.heads.whole.bytes)
			r.in += int64(n)
			return n, true, nil
		}
		l.check.begin(&s.look, &q.Expect)
		if n, done = l.heads.skip(&s.parser, data, q.Head); n > 0 {
			r.in += int64(n)
			return n, done, nil
		}
	}
	n, done, err = s.parser.Feed(data)
	r.in += int64(n)
	if part := s.parser.Body(); part != nil {
		l.check.part(&s.look, part, s.parser.BodyBytes())
	}
	return n, done, err
}

// answer books the answer that has been read to its end. More tells that bytes
// follow which nobody asked for; whole is its bytes, if they came in one piece.
func (l *loop) answer(s *slot, at mono.Time, more bool, whole []byte) {
	r := s.oldest()
	status, right := l.heads.whole.status, true
	if !s.known {
		status, right = s.parser.Status(), l.check.verdict(&s.look, &s.parser, more)
		if right && len(whole) > 0 {
			l.heads.whole.learn(whole, &s.look, &s.parser)
		}
		if s.look.otherBytes && r.counted {
			l.book.tally.WrongBytes++
		}
	}
	l.awaited.remove(&r.place)
	l.book.answer(r, at, &l.done, status, right)
	l.latest = at
	s.pop()
	s.reading = false
	s.answered++
	s.failures = 0
}

// finished is what happens after the last answer that a connection gives.
// Requests that are still on it, in a pipeline, get another one.
func (l *loop) finished(s *slot, at mono.Time) {
	if s.out > 0 {
		l.replaceAll(s, evidence.Cut, at, endedBefore)
	}
	// A request that is still being sent holds on to its sheet, which the slot's
	// next connection needs.
	if sending := s.sheets != nil && l.d.unsent(s.conn.id) > 0; l.use.Close == load.ByServer && !sending {
		l.linger(s, at)
	} else {
		l.leave(s, byUs)
	}
	l.reopen(s, at)
}

// malformed is what happens when the bytes received are no answer: nothing on
// the connection can be told apart any more.
func (l *loop) malformed(s *slot, at mono.Time, err error) {
	cause := err.Error()
	if e, ok := errors.AsType[*httpwire.Error](err); ok {
		cause = e.Cause
	}
	for s.out > 0 {
		l.settle(s.oldest(), evidence.Malformed, at, cause)
		s.pop()
	}
	l.leave(s, byUs)
	l.reopen(s, at)
}

// ended is what happens when the server will send no more.
func (l *loop) ended(s *slot, at mono.Time) {
	cause := endedBefore
	if s.reading {
		cause = endedWithin
		if done, _ := s.parser.End(); done {
			l.answer(s, at, false, nil)
			l.closedByServer(s, at)
			return
		}
	}
	l.lost(s, evidence.Cut, at, cause, byServer)
}

// closedByServer is what happens when an answer ended with its connection.
func (l *loop) closedByServer(s *slot, at mono.Time) {
	if s.out > 0 {
		l.replaceAll(s, evidence.Cut, at, endedBefore)
	}
	l.leave(s, byServer)
	l.reopen(s, at)
}

// broke is what happens when an open connection fails.
func (l *loop) broke(s *slot, cause string, at mono.Time) {
	l.lost(s, evidence.Reset, at, cause, byServer)
}

// lost is what happens when a connection came to its end and not in the way we
// wanted. What was on it failed; except that of a connection which had carried
// an answer before, and on which none had begun since, was stale.
func (l *loop) lost(s *slot, how evidence.Outcome, at mono.Time, cause string, by closer) {
	idle := s.out == 0
	if s.reading {
		l.settle(s.oldest(), how, at, cause)
		s.pop()
		s.reading = false
		if how == evidence.Cut {
			cause = endedBefore
		}
	}
	switch {
	case s.out > 0:
		l.replaceAll(s, how, at, cause)
	case idle && s.answered > 0:
		l.book.tally.Connections.Stale++
	}
	barren := idle && s.answered == 0
	l.leave(s, by)
	if barren {
		// A server that ends connections before it was asked anything is as
		// little to be hammered as a dead one.
		l.rest(s)
		return
	}
	l.reopen(s, at)
}

// replaceAll makes the requests on a connection wait for another one, each once
// and only if the connection had carried an answer; else they fail.
func (l *loop) replaceAll(s *slot, how evidence.Outcome, at mono.Time, cause string) {
	if s.answered == 0 {
		for s.out > 0 {
			l.settle(s.oldest(), how, at, cause)
			s.pop()
		}
		return
	}
	l.stamp(s)
	kept := 0
	for i := range s.out {
		r := s.at(i)
		if r.again {
			continue
		}
		r.again, r.handed, r.stamped, r.in = true, false, false, 0
		kept++
	}
	s.out -= kept
	for s.out > 0 { // the oldest are the ones that were replaced before
		l.settle(s.oldest(), how, at, cause)
		s.pop()
	}
	if kept > 0 {
		l.book.tally.Connections.Stale++
	}
}

// dialFailed is what happens when no connection could be made; err is 0 where
// the cause is no errno's.
func (l *loop) dialFailed(s *slot, err syscall.Errno, cause string, at mono.Time) {
	l.book.tally.Connections.Failed++
	l.dialing.remove(&s.place)
	l.part(s)
	l.tried(s)
	if err == syscall.EAGAIN && l.job.Unix != "" {
		// A Unix socket's way of saying that its queue is full for the moment.
		l.rest(s)
		return
	}
	own := s.n > 0
	for s.n > 0 {
		l.settle(s.oldest(), evidence.Refused, at, cause)
		s.pop()
	}
	l.refusePending(cause, own)
	l.rest(s)
	if l.closed && l.started {
		l.fill(s, at)
	}
	l.openMore(at)
}

// expired is what happens when a request's time has run out.
func (l *loop) expired(r *request, at mono.Time) {
	s := r.slot
	if !r.handed {
		l.settle(r, evidence.Unsent, at, noConnection)
		s.pop()
		if s.n == 0 && s.state == dialing && l.closed {
			l.book.tally.Connections.Failed++
			l.dialing.remove(&s.place)
			l.part(s)
			l.tried(s)
			l.rest(s)
		}
		if s.n == 0 && l.closed {
			l.fill(s, at)
		}
		return
	}
	cause := noAnswer
	if s.reading {
		cause = partAnswer
	}
	for s.out > 0 {
		l.settle(s.oldest(), evidence.TimedOut, at, cause)
		s.pop()
		cause = behindAnother
	}
	l.leave(s, byUs)
	l.reopen(s, at)
}

// settle books the outcome of a request that was not answered. The caller pops
// it.
func (l *loop) settle(r *request, how evidence.Outcome, at mono.Time, cause string) {
	if r.handed && !r.stamped {
		l.stamp(r.slot)
	}
	if r.handed {
		at = max(at, r.sent) // what ended its connection may have come before
	}
	l.awaited.remove(&r.place)
	l.book.fail(r, how, at, cause)
	l.latest = max(l.latest, at)
}
