package record

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// The mark is a record of 1,000 trials read through within a second, and in 200
// MB at most. Opening it is what --resume waits for.

func BenchmarkOpen(b *testing.B) {
	dir := longRecord(b)
	for b.Loop() {
		if _, err := Open(dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEach(b *testing.B) {
	r, err := Open(longRecord(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := r.Each(func(*evidence.Measurement) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	n, peak := 0, uint64(0)
	r.Each(func(*evidence.Measurement) error {
		if n++; n%50 == 0 {
			peak = max(peak, inUse())
		}
		return nil
	})
	b.ReportMetric(float64(peak)/1e6, "heap-MB")
}

func BenchmarkMeasurements(b *testing.B) {
	r, err := Open(longRecord(b))
	if err != nil {
		b.Fatal(err)
	}
	var all []*evidence.Measurement
	for b.Loop() {
		if all, err = r.Measurements(); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	b.ReportMetric(float64(inUse())/1e6, "heap-MB")
	runtime.KeepAlive(all)
}

func BenchmarkAppend(b *testing.B) {
	w := begin(b, filepath.Join(b.TempDir(), "record"))
	m := longTrial(1)
	n := 0
	for b.Loop() {
		n++
		m.Trial.ID = fmt.Sprint(n)
		if err := w.Append(m); err != nil {
			b.Fatal(err)
		}
	}
}

func inUse() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapInuse
}

// longRecord is a record of 1,000 trials: 20 different ones, over and over,
// because writing takes longer than what is to be measured.
func longRecord(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	host, err := encodeSetup(someSetup())
	if err != nil {
		b.Fatal(err)
	}
	w, err := create(dir, onDisk(b, dir), []byte(somePlan), host)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	var line *os.File
	if line, err = os.OpenFile(filepath.Join(dir, trialsFile), os.O_WRONLY|os.O_APPEND, 0); err != nil {
		b.Fatal(err)
	}
	defer line.Close()
	for n := range 20 {
		m := longTrial(n)
		if err := w.Append(m); err != nil {
			b.Fatal(err)
		}
		again(b, w, m, n, line)
	}
	return dir
}

// again appends lines for 49 more trials that share the histograms of m.
func again(b *testing.B, w *Writer, m *evidence.Measurement, n int, out *os.File) {
	b.Helper()
	l := lineOf(m)
	if err := w.addHlog(l, m); err != nil {
		b.Fatal(err)
	}
	for k := range 49 {
		l.Trial.ID = fmt.Sprintf("r%02d-b%02d-uvloop", k+2, n)
		line, err := l.encode()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := out.Write(line); err != nil {
			b.Fatal(err)
		}
	}
}

// longTrial is 5 s of 40,000 requests a second.
func longTrial(n int) *evidence.Measurement {
	const perSecond, seconds = 40_000, 5
	m := aTrial(0)
	m.Trial.ID = fmt.Sprintf("r01-b%02d-uvloop", n)
	t := evidence.NewTally()
	t.Outcomes[evidence.Answered] = perSecond * seconds
	t.Window = seconds * time.Second
	random := rand.New(rand.NewPCG(uint64(n), 2))
	for range seconds {
		s := evidence.Second{Answered: perSecond, Response: latency.NewCoarse()}
		for range perSecond {
			service := int64(300_000 + random.ExpFloat64()*200_000)
			wait, lag := int64(random.ExpFloat64()*40_000), int64(1000+random.ExpFloat64()*3000)
			t.Service.Record(service)
			t.Wait.Record(wait)
			t.Lag.Record(lag)
			t.Response.Record(service + wait + lag)
			s.Response.Record(service + wait + lag)
		}
		t.Seconds = append(t.Seconds, s)
	}
	for range 64 {
		t.Connect.Record(int64(random.ExpFloat64() * 90_000))
	}
	m.Tally = t
	return m
}
