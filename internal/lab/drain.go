package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"webdyno/internal/evidence"
)

// What a server must be after a trial before the next one is asked for anything.
const (
	idleProbes    = 5
	drainProbes   = 3 // in a row
	drainFactor   = 2 // times the idle answer, and a millisecond for the machine's own moods
	drainSlack    = time.Millisecond
	drainPatience = 10 * time.Second
	drainPause    = 20 * time.Millisecond
)

// idle measures how long an answer takes while nothing else is asked.
func (r *round) idle(ctx context.Context, s *seat) {
	if s.up == nil {
		return
	}
	var times []time.Duration
	for range idleProbes {
		if d, err := r.probe(ctx, s); err == nil {
			times = append(times, d)
		}
	}
	slices.Sort(times)
	if len(times) > 0 {
		s.idle = times[len(times)/2]
	}
}

func (r *round) probe(ctx context.Context, s *seat) (time.Duration, error) {
	began := time.Now()
	_, err := r.lab.Ask(ctx, s.up.Address(), &s.up.sets[0].Requests[0])
	return time.Since(began), err
}

// drain waits until a server answers as soon as an idle one does, three times in a
// row, so that what it still has to do does not fall on the next trial, be it its
// own or another's. The engine has no request in flight once a trial is over. A
// server that takes longer than ten seconds is noted.
func (r *round) drain(ctx context.Context, s *seat) error {
	limit := drainFactor*s.idle + drainSlack
	until := time.Now().Add(drainPatience)
	for good := 0; s.up != nil && s.idle > 0 && good < drainProbes; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d, err := r.probe(ctx, s)
		if err == nil && d <= limit {
			good++
			continue
		}
		if good = 0; time.Now().After(until) {
			s.undrained = []evidence.Note{{
				Kind: "not-drained", Grade: evidence.B,
				Text: fmt.Sprintf("the trial before had left work behind: %v after it, answers still took more than %v", drainPatience, limit.Round(100*time.Microsecond)),
			}}
			return nil
		}
		time.Sleep(drainPause)
	}
	return nil
}
