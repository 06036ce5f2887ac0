package calibrate

import (
	"context"
	"fmt"
	"math"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/serve"
	"webdyno/internal/stat"
)

// Names of oracles that are asked for elsewhere.
const (
	oracleSteady  = "steady"
	oracleControl = "negative control"
	oracleCounts  = "counts"
	oracleArrival = "arrivals"
)

// What is allowed on a quiet machine. The errors of single requests are those
// a prototype was measured by, with a factor of two to three to spare: p50 39,
// p95 75 to 80 us.
const (
	allowedP50  = 100 * time.Microsecond
	allowedP95  = 250 * time.Microsecond
	allowedMean = 150 * time.Microsecond
	// allowedConnect is for opening a connection over loopback, which takes two
	// wake-ups of the server more.
	allowedConnect = 150 * time.Microsecond
	// allowedNet is for a backend whose sleepers Go wakes on the millisecond.
	allowedNet = 1100 * time.Microsecond
	// allowedLag is for the 99th percentile of the loop's own lateness; the
	// prototype had 13 us.
	allowedLag = 100 * time.Microsecond
)

// pool is how many connections the open loads keep: enough never to be short
// of one in any of the queues here.
const pool = 64

// serviceTime is the mean of all of them.
const serviceTime = 500 * time.Microsecond

// seed is of everything here that is drawn. It is always the same, so that two
// calibrations differ by the machine alone.
const seed = 1

// warmed is how long an open load runs before its requests count. It is longer
// than a stall has effect, so that what came before the start is forgotten.
const warmed = 500 * time.Millisecond

// An oracle is an open load on the truth server whose outcome is known.
type oracle struct {
	name    string
	backend engine.Backend // Auto unless said otherwise
	known   known
	judge   func(t *trial, noise string) []Finding
}

func newOracle(name string, rate float64, a load.Arrivals, q serve.Queue, count int) oracle {
	q.Times.Mean, q.Times.Seed = serviceTime, seed
	return oracle{name: name, known: known{
		queue: q,
		load:  load.Open{Rate: rate, Arrivals: a, Connections: pool},
		seed:  seed,
		skip:  int(rate * warmed.Seconds()),
		count: count,
	}}
}

// try puts the oracle's load on a fresh server.
func (o *oracle) try(s *stand) func(context.Context) (*trial, error) {
	return func(ctx context.Context) (*trial, error) {
		return s.with(ctx, "truth", flags(o.known.queue), func(srv server) (*trial, error) {
			return s.run(ctx, srv, o.backend, o.known.job(), true)
		})
	}
}

// traced is how many arrivals are looked at one by one. With more of them the
// test would see what is no fault of the schedule: two that fall due within one
// wake-up of the loop are sent at once.
const traced = 1000

func (k known) job() engine.Job {
	return engine.Job{
		Trace:  &engine.Trace{Most: min(traced, k.count)},
		Load:   k.load,
		Warmup: load.Extent{Count: int64(k.skip)},
		Window: load.Extent{Count: int64(k.count)},
		Seed:   k.seed,
	}
}

// with starts a server for the duration of do.
func (s *stand) with(ctx context.Context, name string, args []string, do func(server) (*trial, error)) (t *trial, err error) {
	srv, err := s.start(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := srv.stop(); e != nil && err == nil {
			t, err = nil, fmt.Errorf("stop server %s: %w", name, e)
		}
	}()
	return do(srv)
}

// steady is the load whose every response is the service time, so that what a
// request is off by shows for each of them.
func steady(count int) oracle {
	o := newOracle(oracleSteady, 1000, load.Constant, serve.Queue{}, count)
	o.judge = func(t *trial, noise string) []Finding {
		g := gaps(t.tally.Response, o.known.responses())
		return []Finding{
			o.within("error p50", 0, g.p50, allowedP50).judged(noise),
			o.within("error p95", 0, g.p95, allowedP95).judged(noise),
		}
	}
	return o
}

