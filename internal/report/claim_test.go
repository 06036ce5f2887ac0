package report

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A contest is the throughput of each subject, round by round, at each setting
// "n=1" of one factor.
type contest struct {
	names  []string
	levels []float64
	rates  func(name string, n float64, round int) float64
	rounds int
	claims []string
}

// plan reads a plan with these subjects, levels and claims.
func (c contest) plan(t testing.TB) *plan.Plan {
	t.Helper()
	var src strings.Builder
	src.WriteString("title: Claims\nsubjects:\n")
	for _, n := range c.names {
		name, levels, _ := strings.Cut(n, "[")
		if strings.Contains(src.String(), "{name: "+name+",") {
			continue
		}
		if levels == "" {
			fmt.Fprintf(&src, "  - {name: %s, serve: hello}\n", name)
			continue
		}
		fmt.Fprintf(&src, "  - {name: %s, start: [x, \"{port}\", \"{python}\"], variants: {python: [cpython, pypy]}}\n", name)
	}
	var levels []string
	for _, n := range c.levels {
		levels = append(levels, fmt.Sprint(n))
	}
	fmt.Fprintf(&src, "factors: {n: [%s]}\nworkload: {path: \"/{n}\"}\nload: {closed: {connections: 40}}\nrounds: %d\nclaims:\n",
		strings.Join(levels, ", "), max(c.rounds, 1))
	for _, s := range c.claims {
		fmt.Fprintf(&src, "  - %q\n", s)
	}
	p, err := plan.Read("claims.yaml", []byte(src.String()), plan.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, src.String())
	}
	return p
}

func (c contest) input(t testing.TB) Input {
	t.Helper()
	in := Input{Plan: c.plan(t)}
	var b bench
	template := b.measurement(server{}, 1, 1, 1, 1000)
	for round := 1; round <= c.rounds; round++ {
		for block, n := range c.levels {
			for _, name := range c.names {
				m := *template
				m.Trial = evidence.Trial{ID: fmt.Sprintf("r%d-b%d-%s", round, block+1, name), Round: round, Block: block + 1}
				m.Trial.Subject, m.Trial.Variant = variantCalled(name)
				m.Trial.Factors = map[string]plan.Level{"n": plan.Num(n)}
				tally := *template.Tally
				rate := c.rates(name, n, round)
				tally.Window, tally.LoopCPU = time.Second, 200*time.Millisecond
				tally.InWindow = uint64(math.Round(rate))
				m.Tally = &tally
				in.Measurements = append(in.Measurements, &m)
			}
		}
	}
	return in
}

// variantCalled takes a name such as "tornado[python=pypy]" apart.
func variantCalled(name string) (subject string, variant map[string]string) {
	subject, levels, ok := strings.Cut(name, "[")
	if !ok {
		return subject, nil
	}
	factor, level, _ := strings.Cut(strings.TrimSuffix(levels, "]"), "=")
	return subject, map[string]string{factor: level}
}

// constant gives each subject the same ratio to the others in every round, on a
// machine that has its days.
func constant(rates map[string]float64) func(string, float64, int) float64 {
	return func(name string, _ float64, round int) float64 {
		return rates[name] * (1 + 0.1*math.Sin(float64(round)))
	}
}

