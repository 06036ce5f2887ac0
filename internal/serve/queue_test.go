package serve

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"webdyno/internal/mono"
)

const ms = mono.Time(time.Millisecond)

// One server, worked by hand: the second waits for the first, the third finds
// the server free again.
func TestQueueIsLindley(t *testing.T) {
	q := Queue{Times: ServiceTimes{Mean: 3 * time.Millisecond}}
	for i, c := range []struct{ at, want mono.Time }{{0, 3}, {1, 6}, {10, 13}, {10, 16}, {15, 19}} {
		if got := q.Finish(uint64(i), c.at*ms); got != c.want*ms {
			t.Errorf("request %d, arriving at %d ms: finished at %v, want %d ms", i, c.at, time.Duration(got), c.want)
		}
	}
}

func TestEndlessQueueKeepsNobodyWaiting(t *testing.T) {
	q := Queue{Times: ServiceTimes{Mean: 3 * time.Millisecond}, Endless: true}
	for i, at := range []mono.Time{0, 1, 1, 10} {
		if got := q.Finish(uint64(i), at*ms); got != (at+3)*ms {
			t.Errorf("arriving at %d ms: finished at %v", at, time.Duration(got))
		}
	}
}

// A stall moves the beginning of services, and interrupts none.
func TestStallHoldsBeginnings(t *testing.T) {
	s := Stall{For: 20 * time.Millisecond, Every: 100 * time.Millisecond}
	for at, want := range map[mono.Time]mono.Time{0: 20, 19: 20, 20: 20, 99: 99, 100: 120, 250: 250, 319: 320} {
		if got := s.Pass(at * ms); got != want*ms {
			t.Errorf("ready at %d ms: begins at %v, want %d ms", at, time.Duration(got), want)
		}
	}
	if got := (Stall{}).Pass(7); got != 7 {
		t.Errorf("without a stall: %d", got)
	}
}

// The delays behind a stall have a closed form, arrival by arrival: with k the
// number of the arrival after the stall began at offset φ + kΔ, the response
// time is max(s, S + s - φ - k(Δ-s)).
func TestStallArrivalByArrival(t *testing.T) {
	const (
		gap   = mono.Time(time.Millisecond)
		serve = 500 * time.Microsecond
		phase = mono.Time(300 * time.Microsecond)
	)
	q := Queue{Times: ServiceTimes{Mean: serve}, Stall: Stall{For: 200 * time.Millisecond, Every: 2 * time.Second}}
	for k := range mono.Time(2000) {
		at := phase + k*gap
		got := q.Finish(uint64(k), at).Sub(at)
		want := max(serve, q.Stall.For+serve-time.Duration(phase)-time.Duration(k)*(time.Duration(gap)-serve))
		if got != want {
			t.Fatalf("arrival %d: response time %v, want %v", k, got, want)
		}
	}
}

// The queue that serves and the formula that judges must agree, for one server
// and for endless ones.
func TestStallQuantilesOfTheQueue(t *testing.T) {
	for _, endless := range []bool{false, true} {
		q := Queue{Times: ServiceTimes{Mean: 500 * time.Microsecond}, Endless: endless,
			Stall: Stall{For: 200 * time.Millisecond, Every: 2 * time.Second}}
		rho := .5
		if endless {
			rho = 0
		}
		var all []time.Duration
		const gap = mono.Time(10 * time.Microsecond) // fine, so that steps do not show
		if !endless {
			q.Times.Mean = time.Duration(gap / 2)
		}
		for i := range uint64(2 * time.Second / time.Duration(gap)) {
			at := gap/2 + mono.Time(i)*gap
			all = append(all, q.Finish(i, at).Sub(at))
		}
		slices.Sort(all)
		for _, p := range []float64{.5, .75, .9, .95, .99, .999} {
			got, want := all[int(p*float64(len(all)))], q.Stall.Quantile(q.Times.Mean, rho, p)
			if d := got - want; d.Abs() > 50*time.Microsecond {
				t.Errorf("endless %v: Q(%g) = %v by the queue, %v by the formula", endless, p, got, want)
			}
		}
	}
}

// Records made with a seed must be explicable for ever: these values may not
// change.
func TestServiceTimesStay(t *testing.T) {
	s := ServiceTimes{Law: Exponential, Mean: time.Millisecond, Seed: 1}
	var got []time.Duration
	for i := range uint64(4) {
		got = append(got, s.Of(i))
	}
	want := []time.Duration{7481, 160257, 235919, 421704}
	if !slices.Equal(got, want) {
		t.Errorf("service times %d, want %d", got, want)
	}
	if (ServiceTimes{Mean: 7}).Of(99) != 7 {
		t.Error("a constant service time is not the mean")
	}
}

// Exponential service times: mean and standard deviation are equal, and the
// share beyond x is exp(-x). The seed is fixed; three standard errors are left.
func TestServiceTimesAreExponential(t *testing.T) {
	s := ServiceTimes{Law: Exponential, Mean: time.Second, Seed: 7}
	const n = 100_000
	var sum, squares, beyond2 float64
	for i := range uint64(n) {
		x := s.Of(i).Seconds()
		sum, squares = sum+x, squares+x*x
		if x > 2 {
			beyond2++
		}
	}
	mean := sum / n
	near(t, "mean", mean, 1, .01)
	near(t, "standard deviation", math.Sqrt(squares/n-mean*mean), 1, .015)
	near(t, "share beyond 2", beyond2/n, math.Exp(-2), .004)
}

func TestLawsHaveNames(t *testing.T) {
	for _, l := range []Law{Constant, Exponential} {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var back Law
		if err := json.Unmarshal(text, &back); err != nil || back != l {
			t.Errorf("%s read back as %v, %v", text, back, err)
		}
	}
	if err := new(Law).UnmarshalText([]byte("pareto")); err == nil {
		t.Error("an unknown law is no error")
	}
}
