package host

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/sys"
)

// How often the threads ask to be woken. Beside a measurement that must be seldom:
// a sleep is a system call, after which Go's monitor looks on every 20 us for some
// milliseconds, on the engine's CPU. At one sleep in 4 ms that took the CPU from a
// loop 3750 times a second.
const (
	idlePeriod = time.Millisecond
	busyPeriod = 50 * time.Millisecond
)

// WatchIdle watches CPUs that have nothing to do for hiccups, with a thread of
// ordinary rank on each. The returned function stops them and tells what they
// saw; it must be called.
func WatchIdle(cpus []int) (stop func() evidence.Hiccups) {
	w, _ := watchHiccups(cpus, idlePeriod, func() error { return nil })
	return w.stop
}

// WatchBusy does it on CPUs that are at work, where only a thread that comes
// before all others sees nothing but what holds up everybody. It takes a right
// that ordinary users lack, and is an error without it.
func WatchBusy(cpus []int) (stop func() evidence.Hiccups, err error) {
	w, err := watchHiccups(cpus, busyPeriod, sys.Urgent)
	if err != nil {
		w.stop()
		return nil, fmt.Errorf("watch for hiccups: %w", err)
	}
	return w.stop, nil
}

// hiccupWatch is a thread on each CPU. The idea is that of jHiccup.
type hiccupWatch struct {
	over    atomic.Bool
	seen    []*hiccups
	threads sync.WaitGroup
}

// watchHiccups returns when each thread has had its rank, or has been refused it.
func watchHiccups(cpus []int, period time.Duration, rank func() error) (*hiccupWatch, error) {
	w := &hiccupWatch{}
	ranked := make(chan error, len(cpus))
	for _, cpu := range cpus {
		h := &hiccups{period: period, late: latency.NewCoarse()}
		w.seen = append(w.seen, h)
		w.threads.Go(func() { h.watch(cpu, rank, ranked, &w.over) })
	}
	var errs []error
	for range cpus {
		errs = append(errs, <-ranked)
	}
	return w, errors.Join(errs...)
}

func (w *hiccupWatch) stop() evidence.Hiccups {
	w.over.Store(true)
	w.threads.Wait()
	return worst(w.seen)
}

type hiccups struct {
	period         time.Duration
	late           *latency.Histogram
	lasted, inLong time.Duration
	naps, long     int // of the naps: how many ended more than a millisecond late
}

// watch wakes up every period until told to end.
func (h *hiccups) watch(cpu int, rank func() error, ranked chan<- error, over *atomic.Bool) {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	_ = sys.SetAffinity(0, []int{cpu})
	_ = sys.SetTimerSlack(1)
	err := rank()
	ranked <- err
	if err != nil {
		return
	}
	began := time.Now()
	for !over.Load() {
		asked := time.Now()
		sys.Nap(h.period) // cut short by a signal, it counts as no delay
		late := max(0, time.Since(asked)-h.period)
		h.late.Record(int64(late))
		h.naps++
		if late > time.Millisecond {
			h.inLong += late
			h.long++
		}
	}
	h.lasted = time.Since(began)
}

// stalled is the share of the time for which the CPU stood still: of the time
// itself where a stall is longer than a nap, and where it is shorter, of the
// moments at which naps ended, each of which could have met one.
func (h *hiccups) stalled() float64 {
	if h.lasted <= 0 || h.naps == 0 {
		return 0
	}
	return max(float64(h.inLong)/float64(h.lasted), float64(h.long)/float64(h.naps))
}

// worst returns the figures of the CPU that stalled most, the largest of each.
func worst(seen []*hiccups) evidence.Hiccups {
	var w evidence.Hiccups
	for _, h := range seen {
		w.P50 = max(w.P50, h.late.Quantile(.5))
		w.P99 = max(w.P99, h.late.Quantile(.99))
		w.Max = max(w.Max, h.late.Max())
		w.Stalled = max(w.Stalled, h.stalled())
	}
	return w
}