// The figures of a claim are those of the signed-rank interval: these rounds and
// their interval were worked out by R.
func TestClaimOracle(t *testing.T) {
	rates := map[string][]float64{
		"a": {10234, 10410, 9987, 10502, 10121, 10333, 10290, 10044},
		"b": {9811, 9905, 9702, 10011, 9750, 9921, 9688, 9725},
		"e": {10180, 10395, 10012, 10460, 10140, 10300, 10310, 10020},
	}
	c := contest{names: []string{"a", "b", "e"}, levels: []float64{1}, rounds: 8,
		rates: func(name string, _ float64, round int) float64 { return rates[name][round-1] }}
	const lo, mid, hi = 1.03370423221, 1.04271794474, 1.05258382215
	cases := []struct {
		claim       string
		outcome     Outcome
		value, a, b float64
	}{
		{"throughput: a > b", Holds, mid, lo, hi},
		{"throughput: b > a", DoesNotHold, 1 / mid, 1 / hi, 1 / lo},
		{"throughput: a >= b", Holds, mid, lo, hi},
		{"throughput: b >= a", DoesNotHold, 1 / mid, 1 / hi, 1 / lo},
		{"throughput: a / b > 1.033", Holds, mid, lo, hi},
		{"throughput: a / b > 1.034", Undecided, mid, lo, hi},
		{"throughput: a / b > 1.06", DoesNotHold, mid, lo, hi},
		{"throughput: a / b in 1.03..1.06", Holds, mid, lo, hi},
		{"throughput: a / b in 1.04..1.06", Undecided, mid, lo, hi},
		{"throughput: a / b in 0.9..1.03", DoesNotHold, mid, lo, hi},
		{"throughput: a = e", Holds, 1.001231283552, 0.998126232742, 1.003609507928}, // the interval of 90 %
		{"throughput: a = b within 6%", Holds, mid, 1.03446, 1.05198},
		{"throughput: a = b", DoesNotHold, mid, 1.03446, 1.05198},
		{"throughput: a = e within 0.2%", Undecided, 1.001231283552, 0.998126232742, 1.003609507928},
	}
	for _, x := range cases {
		c.claims = append(c.claims, x.claim)
	}
	for i, got := range build(t, c.input(t)).Claims {
		want := cases[i]
		if got.Outcome != want.outcome || got.N != 8 {
			t.Errorf("%s: %v of %d rounds (%s), want %v of 8", want.claim, got.Outcome, got.N, got.Figure, want.outcome)
		}
		near := 1e-10
		if want.a == 1.03446 {
			near = 1e-3
		}
		for _, d := range [][2]float64{{got.Value.X, want.value}, {got.Lo.X, want.a}, {got.Hi.X, want.b}} {
			if math.Abs(d[0]-d[1]) > near {
				t.Errorf("%s: got %v (%v to %v), want %v (%v to %v)", want.claim, got.Value.X, got.Lo.X, got.Hi.X, want.value, want.a, want.b)
				break
			}
		}
	}
}

// With ratios that never change, every interval is a point, and each claim can
// be told by hand.
func TestClaimsByHand(t *testing.T) {
	rates := constant(map[string]float64{"go": 3000000, "node": 2000000, "uv[python=cpython]": 1000000, "uv[python=pypy]": 2500000})
	c := contest{names: []string{"go", "node", "uv[python=cpython]", "uv[python=pypy]"}, levels: []float64{1, 11, 101}, rounds: 10,
		rates: func(name string, n float64, round int) float64 {
			if name == "node" {
				return rates(name, n, round) * 2.2 / math.Pow(n, 0.3) // 4.4, 2.14 and 1.1 million
			}
			return rates(name, n, round)
		}}
	for claim, want := range map[string]Outcome{
		"throughput: go > uv[python=cpython]":                                            Holds, // at each of three settings
		"throughput: go > node":                                                          DoesNotHold,
		"throughput: go > node at n>=11":                                                 Holds,
		"throughput: go / node in 1.3..1.5 at n=11":                                      Holds,
		"throughput: node at n=1 / node at n=101 > 3.9":                                  Holds,
		"throughput: node at n=1 / node at n=101 > 4.1":                                  DoesNotHold,
		"throughput: go - uv[python=pypy] > 100k at n=1":                                 Holds,
		"throughput: go - uv[python=pypy] > 1M at n=1":                                   DoesNotHold,
		"throughput: go > 2M":                                                            Holds,
		"throughput: go < 2M":                                                            DoesNotHold,
		"throughput: node is first among all at n=1":                                     Holds,
		"throughput: node is first among all":                                            DoesNotHold,
		"throughput: go is first among node, uv[python=pypy] at n=101":                   Holds,
		"throughput: uv[python=cpython] is last among all":                               Holds,
		"throughput: uv[python=pypy] is last among python=pypy, go":                      Undecided, // nobody beside it
		"throughput: go is last among all at n=11":                                       DoesNotHold,
		"throughput: spread among go, uv[python=pypy] < 1.3":                             Holds,
		"throughput: spread among go, uv[python=pypy] < 1.1":                             DoesNotHold,
		"throughput: spread among all > 2.9":                                             Holds,
		"throughput: differ in rank between n=1 and n=101":                               Holds,
		"throughput: differ in rank between n=11 and n=101 among go, uv[python=cpython]": DoesNotHold,
		"throughput: differ in rank between n=11 and n=101 among go, node":               DoesNotHold,
		"throughput: crossing of go and node on n in 1..11":                              Holds,
		"throughput: crossing of go and node on n in 11..101":                            DoesNotHold,
		"throughput: crossing of go and uv[python=pypy] on n in 1..101":                  DoesNotHold,
		"throughput: go <= uv[python=pypy]":                                              DoesNotHold,
		"errors: go < node":                                                              DoesNotHold, // none failed anywhere
		"errors: go = node":                                                              Holds,
		"errors: go < 1%":                                                                Holds,
	} {
		c.claims = []string{claim}
		if got := build(t, c.input(t)).Claims[0]; got.Outcome != want {
			t.Errorf("%s: %v (%s), want %v", claim, got.Outcome, got.Figure, want)
		}
	}
}

