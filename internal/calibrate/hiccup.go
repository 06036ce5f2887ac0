package calibrate

import (
	"context"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
)

// Hiccups are how late a thread was woken that asked for nothing but to be
// woken every millisecond, on the worst of the CPUs watched. Whatever held it up
// would have held up a server as well.
type Hiccups struct {
	P50US   float64 `json:"p50_us"`
	P99US   float64 `json:"p99_us"`
	MaxUS   float64 `json:"max_us"`
	Stalled float64 `json:"stalled"` // share of the time spent in delays over a millisecond
}

// watchHiccups starts a thread on each CPU. The returned function stops them
// and tells what they saw; it must be called.
func watchHiccups(cpus []int) (stop func() Hiccups) {
	end := host.WatchIdle(cpus)
	return func() Hiccups { return inMicroseconds(end()) }
}

func inMicroseconds(h evidence.Hiccups) Hiccups {
	return Hiccups{P50US: us(h.P50), P99US: us(h.P99), MaxUS: us(h.Max), Stalled: h.Stalled}
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
