package latency

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestCodecRoundTrip(t *testing.T) {
	for _, h := range []*Histogram{New(), NewCoarse()} {
		for ns := int64(0); ns <= Highest; ns = ns*9/8 + 1 {
			h.RecordN(ns, 1+uint64(ns%7))
		}
		text, err := h.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(h) {
			t.Errorf("%d digits: not what was encoded", h.layout.digits())
		}
	}
	type letter struct{ H *Histogram }
	b, err := json.Marshal(letter{of(1, 2, 3)})
	if err != nil {
		t.Fatal(err)
	}
	var back letter
	if err := json.Unmarshal(b, &back); err != nil || !back.H.Equal(of(1, 2, 3)) {
		t.Errorf("through JSON: %v", err)
	}
}

// A histogram of another range and precision keeps its counts, and its values
// as far as it had them.
func TestDecodeForeign(t *testing.T) {
	theirs := hdrhistogram.New(1, 36_000_000_000, 4)
	for _, v := range []int64{1000, 123_456_789, 30_000_000_000} {
		if err := theirs.RecordValues(v, 2); err != nil {
			t.Fatal(err)
		}
	}
	text, err := theirs.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if h.Count() != 6 || h.Min() != 1000 || float64(h.Max()) < 30e9*(1-0x1p-9) || float64(h.Max()) > 30e9*(1+0x1p-9) {
		t.Errorf("got %d from %v to %v; want 6 from 1µs to 30s", h.Count(), h.Min(), h.Max())
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, _ := of(1, 2, 3).MarshalText()
	for name, text := range map[string]string{
		"nothing":    "",
		"no base64":  "§§",
		"cut":        string(good[:len(good)/2]),
		"too long":   strings.Repeat("A", MaxEncoded+1),
		"other kind": "HISTEwAAAAA=",
	} {
		if h, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s: decoded to %d durations", name, h.Count())
		}
	}
}

var logStart = time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC)

