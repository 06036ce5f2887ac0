package load

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Cursor walks the due times of one share of an open load, in order.
//
// Constant arrivals are computed from the number of the arrival and not by
// adding up periods, so that rounding cannot accumulate: after an hour the
// schedule is still on the nanosecond. Poisson arrivals are a stream of the
// share's own, of rate λ/n; the superposition of n independent streams of rate
// λ/n is Poisson of rate λ.
type Cursor struct {
	arrivals Arrivals
	next     int64   // number of the next arrival; constant arrivals only
	step     int64   // shares
	rate     float64 // of all shares together, per second

	rng *rand.Rand
	at  float64 // seconds; the arrival before, Poisson only
	per float64 // mean seconds between arrivals of this share, Poisson only

	surge Surge
}

// Cursor returns a cursor at the first arrival of share s. The same seed and
// share yield the same arrivals on every machine.
func (o Open) Cursor(s Share, seed uint64) *Cursor {
	c := &Cursor{
		arrivals: o.Arrivals,
		next:     int64(s.Nth),
		step:     int64(s.parts()),
		rate:     o.Rate,
		surge:    o.Surge,
	}
	if o.Arrivals == Poisson {
		c.rng = rand.New(rand.NewPCG(seed, uint64(s.Nth)))
		c.per = float64(s.parts()) / o.Rate
	}
	return c
}

// Next returns the next due time, counted from the start of the schedule.
func (c *Cursor) Next() time.Duration { return c.surge.warp(c.even()) }

// even returns the next due time of a schedule without a surge.
func (c *Cursor) even() time.Duration {
	if c.arrivals == Poisson {
		c.at += c.rng.ExpFloat64() * c.per
		return time.Duration(math.Round(c.at * 1e9))
	}
	// Whole seconds apart from the rest: a float64 holds nanoseconds exactly
	// for only 104 days, and its rounding is off by one long before.
	k := float64(c.next)
	c.next += c.step
	whole, part := math.Modf(k / c.rate)
	return time.Duration(whole)*time.Second + time.Duration(math.Round(part*1e9))
}
