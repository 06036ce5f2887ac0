package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/profile"
	"webdyno/internal/stat"
)

// What a report shows of a profile; the files have all of it.
const (
	mostFunctions = 30
	mostModules   = 10
)

// A Profiled is where the time of one variant went at one setting, as one
// profiler saw it: the sum of the profiles of all rounds.
type Profiled struct {
	Who
	Factors Factors        `json:"factors"`
	By      string         `json:"by"`               // the profiler, as evidence.Profile names it
	Format  profile.Format `json:"format,omitempty"` // that the profiles were of, in the first place
	N       int            `json:"n"`                // rounds that left a profile
	ProfileTable

	Modules []ProfileModule `json:"modules,omitempty"` // of Python's source, the most costly first: what might be compiled
	Library Number          `json:"library"`           // share of all, in the interpreter's own library; missing where there is no Python
	Native  Number          `json:"native"`            // likewise in C, in compiled modules, in the kernel
	Costs   []ProfilerCost  `json:"costs"`             // what profiling itself costs
	Files   []string        `json:"files"`             // below the record's folder, a round each
	Says    []string        `json:"says"`
	Lost    []string        `json:"lost,omitempty"` // rounds that left none, with the reason

	sides []RoundSide // ascending
	sum   profile.Side
	heap  []taken // the trials that they are from
}

// A RoundSide is the profile of one round.
type RoundSide struct {
	Round int
	profile.Side
}

// Sum returns the profiles of all rounds as one, with the requests that it stands
// for; its Profile is nil if none could be read. It is not to be changed.
func (p *Profiled) Sum() profile.Side { return p.sum }

// Rounds returns the profile of each round, in their order.
func (p *Profiled) Rounds() []RoundSide { return p.sides }

// Setting returns how the setting is called, as SettingName does; empty if
// nothing varies.
func (p *Profiled) Setting() string {
	return settingName(slices.Sorted(maps.Keys(p.Factors)), p.Factors)
}

// A ProfilerCost is what taking a profile does to a metric: with the profiler
// divided by without, in the same round.
type ProfilerCost struct {
	Metric plan.Metric `json:"metric"`
	PairedRatio
	Note string `json:"note,omitempty"` // what it lacks
}

// A PairedRatio is a ratio over rounds, one value of each: Hodges and Lehmann's
// estimate on the logarithms, with its exact interval.
type PairedRatio struct {
	Ratio Number `json:"ratio"`
	Lo    Number `json:"lo"` // missing where the rounds are too few
	Hi    Number `json:"hi"`
	N     int    `json:"n"` // rounds
}

// pairedRatio is the estimate of what the logarithms are of.
func (t *table) pairedRatio(logs []float64) PairedRatio {
	e, _ := stat.HodgesLehmann(logs, t.confidence())
	e = e.Exp()
	return PairedRatio{exactly(e.Value), exactly(e.Lo), exactly(e.Hi), len(logs)}
}

func (r PairedRatio) told() bool { return r.Ratio.Known() }

// shown tells whether the ratio was shown to differ from one.
func (r PairedRatio) shown() bool {
	return r.Lo.Known() && r.Hi.Known() && (r.Lo.X > 1 || r.Hi.X < 1)
}

// interval writes " (0.81 to 0.89)".
func (r PairedRatio) interval() string {
	if !r.Lo.Known() || !r.Hi.Known() {
		return fmt.Sprintf(" (%s: too few for an interval)", plural(r.N, "round"))
	}
	return " (" + span(r.Lo, r.Hi, "") + ")"
}

// A taken is a trial that a profiler was in.
type taken struct {
	*trial
	profile  evidence.Profile
	requests float64 // that the profile stands for; 0: not known
	apart    bool    // a trial for attribution, of no block and in no figure
}

