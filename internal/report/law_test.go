package report

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// The report is a function of what was measured, not of the order in which it
// was read.
func TestOrderDoesNotMatter(t *testing.T) {
	in := handlerWork().input()
	want := jsonOf(t, build(t, in))
	rng := rand.New(rand.NewPCG(5, 5))
	for range 3 {
		rng.Shuffle(len(in.Measurements), func(i, j int) {
			in.Measurements[i], in.Measurements[j] = in.Measurements[j], in.Measurements[i]
		})
		if got := jsonOf(t, build(t, in)); !bytes.Equal(got, want) {
			t.Fatal("another order of measurements, another report")
		}
	}
}

// Names are names: renaming the subjects renames them in the report, and does
// nothing else.
func TestNamesDoNotMatter(t *testing.T) {
	b := handlerWork()
	want := jsonOf(t, build(t, b.input()))
	b.servers[0].name, b.servers[1].name = "zebra", "ant"
	got := jsonOf(t, build(t, b.input()))
	got = regexp.MustCompile(`\bzebra\b`).ReplaceAll(got, []byte("go"))
	got = regexp.MustCompile(`\bant\b`).ReplaceAll(got, []byte("uvloop"))
	if !bytes.Equal(got, want) {
		t.Error("other names, other figures")
	}
}

// A machine four times as slow has four times the times and a quarter of the
// rates; who is faster, by how much, and where they cross stays.
func TestScalingScales(t *testing.T) {
	b := handlerWork()
	want := build(t, b.input())
	b.stretch = 4
	got := build(t, b.input())
	factor := map[plan.Metric]float64{plan.Throughput: 0.25, plan.Goodput: 0.25, plan.ThroughputPerCPU: 0.25, plan.Memory: 1, plan.Errors: 1}
	for i, row := range got.Rows {
		f, ok := factor[row.Metric]
		if !ok {
			f = 4
		}
		old := want.Rows[i]
		for _, c := range [][2]float64{{row.Value.X, old.Value.X}, {row.Lo.X, old.Lo.X}, {row.Hi.X, old.Hi.X}} {
			if math.Abs(c[0]-f*c[1]) > 0.01*f*c[1] {
				t.Errorf("%s of %s: got %g, want %g × %g", row.Metric, row.name(), c[0], f, c[1])
			}
		}
	}
	for i, c := range got.Comparisons {
		old := want.Comparisons[i]
		if c.Verdict != old.Verdict || math.Abs(c.Ratio.X/old.Ratio.X-1) > 0.005 {
			t.Errorf("%v: got %v by %g, want %v by %g", c.Factors, c.Verdict, c.Ratio.X, old.Verdict, old.Ratio.X)
		}
	}
	if math.Abs(got.Crossings[0].At.X/want.Crossings[0].At.X-1) > 0.01 {
		t.Errorf("crossing moved from %g to %g", want.Crossings[0].At.X, got.Crossings[0].At.X)
	}
}

// The truth of handlerWork is known: figures, ratios, crossing and costs must
// hold it in their intervals.
func TestFindsTheTruth(t *testing.T) {
	b := handlerWork()
	b.noise = 0.005
	r := build(t, b.input())
	holds := func(what string, lo, hi Number, truth float64) {
		t.Helper()
		if !lo.Known() || lo.X > truth || hi.X < truth {
			t.Errorf("%s: %v to %v does not hold %g", what, lo.X, hi.X, truth)
		}
	}
	for _, c := range r.Comparisons {
		if c.Metric != plan.Throughput {
			continue
		}
		n, _ := c.Factors["path_bytes"].Number()
		holds("ratio", c.Lo, c.Hi, (15+0.2*n)/(20+0.02*n))
	}
	if len(r.Crossings) != 1 {
		t.Fatalf("got %d crossings, want 1", len(r.Crossings))
	}
	holds("crossing", r.Crossings[0].Lo, r.Crossings[0].Hi, 5/0.18)
	for i, f := range r.Fits {
		holds("a", f.ALo, f.AHi, []float64{20, 15}[i]*0.98)
		holds("b", f.BLo, f.BHi, []float64{0.02, 0.2}[i]*0.98)
	}
	if !r.Publishable {
		t.Errorf("not publishable: %v", r.WhyNot)
	}
}

