package engine

import (
	"syscall"
	"testing"
	"time"

	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// Where we were away when requests fell due, and connections were dialed for
// them only later, that is our lag, and no back-pressure of a server that
// answers at once: it takes what its dials take to wait for it.
func TestConnectionsDialedLateAreOurLag(t *testing.T) {
	const away, takes = time.Second, 100 * time.Microsecond
	left := mono.Time(500 * time.Millisecond)
	back := left.Add(away)
	for name, use := range map[string]load.Use{
		"keep-alive": {}, "pipelined": {Pipeline: 3}, "a connection each": {PerConnection: 1, Close: load.ByReset},
	} {
		t.Run(name, func(t *testing.T) {
			s := &simulation{serve: infinite(func(int) time.Duration { return 3 * time.Millisecond })}
			s.dials = func(mono.Time) (time.Duration, syscall.Errno) { return takes, 0 }
			gone := false
			s.jitter = func() time.Duration {
				if gone || s.clock < left {
					return 0
				}
				gone = true
				return back.Sub(s.clock)
			}
			open := load.Open{Rate: 1000, Arrivals: load.Constant, Use: use}
			_, ends := simulate(t, s, Job{Load: open, Window: count(3000)})
			for _, e := range ends {
				if wait := e.ready.Sub(e.due); wait > takes {
					t.Fatalf("due at %v: waited %v of %v for a server that was there", e.due, wait, e.response())
				}
				if e.due > left && e.due < back && e.sent.Sub(e.ready) < back.Sub(e.due)-takes {
					t.Fatalf("due at %v: a lag of %v, and we came back at %v", e.due, e.sent.Sub(e.ready), back)
				}
			}
		})
	}
}

// What waits because there are as many connections as there may be waits for the
// server, whose connections they are.
func TestWaitingForRoomIsNotOurLag(t *testing.T) {
	s := &simulation{serve: infinite(func(int) time.Duration { return 50 * time.Millisecond })}
	open := load.Open{Rate: 1000, MaxConnections: 5, Use: load.Use{PerConnection: 1, Close: load.ByReset, Timeout: time.Minute}}
	_, ends := simulate(t, s, Job{Load: open, Window: count(500)})
	for _, e := range ends {
		if lag := e.sent.Sub(e.ready); lag != 0 {
			t.Fatalf("due at %v: a lag of %v, on a clock that stands still while we work", e.due, lag)
		}
	}
}
