package lab

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/plan"
	"webdyno/internal/report"
	"webdyno/internal/serve"
)

// A theatre of queues carries loads out on paper: each of its servers is one
// queue with a constant service time, which is M/D/1 under Poisson arrivals.
type queues struct {
	*theatre
	service map[string]time.Duration
	jobs    int
	stop    int // the job at which the run is cut off; 0: none
	cancel  context.CancelCauseFunc

	spoil func(rate float64) bool // trials in which a port is missing: invalid
}

func newQueues(service map[string]time.Duration) *queues {
	q := &queues{theatre: newTheatre(), service: service}
	q.lab.Generate = q
	return q
}

func (q *queues) Run(ctx context.Context, job engine.Job) (*evidence.Tally, error) {
	t := evidence.NewTally()
	t.Window, t.Loops, t.Backend = job.Window.Time, 1, "paper"
	if job.Edge != nil {
		q.jobs++
		if q.jobs == q.stop {
			q.cancel(errors.New("enough"))
			return t, ctx.Err()
		}
		job.Edge(engine.WindowOpened)
	}
	d := q.service[hostOf(job)]
	switch l := job.Load.(type) {
	case load.Closed:
		t.InWindow = uint64(job.Window.Time / d)
		t.Outcomes[evidence.Answered] = t.InWindow
		t.Service.RecordN(int64(d), t.InWindow)
		t.Response.RecordN(int64(d)*int64(l.Connections), t.InWindow)
	case load.Open:
		lindley(t, l, job, serve.Queue{Times: serve.ServiceTimes{Mean: d}})
		if q.spoil != nil && q.spoil(l.Rate) {
			t.Outcomes[evidence.Refused]++
			t.Causes["EADDRNOTAVAIL"]++
		}
	}
	t.Statuses[200] = t.Outcomes[evidence.Answered]
	time.Sleep(job.Warmup.Time + job.Window.Time)
	if job.Edge != nil {
		job.Edge(engine.WindowClosed)
	}
	return t, ctx.Err()
}

// lindley answers an open load by a queue, and books it as an engine does.
func lindley(t *evidence.Tally, l load.Open, job engine.Job, q serve.Queue) {
	end := job.Warmup.Time + job.Window.Time
	for range int(job.Window.Time / time.Second) {
		t.Seconds = append(t.Seconds, evidence.Second{Response: latency.NewCoarse()})
	}
	c := l.Cursor(load.Share{}, job.Seed)
	for i := uint64(0); ; i++ {
		due := c.Next()
		if due >= end {
			return
		}
		done := time.Duration(q.Finish(i, mono.Time(due)))
		if due < job.Warmup.Time {
			continue
		}
		t.Offered, t.Sent = t.Offered+1, t.Sent+1
		if done-due >= l.Limit() {
			t.Outcomes[evidence.TimedOut]++
			if n := int((due + l.Limit() - job.Warmup.Time) / time.Second); n < len(t.Seconds) {
				t.Seconds[n].Errors++
			}
			continue
		}
		t.Outcomes[evidence.Answered]++
		t.Response.Record(int64(done - due))
		t.Service.Record(int64(done - due))
		t.Wait.Record(0)
		t.Lag.Record(0)
		if n := int((done - job.Warmup.Time) / time.Second); n < len(t.Seconds) {
			t.Seconds[n].Answered++
			t.Seconds[n].Response.Record(int64(done - due))
		}
		if done < end {
			t.InWindow++
		}
	}
}

// The closed form of M/D/1: with a service of 0.5 ms the p99 of the response time
// is 11.355886792 services at four fifths of saturation, which is 1600 a second.
const (
	service  = 500 * time.Microsecond
	known    = 1600.0
	goalText = "p99<5.677943396ms"
)

