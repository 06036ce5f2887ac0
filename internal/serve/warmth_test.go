package serve

import (
	"math"
	"testing"
	"time"

	"webdyno/internal/mono"
)

// Each shape at its corners.
func TestWarmth(t *testing.T) {
	at := func(d time.Duration) mono.Time { return mono.Time(d) }
	for _, c := range []struct {
		text string
		age  time.Duration
		want float64
	}{
		{"step:5s:1.3", 0, 1.3},
		{"step:5s:1.3", 5*time.Second - 1, 1.3},
		{"step:5s:1.3", 5 * time.Second, 1},
		{"fall:2s:3", 0, 3},
		{"fall:2s:3", 2 * time.Second, 1 + 2/math.E},
		{"ramp:10s:2", 5 * time.Second, 1.5},
		{"ramp:10s:2", 20 * time.Second, 3},
		{"gc:1s:4", 7*time.Second + 99*time.Millisecond, 4},
		{"gc:1s:4", 7*time.Second + 101*time.Millisecond, 1},
	} {
		var w Warmth
		if err := w.set(c.text); err != nil {
			t.Fatal(err)
		}
		if got := w.At(at(c.age)); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s after %v: %v times, want %v", c.text, c.age, got, c.want)
		}
	}
	if (Warmth{}).At(at(time.Second)) != 1 {
		t.Error("no warmth changes something")
	}
	q := Queue{Times: ServiceTimes{Mean: time.Millisecond}, Warmth: Warmth{Step, time.Second, 2}}
	if got := q.Finish(0, 0); got != at(2*time.Millisecond) {
		t.Errorf("first request finished at %v", got)
	}
	if got := q.Finish(1, at(time.Second)); got != at(time.Second+time.Millisecond) {
		t.Errorf("a later one at %v", got)
	}
}

// What is no warmth is refused.
func TestWarmthFlag(t *testing.T) {
	for _, text := range []string{"", "step", "step:1s", "hill:1s:2", "step:0s:2", "step:1s:0", "step:1s:nan", "ramp:1s:0.5", "step:x:2", "step:1s:2:3"} {
		var w Warmth
		if err := w.set(text); err == nil {
			t.Errorf("%q is taken for %+v", text, w)
		}
	}
}
