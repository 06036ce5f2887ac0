package load

import (
	"math"
	"time"
)

// A Thinker draws the think times of one place of a closed load, in order. The
// same seed and place yield the same times on every machine, however the load
// is shared out and whatever the other places do: so all subjects of a block
// are given the same ones.
type Thinker struct {
	state  uint64
	mean   float64 // nanoseconds
	spread Thinking
	begun  bool
}

// Thinker returns the thinker of a place, which is numbered over all shares.
func (c Closed) Thinker(seed uint64, place int64) Thinker {
	return Thinker{state: Seed(seed, int(place)), mean: float64(c.Think), spread: c.Thinking}
}

// Next returns the next think time.
//
// The first is what is left of one in the midst of which the load began. Places
// whose think times are constant would otherwise all ask at the same instant,
// and go on doing so; of exponential ones the rest is spread like the whole.
func (t *Thinker) Next() time.Duration {
	first := !t.begun
	t.begun = true
	if t.spread == ConstantThinking {
		if first {
			return time.Duration(t.mean * t.uniform())
		}
		return time.Duration(t.mean)
	}
	return time.Duration(math.Round(-t.mean * math.Log(1-t.uniform())))
}

// uniform returns a number in [0, 1).
func (t *Thinker) uniform() float64 {
	t.state += golden
	return float64(mix(t.state)>>11) / (1 << 53)
}