// through is the steady load again, by a certain backend, on connections that are
// kept or on one for each request: what the default does well the others should.
// Opening a connection is part of a response, and is allowed for.
func through(b engine.Backend, each bool, count int) oracle {
	o := steady(count)
	o.backend, o.name = b, "steady, "+b.String()+", kept connections"
	more := time.Duration(0)
	if each {
		o.name = "steady, " + b.String() + ", a connection each"
		o.known.load.Connections = 0
		o.known.load.Use = load.Use{PerConnection: 1, Close: load.ByReset}
		more = allowedConnect
	}
	if b == engine.Net {
		more += allowedNet
	}
	o.judge = func(t *trial, noise string) []Finding {
		g := gaps(t.tally.Response, o.known.responses())
		return []Finding{
			o.within("error p50", 0, g.p50, allowedP50+more).judged(noise),
			o.within("error p95", 0, g.p95, allowedP95+more).judged(noise),
		}
	}
	return o
}

// A formula is a queue's closed form; see package serve.
type formula interface {
	Mean() float64
	Quantile(p float64) float64
}

// queue is a load whose responses Lindley's recursion yields and whose
// distribution has a closed form. Against the recursion no chance is left;
// against the formula there is what chance does in a run of that length.
func queue(name string, rho float64, a load.Arrivals, law serve.Law, closed formula, count int) oracle {
	rate := rho / serviceTime.Seconds()
	o := newOracle("queue "+name, rate, a, serve.Queue{Times: serve.ServiceTimes{Law: law}}, count)
	inTime := func(x float64) time.Duration { return time.Duration(x * float64(serviceTime)) }
	o.judge = func(t *trial, noise string) []Finding {
		h := t.tally.Response
		g := gaps(h, o.known.responses())
		sds := o.known.spread(meanOf, quantileOf(.9))
		byFormula := func(what string, want float64, got time.Duration, sd float64) Finding {
			f := o.within(what, inTime(want), got, allowedMean+time.Duration(3*sd))
			f.Note = fmt.Sprintf("closed form; chance alone: 3 standard deviations, %.0f us", 3*sd/1e3)
			return f.judged(noise)
		}
		fs := []Finding{
			o.within("error by rank, p50", 0, g.p50, allowedP50).judged(noise),
			o.within("error by rank, p95", 0, g.p95, allowedP95).judged(noise),
			o.within("error of the mean", 0, g.mean, allowedMean).judged(noise),
			byFormula("mean", closed.Mean(), h.Mean(), sds[0]),
			byFormula("p90", closed.Quantile(.9), h.Quantile(.9), sds[1]),
		}
		if name == "M/M/1" {
			fs = append(fs, poisson(rate, t, noise))
		}
		return fs
	}
	return o
}

// queues are the textbook's, the sharpest first.
func queues(count int) []oracle {
	return []oracle{
		queue("M/M/1", .5, load.Poisson, serve.Exponential, serve.MM1(.5), count),
		queue("M/D/1", .8, load.Poisson, serve.Constant, serve.MD1(.8), count),
		queue("D/M/1", .8, load.Constant, serve.Exponential, serve.DM1(.8), count),
	}
}

// stallEach is the stall of the reference case: a fifth of all requests see it.
func stallEach() serve.Stall {
	return serve.Stall{For: 200 * time.Millisecond, Every: 2 * time.Second}
}

// poisson judges whether the requests of a Poisson load were sent as such: the
// times between them, as parts of the mean, against the exponential law. What is
// allowed is Kolmogorov and Smirnov's distance that chance exceeds once in a
// thousand times.
func poisson(rate float64, t *trial, noise string) Finding {
	var between []float64
	for i := 1; i < len(t.sent); i++ {
		between = append(between, (t.sent[i].Sent-t.sent[i-1].Sent).Seconds()*rate)
	}
	fit := stat.KolmogorovSmirnov(between, func(x float64) float64 { return -math.Expm1(-max(x, 0)) })
	const onceInAThousand = 1.9495 // of the distance, times the root of the number
	f := Finding{
		Oracle: oracleArrival, Name: "sent as Poisson, Kolmogorov–Smirnov distance", Unit: "",
		Got: fit.D, Tolerance: onceInAThousand / math.Sqrt(float64(max(len(between), 1))),
		Note: fmt.Sprintf("p = %.3g over %d times between two", fit.P, len(between)),
	}
	if len(between) == 0 {
		noise = "no arrivals were seen"
	}
	return f.judged(noise)
}

