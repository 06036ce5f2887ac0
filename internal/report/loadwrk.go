package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/unit"
)

// Wrk lays the result out in wrk's lines, for scripts that read those. What it
// calls Latency is response time in an open load and service time in a closed
// one, which is what wrk itself times. The four percentiles are always there,
// since such scripts want them: over the requests that were due, from however
// few, and the timeout where one lies on a request that failed.
func (r *LoadResult) Wrk(w io.Writer) error {
	p := newPage(TextOptions{})
	connections := uint64(r.Load.Connections)
	if connections == 0 {
		connections = r.Connections.Opened
	}
	p.line(fmt.Sprintf("Running %s test @ %s", wrkLength(r.WindowS), printable(r.URL)))
	p.line(fmt.Sprintf("  %d threads and %d connections", r.Client.Threads, connections))
	r.wrkTable(p)
	r.wrkCounts(p)
	if err := p.flush(w); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

func (r *LoadResult) wrkTable(p *page) {
	times, beyond := r.tally.Service, r.tally.Service
	if r.Load.Kind == "open" {
		times, beyond = answeredTimes(r.tally), r.tally.Response
	}
	p.line("  Thread Stats   Avg      Stdev     Max   +/- Stdev")
	p.line(wrkRow("Latency", ofTimesOf(times), wrkTime))
	p.line(wrkRow("Req/Sec", r.perThread(), wrkMetric))
	p.line("  Latency Distribution")
	for _, percent := range []float64{50, 75, 90, 99} {
		rank := latency.RankOf(percent/100, r.Requests.Due)
		at := r.timeout
		if rank <= beyond.Count() {
			at = beyond.Rank(rank)
		}
		p.line(fmt.Sprintf("%7.0f%%%s", percent, wrkCell(wrkTime(float64(at)), 10)))
	}
}

func (r *LoadResult) wrkCounts(p *page) {
	t := r.tally
	answered := t.InWindow + t.WrongIn
	p.line(fmt.Sprintf("  %d requests in %s, %sB read", answered, wrkTime(r.WindowS*1e9), wrkBinary(float64(r.Bytes.In))))
	q := r.Requests
	write := min(t.Causes["EPIPE"], q.Reset)
	read := q.Reset - write + q.Cut + q.Malformed
	if late := q.TimedOut + q.Unsent; q.Refused+read+write+late > 0 {
		p.line(fmt.Sprintf("  Socket errors: connect %d, read %d, write %d, timeout %d", q.Refused, read, write, late))
	}
	if n := non2xx3xx(t); n > 0 {
		p.line(fmt.Sprintf("  Non-2xx or 3xx responses: %d", n))
	}
	// wrk never looks at an answer; where it was looked at, a script that does not
	// know this line is not worse off than with wrk.
	if n := q.Wrong; n > 0 && n != non2xx3xx(t) {
		p.line(fmt.Sprintf("  Wrong answers: %d", n))
	}
	rate, bytes := 0.0, 0.0
	if r.WindowS > 0 {
		rate, bytes = float64(answered)/r.WindowS, float64(r.Bytes.In)/r.WindowS
	}
	p.line(fmt.Sprintf("Requests/sec: %9.2f", rate))
	p.line(fmt.Sprintf("Transfer/sec: %9sB", wrkBinary(bytes)))
}

func non2xx3xx(t *evidence.Tally) uint64 {
	var n uint64
	for status, count := range t.Statuses {
		if status < 200 || status > 399 {
			n += count
		}
	}
	return n
}

// A spread is a row of wrk's table: times in ns, or a rate.
type spread struct{ mean, stdev, most, within float64 }

// ofTimesOf describes a histogram. Within is the share of values that are not
// further than a standard deviation from the mean.
func ofTimesOf(h *latency.Histogram) spread {
	s := spread{mean: float64(h.Mean()), stdev: float64(h.StdDev()), most: float64(h.Max())}
	var near uint64
	for b := range h.Buckets() {
		if math.Abs(float64(b.Low+b.High)/2-s.mean) <= s.stdev+1 { // both are whole ns
			near += b.Count
		}
	}
	if h.Count() > 0 {
		s.within = float64(near) / float64(h.Count())
	}
	return s
}

// perThread describes the answers per second of one loop: the mean of all, as a
// loop's own seconds are not kept. A window shorter than two seconds has its
// rate alone.
func (r *LoadResult) perThread() spread {
	loops := float64(max(r.Client.Threads, 1))
	var rates []float64
	for i, s := range r.tally.Seconds {
		if time.Duration(i+1)*time.Second <= r.tally.Window {
			rates = append(rates, float64(s.Answered)/loops)
		}
	}
	if len(rates) < 2 {
		rates = []float64{r.Rate.Answered.X / loops}
	}
	var s spread
	for _, x := range rates {
		s.mean += x / float64(len(rates))
		s.most = max(s.most, x)
	}
	for _, x := range rates {
		s.stdev += (x - s.mean) * (x - s.mean) / float64(len(rates))
	}
	s.stdev = math.Sqrt(s.stdev)
	for _, x := range rates {
		if math.Abs(x-s.mean) <= s.stdev*(1+1e-9) {
			s.within += 1 / float64(len(rates))
		}
	}
	return s
}

func wrkRow(name string, s spread, write func(float64) string) string {
	return fmt.Sprintf("    %-10s%s%s%s%8.2f%%", name,
		wrkCell(write(s.mean), 8), wrkCell(write(s.stdev), 10), wrkCell(write(s.most), 9), s.within*100)
}

// wrkCell sets a number with its unit so that the units of a column, of up to two
// letters, stand below each other.
func wrkCell(s string, width int) string {
	letters := len(s) - len(strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzMG"))
	return fmt.Sprintf("%*s%s", width-2+letters, s, strings.Repeat(" ", max(0, 2-letters)))
}

// wrkTime writes ns as wrk does.
func wrkTime(ns float64) string {
	steps := []struct {
		from float64
		unit string
	}{{3600e9, "h"}, {60e9, "m"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}
	for _, s := range steps {
		if ns >= s.from {
			return fmt.Sprintf("%.2f%s", ns/s.from, s.unit)
		}
	}
	return fmt.Sprintf("%.2fus", ns/1e3)
}

func wrkMetric(x float64) string { return wrkScaled(x, 1000) }

// wrkBinary writes a number of bytes but for its B.
func wrkBinary(x float64) string { return wrkScaled(x, 1024) }

func wrkScaled(x, by float64) string {
	unit := ""
	for _, next := range []string{"k", "M", "G"} {
		if x < by {
			break
		}
		x, unit = x/by, next
	}
	if by == 1024 {
		unit = strings.ToUpper(unit)
	}
	return fmt.Sprintf("%.2f%s", x, unit)
}

// wrkLength writes the length of the window: "10s", "1m".
func wrkLength(s float64) string {
	return unit.ExactDuration(time.Duration(s * float64(time.Second)).Round(10 * time.Millisecond))
}
