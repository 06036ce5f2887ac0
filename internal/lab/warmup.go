package lab

import (
	"context"
	"math"
	"reflect"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/load"
)

// The automatic warm-up loads a fresh subject in short slices, going round all
// its different requests, until the mean service times of the last cycles agree
// with those of the cycles before. Rates would not do: in an open load they are
// the schedule's. It is a first approximation: a rule that sees only the past
// cannot see the compiler's next step coming.
const (
	warmSlice    = 200 * time.Millisecond
	warmCompared = 2    // cycles on each side of the comparison
	warmAgree    = 0.03 // relative difference at which they agree
	warmLongest  = 10 * time.Second
	warmQuick    = 3 * time.Second // the same, in a shortened run
	warmSettings = 8               // different requests at most, evenly chosen
)

// warm carries out the plan's warm-up on g.
func (r *round) warm(ctx context.Context, g *guest) (evidence.Warmup, error) {
	w := r.x.Plan.Warmup
	settings := r.differing()
	if !w.Auto {
		return r.warmFixed(ctx, g, settings, w.Extent)
	}
	longest := warmLongest
	if r.x.Plan.Quick {
		longest = warmQuick
	}
	return r.warmUntilSteady(ctx, g, settings, longest)
}

// warmFixed shares the extent out evenly among the settings.
func (r *round) warmFixed(ctx context.Context, g *guest, settings []int, e load.Extent) (evidence.Warmup, error) {
	saw := evidence.Warmup{Steady: true}
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
	var saw evidence.Warmup
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
	saw.Rates = append(saw.Rates, rate)
	saw.Service = append(saw.Service, float64(tally.Service.Mean())/float64(time.Millisecond))
	return nil
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
