package calibrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/supervise"
	"webdyno/internal/sys"
)

// Config says what is calibrated, and how thoroughly. Webdyno, Supervisor,
// CPUs and Root are required.
type Config struct {
	Webdyno    string // path of a program that knows the verb serve: this one
	Supervisor *supervise.Supervisor
	CPUs       evidence.CPUs
	Root       fs.FS          // the machine's root folder
	Build      evidence.Build // of this webdyno, for the report

	Quick bool              // less of everything: under 20 seconds instead of under 60
	Tell  func(step string) // told what is done next; nil means nobody

	ports *supervise.Ports
}

// An effort is how much of everything is done.
type effort struct {
	look     time.Duration // at a machine that we leave alone
	ceiling  time.Duration // window of one try
	rates    []float64     // that lag is measured at
	lag      time.Duration
	steady   int // requests
	queues   int // how many of them
	queue    int // requests to each
	periods  int // of the stall
	control  time.Duration
	counts   int           // requests for each way of using connections
	patience time.Duration // to wait for quiet, and to try again
}

func (c Config) effort() effort {
	if c.Quick {
		return effort{
			look: time.Second, ceiling: 300 * time.Millisecond, rates: []float64{1000}, lag: time.Second,
			steady: 1500, queues: 1, queue: 3000, periods: 1, control: 2 * time.Second, counts: 200,
			patience: 3 * time.Second,
		}
	}
	return effort{
		look: 2 * time.Second, ceiling: 600 * time.Millisecond, rates: []float64{1000, 10000}, lag: 2 * time.Second,
		steady: 3000, queues: 3, queue: 6000, periods: 4, control: 4 * time.Second, counts: 1000,
		patience: 12 * time.Second,
	}
}

// A calibration is one under way.
type calibration struct {
	config   Config
	effort   effort
	stand    *stand
	patience patience
	report   *Report
}

// Run calibrates. It confines this process to the engine's CPUs while it lasts.
// What it starts has ended when it returns, also when ctx ends it early, which
// yields ctx's cause and no report. A machine that is too noisy to judge is no
// error: the report says so.
func Run(ctx context.Context, c Config) (*Report, error) {
	release, err := confine(c.CPUs.Engine)
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	defer release()
	c.ports = &supervise.Ports{}
	e := c.effort()
	k := &calibration{
		config: c, effort: e, stand: newStand(c),
		patience: patience{left: e.patience, wait: e.patience / 2, tries: 5},
		report: &Report{
			Version: 1, Webdyno: c.Build, Taken: time.Now().Round(time.Second), Quick: c.Quick, CPUs: c.CPUs,
		},
	}
	if err := k.carryOut(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	return k.report, nil
}

// confine puts this process on CPUs, and returns what undoes it.
func confine(cpus []int) (release func(), err error) {
	before, err := sys.Affinity()
	if err != nil || len(cpus) == 0 {
		return func() {}, err
	}
	if err := sys.SetProcessAffinity(cpus); err != nil {
		return nil, err
	}
	return func() { _ = sys.SetProcessAffinity(before) }, nil // it was allowed before
}

// carryOut does everything, in the order in which one thing depends on another.
func (k *calibration) carryOut(ctx context.Context) error {
	began := time.Now()
	facts := host.Facts(k.config.Root)
	r := k.report
	r.Host, r.Clock, r.Budget = identity(facts), readClock(facts), readBudget(k.config.Root, facts)
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"what others do to this machine", k.listen},
		{"counts against the server's", k.counts},
		{"ceilings and pacing", k.backends},
		{"response times that are known", k.oracles},
		{"a server that stalls, and a load that does not see it", k.control},
	} {
		if k.config.Tell != nil {
			k.config.Tell(step.name)
		}
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	r.TookS = time.Since(began).Round(100 * time.Millisecond).Seconds()
	r.conclude(facts)
	return nil
}

func (k *calibration) listen(ctx context.Context) (err error) {
	k.report.Quiet, err = listen(ctx, k.stand, k.effort.look)
	f := k.report.Quiet.Foreign
	k.patience.quiet = 0 <= f && f < quietForeign
	return err
}

func (k *calibration) counts(ctx context.Context) error {
	fs, err := counts(ctx, k.stand, k.effort.counts)
	k.report.Findings = append(k.report.Findings, fs...)
	return err
}

// shortest is the shortest window whose rate says anything.
const shortest = 250 * time.Millisecond

func (k *calibration) backends(ctx context.Context) error {
	have, lacking := backends()
	if len(have) == 0 {
		return errors.New("no backend can be had")
	}
	if k.config.Quick {
		have, lacking = []engine.Backend{engine.Auto}, nil
	}
	// Several share what time there is.
	window := max(k.effort.ceiling/time.Duration(len(have)), shortest)
	lasting := max(k.effort.lag/time.Duration(len(have)), 4*shortest)
	for _, b := range have {
		found, err := ceilings(ctx, k.stand, b, window, k.config.Quick, max(1, len(k.config.CPUs.Subjects)))
		if err != nil {
			return err
		}
		k.report.Ceilings = append(k.report.Ceilings, found...)
		for _, rate := range k.effort.rates {
			t, noise, err := k.patience.attempt(ctx, k.stand, lag(k.stand, b, rate, lasting))
			if err != nil {
				return fmt.Errorf("pacing: %w", err)
			}
			l := lagOf(t, b, rate)
			k.report.Lags = append(k.report.Lags, l)
			k.report.Findings = append(k.report.Findings, l.finding(noise))
		}
	}
	k.report.Ceilings = append(k.report.Ceilings, lacking...)
	return nil
}

func (k *calibration) oracles(ctx context.Context) error {
	e := k.effort
	for _, o := range append([]oracle{steady(e.steady)}, queues(e.queue)[:e.queues]...) {
		t, noise, err := k.judge(ctx, o)
		if err != nil {
			return err
		}
		if o.name == oracleSteady {
			k.report.Backend = t.backend(engine.Auto)
			k.report.Accuracy = accuracy(gaps(t.tally.Response, o.known.responses()), noise == "")
		}
	}
	return k.everyWay(ctx)
}

// everyWay is the steady load by every backend and both ways of using connections.
func (k *calibration) everyWay(ctx context.Context) error {
	if k.config.Quick {
		return nil
	}
	have, _ := backends()
	for _, b := range have {
		for _, each := range []bool{false, true} {
			if _, _, err := k.judge(ctx, through(b, each, k.effort.steady/2)); err != nil {
				return err
			}
		}
	}
	return nil
}

func accuracy(g gap, judged bool) Accuracy {
	return Accuracy{Judged: judged, P50US: us(g.p50), P95US: us(g.p95), P99US: us(g.p99), MaxUS: us(g.max)}
}

func (k *calibration) judge(ctx context.Context, o oracle) (*trial, string, error) {
	t, noise, err := k.patience.attempt(ctx, k.stand, o.try(k.stand))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", o.name, err)
	}
	k.report.Findings = append(k.report.Findings, o.judge(t, noise)...)
	return t, noise, nil
}

func (k *calibration) control(ctx context.Context) error {
	for _, o := range []oracle{stall(k.effort.periods), gate(k.effort.periods)} {
		if _, _, err := k.judge(ctx, o); err != nil {
			return err
		}
	}
	try, judge := control(k.stand, k.effort.control)
	t, noise, err := k.patience.attempt(ctx, k.stand, try)
	if err != nil {
		return fmt.Errorf("%s: %w", oracleControl, err)
	}
	k.report.Findings = append(k.report.Findings, judge(t, noise))
	return nil
}
