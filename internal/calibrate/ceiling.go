package calibrate

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// A mode is a way of using connections that has a ceiling of its own.
type mode struct {
	name  string
	use   load.Use
	count int64 // window by count; 0: by time
	tries int
}

// modes lists them. Connections that the server ends each hold a port for a
// minute, and are few for that reason.
func modes(quick bool) []mode {
	all := []mode{
		{name: KeepAlive, tries: 2},
		{name: Pipelined, use: load.Use{Pipeline: 8}, tries: 2},
		{name: ByReset, use: load.Use{PerConnection: 1, Close: load.ByReset}, tries: 2},
	}
	if quick {
		return all
	}
	return append(all, mode{name: ByServer, use: load.Use{PerConnection: 1}, count: 4000, tries: 1})
}

// ceilingConnections is how many connections a ceiling is measured with: the
// default of closed loads.
const ceilingConnections = 64

// backends returns the backends there are, and those that this machine lacks
// with the reason. The names are all that webdyno knows of; one that is not
// built is in neither list.
func backends() (have []engine.Backend, lacking []Ceiling) {
	for _, name := range []string{"uring", "epoll", "net"} {
		b, err := engine.ParseBackend(name)
		if err != nil {
			continue
		}
		e, err := engine.Open(engine.Config{Backend: b})
		if err != nil {
			lacking = append(lacking, Ceiling{Backend: name, Missing: err.Error()})
			continue
		}
		e.Close()
		have = append(have, b)
	}
	return have, lacking
}

// ceilings measures the ceilings of one backend.
func ceilings(ctx context.Context, s *stand, b engine.Backend, window time.Duration, quick bool, serverLoops int) ([]Ceiling, error) {
	var found []Ceiling
	for _, m := range modes(quick) {
		c := Ceiling{Mode: m.name, Connections: ceilingConnections}
		for try := range m.tries {
			t, err := s.with(ctx, "null", []string{"-loops=" + strconv.Itoa(serverLoops)}, func(srv server) (*trial, error) {
				return s.run(ctx, srv, b, m.job(window), false)
			})
			if err != nil {
				return nil, err
			}
			c.Backend = t.backend(b)
			c.take(t, try == 0, serverLoops)
		}
		found = append(found, c)
	}
	return found, nil
}

// backend is the name of what sent: the one asked for, or what the engine chose.
func (t *trial) backend(asked engine.Backend) string { return cmp.Or(t.tally.Backend, asked.String()) }

func (m mode) job(window time.Duration) engine.Job {
	j := engine.Job{
		Load:   load.Closed{Connections: ceilingConnections, Use: m.use},
		Warmup: load.Extent{Time: window / 4},
		Window: load.Extent{Time: window, Count: m.count},
	}
	if m.count > 0 {
		j.Warmup = load.Extent{Count: m.count / 10}
	}
	return j
}

// take books a try. The lower rate is the one to go by: what a loop reaches on
// one occasion it may miss on the next.
func (c *Ceiling) take(t *trial, first bool, serverLoops int) {
	rate := 0.0
	if t.tally.Window > 0 {
		rate = float64(t.tally.InWindow) / t.tally.Window.Seconds()
	}
	c.Failed += t.tally.Failed()
	if !first && rate >= c.Rate {
		c.Other = rate
		return
	}
	c.Other = max(c.Rate, rate)
	c.Rate = rate
	if t.tally.InWindow == 0 {
		return
	}
	answers := float64(t.tally.InWindow + t.tally.WrongIn)
	c.ClientUS = us(t.tally.ClientCPU) / answers
	c.LoopBusy = t.tally.LoopShare()
	c.Limit = limitOf(c.LoopBusy, t.server, serverLoops)
}

// limitOf says who had no time left.
func limitOf(loopBusy float64, server *evidence.Usage, serverLoops int) string {
	const busy = .95
	switch {
	case loopBusy >= busy:
		return "loop"
	case server != nil && server.Span > 0 && float64(server.CPU) >= busy*float64(serverLoops)*float64(server.Span):
		return "server"
	}
	return ""
}

// lag measures how late a loop hands over requests that fall due at a rate.
func lag(s *stand, b engine.Backend, rate float64, lasting time.Duration) func(context.Context) (*trial, error) {
	return func(ctx context.Context) (*trial, error) {
		return s.with(ctx, "null", []string{"-loops=1"}, func(srv server) (*trial, error) {
			return s.run(ctx, srv, b, engine.Job{
				Load:   load.Open{Rate: rate, Arrivals: load.Poisson, Connections: pool},
				Warmup: load.Extent{Time: warmed / 2},
				Window: load.Extent{Time: lasting},
				Seed:   seed,
			}, true)
		})
	}
}

func lagOf(t *trial, b engine.Backend, rate float64) Lag {
	h := t.tally.Lag
	return Lag{
		Backend: t.backend(b), Rate: rate,
		P50US: us(h.Quantile(.5)), P99US: us(h.Quantile(.99)), P999US: us(h.Quantile(.999)), MaxUS: us(h.Max()),
	}
}

func (l Lag) finding(noise string) Finding {
	return Finding{
		Oracle: "pacing", Name: "lag p99 at " + unit.Rate(l.Rate) + ", " + l.Backend,
		Got: l.P99US, Tolerance: us(allowedLag), Unit: "us",
	}.judged(noise)
}