// What cannot be told is undecided, and the figure says why.
func TestUndecidedSaysWhy(t *testing.T) {
	names := []string{"a", "b", "c"}
	c := contest{names: names, levels: []float64{1, 2}, rounds: 3,
		rates: constant(map[string]float64{"a": 1000, "b": 500, "c": 400}), claims: []string{
			"throughput: a > b at n=1", "throughput: a is first among all", "throughput: spread among all > 2",
			"throughput: differ in rank between n=1 and n=2", "throughput: crossing of a and b on n in 1..2"}}
	for _, got := range build(t, c.input(t)).Claims {
		if got.Outcome != Undecided || !strings.Contains(got.Figure, "3 rounds are too few") {
			t.Errorf("%s: %v, %s", got.Claim, got.Outcome, got.Figure)
		}
	}

	c.rounds, c.claims = 8, []string{"throughput: a > b at n=1", "throughput: a is first among all", "throughput: a is first among b"}
	for _, x := range []struct {
		change func(*Input)
		why    [3]string
	}{
		{func(in *Input) {
			in.Setup = &evidence.Setup{Subjects: []evidence.Subject{{Name: "b", Skipped: "no b on PATH"}}}
			drop(in, func(m *evidence.Measurement) bool { return m.Trial.Subject == "b" })
		}, [3]string{"b could not be run here: no b on PATH", "among 2, without b", "b could not be run here: no b on PATH"}},
		{func(in *Input) { drop(in, func(m *evidence.Measurement) bool { return m.Trial.Subject == "b" }) },
			[3]string{"b took no part in this run", "among 2", "b took no part in this run"}},
		{func(in *Input) {
			for _, m := range in.Measurements {
				if m.Trial.Subject == "b" {
					m.Failure = &evidence.Failure{Kind: evidence.Died, Text: "exited with status 139."}
				}
			}
		}, [3]string{"b failed at n = 1: exited with status 139", "among 2, without b", "b failed at n = 1: exited with status 139"}},
		{func(in *Input) {
			drop(in, func(m *evidence.Measurement) bool { n, _ := m.Trial.Factors["n"].Number(); return n == 1 })
		},
			[3]string{"nothing was measured at n = 1", "among 3", "among 2"}},
	} {
		in := c.input(t)
		x.change(&in)
		for i, got := range build(t, in).Claims {
			if !strings.Contains(got.Figure, x.why[i]) {
				t.Errorf("%s: %v, %q; want %q", got.Claim, got.Outcome, got.Figure, x.why[i])
			}
			if named := i != 1 && !strings.HasPrefix(x.why[i], "among "); named && got.Outcome != Undecided {
				t.Errorf("%s: %v, want undecided", got.Claim, got.Outcome)
			}
		}
	}
}

func drop(in *Input, gone func(*evidence.Measurement) bool) {
	in.Measurements = slices.DeleteFunc(in.Measurements, gone)
}

// noisy gives each subject its rate times a noise of its own, alike for all in a
// round but for a share.
func noisy(seed uint64, sd float64, rates map[string]float64) func(string, float64, int) float64 {
	return func(name string, n float64, round int) float64 {
		weather := rand.New(rand.NewPCG(seed, uint64(round))).NormFloat64()
		h := uint64(len(name))
		for _, b := range []byte(name) {
			h = h*31 + uint64(b)
		}
		own := rand.New(rand.NewPCG(seed+h<<20, uint64(round)<<20+uint64(n))).NormFloat64()
		return 1e9 * rates[name] * math.Exp(0.1*weather+sd*own)
	}
}

