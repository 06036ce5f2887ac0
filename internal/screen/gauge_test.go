package screen

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/latency"
	"webdyno/internal/load"
)

// steady is a load of 1000 answers a second, of which 5 wait, that warms up for
// as long as said; webdyno uses 4 us for each.
func steady(warmup time.Duration) func() Reading {
	begin := time.Now()
	return func() Reading {
		since := time.Since(begin)
		n := uint64(since / time.Millisecond)
		s := engine.Snapshot{Window: since >= warmup && since < warmup+4*time.Second}
		r := Reading{At: time.Now(), CPU: time.Duration(n) * 4 * time.Microsecond}
		if since >= time.Second {
			r.Second.Response = latency.NewCoarse()
			r.Second.Response.RecordN(2e6, 98)
			r.Second.Response.RecordN(8e6, 2)
		}
		if n > 0 {
			s.Sent, s.Lag = n, time.Duration(n)*5*time.Microsecond
			s.Due, s.Answered, s.Wrong, s.Failed = n+5, n-n/100, n/500, n/100
		}
		r.Snapshot = s
		return r
	}
}

// played shows a load for five seconds and returns what was written.
func played(t *testing.T, g *Gauge, every, warmup time.Duration) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		g.Out = &out
		stop := g.Follow(steady(warmup), every)
		time.Sleep(5*time.Second + every/2)
		stop()
		stop() // once is enough, twice does no harm
	})
	return out.String()
}

// Without a terminal there is a line for every second, and no escape in it.
func TestPlainLines(t *testing.T) {
	g := &Gauge{Warmup: load.Extent{Time: 1500 * time.Millisecond}, Window: load.Extent{Time: 4 * time.Second}, Limit: 10 * time.Second}
	want := "warm-up, 1.0s: answered 990/s, 990 in all; p50 2.01 ms, p99 8.03 ms, max 8.03 ms; 10 failed, 2 wrong; 5 not answered yet; webdyno 0.00400 CPUs, lag 5.00 us\n" +
		"window, 0.0s of 4s: answered 990/s, 1.98k in all; p50 2.01 ms, p99 8.03 ms, max 8.03 ms; 20 failed, 4 wrong; 5 not answered yet; webdyno 0.00400 CPUs, lag 5.00 us\n"
	got := played(t, g, time.Second, 1500*time.Millisecond)
	if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 5 || strings.Contains(got, "\x1b") {
		t.Errorf("got\n%s\nwant it to begin\n%s", got, want)
	}
}