func hunted(t *testing.T, window time.Duration, rounds int, extra string, subjects ...string) Experiment {
	t.Helper()
	text := "capacity: {goals: [\"" + goalText + "\"" + extra + "}\nload: {open: {timeout: 2s}}\nmode: resident\nwarmup: none\nrewarm: 500ms\nbudget: 0\n" +
		"window: " + window.String() + "\nrounds: {min: " + string(rune('0'+rounds)) + ", max: " + string(rune('0'+rounds)) + ", until: 0}\nsubjects:\n"
	for _, s := range subjects {
		text += "  - {name: " + s + ", start: [x]}\n"
	}
	p, err := plan.Read("hunt.yaml", []byte(text), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := Experiment{Plan: p}
	for i, v := range p.Variants() {
		x.Entries = append(x.Entries, Entry{Variant: v, Index: i, Name: v.Name()})
	}
	if x.Settings, err = p.Settings(); err != nil {
		t.Fatal(err)
	}
	return x
}

func (q *queues) carryOut(t *testing.T, x Experiment, rec *paper) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if err := q.lab.Run(t.Context(), x, rec); err != nil {
			t.Fatal(err)
		}
	})
}

func conclude(t *testing.T, x Experiment, rec *paper) *report.Report {
	t.Helper()
	r, err := report.Build(report.Input{Plan: x.Plan, Measurements: rec.lines})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is found must be what the closed form says, within the width asked for and
// three per cent; and of two servers the one that is a tenth quicker must be found
// to take about a tenth more.
func TestCapacityIsThatOfTheClosedForm(t *testing.T) {
	x := hunted(t, 5*time.Second, 6, "]", "slow", "quick")
	q := newQueues(map[string]time.Duration{"slow": service, "quick": service * 10 / 11})
	rec := &paper{}
	q.carryOut(t, x, rec)
	r := conclude(t, x, rec)
	for _, c := range r.Capacities {
		t.Logf("%s: %v (%v to %v) in %d rounds, bracket %v to %v, conditional %v, certified %v",
			c.Subject, c.Value.X, c.Lo.X, c.Hi.X, c.N, c.Lower.X, c.Upper.X, c.Conditional.X, c.Certified)
		if !c.Certified || c.N != 6 {
			t.Errorf("%s: certified %v, in %d rounds; want it so, and 6", c.Subject, c.Certified, c.N)
		}
	}
	for _, n := range r.Notes {
		if n.Grade == evidence.X {
			t.Errorf("a trial on paper is invalid: %s", n.Text)
		}
	}
	slow := r.Capacities[0]
	if off := math.Abs(slow.Value.X/known - 1); off > x.Plan.Capacity.Width+.03 {
		t.Errorf("capacity %v, want %v: off by %.1f %%", slow.Value.X, known, 100*off)
	}
	if len(r.CapacityComparisons) != 1 {
		t.Fatalf("%d comparisons, want 1", len(r.CapacityComparisons))
	}
	if c := r.CapacityComparisons[0]; c.Verdict != report.Slower || c.Ratio.X > 0.93 || c.Ratio.X < .86 {
		t.Errorf("slow : quick is %v, %v; want about 0.9, slower", c.Ratio.X, c.Verdict)
	}
	t.Log(r.Answer)
}

// Trials of a second are what a plan within half an hour has: they must not lead
// elsewhere.
func TestCapacityOfShortTrials(t *testing.T) {
	x := hunted(t, time.Second, 6, "]", "slow")
	q := newQueues(map[string]time.Duration{"slow": service})
	rec := &paper{}
	q.carryOut(t, x, rec)
	c := conclude(t, x, rec).Capacities[0]
	t.Logf("%v (%v to %v)", c.Value.X, c.Lo.X, c.Hi.X)
	if off := math.Abs(c.Value.X/known - 1); off > x.Plan.Capacity.Width+.03 {
		t.Errorf("capacity %v, want %v: off by %.1f %%", c.Value.X, known, 100*off)
	}
}

// Every subject has the same number of trials of the same length behind its
// staircases, and in each block the same seed.
func TestSameTimeForEverySubject(t *testing.T) {
	x := hunted(t, time.Second, 2, ", \"p99<20ms\"], steps: 6, overload: [1.5]", "slow", "quick")
	q := newQueues(map[string]time.Duration{"slow": service, "quick": service / 3})
	rec := &paper{}
	q.carryOut(t, x, rec)
	count := map[string]map[evidence.Stage]int{"slow": {}, "quick": {}}
	seeds := map[pastKey]uint64{}
	for _, m := range rec.lines {
		count[m.Trial.Subject][m.Trial.Step.Stage]++
		k := pastKey{m.Trial.Round, m.Trial.Block}
		if s, ok := seeds[k]; ok && s != m.Trial.LoadSeed {
			t.Errorf("%s has another seed than others of its block", m.Trial.ID)
		}
		seeds[k] = m.Trial.LoadSeed
	}
	for name, n := range count {
		if n[evidence.Refine] != 2*2*6 || n[evidence.Overload] != 2 || n[evidence.Saturate] != 1 {
			t.Errorf("%s has trials %v; want 24 to refine, 2 overloads, 1 to saturate", name, n)
		}
	}
}

// After an overload a queue of one server is itself again when it has caught up:
// with half its capacity to spare, after as long as the overload was over it. At
// 1600/s the queue is busy for four fifths of the time; one and a half times that
// is a fifth more than it can do, three times 1.4 times more.
func TestOverloadRecovers(t *testing.T) {
	x := hunted(t, time.Second, 6, "], steps: 8, overload: [1.5, 3]", "slow")
	x.Plan.Load.Timeout = "60s"
	q := newQueues(map[string]time.Duration{"slow": service})
	rec := &paper{}
	q.carryOut(t, x, rec)
	r := conclude(t, x, rec)
	if len(r.Overloads) != 2 {
		t.Fatalf("%d overloads, want 2", len(r.Overloads))
	}
	for i, want := range []struct{ share, soonest, latest float64 }{{1.25, 0, 2}, {1.25, 4, 6}} {
		o := r.Overloads[i]
		t.Logf("× %v: goodput %v of %v offered, share %v, back after %v s, errors %v", o.Times, o.Goodput.X, o.Offered.X, o.Share.X, o.Recovery.X, o.Errors.X)
		if math.Abs(o.Share.X/want.share-1) > .06 {
			t.Errorf("× %v: goodput is %v of the capacity, want %v", o.Times, o.Share.X, want.share)
		}
		if o.Recovery.X < want.soonest || o.Recovery.X > want.latest || o.Recovery.Kind != report.Exactly {
			t.Errorf("× %v: back after %v s, want %v to %v", o.Times, o.Recovery.X, want.soonest, want.latest)
		}
	}
}

// A run that is cut off and taken up again must offer the rates that it would have
// offered, and find what it would have found.
func TestHuntIsTakenUpAgain(t *testing.T) {
	asks := func(rec *paper) map[string]float64 {
		last := map[string]float64{}
		for _, m := range rec.lines {
			if m.Failure == nil {
				last[string(rune(m.Trial.Round))+string(rune(m.Trial.Block))+m.Trial.Subject] = m.Trial.Step.Rate
			}
		}
		return last
	}
	services := map[string]time.Duration{"slow": service, "quick": service / 2}
	x := hunted(t, time.Second, 2, "], steps: 6, overload: [2]", "slow", "quick")
	whole := &paper{}
	newQueues(services).carryOut(t, x, whole)
	for _, at := range []int{31, 70} {
		rec := &paper{}
		q := newQueues(services)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			q.stop, q.cancel = at, cancel
			if err := q.lab.Run(ctx, x, rec); err == nil {
				t.Errorf("cut off at trial %d, it went on", at)
			}
		})
		again := x
		past := rec.lines[:len(rec.lines):len(rec.lines)]
		for _, m := range past {
			again.Past = append(again.Past, Past{Trial: m.Trial, Whole: m.Failure == nil})
		}
		again.Before = func(each func(*evidence.Measurement) error) error {
			for _, m := range past {
				if err := each(m); err != nil {
					return err
				}
			}
			return nil
		}
		newQueues(services).carryOut(t, again, rec)
		if got, want := asks(rec), asks(whole); !reflect.DeepEqual(got, want) {
			t.Errorf("cut off at trial %d: %d trials at other rates than without; want %d", at, len(got), len(want))
		}
		if got, want := conclude(t, x, rec).Capacities, conclude(t, x, whole).Capacities; !reflect.DeepEqual(got, want) {
			t.Errorf("cut off at trial %d it found\n%+v, want\n%+v", at, got, want)
		}
	}
}

