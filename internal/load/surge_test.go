package load

import (
	"math"
	"testing"
	"time"
)

// In a surge arrivals come as many times as fast as it says, and before and after
// it as if it had not been; shares add up to the whole as they do without one.
func TestSurge(t *testing.T) {
	for _, arrivals := range []Arrivals{Constant, Poisson} {
		o := Open{Rate: 1000, Arrivals: arrivals, Surge: Surge{From: 2 * time.Second, To: 4 * time.Second, Times: 6}}
		for _, parts := range []int{1, 3} {
			var counts [8]int
			for nth := range parts {
				c := o.Cursor(Share{Nth: nth, Of: parts}, 7)
				last := time.Duration(0)
				for {
					due := c.Next()
					if due < last {
						t.Fatalf("%v: due at %v after %v", arrivals, due, last)
					}
					if last = due; due >= 8*time.Second {
						break
					}
					counts[due/time.Second]++
				}
			}
			for second, n := range counts {
				want, slack := 1000.0, 1.0
				if second == 2 || second == 3 {
					want = 6000
				}
				if arrivals == Poisson {
					slack = 4 * math.Sqrt(want)
				}
				if math.Abs(float64(n)-want) > slack {
					t.Errorf("%v, %d shares: %d arrivals in second %d, want %v", arrivals, parts, n, second, want)
				}
			}
		}
	}
}

func TestNoSurgeChangesNothing(t *testing.T) {
	for _, d := range []time.Duration{0, 1, time.Second, time.Hour} {
		if got := (Surge{}).warp(d); got != d {
			t.Errorf("%v became %v", d, got)
		}
	}
}
