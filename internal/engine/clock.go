package engine

import (
	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// overdue tells whether the window has an edge, a user an end of his thoughts,
// or a request its timeout, before now.
func (l *loop) overdue(now mono.Time) bool {
	if now >= l.span.edge() || l.thinks && now >= l.thinking.next() {
		return true
	}
	r := l.awaited.head()
	return r != nil && r.due.Add(l.limit) < now
}

// clocked turns the window's edges and ends requests whose time has run out
// before now.
func (l *loop) clocked(now mono.Time) {
	if now >= l.span.edge() {
		l.turnSpan(now)
	}
	if l.thinks {
		l.conclude(now)
	}
	for r := l.awaited.head(); r != nil && r.due.Add(l.limit) < now; r = l.awaited.head() {
		l.expired(r, now)
	}
}

// advance does whatever is due by the clock.
func (l *loop) advance(now mono.Time) {
	l.now = now
	l.turnSpan(now)
	for r := l.awaited.head(); r != nil && r.due.Add(l.limit) <= now; r = l.awaited.head() {
		l.expired(r, now)
	}
	for s := l.dialing.head(); s != nil && s.began.Add(l.limit) <= now; s = l.dialing.head() {
		l.dialFailed(s, errDialTimeout, sys.ErrnoName(errDialTimeout), now)
	}
	for k := l.leaving.head(); k != nil && k.until <= now; k = l.leaving.head() {
		l.endLeft(k)
	}
	for i := range l.resting {
		for s := l.resting[i].head(); s != nil && s.until <= now; s = l.resting[i].head() {
			l.rested(s, now)
		}
	}
	l.openMore(now)
	l.begin()
	if l.pending != nil {
		l.launch(now)
	}
	if l.closed && l.span.spent() && !l.span.closed && l.awaited.len() == 0 {
		l.closeWindow(max(l.latest, l.span.openAt))
	}
}

// turnSpan opens and closes the window as far as that is a matter of time.
func (l *loop) turnSpan(now mono.Time) {
	if l.pending != nil {
		l.pending.fall(now)
	}
	if l.thinks {
		l.conclude(now)
	}
	l.span.tick(now)
	l.noteEdges()
}

// noteEdges reads the clocks and tells the onlookers once the span has opened
// or closed the window.
func (l *loop) noteEdges() {
	if l.span.opened && !l.noted[WindowOpened] {
		l.noted[WindowOpened] = true
		l.book.open(l.d.now())
		l.watch.pass(WindowOpened)
	}
	if l.span.opened && l.span.closed && !l.noted[WindowClosed] {
		l.noted[WindowClosed] = true
		l.book.close(l.d.now)
		l.watch.pass(WindowClosed)
	}
}
