package engine

import (
	"runtime"
	"testing"

	"webdyno/internal/load"
)

// Ten thousand connections fit: what the engine holds for them is a fraction of
// the 64 MB that a trial of so many may take.
func TestTenThousandConnectionsAreSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := &frugal{reply: nil}
	job := Job{Load: load.Closed{Connections: 10000}, Window: count(1), Requests: get()}
	l := newLoop(s, &job, 0, 1, newGate([]driver{s}), newWatch(1))
	for _, slot := range l.slots {
		slot.conn = l.takeConn()
	}
	d := &epoll{conns: make([]epollConn, 10000)}
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := after.HeapAlloc - before.HeapAlloc
	runtime.KeepAlive(l)
	runtime.KeepAlive(d)
	if held > 16<<20 {
		t.Errorf("%d bytes are held for 10,000 connections, want under 16 MiB", held)
	}
	t.Logf("%d bytes a connection", held/10000)
}