// stall is a server that stands still for 200 ms every 2 s, over so many
// periods. What each request waits for has a closed form.
//
// The closed form knows no arrivals one by one; with them, every quantile of
// the delayed requests lies between it and one time between arrivals below,
// depending on where in that time the stall begins. Schedule and server have
// clocks of their own, so that this phase is not known. The tolerance contains
// it; and once the phase has been fitted, which is one number for thousands of
// requests, all ranks are compared without that slack.
func stall(periods int) oracle {
	return stallAt("stall", stallRho, []float64{.5, .9, .95, .99}, serve.Queue{}, pool, periods)
}

// gate is a server that stands still in the same way, but takes all requests at
// once when it goes on: nobody waits for another, and a tenth of all see it.
func gate(periods int) oracle {
	const enough = 4 * pool // connections: as many as requests fall due in a stall, and to spare
	return stallAt("stall, endless servers", 0, []float64{.5, .95, .99}, serve.Queue{Endless: true}, enough, periods)
}

// stallAt is a stall of a server that is busy for the share rho of the time; 0 if
// nobody waits for another. Each quantile is held against the closed form.
func stallAt(name string, rho float64, quantiles []float64, q serve.Queue, connections, periods int) oracle {
	const rate = 1000
	const apart = time.Second / rate
	each := stallEach()
	q.Stall = each
	o := newOracle(name, rate, load.Constant, q, periods*int(rate*each.Every.Seconds()))
	o.known.load.Connections = connections
	o.judge = func(t *trial, noise string) []Finding {
		var fs []Finding
		for _, p := range quantiles {
			allowed := allowedP95 + apart
			if p <= 1-each.Delayed(rho) {
				allowed = allowedP50
			}
			name := fmt.Sprintf("p%.0f", 100*p)
			fs = append(fs, o.within(name, each.Quantile(serviceTime, rho, p), measured(t, p), allowed).judged(noise))
		}
		g := o.known.fitted(t.tally.Response, apart)
		return append(fs,
			o.within("error by rank, p50", 0, g.p50, allowedP50).judged(noise),
			o.within("error by rank, p95", 0, g.p95, allowedP95).judged(noise))
	}
	return o
}

// stallRho is the share of the time that the stalling server is busy.
const stallRho = .5

// measured is the p-quantile over all that were due; what failed is beyond it.
func measured(t *trial, p float64) time.Duration {
	rank := latency.RankOf(p, t.tally.Due())
	if rank == 0 || rank > t.tally.Response.Count() {
		return time.Duration(latency.Highest)
	}
	return t.tally.Response.Rank(rank)
}

// within is a finding about a time.
func (o *oracle) within(name string, want, got, allowed time.Duration) Finding {
	return Finding{Oracle: o.name, Name: name, Want: us(want), Got: us(got), Tolerance: us(allowed), Unit: "us"}
}

// control puts a closed load on the stalling server. One connection meets each
// stall once, so that the percentile in which a fifth of all users suffer looks
// fine: an oracle that calls this right would call anything right.
func control(s *stand, lasting time.Duration) (try func(context.Context) (*trial, error), judge func(*trial, string) Finding) {
	q := serve.Queue{Times: serve.ServiceTimes{Mean: serviceTime}, Stall: stallEach()}
	try = func(ctx context.Context) (*trial, error) {
		return s.with(ctx, "truth", flags(q), func(srv server) (*trial, error) {
			return s.run(ctx, srv, engine.Auto, engine.Job{
				Load:   load.Closed{Connections: 1},
				Window: load.Extent{Time: lasting},
			}, true)
		})
	}
	judge = func(t *trial, noise string) Finding {
		truth := q.Stall.Quantile(serviceTime, stallRho, .99)
		got := measured(t, .99)
		return Finding{
			Oracle: oracleControl, Name: "p99 of a closed load", Unit: "us",
			Got: us(got), Tolerance: us(truth) / 10,
			Note: fmt.Sprintf("must be wrong by a factor of ten: the truth is %.1f ms, a factor of %.0f away",
				us(truth)/1e3, float64(truth)/float64(max(got, 1))),
		}.judged(noise)
	}
	return try, judge
}
