package calibrate

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/host"
	"webdyno/internal/load"
	"webdyno/internal/supervise"
	"webdyno/internal/sys"
)

// here is this machine, with the test binary for webdyno.
func here(t testing.TB) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS("/")
	topology, err := host.ReadTopology(root)
	if err != nil {
		t.Skipf("the machine's CPUs cannot be told: %v", err)
	}
	return Config{
		Webdyno:    self,
		Supervisor: &supervise.Supervisor{},
		CPUs:       host.Assign(topology, 1, false),
		Root:       root,
		Quick:      true,
		ports:      &supervise.Ports{},
	}
}

// realStand is the stand of this machine, with this process on the engine's
// CPUs until the test ends.
func realStand(t testing.TB) *stand {
	t.Helper()
	c := here(t)
	if _, err := engine.Open(engine.Config{}); err != nil {
		t.Skipf("no engine: %v", err)
	}
	release, err := confine(c.CPUs.Engine)
	if err != nil {
		t.Skipf("this process cannot be confined: %v", err)
	}
	t.Cleanup(release)
	return newStand(c)
}

// Exact counts do not depend on the machine's mood: what the engine counted is
// what the server counted, on every way of using connections.
func TestCountsAgreeWithTheServer(t *testing.T) {
	s := realStand(t)
	fs, err := counts(t.Context(), s, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		if f.Verdict != Kept {
			t.Errorf("%s %s: server %.0f, engine %.0f; %s", f.Oracle, f.Name, f.Got, f.Want, f.Note)
		}
	}
}

// quietWait is how long tests of times wait for the machine to be quiet, all
// of them together. The method's minute is for who asks for it.
func quietWait(t *testing.T) time.Duration {
	t.Helper()
	const usual = 10 * time.Second
	text := os.Getenv("WEBDYNO_QUIET_WAIT")
	if text == "" {
		return usual
	}
	wait, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("WEBDYNO_QUIET_WAIT: %v", err)
	}
	return wait
}

// On a quiet machine, with real servers and real time, everything that is
// known beforehand is kept. On another this is skipped with what was seen,
// which is neither a pass nor a failure.
func TestTimesOnThisMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes up to 25 s; -short was given")
	}
	s := realStand(t)
	wait := quietWait(t)
	p := &patience{left: wait, wait: min(wait, time.Minute), tries: 5, must: true}
	skipped := 0
	count := func(t *testing.T) {
		if t.Skipped() {
			skipped++
		}
	}
	for _, o := range []oracle{steady(1500), queues(3000)[0], stall(1)} {
		t.Run(o.name, func(t *testing.T) {
			defer count(t)
			tr, noise, err := p.attempt(t.Context(), s, o.try(s))
			report(t, tr, noise, err, o.judge)
		})
	}
	t.Run(oracleControl, func(t *testing.T) {
		defer count(t)
		try, judge := control(s, 2*time.Second)
		tr, noise, err := p.attempt(t.Context(), s, try)
		report(t, tr, noise, err, func(tr *trial, noise string) []Finding { return []Finding{judge(tr, noise)} })
	})
	if skipped > 0 {
		t.Skipf("noisy machine: %d of 4 not judged", skipped)
	}
}

// report turns findings into a test's outcome: noise skips, with its numbers.
func report(t *testing.T, tr *trial, noise string, err error, judge func(*trial, string) []Finding) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if tr == nil {
		t.Skipf("noisy machine: %s", noise)
	}
	for _, f := range judge(tr, noise) {
		t.Logf("%s: want %.0f, got %.0f ±%.0f %s: %v", f.Name, f.Want, f.Got, f.Tolerance, f.Unit, f.Verdict)
		if f.Verdict == Missed {
			t.Errorf("%s %s: want %.0f, got %.0f ±%.0f %s; %s", f.Oracle, f.Name, f.Want, f.Got, f.Tolerance, f.Unit, f.Note)
		}
	}
	if noise != "" {
		t.Skipf("noisy machine: %s", noise)
	}
}

// Whoever interrupts a calibration finds nothing of it afterwards.
func TestInterruptionLeavesNothing(t *testing.T) {
	c := here(t)
	before, err := sys.Affinity()
	if err != nil {
		t.Skip(err)
	}
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	begun := 0
	c.Tell = func(string) {
		if begun++; begun == 2 { // while servers come and go
			time.AfterFunc(100*time.Millisecond, func() { cancel(interrupted) })
		}
	}
	r, err := Run(ctx, c)
	if r != nil || !errors.Is(err, interrupted) {
		t.Errorf("report %v, error %v; want none and the cause", r, err)
	}
	if left, _ := sys.Descendants(os.Getpid()); len(left) > 0 {
		t.Errorf("left running: %+v", left)
	}
	if after, _ := sys.Affinity(); len(after) != len(before) {
		t.Errorf("confined to CPUs %v, before it was %v", after, before)
	}
}