// One server under two names must not be told apart from itself: in 20
// experiments at the level of 5 %, more than three verdicts are a fault.
func TestAgainstItself(t *testing.T) {
	wrong := 0
	for i := range 20 {
		b := bench{servers: []server{{name: "a", cost: line(20, 0)}, {name: "b", cost: line(20, 0)}},
			bytes: []float64{1}, rounds: 8, blocks: 1, noise: 0.03}
		in := b.input()
		rng := rand.New(rand.NewPCG(uint64(i), 77))
		for j, m := range in.Measurements {
			in.Measurements[j] = b.measurement(b.servers[j%2], 1, m.Trial.Round, 1, 20*math.Exp(0.03*rng.NormFloat64()))
		}
		if v := build(t, in).Comparisons[0].Verdict; v == Faster || v == Slower {
			wrong++
		}
	}
	if wrong > 3 {
		t.Errorf("%d of 20 told a server apart from itself", wrong)
	}
}

func TestEquivalentIsNotUndetermined(t *testing.T) {
	b := bench{servers: []server{{name: "a", cost: line(20, 0)}, {name: "b", cost: line(20.05, 0)}},
		bytes: []float64{1}, rounds: 10, blocks: 3, noise: 0.002}
	c := build(t, b.input()).Comparisons[0]
	if c.Verdict != Equivalent {
		t.Errorf("0.25 %% apart, measured to 0.2 %%: got %v, want equivalent", c.Verdict)
	}
	b.noise = 0.15
	c = build(t, b.input()).Comparisons[0]
	if c.Verdict != Undetermined || c.NeedsRounds <= 10 {
		t.Errorf("the same in much noise: got %v, %d rounds; want undetermined, and more rounds", c.Verdict, c.NeedsRounds)
	}
}

// Too few rounds give figures without intervals and no verdict, and say so.
func TestFewRounds(t *testing.T) {
	b := handlerWork()
	b.rounds = 3
	in := b.input()
	in.Plan.Quick = true
	r := build(t, in)
	for _, row := range r.Rows {
		if row.Lo.Known() || row.Hi.Known() || row.N != 3 {
			t.Fatalf("%s: got an interval of %d rounds", row.Metric, row.N)
		}
	}
	for _, c := range r.Comparisons {
		if c.Verdict != Undetermined || c.Lo.Known() {
			t.Fatalf("got the verdict %v of 3 rounds", c.Verdict)
		}
	}
	if len(r.Crossings) != 0 || r.Publishable {
		t.Errorf("got %d crossings, publishable %v; want none and false", len(r.Crossings), r.Publishable)
	}
	if !strings.Contains(r.Answer[0], "3 rounds are too few") || !strings.Contains(r.Standing(), "quick") {
		t.Errorf("got %q, %q", r.Answer[0], r.Standing())
	}
}

// A percentile is over the requests that were due: with 2 % of them failed, p99
// is at least the timeout, and a median of rounds that hold such values says so.
func TestFailedRequestsAreTheSlowest(t *testing.T) {
	b := handlerWork()
	in := b.input()
	in.Plan.Load.Timeout = "2s"
	for _, m := range in.Measurements {
		if m.Trial.Subject == "uvloop" {
			failed := m.Tally.Due() / 40
			m.Tally.Outcomes[evidence.TimedOut] = failed
			m.Tally.Causes["timeout"] = failed
		}
	}
	r := build(t, in)
	for _, row := range r.Rows {
		if row.Metric != plan.ResponseP99 {
			continue
		}
		want := map[string]Number{"uvloop": atLeast(2000)}[row.Subject]
		if row.Subject == "uvloop" && (row.Value != want || row.Hi != want) {
			t.Errorf("uvloop: got %v to %v, want ≥ 2000 ms", row.Value, row.Hi)
		}
		if row.Subject == "go" && row.Value.Kind != Exactly {
			t.Errorf("go: got %v", row.Value)
		}
	}
	if !bytes.Contains(jsonOf(t, r), []byte(`">=2000"`)) {
		t.Error(`report.json does not say ">=2000"`)
	}
}

