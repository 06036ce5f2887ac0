package report

import (
	"math"
	"testing"
	"time"

	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// Over a factor of the load, curves are drawn through logarithms: where costs are
// powers of the level, that is exact.
func TestCrossingOfPowers(t *testing.T) {
	b := handlerWork()
	b.noise = 0.003
	b.servers[0].cost = func(n float64) float64 { return 20 * math.Pow(n, 0.1) }
	b.servers[1].cost = func(n float64) float64 { return 15 * math.Pow(n, 0.2) }
	in := b.input()
	in.Plan.Workload = plan.Workload{} // now path_bytes is nothing that is asked
	r := build(t, in)
	if len(r.Crossings) != 1 || len(r.Fits) != 0 {
		t.Fatalf("got %d crossings and %d fits, want 1 and 0", len(r.Crossings), len(r.Fits))
	}
	c, truth := r.Crossings[0], math.Pow(20.0/15, 10)
	if c.Model != "logarithms" || !(c.Lo.X <= truth && truth <= c.Hi.X) || c.Between != [2]float64{11, 101} {
		t.Errorf("got %v: %v to %v between %v; want %.4g by logarithms between 11 and 101", c.Model, c.Lo, c.Hi, c.Between, truth)
	}
}

// Two that are alike cross nowhere, however often noise changes their order.
func TestNoCrossingOfEquals(t *testing.T) {
	b := handlerWork()
	b.servers[1].cost = b.servers[0].cost
	if r := build(t, b.input()); len(r.Crossings) != 0 {
		t.Errorf("got %v", r.Crossings)
	}
}

// A curve is not called a line.
func TestFitDoubtsCurves(t *testing.T) {
	b := handlerWork()
	b.servers[1].cost = func(n float64) float64 { return 15 + 0.002*n*n }
	fits := build(t, b.input()).Fits
	if len(fits) != 2 || len(fits[0].Notes) != 0 || len(fits[1].Notes) != 1 || fits[1].Notes[0].Kind != "not-a-line" {
		t.Errorf("got %+v; want a note on the second alone", fits)
	}
}

func TestExactLoad(t *testing.T) {
	at := Factors{"rate": plan.Num(200), "k": plan.Num(10)}
	got := exactLoad(plan.Load{Open: true, Rate: "{rate}", Arrivals: "constant", PerConnection: "{k}", Timeout: "2s"}, at)
	want := load.Open{Rate: 200, Arrivals: load.Constant, Use: load.Use{PerConnection: 10, Timeout: 2 * time.Second}}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := exactLoad(plan.Load{Connections: "{k}"}, at); got != (load.Closed{Connections: 10}) {
		t.Errorf("got %+v, want 10 connections", got)
	}
	if got := exactLoad(plan.Load{Connections: "{unknown}"}, at); got != nil {
		t.Errorf("got %+v of a load that cannot be read", got)
	}
}

// A number of headers, or their length, is asked like any text: what each adds
// is the slope over it, at every level of the other factors apart.
func TestFitOverHeaders(t *testing.T) {
	b := handlerWork()
	in := b.input()
	in.Plan.Workload = plan.Workload{Headers: plan.Headers{Extra: plan.Extra{Count: "{path_bytes}", Bytes: "{width}"}}}
	in.Plan.Factors = append(in.Plan.Factors, plan.Factor{Name: "width", Levels: []plan.Level{plan.Num(32), plan.Num(64)}})
	wide := b.measurements()
	for i, m := range in.Measurements {
		m.Trial.Factors["width"] = plan.Num(32)
		wide[i].Trial.Factors["width"] = plan.Num(64)
		wide[i].Trial.ID += "-wide"
		wide[i].Trial.Block += b.blocks * len(b.bytes)
		wide[i].Server.CPU *= 2
	}
	in.Measurements = append(in.Measurements, wide...)
	r := build(t, in)
	if len(r.Fits) != 4 { // two servers at two widths, and none over the widths, which are two
		t.Fatalf("got %d fits, want 4: %+v", len(r.Fits), r.Fits)
	}
	for i, f := range r.Fits {
		w, _ := f.Factors["width"].Number()
		truth := []float64{0.02, 0.2}[i%2] * 0.98 * w / 32
		if f.Factor != "path_bytes" || f.Unit != "us" || math.Abs(f.B.X/truth-1) > 0.05 {
			t.Errorf("%s at width %v: %v us × %s, want %.3g us × path_bytes", f.name(), w, f.B, f.Factor, truth)
		}
	}
	headers := in.Plan.Workload.Headers
	in.Plan.Workload = plan.Workload{Mix: []plan.Part{{Headers: &headers}}}
	if n := len(build(t, in).Fits); n != 4 {
		t.Errorf("headers of a request of a mix: %d fits, want 4", n)
	}
}
