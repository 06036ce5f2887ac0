package engine

import (
	"math"
	"time"

	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// A span is the course of a trial: warm-up, then window, then the rest. Which
// of them a request belongs to is decided by when, and as which, it fell due.
//
//	start --> warm-up --> openAt --> window --> closeAt --> nothing falls due
type span struct {
	warmUntil mono.Time // Never if the warm-up does not end by time
	warmCount int64     // requests in the warm-up; noCount if it does not end by count
	lasting   time.Duration
	count     int64 // requests in the window; noCount if it does not end by count

	start   mono.Time
	openAt  mono.Time // Never while it is not known
	closeAt mono.Time // Never while it is not known
	opened  bool
	closed  bool

	fell   int64 // requests that fell due in the present stretch
	warmed int64 // requests that fell due in the warm-up
}

// noCount is the count of a stretch that does not end by count.
const noCount = math.MaxInt64

// newSpan returns the span of a share of a job. Counts are of requests over all
// shares; the shares' parts add up to them exactly. In a closed load they are as its
// connections are, or the share with few of them would go on alone; in an open one
// connections is 0.
func newSpan(warmup, window load.Extent, s load.Share, connections int) span {
	part := s.Count
	if connections > 0 {
		part = func(n int64) int64 { return s.Dealt(n, int64(connections)) }
	}
	sp := span{
		warmUntil: mono.Never, warmCount: noCount, lasting: window.Time, count: noCount,
		start: mono.Never, openAt: mono.Never, closeAt: mono.Never,
	}
	if warmup.Count > 0 {
		sp.warmCount = part(warmup.Count)
	}
	if window.Count > 0 {
		// Counted from where the warm-up's numbers end, so that constant arrivals
		// of several shares are the same ones as those of a single share.
		sp.count = part(warmup.Count+window.Count) - part(warmup.Count)
	}
	if warmup.IsZero() {
		sp.warmCount = 0
	}
	sp.warmUntil = mono.Time(warmup.Time) // until begin, counted from the start
	return sp
}

// begin starts the span.
func (s *span) begin(at mono.Time) {
	s.start = at
	switch {
	case s.warmUntil > 0:
		s.warmUntil = at.Add(time.Duration(s.warmUntil))
	case s.warmCount == 0:
		s.open(at)
	default:
		s.warmUntil = mono.Never
	}
}

func (s *span) open(at mono.Time) {
	s.opened, s.openAt = true, at
	s.warmed, s.fell = s.fell, 0
	if s.lasting > 0 {
		s.closeAt = at.Add(s.lasting)
	}
}

// admit asks for a request that would fall due at due: whether it does, and
// whether it is counted. The dues of successive calls do not decrease.
func (s *span) admit(due mono.Time) (ok, counted bool) {
	s.tick(due)
	if !s.opened && s.fell >= s.warmCount {
		s.open(due)
	}
	if s.closed || s.spent() {
		return false, false
	}
	s.fell++
	return true, s.opened
}

// tick opens and closes the window where that is a matter of time.
func (s *span) tick(now mono.Time) {
	if s.start == mono.Never {
		return
	}
	if !s.opened && now >= s.warmUntil {
		s.open(s.warmUntil)
	}
	if s.opened && now >= s.closeAt {
		s.closed = true
	}
}

// edge returns when tick has something to do next.
func (s *span) edge() mono.Time {
	switch {
	case s.closed || s.start == mono.Never:
		return mono.Never
	case s.opened:
		return s.closeAt
	}
	return s.warmUntil
}

// spent tells whether the window has all the requests it was to have.
func (s *span) spent() bool { return s.opened && s.fell >= s.count }

// close ends the window at at, unless it has ended before.
func (s *span) close(at mono.Time) {
	s.closed = true
	s.closeAt = min(s.closeAt, at)
}

// within tells whether the window was open at at, as far as is known now.
func (s *span) within(at mono.Time) bool { return at >= s.openAt && at < s.closeAt }
