package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// twoServers is a bench at one setting, b a third slower than a.
func twoServers() bench {
	return bench{servers: []server{{name: "a", cost: line(20, 0)}, {name: "b", cost: line(26, 0)}},
		bytes: []float64{1}, rounds: 10, blocks: 2, noise: 0.01}
}

// cut makes so many of a trial's requests time out that p99 lies on one.
func cut(m *evidence.Measurement) {
	failed := m.Tally.Due() / 20
	m.Tally.Outcomes[evidence.TimedOut] = failed
	m.Tally.Causes["no answer in time"] = failed
}

// garble makes all of a trial's answers wrong.
func garble(m *evidence.Measurement, bytes bool) {
	t := m.Tally
	t.Wrong = t.Outcomes[evidence.Answered]
	t.InWindow, t.WrongIn = 0, t.InWindow
	t.Response, t.ResponseWrong = latency.New(), t.Response
	t.WrongAnswers = []string{"status 500, want 200"}
	if bytes {
		t.WrongBytes = t.Wrong
		t.WrongAnswers = []string{`body differs at byte 7: got "x", want "y"`}
	}
}

// primaryOf returns the comparison of the metric that a report is about.
func primaryOf(t *testing.T, r *Report) Comparison {
	t.Helper()
	for _, c := range r.Comparisons {
		if !c.Exploratory {
			return c
		}
	}
	t.Fatal("nothing is compared")
	return Comparison{}
}

// What lies beyond the timeout on both sides is not equal: there is no ratio, no
// interval, and no verdict.
func TestBothBeyondTheTimeout(t *testing.T) {
	in := twoServers().input()
	in.Plan.Compare = plan.ResponseP99
	for _, m := range in.Measurements {
		cut(m)
	}
	r := build(t, in)
	c := primaryOf(t, r)
	if c.Verdict != Undetermined || c.Ratio.Known() || c.Lo.Known() || c.Hi.Known() || c.N != 0 || c.Silent != 10 {
		t.Errorf("got %v by %v (%v to %v), n=%d, %d silent", c.Verdict, c.Ratio, c.Lo, c.Hi, c.N, c.Silent)
	}
	if want := "in 10 of 10 rounds both lie beyond the timeout"; c.Note != want {
		t.Errorf("noted %q, want %q", c.Note, want)
	}
	if want := "At 1 byte"; strings.HasPrefix(r.Answer[0], want) || !strings.Contains(r.Answer[0],
		"cannot be told apart by the p99 response time at 1 byte: in all of 10 rounds both lie beyond the timeout.") {
		t.Errorf("answered %q", r.Answer[0])
	}
	if !bytes.Contains(textOf(t, r, TextOptions{}), []byte("both lie beyond the timeout")) {
		t.Error("the table does not say why there is no ratio")
	}
}

// What lies beyond the timeout on one side is worse, by a ratio that is bounded
// and not known.
func TestOneBeyondTheTimeout(t *testing.T) {
	for _, some := range []int{10, 3} {
		in := twoServers().input()
		in.Plan.Compare = plan.ResponseP99
		in.Plan.Load.Timeout = "2s"
		for _, m := range in.Measurements {
			if m.Trial.Subject == "b" && m.Trial.Round <= some {
				cut(m)
			}
		}
		r := build(t, in)
		c := primaryOf(t, r)
		if c.Verdict != Faster || c.Lo.Known() || c.OneSided != some || c.N != 10 {
			t.Errorf("%d rounds: got %v, %v to %v, %d one-sided of %d", some, c.Verdict, c.Lo, c.Hi, c.OneSided, c.N)
		}
		a := rowOf(t, r, "a", plan.ResponseP99)
		if most := 1.02 * a.Hi.X / 2000; some == 10 && (c.Ratio.Kind != AtMost || c.Ratio.X > most || c.Hi.X > most) {
			t.Errorf("got the ratio %v, at most %v; want at most %.3g: that of %v to the timeout", c.Ratio, c.Hi, most, a.Value)
		}
		if some == 3 && (c.Ratio.Kind != Exactly || math.Abs(c.Ratio.X-20.0/26) > 0.04) {
			t.Errorf("three rounds of ten moved the median to %v", c.Ratio)
		}
		if want := "At 1 byte, a is better: the p99 response time of b is at least "; !strings.HasPrefix(r.Answer[0], want) {
			t.Errorf("answered %q, want %q…", r.Answer[0], want)
		}
		if j := string(jsonOf(t, r)); some == 10 && !strings.Contains(j, `"ratio": "<=0.`) {
			t.Error(`report.json has no "<=…"`)
		}
	}
}

