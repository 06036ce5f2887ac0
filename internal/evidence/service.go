package evidence

// A Service is what a service beside a subject was and did during one trial.
type Service struct {
	Name   string `json:"name"`
	Says   string `json:"says,omitempty"`   // what it says of itself: "Redis 7.0.15"
	Usage  *Usage `json:"usage,omitempty"`  // its process tree over the window; nil if it is not ours
	CPUs   int    `json:"cpus,omitempty"`   // how many it may run on; 0 if that is not known
	Shared bool   `json:"shared,omitempty"` // they are the subject's too
	Calls  *Calls `json:"calls,omitempty"`  // nil if they are not counted
}

// Calls are how often a service was called between two readings of its own
// counters: one before the trial's first request, one after its last answer.
type Calls struct {
	Commands []string `json:"commands"` // those that were counted, together
	Made     uint64   `json:"made"`
	Due      uint64   `json:"due"`              // requests that fell due between the two, warm-up included
	Answered uint64   `json:"answered"`         // of these: answered, right or wrong
	Wrong    uint64   `json:"wrong,omitempty"`  // of the answered: other than expected
	Resent   uint64   `json:"resent,omitempty"` // sent once more, because a kept connection had ended
}

// Balanced tells whether every right answer cost a call and every call was for
// a request. A request that failed may have cost one or not.
func (c *Calls) Balanced() bool {
	least, most := c.Answered-c.Wrong, c.Due+c.Resent
	return c.Made >= least && c.Made <= most
}
