package lab

import (
	"context"
	"math"
	"reflect"
	"strconv"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/load"
)

// A warm-up loads a fresh subject in short slices, going round all its different
// requests. How many there are is what its pilot says (pilot.go). Where there is
// none, in a shortened run, it goes on until the mean service times of the last
// cycles agree with those of the cycles before. Rates would not do: in an open
// load they are the schedule's.
const (
	warmSlice    = 200 * time.Millisecond
	warmCompared = 2               // cycles on each side of the comparison
	warmAgree    = 0.03            // relative difference at which they agree
	warmQuick    = 3 * time.Second // a shortened run's, at most
	warmSettings = 8               // different requests at most, evenly chosen
)

// warm carries out the plan's warm-up on g, which is e's.
func (r *round) warm(ctx context.Context, e *Entry, g *guest) (evidence.Warmup, error) {
	w := r.x.Plan.Warmup
	settings := r.differing()
	switch {
	case !w.Auto:
		return r.warmFixed(ctx, g, settings, w.Extent)
	case !r.pilots.wanted():
		return r.warmUntilSteady(ctx, g, settings, warmQuick)
	}
	known := r.pilots.of(e)
	if known == nil {
		return r.pilot(ctx, e, g, settings)
	}
	saw, err := r.warmFor(ctx, g, settings, known.wanted)
	saw.Wanted, saw.Steady = known.wanted, !known.short
	saw.Pilot = new(known.pilot)
	return saw, err
}

// pilot warms g for as long as a pilot takes, and learns from it.
func (r *round) pilot(ctx context.Context, e *Entry, g *guest, settings []int) (evidence.Warmup, error) {
	began := time.Now()
	saw, err := r.warmFor(ctx, g, settings, r.pilots.lasts(e))
	if err != nil {
		return saw, err
	}
	known := r.pilots.learned(e, &saw, began)
	saw.Steady = known.steady
	saw.Pilot = new(known.pilot)
	saw.Pilot.Here = true
	return saw, nil
}

// warmFor goes round the settings for a time.
func (r *round) warmFor(ctx context.Context, g *guest, settings []int, lasts time.Duration) (evidence.Warmup, error) {
	saw := evidence.Warmup{Cycle: len(settings)}
	for i := 0; saw.Lasted < lasts; i++ {
		if err := r.slice(ctx, g, settings[i%len(settings)], load.Extent{Time: warmSlice}, &saw); err != nil {
			return saw, err
		}
	}
	return saw, nil
}

// warmFixed shares the extent out evenly among the settings.
func (r *round) warmFixed(ctx context.Context, g *guest, settings []int, e load.Extent) (evidence.Warmup, error) {
	saw := evidence.Warmup{Steady: true, Cycle: len(settings)}
	if e.IsZero() {
		return saw, nil
	}
	n := int64(len(settings))
	part := load.Extent{Time: e.Time / time.Duration(n), Count: (e.Count + n - 1) / n}
	for _, i := range settings {
		if err := r.slice(ctx, g, i, part, &saw); err != nil {
			return saw, err
		}
	}
	return saw, nil
}

func (r *round) warmUntilSteady(ctx context.Context, g *guest, settings []int, longest time.Duration) (evidence.Warmup, error) {
	saw := evidence.Warmup{Cycle: len(settings)}
	for saw.Lasted < longest && !saw.Steady {
		for _, i := range settings {
			if err := r.slice(ctx, g, i, load.Extent{Time: warmSlice}, &saw); err != nil {
				return saw, err
			}
		}
		saw.Steady = agree(saw.Service, len(settings)*warmCompared)
	}
	return saw, nil
}

// agree tells whether the last n times are, on average of their logarithms, as
// long as the n before them. The two stretches hold the same settings in the
// same order. A slice without an answer agrees with nothing.
func agree(times []float64, n int) bool {
	if len(times) < 2*n {
		return false
	}
	tail := times[len(times)-2*n:]
	sum := 0.0
	for i := range n {
		sum += math.Log(tail[n+i] / tail[i])
	}
	return math.Abs(sum/float64(n)) <= warmAgree
}

// slice loads g with one setting for a while and adds to what the warm-up saw.
func (r *round) slice(ctx context.Context, g *guest, setting int, e load.Extent, saw *evidence.Warmup) error {
	ctx, cancel := untilDone(ctx, g)
	defer cancel()
	began := time.Now()
	read, _ := g.Meter() // what it does not tell here it will not tell in a trial either, which says so
	tally, err := r.lab.Generate.Run(ctx, engine.Job{
		Address:  g.Address().TCP,
		Unix:     g.Address().Unix,
		TLS:      g.Address().TLS,
		Requests: g.sets[setting],
		Load:     load.WithoutIdle(r.x.Settings[setting].Load),
		Window:   e,
		Seed:     load.Seed(r.x.Plan.Seed, r.n, 0, setting),
	})
	if died := ended(g); died != nil {
		return died
	}
	if err != nil {
		return err
	}
	saw.Lasted += time.Since(began)
	saw.Requests += tally.Due()
	rate := 0.0
	if tally.Window > 0 {
		rate = float64(tally.InWindow) / tally.Window.Seconds()
	}
	saw.Rates = append(saw.Rates, rounded(rate))
	saw.Service = append(saw.Service, rounded(float64(tally.Service.Mean())/float64(time.Millisecond)))
	saw.CPU = append(saw.CPU, rounded(used(read, tally)))
	return nil
}

// used returns the CPU time of the subject for each answer of a slice, in us; 0 if
// it is not known.
func used(read func() (*evidence.Usage, error), t *evidence.Tally) float64 {
	answered := t.InWindow + t.WrongIn
	if read == nil || answered == 0 {
		return 0
	}
	u, err := read()
	if err != nil || u == nil {
		return 0
	}
	return float64(u.CPU) / float64(time.Microsecond) / float64(answered)
}

// rounded keeps six digits: a record has every slice in every trial's line.
func rounded(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// differing returns one setting for each different workload, in order, and of
// many an even choice.
func (r *round) differing() []int {
	var all []int
	for i, st := range r.x.Settings {
		seen := false
		for _, j := range all {
			seen = seen || reflect.DeepEqual(st.Workload, r.x.Settings[j].Workload)
		}
		if !seen {
			all = append(all, i)
		}
	}
	if len(all) <= warmSettings {
		return all
	}
	var some []int
	for k := range warmSettings {
		some = append(some, all[k*(len(all)-1)/(warmSettings-1)])
	}
	return some
}
