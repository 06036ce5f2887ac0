package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/sys"
	"webdyno/internal/workload"
)

const (
	many        = 10_000   // connections of the memory mark
	memoryBound = 64 << 20 // bytes
)

// startup returns the CPU, in ms, of a load of one request: what every trial of
// ours has in it that is no request.
func (s *stand) startup(b *testing.B, ours tool) float64 {
	srv := s.serve(b, 1)
	var ms []float64
	one := ours
	one.args = func(c comparison, url string, guess int64) []string {
		args := ours.args(c, url, guess)
		return append(args[:len(args)-1:len(args)-1], "-n", "1", url)
	}
	for range 7 {
		t, err := s.try(b.Context(), one, comparison{connections: 1, pipeline: 1, loops: 1}, srv, 1)
		if err != nil {
			b.Fatal(err)
		}
		ms = append(ms, micros(t.cpu())/1e3)
	}
	return stat.Median(ms)
}

// memory finds the most memory that a load on many connections has resident. It
// is not taken from wait4: the kernel counts there what the parent occupied when
// it forked.
func (s *stand) memory(b *testing.B) (marks []mark) {
	what := func(ours string) string { return ours + ", 10,000 connections: under 64 MiB resident" }
	for _, backend := range []string{"epoll", "uring"} {
		m := mark{what: what("webdyno " + backend), unit: "MiB", standing: notTried}
		if limit := sys.DescriptorLimit(); limit < many+200 {
			m.why = fmt.Sprintf("%d descriptors may be open: ulimit -n %d", limit, many+200)
			marks = append(marks, m)
			continue
		}
		b.Run(backend, func(b *testing.B) {
			srv := s.serve(b, 1)
			var most int64
			const times = 3
			for range times {
				peak, err := s.peak(b.Context(), backend, srv)
				if err != nil {
					m.why = err.Error()
					return
				}
				most = max(most, peak)
			}
			m.estimate = exactly(float64(most)/(1<<20), times)
			m.standing = bound{at: memoryBound >> 20, strict: true}.holds(m.estimate)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(m.estimate.Value, "peak-MiB")
		})
		marks = append(marks, m)
	}
	return marks
}

// peak returns the peak of resident memory over two seconds on many connections,
// all of which must have been open.
func (s *stand) peak(ctx context.Context, backend string, srv server) (peak int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.webdyno, "load", "--backend", backend, "-c", itoa(many), "-d", "2s", "-o", "json", srv.url)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := startOn(s.client(1), cmd); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for look := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case err := <-ended:
			look.Stop()
			if err != nil {
				return 0, fmt.Errorf("%w: %s", err, lastLine(complaints.Bytes()))
			}
			n, err := readWebdyno(out.Bytes())
			if err == nil && n.openedConnections < many {
				err = fmt.Errorf("%d connections were opened", n.openedConnections)
			}
			return peak, err
		case <-look.C:
			// The kernel keeps the peak: the last look before the end has it all.
			if f, err := sys.ReadFootprint(cmd.Process.Pid); err == nil {
				peak = max(peak, f.PeakRSS)
			}
		}
	}
}

// allocations counts what the engine allocates for a request, in this process:
// the difference between a long and a short load that are alike otherwise. One in
// a thousand requests is where counting begins, for what a second more costs.
func (s *stand) allocations(b *testing.B) (marks []mark) {
	for _, backend := range []engine.Backend{engine.Epoll, engine.Uring} {
		m := mark{what: fmt.Sprintf("webdyno %s: no allocation for a request", backend), unit: "each", standing: notTried}
		b.Run(backend.String(), func(b *testing.B) {
			perRequest, err := s.allocationsOf(b, backend)
			if err != nil {
				m.why = err.Error()
				return
			}
			m.estimate = exactly(perRequest, 1)
			m.standing = bound{at: 0.001}.holds(m.estimate)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(perRequest, "allocs/req")
		})
		marks = append(marks, m)
	}
	return marks
}

func (s *stand) allocationsOf(b *testing.B, backend engine.Backend) (float64, error) {
	addr := strings.Trim(strings.TrimPrefix(s.serve(b, 1).url, "http://"), "/")
	set, err := workload.Build(plan.Exact{Method: "GET", Path: "/", Headers: plan.Headers{Set: "minimal"}, Expect: plan.ExactExpect{Bytes: -1}}, addr)
	if err != nil {
		return 0, err
	}
	e, err := engine.Open(engine.Config{Backend: backend})
	if err != nil {
		return 0, err
	}
	defer e.Close()
	job := engine.Job{Address: netip.MustParseAddrPort(addr), Requests: set, Load: load.Closed{Connections: 64}}
	const short, long = 10_000, 110_000
	var allocated [2]uint64
	for i, n := range []int64{short, long} {
		job.Window = load.Extent{Count: n}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tally, err := e.Run(b.Context(), job)
		runtime.ReadMemStats(&after)
		if err != nil {
			return 0, err
		}
		if got := int64(tally.Right()); got != n {
			return 0, fmt.Errorf("%d of %d requests were answered rightly", got, n)
		}
		allocated[i] = after.Mallocs - before.Mallocs
	}
	return max(0, float64(allocated[1])-float64(allocated[0])) / (long - short), nil
}
