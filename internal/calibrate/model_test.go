package calibrate

import (
	"math"
	"slices"
	"testing"
	"time"

	"webdyno/internal/load"
	"webdyno/internal/serve"
)

// The recursion, the formulae and chance have to agree among themselves before
// anything is held against them.
func TestQueuesAgreeWithTheirFormulae(t *testing.T) {
	const n = 6000
	for i, o := range queues(n) {
		closed := []formula{serve.MM1(.5), serve.MD1(.8), serve.DM1(.8)}[i]
		got, want := meanOf(o.known.responses()), closed.Mean()*float64(serviceTime)
		sd := o.known.spread(meanOf)[0]
		if math.Abs(got-want) > 4*sd {
			t.Errorf("%s: mean %.0f ns, formula %.0f; %.1f standard deviations away", o.name, got, want, (got-want)/sd)
		}
	}
}

// The asymptotic variance of the mean wait of M/M/1 (Daley 1968, Whitt 1989)
// makes 3.8 % of the mean response at ρ = 0.5 and 5,000 requests.
func TestSpreadIsThatOfTheory(t *testing.T) {
	k := queues(5000)[0].known
	got := k.spread(meanOf)[0] / (serve.MM1(.5).Mean() * float64(serviceTime))
	if math.Abs(got-.038) > .038/4 {
		t.Errorf("relative standard deviation %.4f, want 0.038 within a quarter", got)
	}
}

// The method's reference case, and the half step by which the phase between
// schedule and stall moves it.
func TestStallByRecursion(t *testing.T) {
	all := stall(4).known.responses()
	for p, want := range map[float64]time.Duration{
		.5: 500 * time.Microsecond, .9: 100500 * time.Microsecond,
		.95: 150500 * time.Microsecond, .99: 190500 * time.Microsecond,
	} {
		if got := ranked(all, p); (got - want).Abs() > 500*time.Microsecond {
			t.Errorf("p%v: %v by the recursion, %v by the formula", 100*p, got, want)
		}
	}
}

// Wherever in the time between two arrivals the stall begins, the quantiles lie
// at most that time below the closed form, and the fit finds where it was.
func TestPhaseOfTheStall(t *testing.T) {
	const apart = time.Millisecond
	k := stall(1).known
	for phase := time.Duration(0); phase < apart; phase += 70 * time.Microsecond {
		all := k.responsesFrom(phase)
		for _, p := range []float64{.85, .9, .95, .99} {
			want := stallEach().Quantile(serviceTime, stallRho, p)
			if d := ranked(all, p) - want; d > 0 || d < -apart {
				t.Errorf("phase %v, p%v: %v from the closed form, want -1 ms to 0", phase, 100*p, d)
			}
		}
		if g := k.fitted(recorded(all...), apart); g.p95 > 150*time.Microsecond { // 25 of the steps, 0.1 % of 200 ms
			t.Errorf("phase %v: fitted, p95 of the ranks is off by %v", phase, g.p95)
		}
	}
}

func TestSteadyIsConstant(t *testing.T) {
	all := steady(1000).known.responses()
	if len(all) != 1000 || all[0] != serviceTime || all[999] != serviceTime {
		t.Errorf("%d responses from %v to %v; want 1000 of %v", len(all), all[0], all[len(all)-1], serviceTime)
	}
}

func TestGaps(t *testing.T) {
	const ms = time.Millisecond
	want := []time.Duration{1 * ms, 2 * ms, 3 * ms, 4 * ms}
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if (got - want).Abs() > 5*time.Microsecond { // the histogram's 0.1 %
			t.Errorf("%s %v, want %v", what, got, want)
		}
	}

	g := gaps(recorded(4*ms, 1*ms, 3*ms, 2*ms), want)
	near("nothing is late: mean", g.mean, 0)
	near("nothing is late: max", g.max, 0)

	g = gaps(recorded(2*ms, 3*ms, 4*ms, 5*ms), want)
	near("all are late: mean", g.mean, ms)
	near("all are late: p50", g.p50, ms)

	g = gaps(recorded(1*ms, 2*ms, 3*ms, 8*ms), want)
	near("one is late: mean", g.mean, ms)
	near("one is late: p50", g.p50, 0)
	near("one is late: max", g.max, 4*ms)

	g = gaps(recorded(1*ms, 2*ms, 3*ms), want)
	if g.max != math.MaxInt64 || g.mean != math.MaxInt64 || g.p50 > ms {
		t.Errorf("one is missing: %+v; want it late for ever", g)
	}
}

// Whatever each request is off by, the mean of the ranks' differences is the
// mean error, and no rank is off by more than the worst request.
func TestGapsBoundTheErrors(t *testing.T) {
	k := queues(2000)[0].known
	want := k.responses()
	late := k.responses()
	var sum time.Duration
	for i := range late {
		e := time.Duration(load.Seed(9, i) % uint64(300*time.Microsecond))
		late[i] += e
		sum += e
	}
	g := gaps(recorded(late...), want)
	mean := sum / time.Duration(len(late))
	if (g.mean - mean).Abs() > 3*time.Microsecond {
		t.Errorf("mean %v, want %v", g.mean, mean)
	}
	if g.max > 310*time.Microsecond {
		t.Errorf("a rank is off by %v, no request by more than 300 us", g.max)
	}
	if !slices.IsSorted(want) {
		t.Error("responses are not in order")
	}
}
