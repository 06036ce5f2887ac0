package engine

import (
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// pending is the requests of an open load that are due and have no connection
// yet, oldest first. None of them is stored: they are the arrivals between two
// cursors on the same schedule, one at the arrival to be sent next and one at
// the arrival to fall due next. However far a server falls behind, it takes no
// memory, and nothing is ever dropped.
type pending struct {
	span         *span
	front, back  arrivals
	firstCounted int64 // number of the first arrival in the window; -1 while unknown
	over         bool  // nothing falls due any more

	// asked is at the first arrival that no connection was dialed for, where
	// connections open on demand; elsewhere it has no cursor.
	asked arrivals
}

// arrivals walks a schedule.
type arrivals struct {
	cursor *load.Cursor
	start  mono.Time
	due    mono.Time // of the next one
	number int64     // of the next one, within the loop's share
}

func newArrivals(o load.Open, s load.Share, seed uint64, start mono.Time) arrivals {
	a := arrivals{cursor: o.Cursor(s, seed), start: start}
	a.due = start.Add(a.cursor.Next())
	return a
}

func (a *arrivals) step() {
	a.due = a.start.Add(a.cursor.Next())
	a.number++
}

func newPending(sp *span, o load.Open, s load.Share, seed uint64, start mono.Time) *pending {
	return &pending{
		span:         sp,
		front:        newArrivals(o, s, seed, start),
		back:         newArrivals(o, s, seed, start),
		firstCounted: -1,
	}
}

// fall lets what is due at now fall due.
func (p *pending) fall(now mono.Time) {
	for p.back.due <= now && !p.over {
		ok, counted := p.span.admit(p.back.due)
		if !ok {
			p.over = true
			p.span.close(p.back.due) // by count; by time it is closed already
			return
		}
		if counted && p.firstCounted < 0 {
			p.firstCounted = p.back.number
		}
		p.back.step()
	}
}

// next returns when the next arrival falls due, Never if none will.
func (p *pending) next() mono.Time {
	if p.over || p.span.closed {
		return mono.Never
	}
	return p.back.due
}

// waiting returns how many there are.
func (p *pending) waiting() int64 { return p.back.number - p.front.number }

// oldest returns when the oldest fell due, Never if there is none.
func (p *pending) oldest() mono.Time {
	if p.waiting() == 0 {
		return mono.Never
	}
	return p.front.due
}

// take removes the oldest, of which there must be one.
func (p *pending) take() (due mono.Time, counted bool) {
	due = p.front.due
	counted = p.firstCounted >= 0 && p.front.number >= p.firstCounted
	p.front.step()
	if p.asked.cursor != nil && p.asked.number < p.front.number {
		p.asked.step() // in step, so that there is no long way to go at once
	}
	return due, counted
}

// ask returns when the request fell due that ahead older pending ones stand
// before, and a connection is about to be dialed for; Never if one was before.
func (p *pending) ask(ahead int64) mono.Time {
	number := p.front.number + ahead
	if p.asked.number > number {
		return mono.Never
	}
	for p.asked.number < number {
		p.asked.step()
	}
	due := p.asked.due
	p.asked.step()
	return due
}
