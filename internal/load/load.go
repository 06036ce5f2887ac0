// Package load is the arithmetic of how hard to push a server: open and closed
// loads, when each request falls due, and which share of them a generator
// carries. It sends nothing and reads no clock.
//
// A load is shared out by number: share k of n carries the arrivals, the
// connections and the counted requests whose number is k modulo n. One loop of
// an engine, one engine of a crew and a whole trial all hold a Share, so that
// one machine and ten run the same code.
package load

import (
	"fmt"
	"time"
)

// A Load is how hard to push a server. It is either Open or Closed.
type Load interface {
	// Usage says how the load's connections are used.
	Usage() Use
	load()
}

// Open sends requests at times fixed in advance, whether or not the earlier
// ones have been answered. It measures the response time users would see.
type Open struct {
	Rate     float64 // arrivals per second, over all shares together; more than 0
	Arrivals Arrivals

	// Connections are opened before the schedule starts, and the longest idle
	// one is used first. If zero, connections open on demand.
	Connections int
	// MaxConnections bounds the connections that open on demand. If zero, the
	// engine takes what descriptors and ports allow.
	MaxConnections int

	// Surge is a stretch in which more is asked. The zero Surge is none.
	Surge Surge

	Use
}

// Closed keeps a fixed number of requests in flight: each answer releases the
// next request, at once or after a think time. It measures capacity, and
// understates response time.
type Closed struct {
	Connections int // kept in use; at least 1

	// Think is the mean time that passes between the outcome of a request and
	// the falling due of its place's next one; 0: none. It goes with a Pipeline
	// of 1 only: who sends ahead does not wait for answers, and thinks nothing.
	Think    time.Duration
	Thinking Thinking // how think times are spread about that mean

	Use
}

func (Open) load()   {}
func (Closed) load() {}

// Use is how connections are used, in either kind of load.
type Use struct {
	PerConnection int           // requests per connection; 0 = as many as the server allows
	Pipeline      int           // requests in flight per connection; 0 means 1
	Close         Close         // how a connection ends after its last request
	Timeout       time.Duration // of one request, counted from when it was due; 0 means DefaultTimeout
	Idle          int           // further connections, held open and silent beside those of the load
}

// Usage implements [Load] for the loads that embed a Use.
func (u Use) Usage() Use { return u }

// DefaultTimeout is the timeout of a request where none is asked for.
const DefaultTimeout = 10 * time.Second

// Limit returns the timeout that is in force.
func (u Use) Limit() time.Duration {
	if u.Timeout == 0 {
		return DefaultTimeout
	}
	return u.Timeout
}

// Depth returns the requests in flight per connection, at least 1.
func (u Use) Depth() int { return max(u.Pipeline, 1) }

// Arrivals says how the arrivals of an open load are spaced.
type Arrivals uint8

const (
	Poisson  Arrivals = iota // independent of each other, as users are
	Constant                 // evenly spaced
)

var arrivalNames = [...]string{"poisson", "constant"}

func (a Arrivals) String() string { return arrivalNames[a] }

// ParseArrivals returns the Arrivals called s.
func ParseArrivals(s string) (Arrivals, error) {
	return parse[Arrivals](arrivalNames[:], s, "arrivals")
}

// Thinking says how the think times of a closed load are spread.
type Thinking uint8

const (
	ExponentialThinking Thinking = iota // as if users were independent of each other and of the past
	ConstantThinking                    // always the same
)

var thinkingNames = [...]string{"exponential", "constant"}

func (t Thinking) String() string { return thinkingNames[t] }

// ParseThinking returns the Thinking called s.
func ParseThinking(s string) (Thinking, error) {
	return parse[Thinking](thinkingNames[:], s, "kind of think time")
}

// Close is how a connection ends after its last request. In every way the
// request's time ends at the last byte of its answer.
type Close uint8

const (
	// ByServer sends "Connection: close" with the last request and waits for
	// the server to end the connection, 100 ms at most.
	ByServer Close = iota
	ByFIN          // we shut the connection down
	ByReset        // we reset it, leaving no port waiting
)

var closeNames = [...]string{"server", "fin", "reset"}

func (c Close) String() string { return closeNames[c] }

// ParseClose returns the Close called s.
func ParseClose(s string) (Close, error) { return parse[Close](closeNames[:], s, "way of closing") }

func parse[T ~uint8](names []string, s, what string) (T, error) {
	for i, n := range names {
		if n == s {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no %s: want one of %q", s, what, names)
}

// An Extent is how long a stretch of load lasts: a time, a count of requests,
// or, where both are set, whichever ends first. The zero Extent is empty.
type Extent struct {
	Time  time.Duration
	Count int64 // requests, over all shares together
}

// IsZero tells whether the extent is empty.
func (e Extent) IsZero() bool { return e == Extent{} }
