package engine

import (
	"errors"
	"fmt"
	"math"
	"net/netip"

	"webdyno/internal/load"
	"webdyno/internal/workload"
)

// A Job is one uninterrupted stretch of load against one address.
type Job struct {
	Address netip.AddrPort // where the server listens,
	Unix    string         // or its Unix socket's path, instead
	TLS     *TLS           // how TLS is spoken there; nil: it is not. Only Auto and Net can

	Requests *workload.Set // sent in turn; not changed while the job is under way
	Load     load.Load
	Share    load.Share // the part of Load that this engine carries; zero: all of it

	Warmup load.Extent // sent and discarded; may be empty
	Window load.Extent // sent and counted; not empty
	Seed   uint64      // of Poisson arrivals

	// Edge, if not nil, is told when the window opens (on the first loop to open
	// it) and when it closes (on the last). It is called by a goroutine that is
	// no loop, one call at a time, and may take its time: Run returns after it.
	// Every WindowOpened is followed by a WindowClosed.
	Edge func(Edge)
}

// An Edge is an end of the window.
type Edge uint8

// The edges of a window.
const (
	WindowOpened Edge = iota
	WindowClosed
)

// check complains about everything in j that cannot be carried out.
func (j *Job) check() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if j.Address.IsValid() == (j.Unix != "") {
		complain("want an address or a Unix socket's path, and not both")
	}
	if j.TLS != nil && j.TLS.Name == "" && !j.TLS.Insecure {
		complain("TLS with nobody: want the name the server must prove to be")
	}
	if j.Requests == nil || len(j.Requests.Requests) == 0 {
		complain("no request to send")
	}
	if j.Window.Time <= 0 && j.Window.Count <= 0 {
		complain("the window is empty: give it a time or a count of requests")
	}
	if j.Warmup.Time < 0 || j.Warmup.Count < 0 || j.Window.Time < 0 || j.Window.Count < 0 {
		complain("a warm-up or window of less than nothing")
	}
	if j.Share.Nth < 0 || j.Share.Nth >= max(j.Share.Of, 1) {
		complain("share %d of %d: want 0 to %d", j.Share.Nth, j.Share.Of, max(j.Share.Of, 1)-1)
	}
	switch ld := j.Load.(type) {
	case load.Open:
		if !(ld.Rate > 0) || math.IsInf(ld.Rate, 0) {
			complain("a rate of %v arrivals per second: want more than 0", ld.Rate)
		}
		if ld.Connections < 0 || ld.MaxConnections < 0 {
			complain("fewer than no connections")
		}
	case load.Closed:
		if ld.Connections < 1 {
			complain("%d connections in a closed load: want at least 1", ld.Connections)
		}
	default:
		complain("no load")
		return errors.Join(errs...)
	}
	if use := j.Load.Usage(); use.PerConnection < 0 || use.Pipeline < 0 || use.Timeout < 0 {
		complain("requests per connection, pipeline and timeout must not be negative")
	}
	return errors.Join(errs...)
}

// connections returns how many connections the whole load asks for; 0 if they
// open on demand.
func (j *Job) connections() int {
	switch ld := j.Load.(type) {
	case load.Open:
		return ld.Connections
	case load.Closed:
		return ld.Connections
	}
	return 0
}

// loops returns how many of n loops have something to do, which is at most one
// for each connection of the engine's share.
func (j *Job) loops(n int) (int, error) {
	all := j.connections()
	if all == 0 {
		if ld, ok := j.Load.(load.Open); ok && ld.MaxConnections > 0 {
			all = ld.MaxConnections
		} else {
			return n, nil
		}
	}
	own := j.Share.Count(int64(all))
	if own < 1 {
		return 0, fmt.Errorf("share %d of %d carries none of %d connections: use fewer engines or more connections",
			j.Share.Nth, j.Share.Of, all)
	}
	return int(min(int64(n), own)), nil
}

// name returns the job's address, for errors.
func (j *Job) name() string {
	if j.Unix != "" {
		return "unix:" + j.Unix
	}
	return j.Address.String()
}