// A trial that is invalid takes its block out of the pair, is in no figure, and
// is listed.
func TestInvalidTrialsCountNowhere(t *testing.T) {
	in := handlerWork().input()
	for _, m := range in.Measurements {
		if m.Trial.Round == 2 && m.Trial.Block == 3 && m.Trial.Subject == "go" {
			m.Tally.InWindow *= 100
			m.Notes = append(m.Notes, evidence.Note{Kind: "ports-ran-out", Grade: evidence.X, Text: "no port was free"})
		}
		if m.Trial.Round == 4 && m.Trial.Subject == "uvloop" {
			m.Tally.InWindow /= 100
			m.Failure = &evidence.Failure{Kind: evidence.Died, Text: "exited with status 139 after 4.2 s of load"}
		}
	}
	r := build(t, in)
	if len(r.Invalid) != 1 || r.Invalid[0].Why != "no port was free" || r.Invalid[0].Round != 2 {
		t.Errorf("invalid: got %v", r.Invalid)
	}
	if len(r.Failed) != 8 || !strings.HasPrefix(r.Failed[0].What, "exited with status 139") {
		t.Errorf("failed: got %d", len(r.Failed))
	}
	for _, c := range r.Comparisons {
		if c.N != 9 {
			t.Errorf("%v: got %d rounds, want 9", c.Factors, c.N)
		}
	}
	for _, row := range r.Rows {
		if row.Metric == plan.Throughput && (row.Value.X > 1e5 || row.Lo.X < 1e3) {
			t.Errorf("%s: %g is in a figure", row.name(), row.Value.X)
		}
	}
	if r.Publishable {
		t.Error("a subject failed and the report is publishable")
	}
}

// A subject that lingers at a round's end is recorded as a block of its own, 0:
// it is told, and is no trial.
func TestRoundEndsAreNoTrials(t *testing.T) {
	in := handlerWork().input()
	want := build(t, in)
	for round := 1; round <= 8; round++ {
		in.Measurements = append(in.Measurements, &evidence.Measurement{
			Trial:   evidence.Trial{ID: fmt.Sprintf("r%02d-end1-uvloop", round), Round: round, Subject: "uvloop"},
			Failure: &evidence.Failure{Kind: evidence.Lingered, Text: "had to be killed"},
		})
	}
	got := build(t, in)
	if !cmp.Equal(got.Method, want.Method) || got.Method.Trials != 160 || len(got.Rows) != len(want.Rows) {
		t.Errorf("got %d trials and %d rows, want %d and %d", got.Method.Trials, len(got.Rows), want.Method.Trials, len(want.Rows))
	}
	if len(got.Failed) != 8 || got.Failed[0].What != "had to be killed" || got.Failed[7].Round != 8 {
		t.Errorf("failed: %v", got.Failed)
	}
	if d := cmp.Diff(want.Answer, got.Answer); d != "" || len(got.Notes) != len(want.Notes) {
		t.Errorf("notes %v, the answer changed: %s", got.Notes, d)
	}
	if d := cmp.Diff([]string{"uvloop failed"}, got.WhyNot); d != "" {
		t.Error(d)
	}
}

// Where the instrument was the limit, figures are lower bounds, and two subjects
// at that limit are not called alike.
func TestInstrumentLimit(t *testing.T) {
	b := bench{servers: []server{{name: "a", cost: line(20, 0)}, {name: "b", cost: line(20, 0)}},
		bytes: []float64{1}, rounds: 10, blocks: 3, noise: 0.001}
	in := b.input()
	for _, m := range in.Measurements {
		m.Tally.LoopCPU = m.Tally.Window * 99 / 100
	}
	r := build(t, in)
	if c := r.Comparisons[0]; c.Verdict == Equivalent || !c.AtLimit {
		t.Errorf("got %v", c.Verdict)
	}
	if !r.Rows[0].LowerBound || !strings.HasPrefix(r.Rows[0].text(), "≥") || r.Publishable {
		t.Errorf("got %q, publishable %v", r.Rows[0].text(), r.Publishable)
	}
	if !strings.Contains(r.Answer[0], "the instrument was the limit") {
		t.Errorf("got %q", r.Answer[0])
	}
}

func TestBoundsAreInNoVerdict(t *testing.T) {
	b := handlerWork()
	b.servers = append(b.servers, server{name: "nginx", cost: line(8, 0), bound: true})
	r := build(t, b.input())
	for _, c := range r.Comparisons {
		if c.A.Subject == "nginx" || c.B.Subject == "nginx" {
			t.Fatalf("nginx is compared")
		}
	}
	if !bytes.Contains(textOf(t, r, TextOptions{}), []byte("≥ 1")) {
		t.Error("a bound's figure is not marked")
	}
}

