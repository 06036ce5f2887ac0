package engine

import (
	"errors"
	"fmt"
	"math"
	"net/netip"

	"webdyno/internal/load"
	"webdyno/internal/sys"
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

	// Sources is from how many addresses the connections to a server on 127.0.0.0/8
	// come: 0, from one, and from further ones (127.0.0.2, …) where its ports do
	// not suffice; 1, from one and no more; else from so many, in turns. To other
	// servers they come from one.
	Sources int

	Warmup load.Extent // sent and discarded; may be empty
	Window load.Extent // sent and counted; not empty
	Seed   uint64      // of Poisson arrivals, think times and random values

	Trace *Trace // keeps when requests were due and sent; nil: they are not kept

	// Edge, if not nil, is told when the window opens (on the first loop to open
	// it) and when it closes (on the last). It is called by a goroutine that is
	// no loop, one call at a time, and may take its time: Run returns after it.
	// Every WindowOpened is followed by a WindowClosed.
	Edge func(Edge)

	// number is the job's among those of its engine: it keeps apart the numbers
	// that are filled into the requests of different jobs.
	number int
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
	if j.Sources < 0 || j.Sources > sys.Sources {
		complain("%d source addresses: want 0 to %d", j.Sources, sys.Sources)
	} else if j.Sources > 1 && j.sources() == 1 {
		complain("%d source addresses for %s: there are several only to a server on 127.0.0.0/8", j.Sources, j.name())
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
		if ld.Think < 0 || ld.Think > 0 && ld.Depth() > 1 {
			complain("a think time of %v with %d requests in flight per connection: want none, or 1", ld.Think, ld.Depth())
		}
	default:
		complain("no load")
		return errors.Join(errs...)
	}
	if use := j.Load.Usage(); use.PerConnection < 0 || use.Pipeline < 0 || use.Timeout < 0 || use.Idle < 0 {
		complain("requests per connection, pipeline, timeout and idle connections must not be negative")
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
