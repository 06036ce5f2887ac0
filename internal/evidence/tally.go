// Package evidence is what a trial left behind: counts, distributions, what
// the server and the instrument used, and what has to be told about them.
// Nothing in it is concluded; package report does that.
//
// The engine, the record and the report share these types without knowing each
// other.
package evidence

import (
	"time"

	"webdyno/internal/latency"
)

// An Outcome is how one request ended. Every request that fell due has exactly
// one, so that the counts of a tally add up to the requests that were due.
type Outcome uint8

const (
	Answered   Outcome = iota // a complete, well-formed answer, right or wrong
	TimedOut                  // sent, but no complete answer in time
	Refused                   // no connection could be made
	Reset                     // the connection was reset before the answer was complete
	Cut                       // the server ended the connection before the answer was complete
	Malformed                 // bytes that are not an HTTP answer
	Unsent                    // never got out before its timeout
	Unfinished                // cut off by a signal to webdyno

	NumOutcomes // not an outcome
)

var outcomeNames = [NumOutcomes]string{
	"answered", "timed_out", "refused", "reset", "cut", "malformed", "unsent", "unfinished",
}

// String returns the outcome's name in records and reports.
func (o Outcome) String() string { return outcomeNames[o] }

// A Tally counts the requests of one trial by how they ended and how long they
// took. It covers the window, except where a field says otherwise.
//
// Durations are in nanoseconds. For every answered request
// response = wait + lag + service, to the nanosecond.
type Tally struct {
	Outcomes [NumOutcomes]uint64
	Wrong    uint64 // of the answered: an answer other than expected

	// WrongBytes counts the wrong answers that had a right status, and a body
	// other than the one expected: what was measured is not the work that was
	// asked for.
	WrongBytes uint64

	Statuses map[int]uint64    // of the answered, by status
	Causes   map[string]uint64 // of the failed, by cause: an errno's name, or a few words

	Connections Connections // over warm-up and window
	Idle        Idle        // held beside them

	BytesIn, BytesOut uint64 // of the window's requests

	Sent     uint64 // requests handed to the kernel while the window was open
	HeldIn   uint64 // of Sent: due before the window, and without a connection until it was open
	HeldOver uint64 // not of Sent: due in the window, and without a connection until it was over
	InWindow uint64 // requests due in warm-up or window whose answer was complete, and right, while the window was open
	WrongIn  uint64 // the same, of wrong answers

	Response      *latency.Histogram // due until last byte, of right answers
	ResponseWrong *latency.Histogram // the same, of wrong answers
	Service       *latency.Histogram // handed to the kernel until last byte, of all answers
	Wait          *latency.Histogram // due until a connection was ready
	Connect       *latency.Histogram // the part of wait spent connecting, of requests that had to
	Lag           *latency.Histogram // ready until handed to the kernel: our own lateness

	// ReceiveLag is how long the last bytes of answers had been on this machine
	// when we had read them: what of service was our own lateness. It is of the
	// answers on a sample of connections, where the kernel tells.
	ReceiveLag *latency.Histogram

	Seconds []Second // the window cut into seconds, oldest first

	Warmup         time.Duration // how long the warm-up lasted
	WarmupRequests uint64        // requests that fell due in it
	Window         time.Duration // how long the window was open

	Offered   uint64        // arrivals the schedule held for the window; 0 in a closed load
	ClientCPU time.Duration // CPU of the whole process over the window
	LoopCPU   time.Duration // of that, the loops' own
	LoopSpan  time.Duration // how long that was, all loops together: between the readings of their clocks; 0: not known
	Loops     int
	Backend   string // which driver sent: "epoll"
	Sources   int    // from how many addresses connections came; more than 1 only on the loopback interface

	Preempted   int64  // how often a loop was taken off its CPU while the window was open
	Collections uint64 // of webdyno's garbage while the job was under way; there should be none

	// Unbalanced is of how many requests the engine found its own account wrong:
	// due, ready, sent and done not in this order, so that wait, lag and service do
	// not add up to the response time; or an answer without bytes. There is none.
	Unbalanced uint64

	WrongAnswers []string // what was wrong with the first few, for people
}

// Connections counts connections over warm-up and window.
type Connections struct {
	Opened         uint64 `json:"opened"`
	Failed         uint64 `json:"failed"`           // attempts to open one that failed
	Stale          uint64 `json:"stale"`            // kept connections found ended by the server, and replaced
	ClosedByServer uint64 `json:"closed_by_server"` // by end or reset
	ClosedByUs     uint64 `json:"closed_by_us"`
}

