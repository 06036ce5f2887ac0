package calibrate

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"webdyno/internal/latency"
	"webdyno/internal/sys"
)

// Hiccups are how late a thread was woken that asked for nothing but to be
// woken every millisecond, on the worst of the CPUs watched. The idea is that
// of jHiccup: whatever held it up would have held up a server as well.
type Hiccups struct {
	P50US   float64 `json:"p50_us"`
	P99US   float64 `json:"p99_us"`
	MaxUS   float64 `json:"max_us"`
	Stalled float64 `json:"stalled"` // share of the time spent in delays over a millisecond
}

const hiccupPeriod = time.Millisecond

// watchHiccups starts a thread on each CPU. The returned function stops them
// and tells what they saw; it must be called.
func watchHiccups(cpus []int) (stop func() Hiccups) {
	var over atomic.Bool
	seen := make([]*hiccups, len(cpus))
	var wg sync.WaitGroup
	for i, cpu := range cpus {
		seen[i] = &hiccups{late: latency.NewCoarse()}
		wg.Go(func() { seen[i].watch(cpu, &over) })
	}
	return func() Hiccups {
		over.Store(true)
		wg.Wait()
		return worst(seen)
	}
}

type hiccups struct {
	late           *latency.Histogram
	lasted, inLong time.Duration
}

// watch wakes up every period until told to end.
func (h *hiccups) watch(cpu int, over *atomic.Bool) {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	_ = sys.SetAffinity(0, []int{cpu})
	_ = sys.SetTimerSlack(1)
	began := time.Now()
	for !over.Load() {
		asked := time.Now()
		sys.Nap(hiccupPeriod) // cut short by a signal, it counts as no delay
		late := max(0, time.Since(asked)-hiccupPeriod)
		h.late.Record(int64(late))
		if late > time.Millisecond {
			h.inLong += late
		}
	}
	h.lasted = time.Since(began)
}

// worst returns the figures of the CPU that stalled most, the largest of each.
func worst(seen []*hiccups) Hiccups {
	var w Hiccups
	for _, h := range seen {
		w.P50US = max(w.P50US, us(h.late.Quantile(.5)))
		w.P99US = max(w.P99US, us(h.late.Quantile(.99)))
		w.MaxUS = max(w.MaxUS, us(h.late.Max()))
		if h.lasted > 0 {
			w.Stalled = max(w.Stalled, float64(h.inLong)/float64(h.lasted))
		}
	}
	return w
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
