package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A table is the measurements of a record, arranged: by variant, setting and
// round. Its order is the plan's, and does not depend on the order in which the
// measurements came.
type table struct {
	plan        *plan.Plan      // an empty one if none is known
	setup       *evidence.Setup // nil: nothing is known of the machine
	factorNames []string
	variants    []*variant
	settings    []*setting
	trials      []*trial // by round, block, setting and variant
	ends        []*trial // what was wrong as a round ended, by round: of no setting, and no trials
	cells       map[place]*cell
	tries       map[place][]*trial // those that put load on the subject, sound or not
	superseded  []*trial           // of attempts at blocks that were begun again
	unalike     []evidence.Note    // where subjects' answers differ
	lives       []Life             // of the subjects' processes

	attributions []taken // in no figure, and in none of the above
	open         func(file string) ([]byte, error)
}

type place struct{ variant, setting int }

// A variant is one column of the plan: something that was started.
type variant struct {
	Who
	index    int
	name     string
	bound    bool
	twin     bool // of another: it is compared with that one alone
	profiled bool // the profiled form of another: what it gains is set beside what that one does
	older    bool // the old build of another: set against that one alone
}

// A setting is one choice of the workload's and the load's factors.
type setting struct {
	index   int
	factors Factors
}

// A trial is what is kept of a measurement, with what follows from it.
type trial struct {
	*digest
	Trial   evidence.Trial
	Began   time.Time
	Failure *evidence.Failure

	tried      bool           // the subject was up, and load was put on it
	came       time.Duration  // what bringing the subject up took; 0: not known
	mode       *evidence.Mode // in which it was carried out
	terms                     // on which it worked
	sights                    // what pictures need of it
	conditions                // under which it was carried out
	stay       Stay           // what it tells of its process
	sought                    // by a search for capacities

	wrote *wrote // a profile, by the subject itself; nil: none

	variant *variant
	setting *setting
	notes   []evidence.Note // the measurement's own and those of its grade
	grade   evidence.Grade
}

// sound tells whether the trial's numbers may enter a figure.
func (t *trial) sound() bool { return t.grade < evidence.X }

// A cell is one variant at one setting.
type cell struct {
	variant *variant
	setting *setting
	rounds  []round // ascending
}

// A round is the sound trials of one cell in one round, in the order of their
// blocks.
type round struct {
	number int
	trials []*trial
}

// VariantName returns how a trial's subject and variant are called in a report:
// "tornado[python=pypy]". It is the name that the plan has for it.
func VariantName(t evidence.Trial) string { return plan.VariantName(t.Subject, t.Variant) }

// SettingName returns how a trial's setting is called: "path_bytes = 11, rate =
// 200", in alphabetical order; empty if nothing varies.
func SettingName(t evidence.Trial) string {
	return settingName(slices.Sorted(maps.Keys(t.Factors)), t.Factors)
}

// name returns how the variant is called in a report.
func (w Who) name() string { return plan.VariantName(w.Subject, w.Variant) }

func settingName(order []string, factors Factors) string {
	var parts []string
	for _, f := range order {
		if l, ok := factors[f]; ok {
			parts = append(parts, f+" = "+l.String())
		}
	}
	return strings.Join(parts, ", ")
}

func arrange(in Input) (*table, error) {
	t := &table{plan: in.Plan, setup: in.Setup, open: in.Profiles, cells: map[place]*cell{}, tries: map[place][]*trial{}}
	if t.plan == nil {
		t.plan = &plan.Plan{}
	}
	if err := in.each(t.take); err != nil {
		return nil, err
	}
	t.settle()
	return t, nil
}

// settle puts what was taken in into its order.
func (t *table) settle() {
	t.trials, t.superseded = lastAttempts(t.trials)
	t.factorNames = t.namesOfFactors()
	t.allVariants()
	t.allSettings()
	slices.SortStableFunc(t.trials, compareTrials)
	slices.SortStableFunc(t.superseded, compareAttempts)
	slices.SortStableFunc(t.ends, func(a, b *trial) int {
		return cmp.Or(cmp.Compare(a.Trial.Round, b.Trial.Round), cmp.Compare(a.Trial.ID, b.Trial.ID))
	})
	t.across()
	t.fillCells()
}

