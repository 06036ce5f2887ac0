package calibrate

import (
	"context"
	"fmt"
	"time"
)

// The limits of a quiet machine.
const (
	// quietForeign is how many CPUs others may keep busy, on the CPUs in use. A
	// machine on which nothing is done shows 0.02 to 0.05, of the kernel's own.
	quietForeign = 0.1
	// quietSteal is the share of time that the hypervisor may take.
	quietSteal = 0.02
	// quietStalled is the share of time that wake-ups may be late by more than
	// a millisecond.
	quietStalled = 0.005
)

// A patience is the rule by which figures of time are judged. A quiet second is
// waited for; then an attempt counts only if the machine was quiet while it
// lasted, and else there is another, so many times, as long as there is time
// left. When that is over, what was seen is told with the reason why it was not
// judged.
type patience struct {
	left  time.Duration // for waiting and for further attempts, of everything together
	wait  time.Duration // at most, for one quiet second
	tries int           // attempts at one figure
	must  bool          // without a quiet second no attempt is made

	quiet bool   // so the last look found the machine
	seen  string // by the last look that found it otherwise
}

// attempt tries until the machine was quiet, or patience ends. It returns the
// last trial and, if that is not to be judged, why. The trial is nil if none
// was made.
func (p *patience) attempt(ctx context.Context, s *stand, try func(context.Context) (*trial, error)) (*trial, string, error) {
	for n := 1; ; n++ {
		noise, err := p.await(ctx, s)
		if err != nil || noise != "" && p.must {
			return nil, noise, err
		}
		began := time.Now()
		t, err := try(ctx)
		if err != nil {
			return nil, "", err
		}
		noise = t.noise()
		p.quiet = noise == ""
		took := time.Since(began)
		if p.quiet || n >= p.tries || p.left < took {
			return t, noise, nil
		}
		p.left -= took
	}
}

// look is how long a look at the machine lasts.
const look = time.Second

// await waits for a quiet second, and returns why there was none. A machine
// that was quiet until now needs no waiting.
func (p *patience) await(ctx context.Context, s *stand) (noise string, err error) {
	waited := time.Duration(0)
	for !p.quiet && waited+look <= p.wait && look <= p.left {
		foreign, err := s.foreign(ctx, look)
		if err != nil {
			return "", err
		}
		waited += look
		p.left -= look
		p.quiet = 0 <= foreign && foreign < quietForeign
		p.seen = busy(foreign)
	}
	if p.quiet {
		return "", nil
	}
	if waited == 0 {
		return "no time was left to wait for quiet; before, " + p.seen, nil
	}
	return fmt.Sprintf("no quiet second within %v: %s", waited, p.seen), nil
}

func busy(foreign float64) string {
	if foreign < 0 {
		return "what others do to the CPUs cannot be told"
	}
	return fmt.Sprintf("%.2f CPUs were busy with other things", foreign)
}

// noise says what spoils a trial's times; "" if nothing does.
func (t *trial) noise() string {
	switch {
	case t.activity.Foreign < 0 || t.activity.Foreign >= quietForeign:
		return busy(t.activity.Foreign)
	case t.activity.Steal >= quietSteal:
		return fmt.Sprintf("the hypervisor took %.1f%% of the time", 100*t.activity.Steal)
	case t.hiccups.Stalled >= quietStalled:
		return fmt.Sprintf("the machine stood still for %.1f%% of the time, for up to %.1f ms",
			100*t.hiccups.Stalled, t.hiccups.MaxUS/1000)
	}
	return ""
}