// A window that is short beside the goal's bound lets no queue grow up to it: a
// server that can do 2000 a second keeps more than that, and its bracket must not
// be called certified.
func TestShortWindowIsNotCertified(t *testing.T) {
	x := hunted(t, 100*time.Millisecond, 1, "]", "slow")
	g, err := plan.ParseGoal("p99.9<20ms")
	if err != nil {
		t.Fatal(err)
	}
	x.Plan.Capacity.Goals, x.Plan.Rewarm = []plan.Goal{g}, 0
	q := newQueues(map[string]time.Duration{"slow": service})
	rec := &paper{}
	q.carryOut(t, x, rec)
	c := conclude(t, x, rec).Capacities[0]
	t.Logf("%v, bracket %v to %v, %v", c.Value.X, c.Lower.X, c.Upper.X, c.Notes)
	if c.Certified || c.Grade < evidence.L {
		t.Errorf("certified %v, grade %v; want neither certified nor better than L", c.Certified, c.Grade)
	}
}

// A rate whose trials stay invalid is measured four times and then gone around, be
// it the second or the third such rate; lab and report book the same trials, and so
// does a run that is taken up again.
func TestInvalidRatesAreGoneAround(t *testing.T) {
	x := hunted(t, time.Second, 1, "], steps: 12", "slow")
	bad := func(rate float64) bool { return rate == 750 || rate == 1378 || rate > 1610 && rate < 1625 }
	hunt := func(rec *paper, past []*evidence.Measurement, stop int) *report.Report {
		q := newQueues(map[string]time.Duration{"slow": service})
		q.spoil = bad
		again := x
		again.Before = func(each func(*evidence.Measurement) error) error {
			for _, m := range past {
				if err := each(m); err != nil {
					return err
				}
			}
			return nil
		}
		for _, m := range past {
			again.Past = append(again.Past, Past{Trial: m.Trial, Whole: m.Failure == nil})
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			q.stop, q.cancel = stop, cancel
			if err := q.lab.Run(ctx, again, rec); (err != nil) != (stop > 0) {
				t.Fatal(err)
			}
		})
		return conclude(t, x, rec)
	}
	whole := &paper{}
	want := hunt(whole, nil, 0).Capacities[0]
	tries := map[float64]int{}
	for _, m := range whole.lines {
		if m.Trial.Step.Stage == evidence.Seek {
			tries[m.Trial.Step.Rate]++
		}
	}
	t.Logf("%v, bracket %v to %v, notes %v, trials %v", want.Value.X, want.Lower.X, want.Upper.X, want.Notes, tries)
	for rate, n := range tries {
		if bad(rate) && (n != 1+mostRepeats && n != 1 || want.Lower.X == rate || want.Upper.X == rate) {
			t.Errorf("at %v there are %d trials, the bracket is %v to %v", rate, n, want.Lower.X, want.Upper.X)
		}
	}
	if tries[750] != 1+mostRepeats || !want.Value.Known() {
		t.Errorf("%d trials at 750, capacity %v", tries[750], want.Value)
	}
	rec := &paper{}
	hunt(rec, nil, 40)
	got := hunt(rec, rec.lines[:len(rec.lines):len(rec.lines)], 0).Capacities[0]
	if !reflect.DeepEqual(got, want) {
		t.Errorf("taken up again it found\n%+v, want\n%+v", got, want)
	}
}