// A claim that is false, if by a hair, holds in one of twenty experiments at
// most, whatever its form; and one that is true by a hair falls as rarely.
func TestClaimsAreRarelyWrong(t *testing.T) {
	const runs = 1000
	const allowed = 0.05 + 2.5*0.0069 // of a binomial share of 5 % in 1,000
	names := []string{"a", "b", "c", "d"}
	apart := math.Sqrt2 // of two shares of noise
	even := map[string]float64{"a": 1, "b": 1, "c": 1, "d": 1}
	for _, x := range []struct {
		claim string
		rates map[string]float64
		wrong Outcome
	}{
		{"throughput: a > b at n=1", even, Holds},
		{"throughput: a > b at n=1", even, DoesNotHold},
		{"throughput: a >= b at n=1", map[string]float64{"a": 1 / 1.02, "b": 1, "c": 1, "d": 1}, Holds},
		{"throughput: a = b at n=1", map[string]float64{"a": 1.02, "b": 1, "c": 1, "d": 1}, Holds},
		{"throughput: a = b at n=1", map[string]float64{"a": 1.02, "b": 1, "c": 1, "d": 1}, DoesNotHold},
		{"throughput: a / b >= 2.8 at n=1", map[string]float64{"a": 2.8, "b": 1, "c": 1, "d": 1}, Holds},
		{"throughput: a is first among all at n=1", map[string]float64{"a": 1, "b": 1, "c": 0.5, "d": 0.5}, Holds},
		{"throughput: a is first among all at n=1", even, DoesNotHold},
		{"throughput: spread among all < 1.3 at n=1", map[string]float64{"a": 1.3, "b": 1, "c": 1.1, "d": 1.1}, Holds},
		{"throughput: spread among all > 1.3 at n=1", map[string]float64{"a": 1.3, "b": 1, "c": 1.3, "d": 1}, Holds},
		{"throughput: differ in rank between n=1 and n=2", even, Holds},
		{"throughput: a > b", even, Holds},       // at each of two settings
		{"throughput: a > b", even, DoesNotHold}, // at either
	} {
		wrong := 0
		c := contest{names: names, levels: []float64{1, 2}, rounds: 10, claims: []string{x.claim}}
		tab := c.table(t)
		for seed := range uint64(runs) {
			c.rates = noisy(seed, 0.01/apart, x.rates)
			c.fill(tab)
			if c.outcome(tab) == x.wrong {
				wrong++
			}
		}
		if share := float64(wrong) / runs; share > allowed {
			t.Errorf("%s: %v in %.1f %% of %d, want at most 5 %%", x.claim, x.wrong, 100*share, runs)
		}
	}
}

// table makes a table of the contest's trials, to be filled time and again.
func (c contest) table(t testing.TB) *table {
	t.Helper()
	c.rates = func(string, float64, int) float64 { return 1 }
	tab, err := arrange(c.input(t))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// fill gives every trial its rate.
func (c contest) fill(tab *table) {
	for _, tr := range tab.trials {
		n, _ := tr.Trial.Factors["n"].Number()
		tr.throughput = exactly(c.rates(tr.variant.name, n, tr.Trial.Round))
	}
}

func (c contest) outcome(tab *table) Outcome { return tab.claim(tab.plan.Claims[0]).Outcome }

// A claim that is clearly true holds, mostly; else the test above would be kept
// by a report that never decides anything.
func TestTrueClaimsHold(t *testing.T) {
	rates := map[string]float64{"a": 1.1, "b": 1, "c": 1, "d": 0.9}
	for _, claim := range []string{
		"throughput: a > b", "throughput: a >= b", "throughput: b = c", "throughput: a / d in 1.1..1.35",
		"throughput: a is first among all", "throughput: d is last among all", "throughput: spread among all < 1.3",
		"throughput: spread among all > 1.1",
	} {
		c := contest{names: []string{"a", "b", "c", "d"}, levels: []float64{1, 2}, rounds: 10, claims: []string{claim}}
		tab := c.table(t)
		held := 0
		for seed := range uint64(50) {
			c.rates = noisy(seed, 0.01/math.Sqrt2, rates)
			c.fill(tab)
			if c.outcome(tab) == Holds {
				held++
			}
		}
		if held < 40 {
			t.Errorf("%s held in %d of 50", claim, held)
		}
	}
}

// Other names, another unit of time, another order of trials: the same outcomes
// and figures.
func TestClaimsAreMetamorphic(t *testing.T) {
	claims := []string{
		"throughput: aa > bb", "throughput: aa / bb in 1.1..1.5 at n=1", "throughput: aa is first among all",
		"throughput: spread among all < 2", "throughput: differ in rank between n=1 and n=2",
		"throughput: crossing of aa and cc on n in 1..2", "errors: aa <= bb",
	}
	base := map[string]float64{"aa": 1.2, "bb": 1, "cc": 1.05}
	c := contest{names: []string{"aa", "bb", "cc"}, levels: []float64{1, 2}, rounds: 9, claims: claims,
		rates: noisy(3, 0.02, base)}
	want := build(t, c.input(t)).Claims

	slow := c
	slow.rates = func(name string, n float64, round int) float64 { return c.rates(name, n, round) / 8 }
	shuffled := c.input(t)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled.Measurements), func(i, j int) {
		shuffled.Measurements[i], shuffled.Measurements[j] = shuffled.Measurements[j], shuffled.Measurements[i]
	})
	names := strings.NewReplacer("aa", "zz", "bb", "kk")
	renamed := c
	renamed.names, renamed.claims = []string{"zz", "kk", "cc"}, nil
	for _, s := range claims {
		renamed.claims = append(renamed.claims, names.Replace(s))
	}
	back := strings.NewReplacer("zz", "aa", "kk", "bb")
	renamed.rates = func(name string, n float64, round int) float64 { return c.rates(back.Replace(name), n, round) }

	for what, got := range map[string][]Claim{
		"slower": build(t, slow.input(t)).Claims, "shuffled": build(t, shuffled).Claims, "renamed": build(t, renamed.input(t)).Claims,
	} {
		for i := range want {
			figure := back.Replace(got[i].Figure)
			if got[i].Outcome != want[i].Outcome || figure != want[i].Figure {
				t.Errorf("%s: %s: %v, %s; want %v, %s", what, claims[i], got[i].Outcome, figure, want[i].Outcome, want[i].Figure)
			}
		}
	}
}

