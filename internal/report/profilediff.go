package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"webdyno/internal/plan"
	"webdyno/internal/profile"
)

// mostAbsorbed is how many functions are listed whose callers took over what they
// did.
const mostAbsorbed = 20

// mostlyGone is which share of a module must have vanished for it to be gone.
const mostlyGone = 0.9

// A ProfileDifference is what changed in a profile from A to B: two variants of
// one subject that differ in one factor, or two that a claim sets side by side.
type ProfileDifference struct {
	A       Who            `json:"a"`
	B       Who            `json:"b"`
	Factors Factors        `json:"factors"`
	By      string         `json:"by"`
	Format  profile.Format `json:"format,omitempty"`
	N       int            `json:"n"`    // rounds with a profile of both; 0: what is compared are all of each
	Unit    string         `json:"unit"` // of costs
	Per     string         `json:"per"`  // "request", or "profile" where requests are not known
	Counted bool           `json:"calls_counted"`

	Total ProfileSides `json:"total"`
	Calls ProfileSides `json:"calls"` // or samples

	Functions []ProfileDelta      `json:"functions"` // of those with half a percent on either side, by the size of their change
	Absorbed  []ProfileAbsorption `json:"absorbed,omitempty"`
	Untested  string              `json:"untested,omitempty"` // why no function is said to have changed or not

	Gone []string        `json:"gone,omitempty"` // modules of Python that are in A and no longer in B: compiled, or not used
	Next []ProfileModule `json:"next,omitempty"` // those that are left, by what they cost in A: in B, what compiled code does counts as its callers'

	Distortions []Distortion `json:"distortions,omitempty"`
	Answer      string       `json:"answer,omitempty"` // the first distortion in a sentence
	Says        []string     `json:"says"`

	before, after profile.Side
}

// Sides returns the two profiles, each the sum of its rounds. They are not to be
// changed.
func (d *ProfileDifference) Sides() (before, after profile.Side) { return d.before, d.after }

// ProfileSides is a cost or a count before and after.
type ProfileSides struct {
	Before Number `json:"before"`
	After  Number `json:"after"`
	Change Number `json:"change"` // after ÷ before
}

func sidesOf(before, after float64) ProfileSides {
	return ProfileSides{exactly(before), exactly(after), share(after, before)}
}