// attribute keeps a trial for attribution apart from all others.
func (t *table) attribute(m *evidence.Measurement) {
	notes, _ := grade(m, CircumstancesOf(t.plan, t.setup, m))
	tr := &trial{Trial: m.Trial, Began: m.Began, Failure: m.Failure, digest: digestOf(m)}
	tr.grade = evidence.Worst(append(notes, m.Notes...))
	p := evidence.Profile{By: m.Trial.Attribution, Unavailable: "the trial left none"}
	if m.Profile != nil {
		p = *m.Profile
	}
	t.attributions = append(t.attributions, taken{trial: tr, profile: p, requests: t.profiledRequests(m), apart: true})
}

// wrote is a profile that a subject wrote by itself, in a trial like any other.
type wrote struct {
	profile  evidence.Profile
	requests float64
}

func (t *table) wroteIn(m *evidence.Measurement) *wrote {
	if m.Profile == nil {
		return nil
	}
	return &wrote{*m.Profile, t.profiledRequests(m)}
}

// profiledRequests is for how many requests a profile stands: of a command that
// measures itself, what its plan says of its values.
func (t *table) profiledRequests(m *evidence.Measurement) float64 {
	switch {
	case m.Profile == nil:
		return 0
	case m.Profile.Requests > 0:
		return float64(m.Profile.Requests)
	case m.Measured != nil:
		return float64(t.plan.RequestsOf(plan.Metric(m.Measured.Metric)) * len(m.Measured.Values))
	}
	return 0
}

// takenProfiles returns all trials that a profiler was in: those of their own, and
// those of subjects that write a profile in every trial.
func (t *table) takenProfiles() []taken {
	all := slices.Clone(t.attributions)
	for _, tr := range t.trials {
		if tr.wrote != nil {
			all = append(all, taken{trial: tr, profile: tr.wrote.profile, requests: tr.wrote.requests})
		}
	}
	return all
}

// A profiledKey is what the profiles of several rounds have in common.
type profiledKey struct{ name, setting, by string }

func (t *table) keyOf(x taken) profiledKey {
	return profiledKey{VariantName(x.Trial), settingName(t.factorNames, x.settled()), cmp.Or(x.profile.By, x.Trial.Attribution)}
}

// profiled gathers the profiles: by variant in the order of the plan, setting,
// profiler.
func (t *table) profiled() []*Profiled {
	heaps := map[profiledKey][]taken{}
	for _, x := range t.takenProfiles() {
		heaps[t.keyOf(x)] = append(heaps[t.keyOf(x)], x)
	}
	var all []*Profiled
	for key, heap := range heaps {
		all = append(all, t.profiledOf(key, lastOfRounds(heap)))
	}
	first := t.declared()
	slices.SortFunc(all, func(a, b *Profiled) int {
		return cmp.Or(
			cmp.Compare(first(a.name()), first(b.name())), cmp.Compare(first(a.Subject), first(b.Subject)), cmp.Compare(a.name(), b.name()),
			t.compareSettings(&setting{factors: a.Factors}, &setting{factors: b.Factors}), cmp.Compare(a.By, b.By))
	})
	return all
}

// lastOfRounds keeps one trial of each round, the last attempt, in the order of
// the rounds; of a subject that writes a profile in every block, all blocks.
func lastOfRounds(heap []taken) []taken {
	slices.SortFunc(heap, func(a, b taken) int {
		return cmp.Or(cmp.Compare(a.Trial.Round, b.Trial.Round), cmp.Compare(a.Trial.Block, b.Trial.Block),
			cmp.Compare(a.Trial.Attempt, b.Trial.Attempt), a.Began.Compare(b.Began), cmp.Compare(a.Trial.ID, b.Trial.ID))
	})
	var kept []taken
	for _, x := range heap {
		if n := len(kept); n > 0 && x.apart && kept[n-1].apart && kept[n-1].Trial.Round == x.Trial.Round {
			kept = kept[:n-1]
		}
		kept = append(kept, x)
	}
	return kept
}

