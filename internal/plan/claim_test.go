package plan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// busPlan is a plan with claims[0] on a line of its own.
const busPlan = `subjects:
  - name: gevent
    start: [a, "{port}", "{python}", "{cython}"]
    variants: {python: [cpython, pypy], cython: [none, framework, framework+handler]}
  - {name: tornado, start: [b, "{port}", "{python}"], variants: {python: [cpython, pypy]}}
  - {name: go, serve: hello}
  - {name: 2fast, serve: hello}
  - {name: apache, serve: hello, bound: true}
factors:
  headers: [minimal, ab]
  bytes: [1, 11, 101]
  rate: {from: 200, to: 1000, step: 200}
workload: {path: "/{headers}/{bytes}"}
load: {open: {rate: "{rate}"}}
claims:
  - %s
`

// readClaim returns the one claim of busPlan.
func readClaim(t *testing.T, yaml string) Claim {
	t.Helper()
	p := mustRead(t, fmt.Sprintf(busPlan, yaml), world())
	return p.Claims[0]
}

func being(factor string, is Relation, level float64) Condition {
	return Condition{factor, is, Num(level)}
}

func TestClaims(t *testing.T) {
	inf := math.Inf(1)
	tornado := func(python string, conditions ...Condition) Operand {
		return Operand{"tornado", []Choice{{"python", TextLevel(python)}}, conditions}
	}
	gevent := func(python, cython string, conditions ...Condition) Operand {
		return Operand{"gevent", []Choice{{"python", TextLevel(python)}, {"cython", TextLevel(cython)}}, conditions}
	}
	plain := func(name string, conditions ...Condition) Operand { return Operand{Subject: name, At: conditions} }
	for src, want := range map[string]Claim{
		"throughput: go > 2fast": {Form: Compared, A: plain("go"), B: plain("2fast"), Is: More},
		"throughput: go <= 2fast at bytes=11, rate=200": {Form: Compared, Is: AtMost,
			A: plain("go", being("bytes", Same, 11), being("rate", Same, 200)),
			B: plain("2fast", being("bytes", Same, 11), being("rate", Same, 200))},
		"throughput: go at bytes=1 > go at bytes=101, rate>=600": {Form: Compared, Is: More,
			A: plain("go", being("bytes", Same, 1), being("rate", AtLeast, 600)),
			B: plain("go", being("bytes", Same, 101), being("rate", AtLeast, 600))},
		"throughput:go=2fast within 5% at bytes in 11..101": {Form: Compared, Is: Same, Within: 0.05,
			A: plain("go", being("bytes", AtLeast, 11), being("bytes", AtMost, 101)),
			B: plain("2fast", being("bytes", AtLeast, 11), being("bytes", AtMost, 101))},
		"throughput: gevent[python=cpython,cython=framework+handler] = gevent[cython=framework,python=cpython]": {Form: Compared, Is: Same,
			A: gevent("cpython", "framework+handler"),
			B: Operand{"gevent", []Choice{{"cython", TextLevel("framework")}, {"python", TextLevel("cpython")}}, nil}},
		"errors: tornado < gevent[cython=none] at python=pypy, rate=1000": {Form: Compared, Is: Less,
			A: tornado("pypy", being("rate", Same, 1000)),
			B: Operand{"gevent", []Choice{{"cython", TextLevel("none")}, {"python", TextLevel("pypy")}}, []Condition{being("rate", Same, 1000)}}},
		"throughput: go / 2fast >= 2.8 at bytes = 11": {Form: Ratio, In: Range{2.8, inf},
			A: plain("go", being("bytes", Same, 11)), B: plain("2fast", being("bytes", Same, 11))},
		"throughput: go / 2fast in 0.9..1.1":   {Form: Ratio, In: Range{0.9, 1.1}, A: plain("go"), B: plain("2fast")},
		"throughput: go / 2fast in 0.9 .. 1.1": {Form: Ratio, In: Range{0.9, 1.1}, A: plain("go"), B: plain("2fast")},
		"errors: go - 2fast < -5%":             {Form: Difference, In: Range{-inf, -5}, A: plain("go"), B: plain("2fast")},
		"response_p90: go - 2fast > 1.5ms":     {Form: Difference, In: Range{1.5, inf}, A: plain("go"), B: plain("2fast")},
		"server_cpu: go < 20us":                {Form: Alone, Is: Less, In: Range{-inf, 20}, A: plain("go")},
		"memory: go < 64MiB":                   {Form: Alone, Is: Less, In: Range{-inf, 64}, A: plain("go")},
		"throughput: go >= 20k":                {Form: Alone, Is: AtLeast, In: Range{20000, inf}, A: plain("go")},
		"errors: go in 0%..1% at rate=200":     {Form: Alone, In: Range{0, 1}, A: plain("go", being("rate", Same, 200))},
		"throughput: go is first among all":    {Form: Placed, A: plain("go")},
		"throughput: go is last among 2fast, tornado[python=pypy] at bytes=1": {Form: Placed, Last: true, A: plain("go"),
			Among: Selection{Named: []Operand{plain("2fast"), tornado("pypy")}}, At: []Condition{being("bytes", Same, 1)}},
		"throughput: tornado[python=pypy] is last among python=pypy": {Form: Placed, Last: true, A: tornado("pypy"),
			Among: Selection{Where: []Choice{{"python", TextLevel("pypy")}}}},
		"throughput: spread among python=pypy < 1.3": {Form: Spread, In: Range{-inf, 1.3},
			Among: Selection{Where: []Choice{{"python", TextLevel("pypy")}}}},
		"throughput: spread among go, 2fast > 1.1 at headers=ab": {Form: Spread, In: Range{1.1, inf},
			Among: Selection{Named: []Operand{plain("go"), plain("2fast")}}, At: []Condition{{"headers", Same, TextLevel("ab")}}},
		"throughput: crossing of go and 2fast on bytes in 11..101 at rate=200": {Form: Crossed, In: Range{11, 101}, Factor: "bytes",
			A: plain("go"), B: plain("2fast"), At: []Condition{being("rate", Same, 200)}},
		"throughput: differ in rank between headers=minimal and headers=ab at rate=200": {Form: Reordered,
			At:    []Condition{being("rate", Same, 200)},
			Sides: [2][]Condition{{{"headers", Same, TextLevel("minimal")}}, {{"headers", Same, TextLevel("ab")}}}},
		"throughput: differ in rank among go, 2fast between headers='minimal' and headers=ab": {Form: Reordered,
			Among: Selection{Named: []Operand{plain("go"), plain("2fast")}},
			Sides: [2][]Condition{{{"headers", Same, TextLevel("minimal")}}, {{"headers", Same, TextLevel("ab")}}}},
	} {
		want.Text, want.Metric = src, Metric(src[:strings.IndexByte(src, ':')])
		got := readClaim(t, fmt.Sprintf("%q", src))
		if diff := cmp.Diff(want, got, exact); diff != "" {
			t.Errorf("%s (-want +got):\n%s", src, diff)
		}
	}
}