// Alike but for two rounds of twenty in which one is beyond the timeout: that may
// be undetermined, and is never equivalent.
func TestCensoredIsNeverEquivalent(t *testing.T) {
	b := twoServers()
	b.servers[1].cost, b.rounds, b.noise = b.servers[0].cost, 20, 0.001
	in := b.input()
	in.Plan.Compare = plan.ResponseP99
	if c := primaryOf(t, build(t, in)); c.Verdict != Equivalent {
		t.Fatalf("got %v before anything happened", c.Verdict)
	}
	for _, m := range in.Measurements {
		if m.Trial.Subject == "b" && m.Trial.Round <= 2 {
			cut(m)
		}
	}
	if c := primaryOf(t, build(t, in)); c.Verdict == Equivalent {
		t.Errorf("got %v, %v to %v", c.Verdict, c.Lo, c.Hi)
	}
}

func rowOf(t *testing.T, r *Report, subject string, m plan.Metric) Row {
	t.Helper()
	for _, row := range r.Rows {
		if row.Subject == subject && row.Metric == m {
			return row
		}
	}
	t.Fatalf("no %s of %s", m, subject)
	return Row{}
}

// The timeout is the load's, not the default.
func TestValueWithin(t *testing.T) {
	m := cleanClosed()
	cut(m)
	if got := ValueWithin(plan.ResponseP99, m, 2*time.Second); got != atLeast(2000) {
		t.Errorf("got %v, want ≥ 2000 ms", got)
	}
	if got := ValueWithin(plan.ResponseP50, m, 2*time.Second); got.Kind != Exactly {
		t.Errorf("got %v, want a number", got)
	}
}

// Rounds in which a subject answered nothing rightly are its worst, and not left
// out: the ratio is open, and the answer begins with them.
func TestNothingRightlyAnswered(t *testing.T) {
	in := twoServers().input()
	for _, m := range in.Measurements {
		if m.Trial.Subject == "b" && m.Trial.Round%2 == 0 && m.Trial.Round <= 8 {
			garble(m, false)
		}
	}
	r := build(t, in)
	c := primaryOf(t, r)
	if c.N != 10 || c.OneSided != 4 || c.Verdict != Faster || c.Ratio.Known() || c.Hi.Known() || c.Lo.X < 1.25 {
		t.Errorf("got %v by %v (%v to %v) of %d rounds", c.Verdict, c.Ratio, c.Lo, c.Hi, c.N)
	}
	if want := "b answered nothing rightly in 4 of 10 rounds at 1 byte."; r.Answer[0] != want {
		t.Errorf("answered %q, want %q", r.Answer[0], want)
	}
	if want := "At 1 byte, a is at least 1.3"; !strings.HasPrefix(r.Answer[1], want) {
		t.Errorf("answered %q, want %q…", r.Answer[1], want)
	}
	if r.Publishable || r.WhyNot[0] != strings.TrimSuffix(r.Answer[0], ".") {
		t.Errorf("publishable %v: %v", r.Publishable, r.WhyNot)
	}
	jsonOf(t, r)
	textOf(t, r, TextOptions{})
}