// BenchmarkSteady reports by how much single requests are off, in microseconds.
func BenchmarkSteady(b *testing.B) {
	benchmark(b, steady(3000), func(t *trial) {
		g := gaps(t.tally.Response, steady(3000).known.responses())
		b.ReportMetric(us(g.p50), "error-p50-us")
		b.ReportMetric(us(g.p95), "error-p95-us")
		b.ReportMetric(us(g.p99), "error-p99-us")
		b.ReportMetric(us(t.tally.Lag.Quantile(.99)), "lag-p99-us")
	})
}

// BenchmarkLindley reports the distance of three queues' distributions from
// Lindley's recursion, in microseconds, and the ratio of their means to those of
// the closed forms, beside what chance alone makes of it.
func BenchmarkLindley(b *testing.B) {
	for _, o := range queues(6000) {
		b.Run(o.name, func(b *testing.B) {
			benchmark(b, o, func(t *trial) {
				g := gaps(t.tally.Response, o.known.responses())
				b.ReportMetric(us(g.p50), "error-p50-us")
				b.ReportMetric(us(g.p95), "error-p95-us")
				b.ReportMetric(us(g.mean), "error-mean-us")
				fs := o.judge(t, "")
				mean := fs[len(fs)-2]
				b.ReportMetric(mean.Got/mean.Want, "mean/formula")
				b.ReportMetric((mean.Tolerance-us(allowedMean))/mean.Want, "chance-3sd")
			})
		})
	}
}

// BenchmarkStall reports what is measured of a stall, as a ratio to the truth,
// by an open load and by a closed one: the first has to be 1, the second has
// to be nearly 0.
func BenchmarkStall(b *testing.B) {
	o := stall(4)
	truth := stallEach().Quantile(serviceTime, stallRho, .99)
	b.Run("open", func(b *testing.B) {
		benchmark(b, o, func(t *trial) {
			g := o.known.fitted(t.tally.Response, time.Millisecond)
			b.ReportMetric(us(g.p50), "error-p50-us")
			b.ReportMetric(us(g.p95), "error-p95-us")
			b.ReportMetric(float64(measured(t, .99))/float64(truth), "p99/truth")
		})
	})
	b.Run("closed", func(b *testing.B) {
		s := realStand(b)
		for b.Loop() {
			try, _ := control(s, 4*time.Second)
			t, err := try(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(measured(t, .99))/float64(truth), "p99/truth")
		}
	})
}

// benchmark puts an oracle's load on its server and reports what others did
// meanwhile, without which no figure of time means anything.
func benchmark(b *testing.B, o oracle, tell func(*trial)) {
	s := realStand(b)
	for b.Loop() {
		t, err := o.try(s)(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		tell(t)
		b.ReportMetric(t.activity.Foreign, "foreign-cpus")
	}
}

// BenchmarkCeiling reports the most that one loop gets out of a server that does
// nothing.
func BenchmarkCeiling(b *testing.B) {
	for _, m := range modes(true) {
		b.Run(m.name, func(b *testing.B) {
			s := realStand(b)
			for b.Loop() {
				t, err := s.with(b.Context(), "null", []string{"-loops=1"}, func(srv server) (*trial, error) {
					return s.run(b.Context(), srv, engine.Auto, m.job(time.Second), false)
				})
				if err != nil {
					b.Fatal(err)
				}
				var c Ceiling
				c.take(t, true, 1)
				b.ReportMetric(c.Rate, "req/s")
				b.ReportMetric(c.ClientUS, "client-us/req")
				b.ReportMetric(c.LoopBusy, "loop-busy")
				b.ReportMetric(t.activity.Foreign, "foreign-cpus")
			}
		})
	}
}

// What a witness cannot read must not count as quiet.
func TestUnreadableIsNotQuiet(t *testing.T) {
	f := &fakery{t: t}
	s := f.stand()
	srv := &unreadable{fakeServer{fakery: f}}
	tr, err := s.run(t.Context(), srv, engine.Auto, engine.Job{
		Load: load.Closed{Connections: 8}, Window: load.Extent{Count: 1},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	if tr.activity.Foreign != -1 || tr.activity.Steal != -1 || tr.noise() == "" {
		t.Errorf("activity %+v, noise %q; want unknown", tr.activity, tr.noise())
	}
}

type unreadable struct{ fakeServer }

func (*unreadable) Tree() ([]int, error) { return nil, os.ErrPermission }