// What a claim says in words is kept, and a plan as written has the same claims.
func TestClaimsAreWritten(t *testing.T) {
	src := fmt.Sprintf(busPlan, `{claim: "throughput: go > 2fast", says: "It is: faster"}`) + "  - 'throughput: go is last among all'\n"
	p := mustRead(t, src, world())
	if got := p.Claims[0].Says; got != "It is: faster" {
		t.Errorf("says %q", got)
	}
	roundTrip(t, src, world())
}

// A preset may leave out what a claim of the plan is about; what it claims
// itself must be there.
func TestPresetMayLeaveOutWhatIsClaimed(t *testing.T) {
	src := fmt.Sprintf(busPlan, `"throughput: go > tornado[python=pypy] at bytes=11"`) +
		"presets:\n  quick: {subjects: [go, 2fast], factors: {bytes: [1, 101]}}\n"
	opt := world()
	opt.Quick = true
	roundTrip(t, src, opt)
	_, err := Read("test.yaml", []byte(src+"  own: {factors: {bytes: [1, 101]}, claims: [\"throughput: go > 2fast at bytes=11\"]}\n"), world())
	if err == nil || !strings.Contains(err.Error(), `bytes has no level "11"`) {
		t.Errorf("a claim of the preset's own: %v", err)
	}
}

// A complaint points at the very word, where the text stands there letter by
// letter.
func TestClaimComplaintsHavePlaces(t *testing.T) {
	for src, want := range map[string]string{
		`"throughput: go > tornados"`:      `16:23: there is no subject "tornados"`,
		`throughput of go`:                 `16:16: "of" stands where ":" is expected`,
		`'throughput: go at bytes=7 > go'`: `16:30: bytes has no level "7"`,
		`"thr\x6fughput: go > tornados"`:   `16:5: there is no subject "tornados"`,
		`{claim: "speed: go > 2fast"}`:     `16:14: there is no metric "speed"`,
	} {
		_, err := Read("t.yaml", []byte(fmt.Sprintf(busPlan, src)), world())
		if err == nil || !strings.HasPrefix(err.Error(), "t.yaml:"+want) {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
}

// FuzzClaim: any text is a claim or has one fault, within the text, and reading
// ends; and a plan whose claim has no fault is the same plan when it is read
// again as written.
func FuzzClaim(f *testing.F) {
	for _, s := range []string{
		"throughput: a > b", "errors: a - b < -5% at rate=1000", "throughput: a[x=1,y='b c'] / b in 0.9..1.1",
		"throughput: a is last among python=cpython, b", "throughput: spread among all < 1.3 at headers=ab",
		"throughput: crossing of a and b on n in 11..101", "throughput: differ in rank between h=a and h=b",
		"p: a = b within 5% at x>=2, y in 1..2", "", ":", "a:", "a: b at", "a: b[", "a: b['", "a: spread among", "é: ü > ÿ", "a: b in ..", "a: 5 > 5",
		"throughput: go > 2fast at bytes=11, rate>=600", "throughput: go / 2fast in 0.9..1.1", "errors: go - 2fast < -5%",
		"throughput: tornado[python=pypy] is last among python=pypy, go at headers=ab", "throughput: spread among go, 2fast > 1.1",
		"throughput: crossing of go and 2fast on bytes in 11..101", "throughput: differ in rank between headers='ab' and headers=minimal",
		"response_p90: go < 50ms within", "throughput: gevent[cython='framework+handler'] <= gevent[cython=none] within 1% at python=pypy",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tree, fault := parseClaim(s, claimNames{subjects: []string{"5"}, own: []string{"loop"}})
		if (tree == nil) == (fault == nil) {
			t.Fatalf("got %v and %v", tree, fault)
		}
		if fault != nil && (fault.at < 0 || fault.at > len([]rune(s)) || fault.what == "" || fault.want == "") {
			t.Errorf("%q: the fault %+v", s, fault)
		}
		src := []byte(fmt.Sprintf(busPlan, "'"+strings.ReplaceAll(s, "'", "''")+"'"))
		p, err := Read("fuzz", src, world())
		if err != nil {
			checkComplaints(t, src, err)
			return
		}
		checkPlan(t, p, world())
	})
}