// A ProfileDelta is a function's own cost before and after.
type ProfileDelta struct {
	Name   string `json:"name"`
	File   string `json:"file,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Module string `json:"module,omitempty"`

	State       profile.State `json:"state"` // "stayed", "vanished", "new"; "not listed" and "unlisted" of shortened listings
	Before      Number        `json:"before"`
	After       Number        `json:"after"`
	Change      Number        `json:"change"` // after less before; over rounds, Hodges and Lehmann's estimate
	Lo          Number        `json:"lo"`     // its 90 % interval; missing where the rounds are too few
	Hi          Number        `json:"hi"`
	Q           Number        `json:"q"`     // adjusted over the functions (Benjamini–Hochberg); missing where not tested
	Shown       bool          `json:"shown"` // that it changed: others are to be greyed
	Share       Number        `json:"share"` // of all: the larger side's
	CallsBefore Number        `json:"calls_before"`
	CallsAfter  Number        `json:"calls_after"`
}

// Function returns what the profile knows it by.
func (f ProfileDelta) Function() profile.Function {
	return profile.Function{Name: f.Name, File: f.File, Line: f.Line, Module: f.Module}
}

// A ProfileAbsorption is a function that vanished, and callers of it that now do
// themselves what it did.
type ProfileAbsorption struct {
	Function string        `json:"function"`
	Had      Number        `json:"had"`
	Into     []ProfileGain `json:"into"`

	short string // the function without most of its path
}

// A ProfileGain is by how much a function's own cost grew.
type ProfileGain struct {
	Function string `json:"function"`
	Grew     Number `json:"grew"`

	short string
}

// CompareProfiles says what changed from one profiled variant to another, over the
// rounds that have both.
func CompareProfiles(a, b *Profiled) (*ProfileDifference, error) {
	if len(a.sides) == 0 || len(b.sides) == 0 {
		which := a
		if len(a.sides) > 0 {
			which = b
		}
		return nil, fmt.Errorf("%s left no profile that can be read", which.name())
	}
	pairs := commonSides(a.sides, b.sides)
	was, is := a.sum, b.sum
	if len(pairs) > 0 && (len(pairs) < len(a.sides) || len(pairs) < len(b.sides)) {
		var err error
		if was, is, err = sumPairs(pairs); err != nil {
			return nil, err
		}
	}
	d, err := CompareSides(was, is, pairs)
	if err != nil {
		return nil, err
	}
	d.A, d.B, d.Factors, d.By, d.Format = a.Who, b.Who, a.Factors, a.By, a.Format
	return d, nil
}

func commonSides(a, b []RoundSide) [][2]profile.Side {
	var pairs [][2]profile.Side
	for _, x := range a {
		if i := slices.IndexFunc(b, func(y RoundSide) bool { return y.Round == x.Round }); i >= 0 {
			pairs = append(pairs, [2]profile.Side{x.Side, b[i].Side})
		}
	}
	return pairs
}

func sumPairs(pairs [][2]profile.Side) (was, is profile.Side, err error) {
	var a, b []RoundSide
	for i, p := range pairs {
		a, b = append(a, RoundSide{i, p[0]}), append(b, RoundSide{i, p[1]})
	}
	if was, err = mergeSides(a); err == nil {
		is, err = mergeSides(b)
	}
	return was, is, err
}

// CompareSides compares two profiles, each the sum of one side of the pairs, where
// there are any: they say which changes are shown.
func CompareSides(before, after profile.Side, pairs [][2]profile.Side) (*ProfileDifference, error) {
	c, err := profile.Compare(before, after)
	if err != nil {
		return nil, err
	}
	d := &ProfileDifference{Factors: Factors{}, N: len(pairs), Unit: c.Unit, Per: "profile", Counted: c.Before.Deterministic,
		Total: sidesOf(c.TotalBefore, c.TotalAfter), Calls: sidesOf(c.CallsBefore, c.CallsAfter),
		Functions: []ProfileDelta{}, Says: append([]string{}, c.Says...), before: before, after: after}
	if c.PerRequest {
		d.Per = "request"
	}
	tested := map[profile.Function]profile.Tested{}
	all, err := profile.OverRounds(pairs)
	if err != nil {
		d.Untested = err.Error()
		if len(pairs) < profile.FewestRounds {
			d.Untested = fmt.Sprintf("%s of both %s too few to tell which functions changed: %d would do",
				plural(len(pairs), "round"), isAre(len(pairs)), profile.FewestRounds)
		}
	}
	for _, x := range all {
		tested[x.Function] = x
	}
	for _, x := range c.Deltas {
		if large := max(x.SelfBefore/c.TotalBefore, x.SelfAfter/c.TotalAfter); large >= profile.LeastShare {
			d.Functions = append(d.Functions, deltaOf(x, large, tested))
		}
	}
	slices.SortStableFunc(d.Functions, func(x, y ProfileDelta) int {
		return cmp.Compare(math.Abs(y.Change.X), math.Abs(x.Change.X))
	})
	for _, a := range c.Absorbed[:min(mostAbsorbed, len(c.Absorbed))] {
		d.Absorbed = append(d.Absorbed, absorptionOf(a))
	}
	d.Gone, d.Next = goneModules(c)
	return d, nil
}

// goneModules parts the modules of the first profile into those of which little is
// seen in the second and those that are left.
func goneModules(c *profile.Difference) (gone []string, next []ProfileModule) {
	vanished := map[string]float64{}
	for _, x := range c.Deltas {
		if x.State == profile.Vanished {
			vanished[x.File] += float64(x.Before.Self)
		}
	}
	each := 1.0
	if c.PerRequest {
		each = c.RequestsBefore
	}
	for _, m := range c.Before.Modules().Own {
		if m.Self > 0 && vanished[m.File] > mostlyGone*float64(m.Self) {
			gone = append(gone, m.Name)
		} else if len(next) < mostModules {
			next = append(next, moduleOf(m, each))
		}
	}
	return gone, next
}

func deltaOf(x profile.Delta, large float64, tested map[profile.Function]profile.Tested) ProfileDelta {
	f := ProfileDelta{Name: x.Name, File: x.File, Line: x.Line, Module: x.Module, State: x.State, Share: exactly(large),
		Change: exactly(x.Change()), CallsBefore: exactly(x.CallsBefore), CallsAfter: exactly(x.CallsAfter)}
	if x.Before != nil {
		f.Before = exactly(x.SelfBefore)
	}
	if x.After != nil {
		f.After = exactly(x.SelfAfter)
	}
	if t, ok := tested[x.Function]; ok {
		f.Change, f.Lo, f.Hi = exactly(t.Change.Value), exactly(t.Change.Lo), exactly(t.Change.Hi)
		f.Q, f.Shown = exactly(t.Q), t.Shown
	}
	return f
}

func absorptionOf(a profile.Absorption) ProfileAbsorption {
	p := ProfileAbsorption{Function: a.String(), Had: exactly(a.Had), Into: []ProfileGain{}, short: shortFunction(a.Function)}
	for _, g := range a.Into {
		p.Into = append(p.Into, ProfileGain{g.String(), exactly(g.Grew), shortFunction(g.Function)})
	}
	return p
}

// profileDifferences compares what was profiled: the first level of a factor with
// each other one, and what a claim sets side by side.
func (t *table) profileDifferences(all []*Profiled) []*ProfileDifference {
	var ds []*ProfileDifference
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.N == 0 || b.N == 0 || a.By != b.By || a.Setting() != b.Setting() || !t.besides(a, b, all) {
				continue
			}
			d, err := CompareProfiles(a, b)
			if err != nil {
				continue // of one profiler, the two are of one kind
			}
			t.distort(d, a, b)
			ds = append(ds, d)
		}
	}
	return ds
}

// besides tells whether two profiles are to be compared.
func (t *table) besides(a, b *Profiled, all []*Profiled) bool {
	if a.Subject != b.Subject {
		return slices.ContainsFunc(t.plan.Claims, func(c plan.Claim) bool {
			two := c.Form == plan.Compared || c.Form == plan.Ratio || c.Form == plan.Difference
			return two && (c.A.Matches(a.Subject, a.Variant) && c.B.Matches(b.Subject, b.Variant) ||
				c.A.Matches(b.Subject, b.Variant) && c.B.Matches(a.Subject, a.Variant))
		})
	}
	factor := onlyFactor(a.Variant, b.Variant)
	if factor == "" {
		return false
	}
	// Among the levels of the factor, a is the first that was profiled.
	return !slices.ContainsFunc(all[:slices.Index(all, a)], func(x *Profiled) bool {
		return x.Subject == a.Subject && x.N > 0 && x.By == a.By && x.Setting() == a.Setting() && onlyFactor(x.Variant, a.Variant) == factor
	})
}

// onlyFactor returns the one factor in which two variants differ; "" if it is none
// or several.
func onlyFactor(a, b map[string]string) string {
	differ := ""
	for _, f := range slices.Sorted(maps.Keys(a)) {
		if a[f] == b[f] {
			continue
		}
		if differ != "" {
			return ""
		}
		differ = f
	}
	if len(a) != len(b) {
		return ""
	}
	return differ
}

// A Distortion is what a change gains without a profiler, beside what it seems to
// gain under it. Ratios are how many times the better B is: its rate divided by
// A's, or A's time or cost divided by its own.
type Distortion struct {
	Metric   plan.Metric `json:"metric"`
	Plain    PairedRatio `json:"plain"`
	Profiled PairedRatio `json:"profiled"`
	Factor   PairedRatio `json:"distortion"` // profiled ÷ plain

	SlowsA PairedRatio `json:"slows_a"` // how many times the worse A is under the profiler
	SlowsB PairedRatio `json:"slows_b"`
}

// distort sets the plain effect beside the profiled one, where there is a plain
// form.
func (t *table) distort(d *ProfileDifference, a, b *Profiled) {
	at := t.settingNamed(settingName(t.factorNames, a.Factors))
	plainA, plainB := t.plainOf(a), t.plainOf(b)
	if at == nil || plainA == nil || plainB == nil {
		return
	}
	for _, m := range t.figuresBeside() {
		if x := t.distortion(m, at, [2]*Profiled{a, b}, [2]*variant{plainA, plainB}); x.Plain.told() && x.Profiled.told() {
			d.Distortions = append(d.Distortions, x)
		}
	}
	if len(d.Distortions) > 0 {
		d.Answer = t.distortedAnswer(d, plainA.name, plainB.name)
	}
}

func (t *table) distortion(m plan.Metric, at *setting, with [2]*Profiled, plain [2]*variant) Distortion {
	_, higher := t.metric(m)
	better := 1.0 // the sign of a's logarithm less b's, where less is better
	if higher {
		better = -1
	}
	bare, profiled := map[int]float64{}, map[int]float64{}
	for n, s := range t.pair(m, at, plain[0], plain[1]).logs {
		if s.Known() && !math.IsInf(s.Lo, 0) {
			bare[n] = better * s.Lo
		}
	}
	sa, sb := with[0].samples(), with[1].samples()
	for n, s := range sa {
		if sb[n] == nil {
			continue
		}
		x, y := s.measure(m, t.timeout(at)), sb[n].measure(m, t.timeout(at))
		if v := math.Log(x.X) - math.Log(y.X); x.Kind == Exactly && y.Kind == Exactly && !math.IsNaN(v) && !math.IsInf(v, 0) {
			profiled[n] = better * v
		}
	}
	var both []float64
	for _, n := range slices.Sorted(maps.Keys(profiled)) {
		if p, ok := bare[n]; ok {
			both = append(both, profiled[n]-p)
		}
	}
	x := Distortion{Metric: m, Plain: t.pairedRatio(byRounds(bare)), Profiled: t.pairedRatio(byRounds(profiled)), Factor: t.pairedRatio(both)}
	for i, into := range []*PairedRatio{&x.SlowsA, &x.SlowsB} {
		var logs []float64
		for _, v := range byRounds(t.profiledToPlain(with[i], m)) {
			logs = append(logs, better*v)
		}
		*into = t.pairedRatio(logs)
	}
	return x
}

func byRounds(m map[int]float64) []float64 {
	var xs []float64
	for _, n := range slices.Sorted(maps.Keys(m)) {
		xs = append(xs, m[n])
	}
	return xs
}

// distortedAnswer says what a change gains, what it seems to gain under the
// profiler, and, of one that counts calls, why the two differ.
func (t *table) distortedAnswer(d *ProfileDifference, a, b string) string {
	x := d.Distortions[0]
	as := "as fast as"
	if x.Metric == plan.ServerCPU {
		as = "as cheap, by CPU per request, as"
	} else if !t.ofSpeed(x.Metric) {
		as = "as good, by " + metricName(x.Metric) + ", as"
	}
	s := ""
	if len(d.Gone) > 0 && d.Counted {
		s = fmt.Sprintf("With %s compiled, ", enumerate(d.Gone))
	}
	s += fmt.Sprintf("%s is %s times %s %s%s", b, x.Plain.Ratio.in(""), as, a, x.Plain.interval())
	if x.Plain.Lo.Known() && !x.Plain.shown() {
		s += ", so that no difference is shown"
	}
	s += fmt.Sprintf("; under the profiler (%s) it looks %s times as %s%s", profilerName(d.By, d.Format), x.Profiled.Ratio.in(""),
		adjective(as), x.Profiled.interval())
	if x.SlowsA.told() && x.SlowsB.told() {
		s += fmt.Sprintf(". The profiler makes %s %s times as slow and %s %s times", a, x.SlowsA.Ratio.in(""), b, x.SlowsB.Ratio.in(""))
		if x.Metric == plan.ServerCPU {
			s = s[:len(s)-len(" times")] + " times, by CPU per request"
		}
	}
	if d.Counted && d.Per == "request" && d.Calls.Before.X != d.Calls.After.X {
		s += fmt.Sprintf(": it charges for each call that it sees, of which a request makes %s before and %s after",
			d.Calls.Before.in(""), d.Calls.After.in(""))
	}
	return s + "."
}

// adjective is the second word of "as fast as".
func adjective(as string) string {
	switch {
	case len(as) > 8 && as[:8] == "as cheap":
		return "cheap"
	case len(as) > 7 && as[:7] == "as good":
		return "good"
	}
	return "fast"
}

// profilerName is what a profiler is called in a sentence; of a file that a
// subject wrote, what it is in the form of.
func profilerName(by string, of profile.Format) string {
	switch {
	case by == "cprofile" || by == "itself" && (of == profile.CProfile || of == profile.Listing):
		return "cProfile"
	case by == "pypy":
		return "PyPy's own profiler"
	case by == "v8":
		return "V8's profiler"
	case by == "pprof":
		return "Go's profiler"
	case by == "sampler":
		return "a sampler"
	case by == "itself":
		return "its own profiler"
	}
	return by
}
