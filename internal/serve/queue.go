package serve

import (
	"fmt"
	"math"
	"time"

	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// A Law is how service times are distributed.
type Law uint8

const (
	Constant    Law = iota // every service takes the mean
	Exponential            // memoryless, as in the M of M/M/1
)

var lawNames = [...]string{"constant", "exponential"}

func (l Law) String() string { return lawNames[l] }

// MarshalText writes the law's name.
func (l Law) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a law's name.
func (l *Law) UnmarshalText(b []byte) error {
	for i, n := range lawNames {
		if n == string(b) {
			*l = Law(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no law of service times: want one of %q", b, lawNames)
}

// ServiceTimes say how long each request's service takes. They are a function
// of the request's number alone, so that whoever knows the seed knows them all
// without asking the server.
type ServiceTimes struct {
	Law  Law           `json:"law"`
	Mean time.Duration `json:"mean_ns"` // 0 or more
	Seed uint64        `json:"seed"`    // of the laws that draw
}

// Of returns the service time of request i: for Exponential -Mean·ln(1-u), the
// inverse of the distribution function at a u that is drawn from [0, 1) by seed
// and number.
func (s ServiceTimes) Of(i uint64) time.Duration {
	if s.Law == Constant {
		return s.Mean
	}
	u := float64(load.Seed(s.Seed, int(i))>>11) * 0x1p-53
	return time.Duration(math.Round(-float64(s.Mean) * math.Log1p(-u)))
}

// A Stall holds back every service that would begin during the first For of
// each period of length Every, counted from when the server's clock started. A
// service that is under way when a stall begins is not interrupted. The zero
// Stall holds nothing back.
type Stall struct {
	For   time.Duration `json:"for_ns"`   // less than Every, or 0
	Every time.Duration `json:"every_ns"` // 0 only if For is
}

// Pass returns when a service that is ready to begin at t begins.
func (s Stall) Pass(t mono.Time) mono.Time {
	if s.For == 0 {
		return t
	}
	into := t % mono.Time(s.Every)
	if into >= mono.Time(s.For) {
		return t
	}
	return t - into + mono.Time(s.For)
}

// A Queue says when requests are finished, given when they arrive. The server
// called truth works by it, and it tells a test what truth must have done.
//
// One server takes them in order, so that request i of service time Sᵢ that
// arrives at aᵢ is finished at fᵢ = max(aᵢ, fᵢ₋₁) + Sᵢ (Lindley's recursion);
// with Endless servers nobody waits for another, and fᵢ = aᵢ + Sᵢ. A Stall moves
// the beginning of a service, in either case; a Warmth changes its length.
type Queue struct {
	Times   ServiceTimes `json:"times"`
	Stall   Stall        `json:"stall"`
	Warmth  Warmth       `json:"warmth,omitzero"`
	Endless bool         `json:"endless"`

	last mono.Time // when the request before is finished
}

// Finish returns when request i, which arrives at the given time, is finished.
// Requests must be put to it in the order in which they are served.
func (q *Queue) Finish(i uint64, arrives mono.Time) mono.Time {
	begins := arrives
	if !q.Endless {
		begins = max(arrives, q.last)
	}
	begins = q.Stall.Pass(begins)
	service := q.Times.Of(i)
	if q.Warmth != (Warmth{}) {
		service = time.Duration(math.Round(float64(service) * q.Warmth.At(begins)))
	}
	q.last = begins.Add(service)
	return q.last
}