// A Second is one second of the window. Requests are booked by when they ended.
type Second struct {
	Answered uint64             // right and wrong
	Errors   uint64             // failed and wrong
	Response *latency.Histogram // of right answers, two digits
}

// NewTally returns an empty tally.
func NewTally() *Tally {
	return &Tally{
		Statuses:      map[int]uint64{},
		Causes:        map[string]uint64{},
		Response:      latency.New(),
		ResponseWrong: latency.New(),
		Service:       latency.New(),
		Wait:          latency.New(),
		Connect:       latency.New(),
		Lag:           latency.New(),
		ReceiveLag:    latency.New(),
	}
}

// Due returns how many requests fell due in the window: the sum of all outcomes.
func (t *Tally) Due() uint64 {
	var n uint64
	for _, c := range t.Outcomes {
		n += c
	}
	return n
}

// Failed returns how many due requests were not rightly answered.
func (t *Tally) Failed() uint64 { return t.Due() - t.Right() }

// Right returns how many due requests were rightly answered.
func (t *Tally) Right() uint64 { return t.Outcomes[Answered] - t.Wrong }

// LoopTime returns how long the loops could have been busy, all of them together:
// as long as LoopCPU was counted, or, where that was not written down, as long as
// the window was open.
func (t *Tally) LoopTime() time.Duration {
	if t.LoopSpan > 0 {
		return t.LoopSpan
	}
	return t.Window * time.Duration(max(t.Loops, 1))
}

// LoopShare returns the share of their time for which the loops were busy, 0 to
// 1; 0 if nothing is known of it.
func (t *Tally) LoopShare() float64 {
	span := t.LoopTime()
	if span <= 0 {
		return 0
	}
	return min(1, float64(t.LoopCPU)/float64(span))
}

// Merge adds what other counted to t. Tallies of one trial may be merged in
// any order and any grouping, so loops and engines come together the same way.
// Spans (warm-up and window) become the longest of the two; ClientCPU and
// Collections, which are the whole process's, the larger.
func (t *Tally) Merge(other *Tally) {
	for i, n := range other.Outcomes {
		t.Outcomes[i] += n
	}
	t.Wrong += other.Wrong
	t.WrongBytes += other.WrongBytes
	for k, n := range other.Statuses {
		t.Statuses[k] += n
	}
	for k, n := range other.Causes {
		t.Causes[k] += n
	}
	t.Connections.add(other.Connections)
	t.Idle.Asked += other.Idle.Asked
	t.Idle.Opened += other.Idle.Opened
	t.Idle.Ended += other.Idle.Ended
	t.BytesIn += other.BytesIn
	t.BytesOut += other.BytesOut
	t.Sent += other.Sent
	t.HeldIn += other.HeldIn
	t.HeldOver += other.HeldOver
	t.InWindow += other.InWindow
	t.WrongIn += other.WrongIn
	t.Response.Merge(other.Response)
	t.ResponseWrong.Merge(other.ResponseWrong)
	t.Service.Merge(other.Service)
	t.Wait.Merge(other.Wait)
	t.Connect.Merge(other.Connect)
	t.Lag.Merge(other.Lag)
	t.ReceiveLag.Merge(other.ReceiveLag)
	for i, s := range other.Seconds {
		if i == len(t.Seconds) {
			t.Seconds = append(t.Seconds, Second{Response: latency.NewCoarse()})
		}
		t.Seconds[i].Answered += s.Answered
		t.Seconds[i].Errors += s.Errors
		t.Seconds[i].Response.Merge(s.Response)
	}
	t.Warmup = max(t.Warmup, other.Warmup)
	t.WarmupRequests += other.WarmupRequests
	t.Window = max(t.Window, other.Window)
	t.Offered += other.Offered
	t.ClientCPU = max(t.ClientCPU, other.ClientCPU)
	t.LoopCPU += other.LoopCPU
	t.LoopSpan += other.LoopSpan
	t.Loops += other.Loops
	t.Preempted += other.Preempted
	t.Collections = max(t.Collections, other.Collections)
	t.Unbalanced += other.Unbalanced
	t.Sources = max(t.Sources, other.Sources)
	if t.Backend == "" {
		t.Backend = other.Backend
	}
	t.WrongAnswers = append(t.WrongAnswers, other.WrongAnswers...)
}

func (c *Connections) add(o Connections) {
	c.Opened += o.Opened
	c.Failed += o.Failed
	c.Stale += o.Stale
	c.ClosedByServer += o.ClosedByServer
	c.ClosedByUs += o.ClosedByUs
}