// Where the instrument was the limit of a subject, its figure is a lower bound:
// it may still be shown to be the better one, and never to be no better than
// another.
func TestClaimsKnowTheInstrumentsLimit(t *testing.T) {
	c := contest{names: []string{"a", "b"}, levels: []float64{1}, rounds: 10,
		rates: constant(map[string]float64{"a": 1000000, "b": 500000}),
		claims: []string{"throughput: a > b", "throughput: a / b in 1.9..2.1", "throughput: a / b >= 1.9",
			"throughput: b < a", "throughput: a < b", "throughput: a < 2M"}}
	in := c.input(t)
	for _, m := range in.Measurements {
		if m.Trial.Subject == "a" {
			m.Notes = append(m.Notes, evidence.Note{Kind: kindAtLimit, Grade: evidence.B, Text: "the instrument was the limit"})
		}
	}
	want := []Outcome{Holds, Undecided, Holds, Holds, DoesNotHold, Undecided}
	for i, got := range build(t, in).Claims {
		if got.Outcome != want[i] {
			t.Errorf("%s: %v (%s), want %v", got.Claim, got.Outcome, got.Figure, want[i])
		}
	}
}

// Claims come with the answer, in 80 columns, and in JSON.
func TestClaimsGolden(t *testing.T) {
	c := contest{names: []string{"go", "node", "tornado[python=cpython]", "tornado[python=pypy]"}, levels: []float64{1, 101}, rounds: 10,
		rates: noisy(11, 0.01, map[string]float64{"go": 1e-5 * 3, "node": 1e-5 * 2.6, "tornado[python=cpython]": 1e-5 * 1.3, "tornado[python=pypy]": 1e-5 * 1.32}),
		claims: []string{
			"throughput: go > tornado[python=cpython]",
			"throughput: tornado[python=pypy] <= tornado[python=cpython] at n=1",
			"throughput: go / tornado[python=cpython] >= 2.8 at n=101",
			"throughput: tornado[python=cpython] is last among all",
			"throughput: spread among go, node < 1.3",
			"throughput: differ in rank between n=1 and n=101",
			"throughput: crossing of go and node on n in 1..101",
			"errors: tornado[python=pypy] < go at n=101",
		}}
	in := c.input(t)
	in.Plan.Claims[0].Says = "Go is faster than Tornado on CPython, however much work the handler does and wherever it is done"
	in.Plan.Claims[2].Says = "Python and Go are 2.8 times apart (2016)"
	in.Setup = bench{}.setup()
	r := build(t, in)
	var b bytes.Buffer
	p := newPage(TextOptions{})
	r.claimLines(p, false)
	if err := p.flush(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "claims.txt", b.Bytes())
	b.Reset()
	p = newPage(TextOptions{})
	r.claimLines(p, true)
	if err := p.flush(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "claims-short.txt", b.Bytes())
	b.Reset()
	if err := writeJSON(&b, r.Claims); err != nil {
		t.Fatal(err)
	}
	golden(t, "claims.json", b.Bytes())
	if text := string(textOf(t, r, TextOptions{Short: true})); strings.Index(text, "Claims: ") < strings.Index(text, "ublishable") {
		t.Errorf("claims do not follow the answer:\n%s", text)
	}
}

func TestOutcomeText(t *testing.T) {
	var zero Outcome
	if zero != Undecided {
		t.Error("whoever forgets to decide has claimed something")
	}
	for _, o := range slices.Sorted(maps.Keys(map[Outcome]bool{Undecided: true, Holds: true, DoesNotHold: true})) {
		b, _ := o.MarshalText()
		var back Outcome
		if err := back.UnmarshalText(b); err != nil || back != o {
			t.Errorf("%v: read back as %v, %v", o, back, err)
		}
	}
}
