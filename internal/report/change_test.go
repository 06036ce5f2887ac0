package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// aBuild is a record of one server whose requests cost so many microseconds.
func aBuild(us float64, rounds int) bench {
	return bench{servers: []server{{name: "mine", cost: line(us, 0)}}, bytes: []float64{1}, rounds: rounds, blocks: 1, noise: 0.01}
}

// shaken are the bench's measurements with noise of another seed.
func (b bench) shaken(seed uint64) Input {
	rng := rand.New(rand.NewPCG(seed, 3))
	in := Input{Plan: b.plan(), Setup: b.setup()}
	for round := 1; round <= b.rounds; round++ {
		for _, s := range b.servers {
			us := s.cost(1) * math.Exp(b.noise*rng.NormFloat64())
			in.Measurements = append(in.Measurements, b.measurement(s, 1, round, 1, us))
		}
	}
	return in
}

func compared(t *testing.T, old, fresh Input, o ChangeOptions) *Changes {
	t.Helper()
	c, err := Compare(old, fresh, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Changes) of(t *testing.T, m plan.Metric) Change {
	t.Helper()
	i := slices.IndexFunc(c.Changes, func(x Change) bool { return x.Metric == m })
	if i < 0 {
		t.Fatalf("there is no change of %s", m)
	}
	return c.Changes[i]
}

// A build that takes a tenth longer is found out, and the one before it is the
// better one of the same two.
func TestLossIsFound(t *testing.T) {
	old, fresh := aBuild(20, 10).shaken(1), aBuild(20/0.9, 10).shaken(2)
	c := compared(t, old, fresh, ChangeOptions{})
	x := c.of(t, plan.Throughput)
	if !c.Worse || !x.Worse || x.Verdict != Slower || c.Paired || !x.Held {
		t.Errorf("worse %v, paired %v, row %+v; want it worse, unpaired and held", c.Worse, c.Paired, x)
	}
	if !(x.Lo.X < 0.9 && 0.9 < x.Hi.X && x.Hi.X-x.Lo.X < 0.04) {
		t.Errorf("ratio %g (%g to %g); want 0.9 in a narrow interval", x.Ratio.X, x.Lo.X, x.Hi.X)
	}
	if m := x.Means; m == nil || !(m.Lo.X < 0.9 && 0.9 < m.Hi.X) {
		t.Errorf("means %+v; want 0.9 within", m)
	}
	if !strings.Contains(c.Answer[0], "mine at 1 byte got slower: throughput fell by ") {
		t.Errorf("the answer begins with %q", c.Answer[0])
	}
	if !slices.Contains(c.Answer, unpairedWarning) {
		t.Errorf("nothing warns that the records are unpaired: %q", c.Answer)
	}
	back := compared(t, fresh, old, ChangeOptions{})
	if y := back.of(t, plan.Throughput); back.Worse || y.Verdict != Faster || math.Abs(y.Ratio.X*x.Ratio.X-1) > 1e-9 || y.P.X != x.P.X {
		t.Errorf("the other way round: worse %v, row %+v", back.Worse, y)
	}
	wide := compared(t, old, fresh, ChangeOptions{Margins: plan.Margins{Others: 0.2}})
	if y := wide.of(t, plan.Throughput); wide.Worse || y.Verdict != Equivalent || !y.Measurable {
		t.Errorf("within a margin of 20 %%: worse %v, %v, measurable %v; want equivalent, measurably slower", wide.Worse, y.Verdict, y.Measurable)
	}
}

// Two records of one build, without drift: how often is one declared worse? The
// test errs in 1 of 20 at most, on either side, and the margin takes most of that.
func TestSameBuildPasses(t *testing.T) {
	worse, different := 0, 0
	const all = 60
	for i := range uint64(all) {
		c := compared(t, aBuild(20, 10).shaken(100+i), aBuild(20, 10).shaken(900+i), ChangeOptions{})
		x := c.of(t, plan.Throughput)
		if c.Worse {
			worse++
		}
		if x.PAdjusted.X < 0.05 {
			different++
		}
	}
	if worse > 0 || different > 7 {
		t.Errorf("of %d pairs of records of one build, %d were worse and %d different; want none, and no more than 7", all, worse, different)
	}
}

// Rounds that allow no interval are refused one, and it is said how many would do.
func TestTooFewRoundsToCompare(t *testing.T) {
	c := compared(t, aBuild(20, 3).shaken(1), aBuild(30, 3).shaken(2), ChangeOptions{})
	x := c.of(t, plan.Throughput)
	if c.Worse || x.Verdict != Undetermined || x.Lo.Known() || x.NeedsRounds != 4 {
		t.Errorf("got %+v; want no interval, and that 4 rounds would do", x)
	}
	if !strings.Contains(c.Answer[1], "too few") || !strings.Contains(c.Answer[1], "4 of each would do") {
		t.Errorf("the answer is %q", c.Answer)
	}
}

// Two builds in one record are compared in pairs: what both have in common does
// not count.
func TestBuildsOfOneRecord(t *testing.T) {
	b := bench{
		servers: []server{{name: "mine", cost: line(20/0.97, 0)}, {name: "mine-old", cost: line(20, 0)}, {name: "other", cost: line(5, 0)}},
		bytes:   []float64{1}, rounds: 10, blocks: 2, noise: 0.005,
	}
	in := b.input()
	in.Plan.Subjects[1].OldOf = "mine"
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Changes
	if c == nil || !c.Paired || !r.Worse() {
		t.Fatalf("changes %+v; want them paired, and worse", c)
	}
	x := c.of(t, plan.Throughput)
	if x.Subject != "mine" || x.Old.Subject != "mine-old" || x.Verdict != Slower || !(x.Lo.X < 0.97 && 0.97 < x.Hi.X) || x.Means != nil {
		t.Errorf("got %+v; want mine slower than mine-old by 3 %%", x)
	}
	for _, p := range r.Comparisons {
		if p.A.Subject == "mine-old" || p.B.Subject == "mine-old" {
			t.Errorf("%s and %s are compared: an old build is set against its new one alone", p.A.name(), p.B.name())
		}
	}
	same, err := CompareBuilds(in, ChangeOptions{As: []Rename{{"mine-old", "mine"}}})
	if err != nil || len(same.Changes) != len(c.Changes) || same.of(t, plan.Throughput).P != x.P {
		t.Errorf("named on the command line the same is not the same: %v", err)
	}
}

// A subject that answered before and fails now is worse, whatever its margins.
func TestLostSubjectIsWorse(t *testing.T) {
	old, fresh := aBuild(20, 10).shaken(1), aBuild(20, 10).shaken(2)
	for _, m := range fresh.Measurements {
		m.Tally, m.Server = nil, nil
		m.Failure = &evidence.Failure{Kind: evidence.NotStarted, Text: "it ended with status 1"}
	}
	c := compared(t, old, fresh, ChangeOptions{})
	if !c.Worse || len(c.Lost) != 1 || !strings.Contains(c.Answer[0], "mine works no longer at 1 byte: it ended with status 1.") {
		t.Errorf("worse %v, lost %+v, answer %q", c.Worse, c.Lost, c.Answer)
	}
}

// What only one record has, and what differs beside the figures, is told.
func TestWhatElseDiffers(t *testing.T) {
	old, fresh := aBuild(20, 10), aBuild(20, 10)
	old.servers = append(old.servers, server{name: "gone", cost: line(30, 0)})
	fresh.servers = append(fresh.servers, server{name: "added", cost: line(30, 0)})
	a, b := old.shaken(1), fresh.shaken(2)
	b.Setup.Facts["kernel.release"] = "6.19.0"
	b.Setup.Facts["load"] = "3.1"
	b.Plan.Window = 9 * time.Second
	a.Setup.Subjects[0].Content = map[string]string{"folder": "sha256:1"}
	b.Setup.Subjects[0].Content = map[string]string{"folder": "sha256:2"}
	c := compared(t, a, b, ChangeOptions{})
	if len(c.OnlyOld) != 1 || c.OnlyOld[0].Subject != "gone" || len(c.OnlyNew) != 1 || c.OnlyNew[0].Subject != "added" {
		t.Errorf("only old %+v, only new %+v; want gone and added", c.OnlyOld, c.OnlyNew)
	}
	want := []Difference{
		{"plan: window", "5s", "9s"}, {"kernel.release", "6.18.0", "6.19.0"}, {"mine: content of folder", "sha256:1", "sha256:2"},
	}
	if !slices.Equal(c.Differences, want) {
		t.Errorf("differences %+v; want %+v", c.Differences, want)
	}
	renamed := compared(t, a, b, ChangeOptions{As: []Rename{{"gone", "added"}}, Only: []string{"added"}})
	if len(renamed.OnlyOld)+len(renamed.OnlyNew) != 0 || renamed.of(t, plan.Throughput).Verdict != Equivalent {
		t.Errorf("as added: %+v", renamed)
	}
}

// Every format says the same, and is whole.
func TestChangesAreWritten(t *testing.T) {
	old, fresh := aBuild(20, 10).shaken(1), aBuild(20/0.9, 10).shaken(2)
	fresh.Plan.Title = "evil | <b>title</b> @all"
	c := compared(t, old, fresh, ChangeOptions{})
	var text, md, js, junit bytes.Buffer
	for _, err := range []error{c.Text(&text, TextOptions{}), c.Markdown(&md), c.JSON(&js), c.JUnit(&junit)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"mine", "throughput", "slower", "Unpaired"} {
		if !strings.Contains(text.String(), want) || !strings.Contains(md.String(), want) {
			t.Errorf("%q is missing in text or Markdown:\n%s\n%s", want, text.String(), md.String())
		}
	}
	if strings.Contains(md.String(), "<b>") || strings.Contains(md.String(), "@all") {
		t.Errorf("a title's marks are not escaped:\n%s", md.String())
	}
	var back Changes
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || !back.Worse || back.of(t, plan.Throughput).Verdict != Slower {
		t.Errorf("JSON reads back as %+v, %v", back, err)
	}
	var suites junitSuites
	if err := xml.Unmarshal(junit.Bytes(), &suites); err != nil || suites.Failures != 1 || suites.Tests != 2 {
		t.Errorf("JUnit: %+v, %v; want one failure of two", suites, err)
	}
}

// The order of the measurements changes nothing.
func TestChangesDoNotDependOnOrder(t *testing.T) {
	old, fresh := aBuild(20, 10).shaken(1), aBuild(21, 10).shaken(2)
	var a, b bytes.Buffer
	if err := compared(t, old, fresh, ChangeOptions{}).JSON(&a); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(old.Measurements)
	slices.Reverse(fresh.Measurements)
	if err := compared(t, old, fresh, ChangeOptions{}).JSON(&b); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Error("another order of the measurements gives another comparison")
	}
}