func TestLetters(t *testing.T) {
	// a beats c and d, b beats d: a and b share a letter, b and c, c and d.
	got := letters([]string{"a", "b", "c", "d"}, [][2]string{{"a", "c"}, {"a", "d"}, {"b", "d"}})
	want := map[string]string{"a": "a", "b": "ab", "c": "bc", "d": "c"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEmptyRecord(t *testing.T) {
	for _, in := range []Input{{}, {Plan: &plan.Plan{Title: "x"}, Setup: &evidence.Setup{
		Subjects: []evidence.Subject{{Name: "tornado", Skipped: "python3-tornado is not installed", Hint: "apt install python3-tornado"}},
	}}, {Measurements: []*evidence.Measurement{{Failure: &evidence.Failure{Kind: evidence.NotStarted, Text: "no such file"}}}}} {
		r := build(t, in)
		if r.Publishable {
			t.Error("nothing is publishable")
		}
		jsonOf(t, r)
		textOf(t, r, TextOptions{Color: true})
	}
}

func TestObjectivesOfAPlan(t *testing.T) {
	in := handlerWork().input()
	fast, err := plan.ParseObjective("p99<5ms")
	if err != nil {
		t.Fatal(err)
	}
	in.Plan.Objectives = []plan.Objective{fast}
	r := build(t, in)
	missed := 0
	for _, o := range r.Objectives {
		if !o.Met {
			missed++
		}
	}
	if len(r.Objectives) != 8 || missed != 1 || !r.Missed() {
		t.Errorf("got %d objectives, %d missed; want 8, and uvloop at 1001 bytes missed", len(r.Objectives), missed)
	}
	in.Plan.Objectives = []plan.Objective{{Text: "p99.9999<5ms", What: "p99.9999", Less: true, Bound: 5}}
	if r := build(t, in); r.Missed() || len(r.Untold()) != 1 || r.Objectives[0].Needs != 10_000_000 {
		t.Errorf("p99.9999: missed %v, untold %v, needs %d; want it to need 10,000,000 requests and not to be missed",
			r.Missed(), r.Untold(), r.Objectives[0].Needs)
	}
}

// Width is a promise: nothing but a subject's own name may pass it.
func TestTextKeepsItsWidth(t *testing.T) {
	in := handlerWork().input()
	for _, width := range []int{0, 80, 100} {
		for line := range strings.Lines(string(textOf(t, build(t, in), TextOptions{Width: width}))) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > max(width, 80) {
				t.Errorf("%d columns of %d: %q", n, max(width, 80), line)
			}
		}
	}
}

// Subjects print what they like; none of it may reach the terminal as an order.
func TestOutputIsPrintable(t *testing.T) {
	in := handlerWork().input()
	in.Measurements[0].Failure = &evidence.Failure{Kind: evidence.Died, Text: "died", Last: []string{"\x1b[2Jboo\u009b"}}
	text := textOf(t, build(t, in), TextOptions{})
	if bytes.ContainsAny(text, "\x1b\u009b") {
		t.Error("an escape of the subject's is in the text")
	}
}

func BenchmarkBuild(b *testing.B) {
	w := handlerWork()
	w.servers = append(w.servers, server{name: "tornado", cost: line(90, 0.5)}, server{name: "node", cost: line(30, 0.1)})
	w.bytes = []float64{1, 11, 101, 501, 1001, 2001}
	w.rounds, w.blocks = 14, 3
	in := w.input()
	rich := lognormal(20_000)
	for _, m := range in.Measurements { // as full as a trial of some seconds leaves them
		ta := m.Tally
		ta.Response, ta.Service, ta.Wait, ta.Lag = rich.Clone(), rich.Clone(), rich.Clone(), rich.Clone()
		ta.Outcomes[evidence.Answered], ta.Statuses[200] = rich.Count(), rich.Count()
	}
	if r := build(b, in); len(r.Invalid) > 0 || len(r.Rows) == 0 {
		b.Fatalf("%d trials are invalid: there would be nothing to do", len(r.Invalid))
	}
	cells := 0
	for range rich.Buckets() {
		cells++
	}
	b.Logf("%d trials, %d filled buckets in each histogram", len(in.Measurements), cells)
	b.ReportAllocs()
	for b.Loop() {
		build(b, in)
	}
}

func lognormal(n int) *latency.Histogram {
	rng := rand.New(rand.NewPCG(2, 2))
	h := latency.New()
	for range n {
		h.Record(int64(1e6 * math.Exp(0.7*rng.NormFloat64())))
	}
	h.Compact()
	return h
}