// take reduces a measurement to what the report needs of it. What a subject left
// behind at a round's end is recorded as a block 0: it is no trial.
//
// A trial for attribution is none either: its subject was slowed down by a
// profiler, and nothing that is concluded from other trials may know of it.
func (t *table) take(m *evidence.Measurement) error {
	if m.Trial.Attribution != "" {
		t.attribute(m)
		return nil
	}
	tr := &trial{Trial: m.Trial, Began: m.Began, Failure: m.Failure}
	notes, seen := grade(m, CircumstancesOf(t.plan, t.setup, m))
	tr.notes = distinct(append(slices.Clone(m.Notes), notes...))
	tr.grade = evidence.Worst(tr.notes)
	tr.came, tr.mode = came(m), m.Mode
	if m.Trial.Block == 0 {
		t.ends = append(t.ends, tr)
		return nil
	}
	tr.digest, tr.conditions = digestOf(m), conditionsOf(m, seen)
	tr.tried, tr.terms, tr.sights, tr.stay = m.Measured == nil && m.Start != nil, termsOf(m), sightsOf(m), StayOf(m)
	tr.sought = soughtIn(m, t.plan, m.Trial.Step != nil && Counts(m, CircumstancesOf(t.plan, t.setup, m)))
	tr.wrote = t.wroteIn(m)
	t.trials = append(t.trials, tr)
	return nil
}

