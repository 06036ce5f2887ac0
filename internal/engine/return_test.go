package engine

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
)

// A server that comes back is found again: what could not be connected leaves
// nothing behind that keeps a later connection from its answers.
func TestServerThatComesBack(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	address := ln.Addr().String()
	ln.Close()
	each(t, func(t *testing.T, b Backend) {
		for _, ld := range []load.Load{
			load.Closed{Connections: 4, Use: load.Use{Timeout: time.Second}},
			load.Open{Rate: 200, Use: load.Use{Timeout: time.Second}},
		} {
			job := Job{Address: netip.MustParseAddrPort(address), Requests: get(), Load: ld, Window: lasting(400 * time.Millisecond)}
			var s *server
			job.Edge = func(e Edge) {
				if e == WindowOpened {
					time.Sleep(50 * time.Millisecond)
					s = serveOn(t, "tcp4", address, answering(hello))
				}
			}
			tally := carryOut(t, Config{Backend: b}, job)
			s.Close()
			o := tally.Outcomes
			if o[evidence.Refused] == 0 || o[evidence.Answered] == 0 || o[evidence.Refused]+o[evidence.Answered] != tally.Due() {
				t.Errorf("%+v: outcomes %v, causes %v; want some refused, and then all answered", ld, o, tally.Causes)
			}
		}
	})
}