// Nothing right in any round: said of one, and of both.
func TestNothingRightlyAnsweredEver(t *testing.T) {
	for _, who := range []string{"b", "a b"} {
		in := handlerWork().input()
		for _, m := range in.Measurements {
			m.Trial.Subject = map[string]string{"go": "a", "uvloop": "b"}[m.Trial.Subject]
			if strings.Contains(who, m.Trial.Subject) {
				garble(m, false)
			}
		}
		r := build(t, in)
		said := strings.Join(r.Answer, " ")
		for name := range strings.FieldsSeq(who) {
			if want := name + " answered nothing rightly in 10 of 10 rounds at every setting."; !strings.Contains(said, want) {
				t.Errorf("answered %q, want %q", said, want)
			}
		}
		for _, c := range r.Comparisons {
			if c.Exploratory {
				continue
			}
			if who == "b" && (c.Verdict != Faster || c.Ratio.Known() || c.PAdjusted.X > 0.01) {
				t.Errorf("against nothing: got %v by %v, p=%v", c.Verdict, c.Ratio, c.PAdjusted)
			}
			if who == "a b" && (c.Verdict != Undetermined || c.Silent != 10) {
				t.Errorf("nothing against nothing: got %v, %d silent", c.Verdict, c.Silent)
			}
		}
		if r.Publishable || strings.Contains(said, "Inf") || strings.Contains(said, "NaN") {
			t.Errorf("publishable %v, %q", r.Publishable, said)
		}
	}
}

// Other bytes under a right status: in no figure, a failure of the subject's, and
// the first thing that is said.
func TestWrongBytes(t *testing.T) {
	in := twoServers().input()
	for _, m := range in.Measurements {
		if m.Trial.Subject == "b" && m.Trial.Round <= 4 && m.Trial.Block == 1 {
			garble(m, true)
		}
		if m.Trial.Subject == "b" && m.Trial.Round == 7 {
			m.Tally.Wrong, m.Tally.WrongBytes = 3, 3
			m.Tally.ResponseWrong = evenly(1e6, 3)
			m.Tally.Response = evenly(1e6, m.Tally.Outcomes[evidence.Answered]-3)
		}
	}
	r := build(t, in)
	if want := "b gave other answers than expected in 5 of 10 rounds at 1 byte."; r.Answer[0] != want {
		t.Errorf("answered %q, want %q", r.Answer[0], want)
	}
	if len(r.Failed) != 6 || len(r.Invalid) != 0 || !strings.Contains(r.Failed[0].What, "byte 7") || r.Publishable {
		t.Errorf("%d failed, %d invalid, publishable %v: %v", len(r.Failed), len(r.Invalid), r.Publishable, r.Failed)
	}
	if c := primaryOf(t, r); c.N != 9 {
		t.Errorf("%d rounds, want 9: four have another block, one has none", c.N)
	}
}

// Between two levels of which one does not tell the whole ratio no line is drawn.
func TestCrossingBesideTheTimeout(t *testing.T) {
	in := handlerWork().input()
	in.Plan.Workload = plan.Workload{}
	in.Plan.Compare = plan.ResponseP90
	for _, m := range in.Measurements {
		if n, _ := m.Trial.Factors["path_bytes"].Number(); n == 101 && m.Trial.Subject == "uvloop" && m.Trial.Round == 3 {
			m.Tally.Outcomes[evidence.TimedOut] = m.Tally.Due()
		}
	}
	r := build(t, in)
	if len(r.Crossings) != 1 || r.Crossings[0].At.Known() || r.Crossings[0].Between != [2]float64{11, 101} {
		t.Fatalf("got %+v", r.Crossings)
	}
	if want := "go and uvloop cross between 11 and 101 bytes."; !slices.Contains(r.Answer, want) {
		t.Errorf("answered %q, want %q", r.Answer, want)
	}
}

// The sentences on response times say who is better.
func TestSentencesOnResponseTimes(t *testing.T) {
	in := handlerWork().input()
	in.Plan.Load = plan.Load{Open: true, Rate: "100"}
	in.Plan.Compare = plan.ResponseP90
	r := build(t, in)
	if want := "At 1001 bytes, go is better: the p90 response time of uvloop is 5.2"; !strings.HasPrefix(r.Answer[0], want) {
		t.Errorf("answered %q, want %q…", r.Answer[0], want)
	}
	if slices.ContainsFunc(r.Notes, ofSchedule) {
		t.Error("a note on throughput, which is not compared")
	}
	in.Plan.Compare = plan.Throughput
	if r = build(t, in); !slices.ContainsFunc(r.Notes, ofSchedule) {
		t.Error("no note that throughput is the schedule's")
	}
}

