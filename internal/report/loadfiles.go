package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"webdyno/internal/latency"
)

// The shape of every histogram of three digits from 1 ns to 1 h, as a percentile
// file tells it.
const (
	hgrmBuckets    = 32
	hgrmSubBuckets = 2048
	hgrmTicks      = 5 // rows for every halving of what is left above
)

// Hgrm writes the distribution of response times over the requests that were
// due, in ms, in the layout of HdrHistogram's percentile files. A request that
// failed stands at the timeout, the least that is known of it; where there are
// such, a line at the end says how many.
func (r *LoadResult) Hgrm(w io.Writer) error {
	h, failed := r.tally.Response, r.Requests.Due-r.right
	if failed > 0 {
		h = h.Clone()
		h.RecordN(int64(r.timeout), failed)
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	hgrmRows(h, func(at time.Duration, level float64, seen uint64) {
		above := "inf"
		if level < 1 {
			above = fmt.Sprintf("%.2f", 1/(1-level))
		}
		fmt.Fprintf(b, "%12.3f %14.12f %10d %14s\n", ms(at), level, seen, above)
	})
	fmt.Fprintf(b, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", ms(h.Mean()), ms(h.StdDev()))
	fmt.Fprintf(b, "#[Max     = %12.3f, Total count    = %12d]\n", ms(h.Max()), h.Count())
	fmt.Fprintf(b, "#[Buckets = %12d, SubBuckets     = %12d]\n", hgrmBuckets, hgrmSubBuckets)
	if failed > 0 {
		fmt.Fprintf(b, "#[Failed  = %12d, each counted at the timeout of %s ms]\n", failed, plainNumber(ms(r.timeout)))
	}
	return b.Flush()
}

// hgrmRows tells a distribution at ever finer levels: so many rows for each
// halving of the distance to 1, and at last 1 itself. A row has the upper end of
// the first bucket that reaches its level, and how many values are seen up to
// there. In the last bucket there is one row beside that of 1.
func hgrmRows(h *latency.Histogram, tell func(at time.Duration, level float64, seen uint64)) {
	percent := 0.0
	var seen uint64
	for b := range h.Buckets() {
		seen += b.Count
		reached := 100 * float64(seen) / float64(h.Count())
		for percent <= reached {
			tell(b.High, percent/100, seen)
			halvings := math.Floor(math.Log2(100/(100-percent))) + 1
			percent += 100 / (hgrmTicks * math.Exp2(halvings))
			if seen == h.Count() {
				break
			}
		}
	}
	if seen > 0 {
		tell(h.Max(), 1, seen)
	}
}

// The tags of a log's lines: of the whole window, and of its seconds. They are
// those of a record's logs.
const hlogPerSecond = "response-per-second"

// Hlog writes the histograms of the result as an HdrHistogram log: a line each
// for the times of the whole window, under the tags response (of right answers),
// response-wrong, service, wait, connect and lag; then the response times of
// each second under a tag of its own, since whoever adds up the lines of a tag
// would count them twice. Empty ones are left out.
func (r *LoadResult) Hlog(w io.Writer) error {
	opened := r.opened
	if opened.Year() < 1970 {
		opened = time.Unix(0, 0)
	}
	b := bufio.NewWriter(w)
	log, err := latency.NewLogWriter(b, opened)
	if err != nil {
		return err
	}
	t := r.tally
	for _, line := range []struct {
		tag string
		h   *latency.Histogram
	}{
		{"response", t.Response}, {"response-wrong", t.ResponseWrong}, {"service", t.Service},
		{"wait", t.Wait}, {"connect", t.Connect}, {"lag", t.Lag},
		{"receive-lag", t.ReceiveLag},
	} {
		if count(line.h) == 0 {
			continue
		}
		if err := log.Write(latency.Interval{Tag: line.tag, Start: opened, Length: t.Window, Histogram: line.h}); err != nil {
			return err
		}
	}
	for i, s := range t.Seconds {
		if count(s.Response) == 0 {
			continue
		}
		since := time.Duration(i) * time.Second
		i := latency.Interval{Tag: hlogPerSecond, Start: opened.Add(since), Length: secondOf(i, t.Window), Histogram: s.Response}
		if err := log.Write(i); err != nil {
			return err
		}
	}
	return b.Flush()
}

// secondOf returns how long second i of a window is: the last may be shorter.
func secondOf(i int, window time.Duration) time.Duration {
	return min(time.Second, max(window-time.Duration(i)*time.Second, 0))
}

// CSV writes a row for each second of the window: when it began and how long it
// is, in s; the answers and the errors (failed and wrong) that fell in it; and
// percentiles of the response times of the requests that ended in it, in ms,
// empty for too few of them, ">=" and the timeout where they lie on one that
// failed.
func (r *LoadResult) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	row := []string{"t_s", "length_s", "answered", "errors", "p50_ms", "p90_ms", "p99_ms", "max_ms"}
	err := c.Write(row)
	for i, s := range r.tally.Seconds {
		ended := count(s.Response) + s.Errors
		most := millis(s.Response, (*latency.Histogram).Max)
		if s.Errors > 0 {
			most = atLeast(ms(r.timeout))
		}
		row = append(row[:0], strconv.Itoa(i), plainNumber(secondOf(i, r.tally.Window).Seconds()),
			strconv.FormatUint(s.Answered, 10), strconv.FormatUint(s.Errors, 10),
			dueQuantile(s.Response, ended, 0.50, r.timeout).cell(),
			dueQuantile(s.Response, ended, 0.90, r.timeout).cell(),
			dueQuantile(s.Response, ended, 0.99, r.timeout).cell(),
			most.cell())
		if err == nil {
			err = c.Write(row)
		}
	}
	c.Flush()
	if err == nil {
		err = c.Error()
	}
	return err
}

// cell writes a number for a table that programs read.
func (v Number) cell() string {
	switch v.Kind {
	case Missing:
		return ""
	case AtLeast:
		return ">=" + plainNumber(v.X)
	}
	return plainNumber(v.X)
}
