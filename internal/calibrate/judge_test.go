package calibrate

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/load"
)

// fullPatience is that of a test of times on a real machine.
func fullPatience() patience { return patience{left: 5 * time.Minute, wait: time.Minute, tries: 5} }

func oraclesOf() []oracle { return append(queues(3000), steady(3000), stall(1), gate(1)) }

// On a quiet machine an instrument that is as good as it should be keeps every
// figure, and one that is not misses.
func TestQuietIsJudged(t *testing.T) {
	for _, c := range []struct {
		error time.Duration
		want  Verdict
	}{
		{0, Kept},
		{40 * time.Microsecond, Kept},
		{5 * time.Millisecond, Missed},
	} {
		for _, o := range oraclesOf() {
			f := &fakery{t: t, error: c.error}
			p := fullPatience()
			p.quiet = true
			tr, noise, err := p.attempt(t.Context(), f.stand(), o.try(f.stand()))
			if err != nil || noise != "" {
				t.Fatalf("%s: noise %q, error %v; want a trial", o.name, noise, err)
			}
			for _, finding := range o.judge(tr, noise) {
				want := c.want
				if finding.Oracle == oracleArrival {
					want = Kept // who is late by the same each time keeps the intervals
				}
				if finding.Verdict != want {
					t.Errorf("late by %v: %s, %s is %v (want %.0f, got %.0f ±%.0f us); want %v", c.error,
						finding.Oracle, finding.Name, finding.Verdict, finding.Want, finding.Got, finding.Tolerance, want)
				}
			}
			if f.started != 1 || f.stopped != 1 {
				t.Errorf("%d servers started, %d stopped; want 1 of each", f.started, f.stopped)
			}
		}
	}
}

// Requests that are sent at even intervals, or in bunches, are no Poisson load,
// even if their rate is right.
func TestArrivalsAreJudged(t *testing.T) {
	const rate = 1000
	sentAt := func(at func(k int) time.Duration) *trial {
		tr := &trial{}
		for k := range traced {
			tr.sent = append(tr.sent, engine.Moment{Sent: at(k)})
		}
		return tr
	}
	cursor := load.Open{Rate: rate}.Cursor(load.Share{}, seed)
	for _, c := range []struct {
		name string
		at   func(k int) time.Duration
		want Verdict
	}{
		{"Poisson", func(int) time.Duration { return cursor.Next() }, Kept},
		{"even", func(k int) time.Duration { return time.Duration(k) * time.Millisecond }, Missed},
		{"in bunches of ten", func(k int) time.Duration { return time.Duration(k/10) * 10 * time.Millisecond }, Missed},
	} {
		if f := poisson(rate, sentAt(c.at), ""); f.Verdict != c.want {
			t.Errorf("%s: D = %.3f of %.3f allowed: %v, want %v", c.name, f.Got, f.Tolerance, f.Verdict, c.want)
		}
	}
	if f := poisson(rate, &trial{}, ""); f.Verdict != NotTried {
		t.Errorf("of nothing: %v", f.Verdict)
	}
}

// A machine that never is quiet gets no verdict, neither good nor bad, but the
// figures and the reason. That takes no longer than the rule allows.
func TestNoiseIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakery{t: t, error: time.Second, foreign: []float64{.8}}
		s, p, o := f.stand(), fullPatience(), steady(3000)
		began := time.Now()
		tr, noise, err := p.attempt(t.Context(), s, o.try(s))
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 5*time.Minute {
			t.Errorf("waited for %v; want 5 times a minute at most", took)
		}
		if f.started != 5 {
			t.Errorf("%d attempts, want 5", f.started)
		}
		for _, finding := range o.judge(tr, noise) {
			if finding.Verdict != NotTried || !strings.Contains(finding.Noise, "0.80 CPUs") {
				t.Errorf("%s is %v, noise %q; want it not tried, and why", finding.Name, finding.Verdict, finding.Noise)
			}
			if finding.Got < 900e3 {
				t.Errorf("%s: got %.0f us; want what was seen, a second", finding.Name, finding.Got)
			}
		}
	})
}