func ofSchedule(n evidence.Note) bool { return n.Kind == "throughput-of-a-schedule" }

// The level is that at which intervals and verdicts were computed.
func TestLevelIsTold(t *testing.T) {
	in := twoServers().input()
	if c := primaryOf(t, build(t, in)); c.Level != 0.95 {
		t.Errorf("level %v, want 0.95", c.Level)
	}
	in.Plan.Rounds = plan.Rounds{Min: 10, Max: 40, Until: 0.02}
	r := build(t, in)
	if c := primaryOf(t, r); c.Level != 0.96 || !strings.Contains(r.Method.Interval, "96 %") {
		t.Errorf("level %v, want 0.96", c.Level)
	}
}

// A slope that one level pulls is told; on a line it is not.
func TestSlopesAreCrossChecked(t *testing.T) {
	b := handlerWork()
	b.bytes = []float64{1, 101, 201, 301, 401, 501, 601}
	b.noise = 0.002
	kinked := func(n float64) float64 {
		if n == 601 {
			return 20 + 0.02*n*1.3
		}
		return 20 + 0.02*n
	}
	b.servers[0].cost = kinked
	r := build(t, b.input())
	if n := r.Fits[0].Notes; len(n) != 1 || n[0].Kind != "slopes-differ" && n[0].Kind != "not-a-line" {
		t.Errorf("a kink: got %v", n)
	}
	if math.Abs(r.Fits[0].RobustB.X-0.98*0.02) > 0.001 {
		t.Errorf("the robust slope is %v, want %g", r.Fits[0].RobustB, 0.98*0.02)
	}
	if n := r.Fits[1].Notes; len(n) != 0 {
		t.Errorf("a line: got %v", n)
	}
}

// Measurements that come one by one give the report of those that come together,
// and an error on the way is the report's.
func TestEach(t *testing.T) {
	in := handlerWork().input()
	want := jsonOf(t, build(t, in))
	all := in.Measurements
	in.Measurements = nil
	in.Each = func(f func(*evidence.Measurement) error) error {
		for _, m := range slices.Backward(all) {
			if err := f(m); err != nil {
				return err
			}
		}
		return nil
	}
	if d := cmp.Diff(string(want), string(jsonOf(t, build(t, in)))); d != "" {
		t.Error(d)
	}
	in.Each = func(func(*evidence.Measurement) error) error { return io.ErrUnexpectedEOF }
	if _, err := Build(in); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want that of Each", err)
	}
}

// A thousand trials of some seconds: what Build keeps of each is a small part.
func BenchmarkBuildOfAThousand(b *testing.B) {
	w := twoServers()
	rich := lognormal(200_000)
	trial := func(n int) *evidence.Measurement {
		m := w.measurement(w.servers[n%2], 1, 1+n/100, 1+n/2%50, 20+float64(n%7)/10)
		ta := m.Tally
		ta.Response, ta.Service, ta.Wait, ta.Lag = rich.Clone(), rich.Clone(), rich.Clone(), rich.Clone()
		ta.Outcomes[evidence.Answered], ta.Statuses[200] = rich.Count(), rich.Count()
		m.Trial.ID = fmt.Sprint(n)
		return m
	}
	in := Input{Plan: w.plan(), Each: func(f func(*evidence.Measurement) error) error {
		for n := range 1000 {
			if err := f(trial(n)); err != nil {
				return err
			}
		}
		return nil
	}}
	b.ReportAllocs()
	for b.Loop() {
		build(b, in)
	}
	runtime.GC()
	table, err := arrange(in)
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	b.ReportMetric(float64(s.HeapAlloc)/1e6, "kept-MB")
	runtime.KeepAlive(table)
}
