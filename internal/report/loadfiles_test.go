package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The rows must be those of HdrHistogram itself: it has the same buckets, and
// its way of stepping through them is the layout's.
func TestHgrmAgainstHdrHistogram(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, 1000, 20_000} {
		ours, theirs := latency.New(), hdrhistogram.New(latency.Lowest, latency.Highest, 3)
		for range n {
			ns := int64(r.ExpFloat64() * 1e6)
			ours.Record(ns)
			if err := theirs.RecordValue(ns); err != nil {
				t.Fatal(err)
			}
		}
		dist := theirs.CumulativeDistributionWithTicks(hgrmTicks)
		i := 0
		hgrmRows(ours, func(at time.Duration, level float64, seen uint64) {
			if i < len(dist) {
				d := dist[i]
				if d.ValueAt != int64(at) || d.Quantile/100 != level || d.Count != int64(seen) {
					t.Errorf("%d values, row %d: %d %v %d, want %d %v %d", n, i, at, level, seen, d.ValueAt, d.Quantile/100, d.Count)
				}
			}
			i++
		})
		if i != len(dist) {
			t.Errorf("%d values: %d rows, want %d", n, i, len(dist))
		}
	}
	var theirs bytes.Buffer
	if _, err := hdrhistogram.New(latency.Lowest, latency.Highest, 3).PercentilesPrint(&theirs, hgrmTicks, 1e6); err != nil {
		t.Fatal(err)
	}
	shape := regexp.MustCompile(`#\[Buckets.*`)
	ours := written(t, NewLoadResult(openJob(), evidence.NewTally()).Hgrm)
	if got, want := shape.FindString(ours), shape.FindString(theirs.String()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGoldenFiles(t *testing.T) {
	clean, failing := NewLoadResult(openJob(), tenSeconds(0, 0)), NewLoadResult(openJob(), tenSeconds(200, 100))
	golden(t, "load-open.hgrm", []byte(written(t, clean.Hgrm)))
	golden(t, "load-failing.hgrm", []byte(written(t, failing.Hgrm)))
	golden(t, "load-open.csv", []byte(written(t, clean.CSV)))
	golden(t, "load-failing.csv", []byte(written(t, failing.CSV)))
}

// In a percentile file the failed are the slowest, and all that were due are
// there.
func TestHgrmCountsFailures(t *testing.T) {
	text := written(t, NewLoadResult(openJob(), tenSeconds(200, 100)).Hgrm)
	row := regexp.MustCompile(`^ *([\d.]+) +([\d.]+) +(\d+) +([\d.]+|inf)$`)
	var rows [][]string
	for line := range strings.Lines(text) {
		if m := row.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			rows = append(rows, m[1:])
		}
	}
	last := rows[len(rows)-1]
	if value, _ := strconv.ParseFloat(last[0], 64); value < 10_000 || last[1] != "1.000000000000" || last[2] != "10000" || last[3] != "inf" {
		t.Errorf("last row %q", last)
	}
	for _, r := range rows {
		level, _ := strconv.ParseFloat(r[1], 64)
		value, _ := strconv.ParseFloat(r[0], 64)
		if slow := level > 0.97; slow != (value >= 10_000) {
			t.Errorf("at %v: %v ms", level, value)
		}
	}
	if !strings.Contains(text, "#[Failed  =          300, each counted at the timeout of 10000 ms]") {
		t.Errorf("the failed are not told:\n%s", text)
	}
}

// What is in the log must come out of it again, under the tags a record has.
func TestHlogReadsBack(t *testing.T) {
	ta := tenSeconds(200, 100)
	ta.Window -= 400 * time.Millisecond
	j := openJob()
	j.Opened = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	in := latency.NewLogReader(strings.NewReader(written(t, NewLoadResult(j, ta).Hlog)))
	want := map[string]*latency.Histogram{"response": ta.Response, "response-wrong": ta.ResponseWrong,
		"service": ta.Service, "wait": ta.Wait, "connect": ta.Connect, "lag": ta.Lag}
	seconds := 0
	for {
		i, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if i.Tag == "response-per-second" {
			checkSecond(t, i, seconds, j.Opened)
			seconds++
			continue
		}
		if !i.Histogram.Equal(want[i.Tag]) || !i.Start.Equal(j.Opened) || i.Length != ta.Window {
			t.Errorf("%s: %v from %v for %v", i.Tag, i.Histogram.Count(), i.Start, i.Length)
		}
		delete(want, i.Tag)
	}
	if len(want) > 0 || seconds != 10 {
		t.Errorf("%d seconds; missing %v", seconds, want)
	}
}

func checkSecond(t *testing.T, i latency.Interval, n int, opened time.Time) {
	t.Helper()
	length := time.Second
	if n == 9 {
		length = 600 * time.Millisecond
	}
	if i.Histogram.Count() != 970 || i.Length != length || !i.Start.Equal(opened.Add(time.Duration(n)*time.Second)) {
		t.Errorf("second %d: %d from %v for %v", n, i.Histogram.Count(), i.Start, i.Length)
	}
}

func TestCSVReadsBack(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(written(t, NewLoadResult(openJob(), tenSeconds(200, 100)).CSV))).ReadAll()
	if err != nil || len(rows) != 11 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := strings.Join(rows[1], " "); got != "0 1 980 30 1.507327 1.507327 >=10000 >=10000" {
		t.Errorf("first second: %s", got)
	}
}

// A full disk is an error of each layout.
func TestLayoutsTellFullDisks(t *testing.T) {
	r := NewLoadResult(openJob(), tenSeconds(200, 100))
	text := func(w io.Writer) error { return r.Text(w, TextOptions{}) }
	for name, write := range map[string]func(io.Writer) error{"text": text, "json": r.JSON, "wrk": r.Wrk, "bench": r.Bench, "hgrm": r.Hgrm, "hlog": r.Hlog, "csv": r.CSV} {
		if err := write(full{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