// namesOfFactors returns the plan's factors in its order, then any others.
func (t *table) namesOfFactors() []string {
	var names []string
	for _, f := range t.plan.Factors {
		names = append(names, f.Name)
	}
	others := map[string]bool{}
	for _, tr := range t.trials {
		for f := range tr.settled() {
			others[f] = !slices.Contains(names, f)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(others)) {
		if others[f] {
			names = append(names, f)
		}
	}
	return names
}

// allVariants gives everything that was measured its variant: in the order of the
// setup, then of the plan, then of the alphabet.
func (t *table) allVariants() {
	byName := map[string]*variant{}
	for _, tr := range slices.Concat(t.trials, t.superseded) {
		name := VariantName(tr.Trial)
		if byName[name] == nil {
			byName[name] = &variant{Who: who(tr.Trial.Subject, tr.Trial.Variant), name: name}
		}
		tr.variant = byName[name]
		tr.variant.bound = tr.variant.bound || tr.Trial.Bound
		_, tr.variant.twin = t.plan.TwinOf(tr.Trial.Subject)
		tr.variant.profiled = t.plan.PlainOf(tr.Trial.Subject) != ""
		tr.variant.older = t.plan.NewOf(tr.Trial.Subject) != ""
	}
	first := t.declared()
	t.variants = slices.SortedFunc(maps.Values(byName), func(a, b *variant) int {
		return cmp.Or(
			cmp.Compare(first(a.name), first(b.name)),
			cmp.Compare(first(a.Subject), first(b.Subject)),
			cmp.Compare(a.name, b.name))
	})
	for i, v := range t.variants {
		v.index = i
	}
}

// declared returns a function that tells at which place a name was declared; a
// name that was not comes last.
func (t *table) declared() func(name string) int {
	at := map[string]int{}
	add := func(name string) {
		if _, ok := at[name]; !ok {
			at[name] = len(at)
		}
	}
	if t.setup != nil {
		for _, s := range t.setup.Subjects {
			add(plan.VariantName(s.Name, s.Variant))
		}
	}
	for _, s := range t.plan.Subjects {
		add(s.Name)
	}
	return func(name string) int {
		if i, ok := at[name]; ok {
			return i
		}
		return len(at)
	}
}

// who returns a Who whose variant is an object in JSON even if it is empty.
func who(subject string, choice map[string]string) Who {
	if choice == nil {
		choice = map[string]string{}
	}
	return Who{subject, choice}
}

func (t *table) allSettings() {
	byName := map[string]*setting{}
	for _, tr := range t.trials {
		name := settingName(t.factorNames, tr.settled())
		if byName[name] == nil {
			byName[name] = &setting{factors: Factors{}}
			maps.Copy(byName[name].factors, tr.settled())
		}
		tr.setting = byName[name]
	}
	t.settings = slices.SortedFunc(maps.Values(byName), t.compareSettings)
	for i, s := range t.settings {
		s.index = i
	}
}

// compareSettings orders settings factor by factor: numbers by size, texts in
// the plan's order, then the alphabet's.
func (t *table) compareSettings(a, b *setting) int {
	for _, f := range t.factorNames {
		x, y := a.factors[f], b.factors[f]
		nx, okx := x.Number()
		ny, oky := y.Number()
		order := cmp.Compare(nx, ny)
		if !okx || !oky {
			order = cmp.Or(cmp.Compare(t.levelIndex(f, x), t.levelIndex(f, y)), cmp.Compare(x.String(), y.String()))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

func (t *table) levelIndex(factor string, l plan.Level) int {
	for _, f := range t.plan.Factors {
		if f.Name != factor {
			continue
		}
		for i, level := range f.Levels {
			if level.String() == l.String() {
				return i
			}
		}
		return len(f.Levels)
	}
	return 0
}

func compareTrials(a, b *trial) int {
	return cmp.Or(
		cmp.Compare(a.Trial.Round, b.Trial.Round),
		cmp.Compare(a.Trial.Block, b.Trial.Block),
		cmp.Compare(a.setting.index, b.setting.index),
		cmp.Compare(a.variant.index, b.variant.index),
		a.Began.Compare(b.Began),
		cmp.Compare(a.Trial.ID, b.Trial.ID))
}

func (t *table) fillCells() {
	for _, tr := range t.trials {
		at := place{tr.variant.index, tr.setting.index}
		if t.cells[at] == nil {
			t.cells[at] = &cell{variant: tr.variant, setting: tr.setting}
		}
		if tr.sound() && tr.Trial.Step == nil {
			t.cells[at].add(tr)
		}
		if tr.tried {
			t.tries[at] = append(t.tries[at], tr)
		}
	}
}

// add books a trial; trials come in the order of their rounds.
func (c *cell) add(tr *trial) {
	if n := len(c.rounds); n == 0 || c.rounds[n-1].number != tr.Trial.Round {
		c.rounds = append(c.rounds, round{number: tr.Trial.Round})
	}
	last := &c.rounds[len(c.rounds)-1]
	last.trials = append(last.trials, tr)
}

// at returns a cell; an empty one if nothing was measured there.
func (t *table) at(v *variant, s *setting) *cell {
	if c := t.cells[place{v.index, s.index}]; c != nil {
		return c
	}
	return &cell{variant: v, setting: s}
}

func (t *table) title() string {
	return cmp.Or(t.plan.Title, t.plan.Name, "webdyno")
}

// primary is the metric that verdicts are about.
func (t *table) primary() plan.Metric { return cmp.Or(t.plan.Compare, plan.Throughput) }

// rounds returns how many rounds left a measurement.
func (t *table) rounds() int {
	seen := map[int]bool{}
	for _, tr := range t.trials {
		seen[tr.Trial.Round] = true
	}
	return len(seen)
}

// confidence is the level that intervals are computed at. Where the plan stops
// as soon as intervals are narrow, looking after every round costs about a
// hundredth: a 96 % interval then covers 95 % (method, 4.7).
func (t *table) confidence() float64 {
	if t.plan.Rounds.Until > 0 && t.plan.Rounds.Max > t.plan.Rounds.Min {
		return 0.96
	}
	return Level
}

func (t *table) skipped() []Skipped {
	all := t.skippedByHand()
	if t.setup == nil {
		return all
	}
	for _, s := range t.setup.Subjects {
		if s.Skipped != "" {
			all = append(all, Skipped{who(s.Name, s.Variant), s.Skipped, s.Hint})
		}
	}
	return all
}

// blames tells whether a failure is the subject's.
func blames(f *evidence.Failure) bool {
	return f.Kind != evidence.Instrument && f.Kind != evidence.Abandoned && f.Kind != evidence.NoService && f.Kind != evidence.ByHand
}

// troubled returns the trials and, after those of its round, what a round's end
// brought to light.
func (t *table) troubled() []*trial {
	all := slices.Concat(t.trials, t.ends)
	slices.SortStableFunc(all, func(a, b *trial) int { return cmp.Compare(a.Trial.Round, b.Trial.Round) })
	return all
}

func (t *table) failed() []Failed {
	all := []Failed{}
	for _, tr := range t.troubled() {
		f := Failed{Who: who(tr.Trial.Subject, tr.Trial.Variant), Factors: tr.Trial.Factors, Round: tr.Trial.Round, Trial: tr.Trial.ID,
			told: tr.fell() || tr.unmeasured()}
		switch {
		case tr.Failure != nil && blames(tr.Failure):
			f.What, f.Last = tr.Failure.Text, tr.Failure.Last
		case tr.answeredWrongly():
			f.What = tr.notes[slices.IndexFunc(tr.notes, isWrong)].Text
		default:
			continue
		}
		all = append(all, f)
	}
	return all
}

// answeredWrongly tells whether the subject did other work than was asked for.
func (t *trial) answeredWrongly() bool { return slices.ContainsFunc(t.notes, isWrong) }

func (t *table) invalid() []Invalid {
	all := []Invalid{}
	for _, tr := range t.troubled() {
		if tr.removed() {
			all = append(all, tr.invalid(false))
		}
	}
	for _, tr := range t.superseded {
		if tr.removed() && !tr.interrupted() {
			all = append(all, tr.invalid(true))
		}
	}
	slices.SortStableFunc(all, func(a, b Invalid) int {
		return cmp.Compare(a.Round, b.Round)
	})
	return all
}