func writeLog(t testing.TB, intervals ...Interval) string {
	t.Helper()
	var b bytes.Buffer
	w, err := NewLogWriter(&b, logStart)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range intervals {
		if err := w.Write(i); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func readLog(r io.Reader) ([]Interval, *LogReader, error) {
	var all []Interval
	l := NewLogReader(r)
	for {
		i, err := l.Next()
		if errors.Is(err, io.EOF) {
			return all, l, nil
		}
		if err != nil {
			return all, l, err
		}
		all = append(all, i)
	}
}

func TestLogRoundTrip(t *testing.T) {
	want := []Interval{
		{"response", logStart.Add(250 * time.Millisecond), time.Second, of(1000, 2_000_000)},
		{"", logStart.Add(1250 * time.Millisecond), 750 * time.Millisecond, NewCoarse()},
		{"before", logStart.Add(-time.Second), time.Second, of(7)},
	}
	text := writeLog(t, want...)
	got, l, err := readLog(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !l.Start().Equal(logStart) {
		t.Errorf("start: got %v, want %v", l.Start(), logStart)
	}
	if len(got) != len(want) {
		t.Fatalf("got %d intervals, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Tag != w.Tag || !g.Start.Equal(w.Start) || g.Length != w.Length || !g.Histogram.Equal(w.Histogram) {
			t.Errorf("interval %d: got %q at %v for %v, want %q at %v for %v", i, g.Tag, g.Start, g.Length, w.Tag, w.Start, w.Length)
		}
	}
	if !strings.Contains(text, "#[StartTime: 1772600767.891 (seconds since epoch)") {
		t.Errorf("the start time has lost its milliseconds:\n%s", text)
	}
	if !strings.Contains(text, "\nTag=response,0.250,1.000,2.00") {
		t.Errorf("not a line of version 1.3:\n%s", text)
	}
}

func TestLogWriterRefusesTags(t *testing.T) {
	w, _ := NewLogWriter(io.Discard, logStart)
	if err := w.Write(Interval{Tag: "a,b", Start: logStart, Histogram: New()}); err == nil {
		t.Error("a tag with a comma was written")
	}
}

// An error names its line, and stays.
func TestLogErrorsNameTheLine(t *testing.T) {
	good := writeLog(t, Interval{"r", logStart, time.Second, of(1)})
	for name, c := range map[string]struct{ line, want string }{
		"columns":   {"1.0,2.0", "line 6"},
		"start":     {"x,1.0,1.0,AAAA", `start: "x"`},
		"length":    {"1.0,NaN,1.0,AAAA", `length: "NaN"`},
		"huge time": {"1e300,1.0,1.0,AAAA", "start"},
		"payload":   {"1.0,1.0,1.0,AAAA", "decode histogram"},
		"tag":       {"Tag=only", "nothing after the tag"},
		"base time": {"#[BaseTime: soon]", "BaseTime"},
		"long line": {strings.Repeat("x", MaxEncoded+2000), "longer than"},
	} {
		got, l, err := readLog(strings.NewReader(good + c.line + "\n" + good))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "line 6") {
			t.Errorf("%s: got error %v; want line 6 and %q", name, err, c.want)
		}
		if len(got) != 1 {
			t.Errorf("%s: got %d intervals before the error, want 1", name, len(got))
		}
		if _, again := l.Next(); !errors.Is(again, err) {
			t.Errorf("%s: the error did not stay: %v", name, again)
		}
	}
}

// The reference log of the HdrHistogram project, which the library we encode
// with carries as test data.
func TestReferenceLog(t *testing.T) {
	f := referenceLog(t, "jHiccup-2.0.7S.logV2.hlog")
	all, l, err := readLog(f)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Start().UnixMilli(); got != 1441812279474 {
		t.Errorf("start: got %d ms, want 1441812279474", got)
	}
	for _, c := range []struct {
		from, to   float64
		histograms int
		count      uint64
		p999, max  time.Duration
	}{
		{0, 1e9, 62, 48_761, 1_745_879_039, 1_796_210_687},
		{5, 20, 15, 11_664, 1_536_163_839, 1_544_552_447},
		{40, 60, 20, 15_830, 1_779_433_471, 1_796_210_687},
	} {
		n, sum := 0, New()
		for _, i := range all {
			if at := i.Start.Sub(l.Start()).Seconds(); at >= c.from && at <= c.to {
				n++
				sum.Merge(i.Histogram)
			}
		}
		if n != c.histograms || sum.Count() != c.count || sum.Quantile(.999) != c.p999 || sum.Max() != c.max {
			t.Errorf("%g to %g s: got %d histograms of %d, p99.9 %d, max %d; want %d of %d, %d, %d", c.from, c.to,
				n, sum.Count(), sum.Quantile(.999), sum.Max(), c.histograms, c.count, c.p999, c.max)
		}
	}
}

func referenceLog(t *testing.T, name string) io.Reader {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/HdrHistogram/hdrhistogram-go").Output()
	if err != nil {
		t.Skipf("go list cannot say where hdrhistogram-go is: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "test", name))
	if err != nil {
		t.Skipf("hdrhistogram-go is here without its test data: %v", err)
	}
	return bytes.NewReader(b)
}

// FuzzLog reads logs from strangers: no panic, no endless reading, and what is
// read can be written and read again.
func FuzzLog(f *testing.F) {
	f.Add([]byte(writeLog(f, Interval{"r", logStart, time.Second, of(1, 5000)})))
	f.Add([]byte("#[StartTime: 1.5 (seconds since epoch)]\n0.1,1,0,HISTEwAAAAA=\n"))
	f.Add([]byte("Tag=,,,\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _, _ := readLog(bytes.NewReader(b))
		for _, i := range all {
			if strings.ContainsAny(i.Tag, ", \"\t\r\n") {
				continue // a stranger's tag that we would not write
			}
			again, _, err := readLog(strings.NewReader(writeLog(t, i)))
			if err != nil || len(again) != 1 || !again[0].Histogram.Equal(i.Histogram) {
				t.Errorf("read once, written, and not read again: %v", err)
			}
		}
	})
}
