package screen

import (
	"bytes"
	"fmt"
	"regexp"
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

// What a terminal shows at the end is nothing, and at no time more than five
// lines, none of them as wide as it is.
func TestRedrawnLines(t *testing.T) {
	for _, width := range []int{20, 60, 80, 200} {
		g := &Gauge{Redraw: true, Faint: true, Width: func() int { return width }, Window: load.Extent{Time: 4 * time.Second}, Limit: 10 * time.Second}
		s := &fakeScreen{width: width}
		s.write(t, played(t, g, 250*time.Millisecond, 0))
		if s.most != 5 || s.left() != "" {
			t.Errorf("%d columns: %d lines at most, %q at the end", width, s.most, s.left())
		}
		if s.frames != 20 {
			t.Errorf("%d columns: drawn %d times in five seconds, want 20", width, s.frames)
		}
	}
}

func TestRedrawnText(t *testing.T) {
	g := &Gauge{Redraw: true, Window: load.Extent{Time: 4 * time.Second, Count: 100_000}, Limit: 10 * time.Second}
	got := played(t, g, 250*time.Millisecond, 0)
	for _, want := range []string{
		"  load      window, 2.0s of 4s, 2.00k of 100k requests\x1b[K\n",
		"  answered  990/s now, 990/s since the window opened, 1.98k in all\x1b[K\n",
		"  response  p50 2.01 ms, p99 8.03 ms, max 8.03 ms\x1b[K\n",
		"  requests  5 not answered yet, 20 failed, 4 wrong\x1b[K\n",
		"  webdyno   0.00400 CPUs, 4.04 us per answer, lag 5.00 us\x1b[K\n",
		"  load      window over; awaiting the last answers, 10s at most\x1b[K\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%q", want, got)
		}
	}
	if strings.Contains(got, "\x1b[2m") {
		t.Error("a style where none was asked for")
	}
}

// A fakeScreen understands the escapes that a Gauge writes.
type fakeScreen struct {
	width, at, most, frames int
	lines                   []string
}

func (s *fakeScreen) write(t *testing.T, text string) {
	t.Helper()
	up := regexp.MustCompile(`^\x1b\[(\d+)A`)
	for text != "" {
		switch m := up.FindStringSubmatch(text); {
		case m != nil:
			n := 0
			fmt.Sscan(m[1], &n)
			if s.at -= n; s.at < 0 {
				t.Fatalf("went up beyond where it began, by %d", -s.at)
			}
			text = text[len(m[0]):]
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines = s.lines[:s.at]
			text = text[len("\x1b[J"):]
		case text[0] == '\r':
			if !strings.HasPrefix(text[1:], "\x1b[5A\x1b[J") {
				s.frames++
			}
			text = text[1:]
		default:
			line, rest, _ := strings.Cut(text, "\n")
			s.put(t, line)
			text = rest
		}
	}
}

func (s *fakeScreen) put(t *testing.T, line string) {
	t.Helper()
	visible := regexp.MustCompile(`\x1b\[\d*[mK]`).ReplaceAllString(line, "")
	if n := len([]rune(visible)); n >= s.width {
		t.Errorf("%d columns of %d: %q", n, s.width, visible)
	}
	if s.at == len(s.lines) {
		s.lines = append(s.lines, "")
	}
	s.lines[s.at] = visible
	s.at++
	s.most = max(s.most, len(s.lines))
}

func (s *fakeScreen) left() string { return strings.Join(s.lines, "\n") }