func (t *table) profiledOf(key profiledKey, heap []taken) *Profiled {
	head := heap[0]
	p := &Profiled{Who: who(head.Trial.Subject, head.Trial.Variant), Factors: Factors{}, By: key.by,
		Costs: []ProfilerCost{}, Files: []string{}, Says: []string{}, heap: heap}
	maps.Copy(p.Factors, head.settled())
	reasons := map[string][]string{}
	for _, x := range heap {
		why := t.readProfile(p, x)
		if why != "" {
			reasons[why] = append(reasons[why], fmt.Sprint(x.Trial.Round))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		if len(reasons[why]) == len(heap) {
			p.Lost = append(p.Lost, "every round: "+why)
			break
		}
		word := "round "
		if len(reasons[why]) > 1 {
			word = "rounds "
		}
		p.Lost = append(p.Lost, word+list(reasons[why])+": "+why)
	}
	p.add()
	p.Costs = append(p.Costs, t.costsOf(p)...)
	return p
}

// readProfile reads the profile of one trial, or returns why there is none.
func (t *table) readProfile(p *Profiled, x taken) string {
	switch {
	case x.profile.File == "" && x.Failure != nil:
		return x.Failure.Text
	case x.profile.File == "":
		return cmp.Or(x.profile.Unavailable, "no profile was written")
	case !x.sound():
		return "the trial is invalid, and so is its profile"
	}
	p.Says = appendAll(p.Says, x.profile.Says)
	if t.open == nil {
		p.Files = append(p.Files, x.profile.File)
		return "the profile is not at hand"
	}
	data, err := t.open(x.profile.File)
	if err != nil {
		return x.profile.File + " cannot be read"
	}
	read, err := profile.Read(data)
	if err != nil {
		return x.profile.File + ": " + err.Error()
	}
	p.Files = append(p.Files, x.profile.File)
	p.take(x.Trial.Round, profile.Side{Profile: read, Requests: x.requests})
	return ""
}

func appendAll(to, more []string) []string {
	for _, s := range more {
		to = appendNew(to, s)
	}
	return to
}

// take adds the profile of a trial; those of one round, of several blocks, become
// one.
func (p *Profiled) take(round int, s profile.Side) {
	n := len(p.sides)
	if n == 0 || p.sides[n-1].Round != round {
		p.sides = append(p.sides, RoundSide{round, s})
		return
	}
	last := &p.sides[n-1]
	sum, err := profile.Merge([]*profile.Profile{last.Profile, s.Profile})
	if err != nil {
		p.Says = appendNew(p.Says, err.Error()+": of such a round the first one counts.")
		return
	}
	last.Profile = sum
	if last.Requests > 0 && s.Requests > 0 {
		last.Requests += s.Requests
	} else {
		last.Requests = 0
	}
}

// add sums the rounds up.
func (p *Profiled) add() {
	p.N = len(p.sides)
	if p.N > 0 {
		p.Format = p.sides[0].Format
	}
	p.ProfileTable = emptyTable()
	if p.N == 0 {
		return
	}
	sum, err := mergeSides(p.sides)
	if err != nil {
		p.Says = append(p.Says, err.Error())
		return
	}
	p.sum = sum
	table := sum.Table()
	p.ProfileTable = tableOf(table, sum.Requests, mostFunctions)
	p.Says = appendAll(p.Says, table.Says)
	p.modules(table)
}

// mergeSides adds up profiles and requests; these are not known in all unless they
// are of each.
func mergeSides(sides []RoundSide) (profile.Side, error) {
	var all []*profile.Profile
	requests, known := 0.0, true
	for _, s := range sides {
		all = append(all, s.Profile)
		requests += s.Requests
		known = known && s.Requests > 0
	}
	if !known {
		requests = 0
	}
	sum, err := profile.Merge(all)
	return profile.Side{Profile: sum, Requests: requests}, err
}

// ProfiledFrom makes a Profiled of profiles that no record speaks of: the rounds
// of something that is called so.
func ProfiledFrom(name string, rounds []profile.Side) *Profiled {
	p := &Profiled{Who: who(name, nil), Factors: Factors{}, Costs: []ProfilerCost{}, Files: []string{}, Says: []string{}}
	for i, s := range rounds {
		p.By = cmp.Or(p.By, string(s.Format))
		p.take(i+1, s)
	}
	p.add()
	return p
}
