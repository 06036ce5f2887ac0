package load

import "time"

// A Surge is a stretch of an open load in which arrivals come Times as fast, and
// after which they come as before. It is made by letting time pass Times as fast
// for the schedule, so that Poisson arrivals stay Poisson, and constant ones even.
// The zero Surge is none.
type Surge struct {
	From, To time.Duration // since the start of the schedule, its warm-up included; From ≤ To
	Times    float64       // more than 0
}

// warp returns when an arrival is due that would be due at t without the surge.
func (s Surge) warp(t time.Duration) time.Duration {
	if s.Times <= 0 || t <= s.From {
		return t
	}
	into := time.Duration(float64(t-s.From) / s.Times)
	if s.From+into <= s.To {
		return s.From + into
	}
	return t - time.Duration(float64(s.To-s.From)*(s.Times-1))
}
