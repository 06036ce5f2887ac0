package report

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

func detailOf(t *testing.T, in Input) (*Report, *Detail) {
	t.Helper()
	r, d, err := Detailed(in)
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

// Pictures are drawn from the same figures as the text prints, whatever the order
// of the measurements.
func TestDetailFollowsTheReport(t *testing.T) {
	in := handlerWork().input()
	r, d := detailOf(t, in)
	if !bytes.Equal(jsonOf(t, r), jsonOf(t, build(t, in))) {
		t.Error("Detailed and Build report differently")
	}
	if len(d.Figures) != len(r.Rows) || len(d.Comparisons) != len(r.Comparisons) {
		t.Fatalf("%d figures of %d rows, %d of %d comparisons", len(d.Figures), len(r.Rows), len(d.Comparisons), len(r.Comparisons))
	}
	for i, f := range d.Figures {
		row := r.Rows[i]
		if d.Whos[f.W].Name != row.name() || d.Metrics[f.M].Key != row.Metric || f.Text != row.text() || f.Span != row.interval() {
			t.Fatalf("figure %+v is of row %+v", f, row)
		}
		if f.S >= 0 && d.Settings[f.S].Name != settingName(r.factors, row.Factors) {
			t.Errorf("figure %d stands at %q, its row at %v", i, d.Settings[f.S].Name, row.Factors)
		}
		if len(f.Rounds) != row.N {
			t.Errorf("%d rounds of %d: %+v", len(f.Rounds), row.N, f)
		}
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(in.Measurements), func(i, j int) {
		in.Measurements[i], in.Measurements[j] = in.Measurements[j], in.Measurements[i]
	})
	_, again := detailOf(t, in)
	if a, b := marshal(t, d), marshal(t, again); !bytes.Equal(a, b) {
		t.Error("the detail depends on the order of the measurements")
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// 1,000 requests of 1 to 1,000 ms: the points of the curve are known, and it ends
// where ten requests lie beyond, or where failures begin.
func TestDistributionOf(t *testing.T) {
	h := latency.New()
	for i := range int64(1000) {
		h.Record((i + 1) * int64(time.Millisecond))
	}
	d := distributionOf(h, 1000, time.Minute)
	if n := len(d.Points); n != 2*PerDecade+1 {
		t.Errorf("%d points, want those up to p99", n)
	}
	for i, want := range map[int]float64{0: 1, PerDecade: 900, 2 * PerDecade: 990} {
		if got := d.Points[i]; got < want*0.998 || got > want*1.002 {
			t.Errorf("point %d is %v ms, want %v", i, got, want)
		}
	}
	// A third of what was due failed: p50 is among the answers, p90 is not.
	if d := distributionOf(h, 1500, time.Minute); len(d.Points) > 5 {
		t.Errorf("%d points: the curve goes on beyond the answers", len(d.Points))
	}
	if d := distributionOf(nil, 0, time.Minute); len(d.Points) != 0 {
		t.Errorf("of nothing: %v", d.Points)
	}
}

func TestHeatAddsUpTrials(t *testing.T) {
	second := func(n uint64, at time.Duration) evidence.Second {
		h := latency.NewCoarse()
		h.RecordN(int64(at), n)
		return evidence.Second{Answered: n, Response: h}
	}
	m := &evidence.Measurement{Tally: &evidence.Tally{Window: 3500 * time.Millisecond, Seconds: []evidence.Second{
		second(5, time.Millisecond), second(7, 10*time.Millisecond), {Errors: 2}, second(1, time.Second),
	}}}
	tr := &trial{sights: sightsOf(m)}
	h, ok := heatOf([]*trial{tr, tr})
	if !ok || len(h.Counts) != 3 {
		t.Fatalf("%+v, %v: want the three whole seconds", h, ok)
	}
	var sums []uint
	for _, c := range h.Counts {
		var n uint
		for _, k := range c {
			n += k
		}
		sums = append(sums, n)
	}
	if sums[0] != 10 || sums[1] != 14 || sums[2] != 0 || h.Errors[2] != 4 {
		t.Errorf("%v answers, %v errors", sums, h.Errors)
	}
	if len(h.Counts[0]) < HeatBins {
		t.Errorf("%d bins for a power of ten", len(h.Counts[0]))
	}
	m.Tally.Window = 2 * time.Second
	if _, ok := heatOf([]*trial{{sights: sightsOf(m)}}); ok {
		t.Error("two seconds make a heat map")
	}
}

func TestBriefly(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 95726.6666: "95727", 0.0272560: "0.027256", 1e9: "1000000000", -2.5: "-2.5"} {
		if got := string(briefly(x)); got != want {
			t.Errorf("%v is written %s, want %s", x, got, want)
		}
	}
}
