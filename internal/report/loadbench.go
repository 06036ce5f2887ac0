package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/unit"
)

// Bench writes the result in the format of Go's benchmarks: lines that say what
// was asked, and one line of figures. The lines of several results may stand in
// one file, and benchstat compares files of them. Where nothing was answered,
// there is no line of figures to be mistaken for one.
//
// Percentiles that cannot be told for too few requests are left out. One that
// lies on a request that failed is written as the timeout, which it is known to
// reach.
func (r *LoadResult) Bench(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "url: %s\n", printable(r.URL))
	fmt.Fprintf(&b, "load: %s\n", r.loadWords())
	fmt.Fprintf(&b, "timeout: %s\n", unit.ExactDuration(r.timeout))
	fmt.Fprintf(&b, "warmup: %s\n", printable(r.Warmup.Asked))
	fmt.Fprintf(&b, "backend: %s\n", r.Client.Backend)
	if r.Requests.Answered == 0 {
		fmt.Fprintf(&b, "--- FAIL: %s\n    nothing was answered\n", r.benchName())
	} else {
		b.WriteString("Unit req/s better=higher\nUnit failed-% better=lower\n")
		fmt.Fprintf(&b, "%s\t%d%s\n", r.benchName(), r.Requests.Due, r.benchFigures())
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// benchName names what was done, so that only the like is compared.
func (r *LoadResult) benchName() string {
	a := r.Load
	s := "BenchmarkLoad/load=" + a.Kind
	if a.Kind == "open" {
		s += "/rate=" + plainNumber(a.Rate.X) + "/arrivals=" + *a.Arrivals
	}
	if a.Connections > 0 {
		s += "/connections=" + strconv.Itoa(a.Connections)
	}
	if a.PerConnection > 0 {
		s += "/per-connection=" + strconv.Itoa(a.PerConnection)
	}
	if a.Pipeline > 1 {
		s += "/pipeline=" + strconv.Itoa(a.Pipeline)
	}
	return s + "-" + strconv.Itoa(max(r.Client.Threads, 1))
}

func (r *LoadResult) benchFigures() string {
	var b strings.Builder
	put := func(v Number, scale float64, unit string) {
		if v.Known() {
			fmt.Fprintf(&b, "\t%s %s", strconv.FormatFloat(math.Round(v.X*scale*1000)/1000, 'f', -1, 64), unit)
		}
	}
	const nsPerMS = float64(time.Millisecond)
	put(share(float64(r.tally.InWindow), r.WindowS), 1, "req/s")
	put(r.Response.Mean, nsPerMS, "mean-ns")
	put(r.Response.P50, nsPerMS, "p50-ns")
	put(r.Response.P90, nsPerMS, "p90-ns")
	put(r.Response.P99, nsPerMS, "p99-ns")
	put(r.Response.P999, nsPerMS, "p99.9-ns")
	put(r.Service.P50, nsPerMS, "service-p50-ns")
	put(r.Service.P99, nsPerMS, "service-p99-ns")
	put(share(100*float64(r.Requests.Due-r.right), float64(r.Requests.Due)), 1, "failed-%")
	put(r.Client.CPUUSPerRequest, 1000, "client-cpu-ns/req")
	return b.String()
}

// loadWords says in words how the load was put on.
func (r *LoadResult) loadWords() string {
	a := r.Load
	s := "closed"
	if a.Kind == "open" {
		s = fmt.Sprintf("open, %s arrivals/s, %s", plainNumber(a.Rate.X), *a.Arrivals)
	}
	if a.Connections > 0 {
		s += fmt.Sprintf(", %d connections", a.Connections)
	}
	if a.PerConnection > 0 {
		s += fmt.Sprintf(", %d requests per connection", a.PerConnection)
	}
	if a.Pipeline > 1 {
		s += fmt.Sprintf(", %d in flight on each", a.Pipeline)
	}
	return s + a.thinking()
}
