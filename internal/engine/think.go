package engine

import (
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// A thinking is the slots of a closed load whose next request has not fallen due
// yet, because their users think: a binary heap, soonest first. It has room for
// all slots from the beginning.
type thinking struct {
	slots  []*slot
	asking []*slot     // whose next has fallen due, and was not sent
	fresh  queue[slot] // those that are to be dialed for the first time, and wait for their turn
}

// newThinking gives each slot of a share its thinker. Slot i of the share is
// number Nth + i·Of of the whole load.
func newThinking(ld load.Closed, seed uint64, s load.Share, slots []*slot) thinking {
	thinkers := make([]load.Thinker, len(slots))
	for i, own := range slots {
		thinkers[i] = ld.Thinker(seed, int64(s.Nth)+int64(i)*int64(max(s.Of, 1)))
		own.thinker = &thinkers[i]
	}
	return thinking{slots: make([]*slot, 0, len(slots)), asking: make([]*slot, 0, len(slots))}
}

// next returns when the first of them falls due, Never if none does.
func (t *thinking) next() mono.Time {
	if len(t.slots) == 0 {
		return mono.Never
	}
	return t.slots[0].next
}

func (t *thinking) push(s *slot) {
	t.slots = append(t.slots, s)
	for i := len(t.slots) - 1; i > 0; {
		above := (i - 1) / 2
		if t.slots[above].next <= s.next {
			break
		}
		t.slots[i], t.slots[above] = t.slots[above], s
		i = above
	}
}

// pop removes the first, which there must be.
func (t *thinking) pop() *slot {
	first, last := t.slots[0], len(t.slots)-1
	s := t.slots[last]
	t.slots = t.slots[:last]
	for i := 0; i < last; {
		t.slots[i] = s
		below := 2*i + 1
		if below+1 < last && t.slots[below+1].next < t.slots[below].next {
			below++
		}
		if below >= last || s.next <= t.slots[below].next {
			break
		}
		t.slots[i] = t.slots[below]
		i = below
	}
	return first
}

// think lets the user of a slot think from at on, if he has nothing else to do.
func (l *loop) think(s *slot, at mono.Time) {
	if s.n > 0 || s.thinks {
		return
	}
	s.thinks = true
	s.next = at.Add(s.thinker.Next())
	l.thinking.push(s)
}

// conclude lets the requests fall due of those who have thought enough by now,
// each at its own instant.
func (l *loop) conclude(now mono.Time) {
	for l.thinking.next() <= now {
		s := l.thinking.pop()
		if s.state == empty && !s.tried && l.opening >= l.atOnce() {
			// As without think times, a slot's first request falls due when its
			// first dial can begin.
			l.thinking.fresh.push(&s.place)
			continue
		}
		l.ask(s, s.next)
	}
}

// ask lets a slot's next request fall due. It is sent by askOut: what is being
// looked at now happened before, and may have ended the slot's connection.
func (l *loop) ask(s *slot, due mono.Time) {
	s.thinks = false
	ok, counted := l.span.admit(due)
	l.noteEdges()
	if !ok {
		return
	}
	l.add(s, due, counted).ready = due
	l.book.due++
	if s.state == empty && !s.tried {
		s.first = true
		l.opening++
	}
	l.thinking.asking = append(l.thinking.asking, s)
}

// askOut sends what fell due, or dials for it.
func (l *loop) askOut() {
	for _, s := range l.thinking.asking {
		switch {
		case s.n == 0 || s.oldest().due.Add(l.limit) <= l.now: // its time is over
			if s.state == empty {
				l.tried(s)
			}
		case s.state == open:
			l.sendOut(s)
		case s.state == empty:
			l.dial(s)
		}
		// One at rest is dialed when that is over.
	}
	l.thinking.asking = l.thinking.asking[:0]
}

// askFresh lets slots that wait for it make their first dials, few at once.
func (l *loop) askFresh(now mono.Time) {
	for s := l.thinking.fresh.head(); s != nil && l.opening < l.atOnce(); s = l.thinking.fresh.head() {
		l.thinking.fresh.remove(&s.place)
		l.ask(s, now)
	}
	l.askOut()
}