// Noise that passes is waited for, and an attempt that it spoilt is replaced.
func TestNoiseThatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Two busy seconds, a quiet one, a spoilt attempt, a quiet second, a clean attempt.
		f := &fakery{t: t, foreign: []float64{.5, .4, .01, .3, .02, .03}}
		s, p, o := f.stand(), fullPatience(), steady(3000)
		began := time.Now()
		tr, noise, err := p.attempt(t.Context(), s, o.try(s))
		if err != nil || noise != "" || tr.activity.Foreign != .03 {
			t.Fatalf("foreign %v, noise %q, error %v; want the clean attempt", tr.activity.Foreign, noise, err)
		}
		if waited := time.Since(began); waited != 4*time.Second || f.started != 2 {
			t.Errorf("%d attempts, waited %v; want 2 and 4 s", f.started, waited)
		}
	})
}

// Tests of times make no attempt at all where the machine is not quiet, and
// give the reason for their skipping.
func TestNoAttemptWithoutQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakery{t: t, foreign: []float64{-1}}
		s, o := f.stand(), steady(3000)
		p := patience{left: 10 * time.Second, wait: time.Minute, tries: 5, must: true}
		tr, noise, err := p.attempt(t.Context(), s, o.try(s))
		if tr != nil || err != nil || f.started != 0 {
			t.Errorf("trial %v, error %v, %d attempts; want none", tr, err, f.started)
		}
		if _, again, _ := p.attempt(t.Context(), s, o.try(s)); !strings.HasPrefix(again, "no time was left") || !strings.Contains(again, "cannot be told") {
			t.Errorf("the second time, the reason is %q", again)
		}
		if want := "no quiet second within 10s: what others do to the CPUs cannot be told"; noise != want {
			t.Errorf("reason %q, want %q", noise, want)
		}
	})
}

func TestWhatCountsAsNoise(t *testing.T) {
	for _, c := range []struct {
		spoil func(*trial)
		want  string
	}{
		{func(*trial) {}, ""},
		{func(t *trial) { t.activity.Foreign = .11 }, "0.11 CPUs were busy"},
		{func(t *trial) { t.activity.Foreign = -1 }, "cannot be told"},
		{func(t *trial) { t.activity.Steal = .03 }, "hypervisor took 3.0%"},
		{func(t *trial) { t.hiccups = Hiccups{Stalled: .02, MaxUS: 7000} }, "stood still for 2.0% of the time, for up to 7.0 ms"},
	} {
		var tr trial
		c.spoil(&tr)
		if got := tr.noise(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("noise %q, want %q", got, c.want)
		}
	}
}

// If the closed load ever agrees with the truth, the oracle cannot tell right
// from wrong, and nothing it says may be believed.
func TestControlThatAgreesIsBroken(t *testing.T) {
	for _, sees := range []bool{false, true} {
		f := &fakery{t: t, closedSees: sees}
		try, judge := control(f.stand(), time.Second)
		tr, err := try(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		finding := judge(tr, "")
		r := Report{Findings: []Finding{finding}}
		if want := map[bool]Verdict{false: Kept, true: Missed}[sees]; finding.Verdict != want {
			t.Errorf("closed load sees the stall %v: %v (%s); want %v", sees, finding.Verdict, finding.Note, want)
		}
		if got := len(r.Broken()); (got == 1) != sees {
			t.Errorf("closed load sees the stall %v: %d broken findings", sees, got)
		}
	}
}

func TestMiscounting(t *testing.T) {
	for _, extra := range []uint64{0, 1} {
		f := &fakery{t: t, miscounted: extra, foreign: []float64{3}}
		fs, err := counts(t.Context(), f.stand(), 100)
		if err != nil || len(fs) != 3 {
			t.Fatalf("%d findings, error %v", len(fs), err)
		}
		if (fs[0].Verdict == Kept) != (extra == 0) || fs[1].Verdict != Kept || fs[2].Verdict != Kept {
			t.Errorf("%d too many: requests %v, answers %v, connections %v", extra, fs[0].Verdict, fs[1].Verdict, fs[2].Verdict)
		}
		if broken := (&Report{Findings: fs}).Broken(); len(broken) != int(min(extra, 1)) {
			t.Errorf("%d too many: broken %v", extra, broken)
		}
	}
}

func TestTroubleEndsTheAttempt(t *testing.T) {
	trouble := errors.New("out of everything")
	f := &fakery{t: t, unreachable: trouble}
	s, p, o := f.stand(), fullPatience(), steady(100)
	p.quiet = true
	if _, _, err := p.attempt(t.Context(), s, o.try(s)); !errors.Is(err, trouble) {
		t.Errorf("error %v, want %v", err, trouble)
	}
	if f.stopped != f.started {
		t.Errorf("%d started, %d stopped", f.started, f.stopped)
	}
}
