package engine

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/sys"
)

// Idle connections are there while the load lasts and gone after it, they are
// not the load's, and those that the server ends are counted.
func TestIdleConnections(t *testing.T) {
	var open, most atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), open.Load()))
		w.Write([]byte("hello"))
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	srv.Start()
	defer srv.Close()
	tally := runIdle(t, srv.Listener.Addr().String(), 50)
	if want := (evidence.Idle{Asked: 50, Opened: 50}); tally.Idle != want {
		t.Errorf("idle %+v, want %+v", tally.Idle, want)
	}
	if most.Load() < 51 || tally.Connections.Opened != 1 || tally.Right() != 20 {
		t.Errorf("%d open at once, %d of the load's, %d right; want 51, 1, 20", most.Load(), tally.Connections.Opened, tally.Right())
	}
	for open.Load() > 0 { // the server sees their end a moment later
		time.Sleep(time.Millisecond)
	}
}

// A server that ends those which say nothing is found out.
func TestIdleConnectionsEnded(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(10 * time.Millisecond)
		w.Write([]byte("hello"))
	}))
	srv.Config.ReadHeaderTimeout = 20 * time.Millisecond
	srv.Start()
	defer srv.Close()
	tally := runIdle(t, srv.Listener.Addr().String(), 8)
	if want := (evidence.Idle{Asked: 8, Opened: 8, Ended: 8}); tally.Idle != want {
		t.Errorf("idle %+v, want %+v", tally.Idle, want)
	}
}

// What this machine cannot hold is said before anything is sent.
func TestIdleConnectionsBeyondTheLimit(t *testing.T) {
	eng, err := Open(Config{Backend: Net})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	_, err = eng.Run(context.Background(), idleJob(t, "127.0.0.1:1", sys.DescriptorLimit()))
	if err == nil || !strings.Contains(err.Error(), "more descriptors than") || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("error %v, want one that names the limit", err)
	}
}

func runIdle(t *testing.T, addr string, idle int) *evidence.Tally {
	t.Helper()
	eng, err := Open(Config{Backend: Net})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	tally, err := eng.Run(context.Background(), idleJob(t, addr, idle))
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func idleJob(t *testing.T, addr string, idle int) Job {
	t.Helper()
	return Job{
		Address:  netip.MustParseAddrPort(addr),
		Requests: get(),
		Load:     load.Closed{Connections: 1, Use: load.Use{Idle: idle}},
		Window:   load.Extent{Count: 20},
	}
}
