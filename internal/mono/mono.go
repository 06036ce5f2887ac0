// Package mono is the monotonic clock that a trial is timed by.
//
// A Clock counts nanoseconds from the moment it was made, so that readings of
// one trial are small, start near zero, and cannot be mixed up with the wall
// clock. Everything that takes part in one trial shares one Clock. It cannot be
// set back; readings of two Clocks must not be compared.
package mono

import "time"

// A Time is a reading of a Clock: nanoseconds since the Clock was made.
type Time int64

// Never lies beyond every reading; a wait until Never ends only when something
// happens.
const Never = Time(1<<63 - 1)

// Sub returns the time that passed from u to t; negative if u is the later.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Add returns the reading d after t.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// A Clock yields Times. Make one with Start; the zero Clock counts from the
// beginning of the calendar and is of no use.
type Clock struct{ epoch time.Time }

// Start returns a Clock whose zero is now.
func Start() Clock { return Clock{time.Now()} }

// Now reads the clock. It costs one reading of the kernel's clock through the
// vDSO, some 25 to 40 ns, and does not enter the kernel.
func (c Clock) Now() Time { return Time(time.Since(c.epoch)) }

// Pair reads this clock and the wall clock, one right after the other. The
// latter is in nanoseconds since 1970.
func (c Clock) Pair() (t Time, wall int64) {
	now := time.Now() // a reading of both
	return Time(now.Sub(c.epoch)), now.UnixNano()
}

// Wall returns t as a time of day, for people to read. It is as good as the
// system's clock was when the Clock was made.
func (c Clock) Wall(t Time) time.Time { return c.epoch.Add(time.Duration(t)) }
