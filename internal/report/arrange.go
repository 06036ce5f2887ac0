package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A table is the measurements of a record, arranged: by variant, setting and
// round. Its order is the plan's, and does not depend on the order in which the
// measurements came.
type table struct {
	in          Input
	plan        *plan.Plan // in.Plan, or an empty one
	factorNames []string
	variants    []*variant
	settings    []*setting
	trials      []*trial // by round, block, setting and variant
	cells       map[place]*cell
}

type place struct{ variant, setting int }

// A variant is one column of the plan: something that was started.
type variant struct {
	Who
	index int
	name  string
	bound bool
}

// A setting is one choice of the workload's and the load's factors.
type setting struct {
	index   int
	factors Factors
}

// A trial is a measurement with what follows from it.
type trial struct {
	*evidence.Measurement
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
// "tornado[python=pypy]".
func VariantName(t evidence.Trial) string { return nameOf(t.Subject, t.Variant) }

// SettingName returns how a trial's setting is called: "path_bytes = 11, rate =
// 200", in alphabetical order; empty if nothing varies.
func SettingName(t evidence.Trial) string {
	return settingName(slices.Sorted(maps.Keys(t.Factors)), t.Factors)
}

func nameOf(subject string, choice map[string]string) string {
	if len(choice) == 0 {
		return subject
	}
	var parts []string
	for _, f := range slices.Sorted(maps.Keys(choice)) {
		parts = append(parts, f+"="+choice[f])
	}
	return subject + "[" + strings.Join(parts, ",") + "]"
}

// name returns how the variant is called in a report.
func (w Who) name() string { return nameOf(w.Subject, w.Variant) }

func settingName(order []string, factors Factors) string {
	var parts []string
	for _, f := range order {
		if l, ok := factors[f]; ok {
			parts = append(parts, f+" = "+l.String())
		}
	}
	return strings.Join(parts, ", ")
}

func arrange(in Input) *table {
	in.Measurements = lastAttempts(in.Measurements)
	t := &table{in: in, plan: in.Plan, cells: map[place]*cell{}}
	if t.plan == nil {
		t.plan = &plan.Plan{}
	}
	t.factorNames = t.namesOfFactors()
	t.variants = t.allVariants()
	t.settings = t.allSettings()
	t.gradeTrials()
	t.fillCells()
	return t
}

// namesOfFactors returns the plan's factors in its order, then any others.
func (t *table) namesOfFactors() []string {
	var names []string
	for _, f := range t.plan.Factors {
		names = append(names, f.Name)
	}
	others := map[string]bool{}
	for _, m := range t.in.Measurements {
		for f := range m.Trial.Factors {
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

// allVariants returns everything that was measured, in the order of the setup,
// then of the plan, then of the alphabet.
func (t *table) allVariants() []*variant {
	byName := map[string]*variant{}
	for _, m := range t.in.Measurements {
		name := VariantName(m.Trial)
		if byName[name] == nil {
			byName[name] = &variant{Who: who(m.Trial.Subject, m.Trial.Variant), name: name}
		}
		byName[name].bound = byName[name].bound || m.Trial.Bound
	}
	first := t.declared()
	all := slices.SortedFunc(maps.Values(byName), func(a, b *variant) int {
		return cmp.Or(
			cmp.Compare(first(a.name), first(b.name)),
			cmp.Compare(first(a.Subject), first(b.Subject)),
			cmp.Compare(a.name, b.name))
	})
	for i, v := range all {
		v.index = i
	}
	return all
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
	if t.in.Setup != nil {
		for _, s := range t.in.Setup.Subjects {
			add(nameOf(s.Name, s.Variant))
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

func (t *table) allSettings() []*setting {
	byName := map[string]*setting{}
	for _, m := range t.in.Measurements {
		name := settingName(t.factorNames, m.Trial.Factors)
		if byName[name] == nil {
			byName[name] = &setting{factors: Factors{}}
			maps.Copy(byName[name].factors, m.Trial.Factors)
		}
	}
	all := slices.SortedFunc(maps.Values(byName), t.compareSettings)
	for i, s := range all {
		s.index = i
	}
	return all
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

func (t *table) gradeTrials() {
	variants, settings := map[string]*variant{}, map[string]*setting{}
	for _, v := range t.variants {
		variants[v.name] = v
	}
	for _, s := range t.settings {
		settings[settingName(t.factorNames, s.factors)] = s
	}
	shared := t.in.Setup != nil && t.in.Setup.CPUs.Shared
	for _, m := range t.in.Measurements {
		tr := &trial{
			Measurement: m,
			variant:     variants[VariantName(m.Trial)],
			setting:     settings[settingName(t.factorNames, m.Trial.Factors)],
		}
		c := Circumstances{Load: exactLoad(t.plan.Load, m.Trial.Factors), CPUsShared: shared}
		tr.notes = distinct(append(slices.Clone(m.Notes), Grade(m, c)...))
		tr.grade = evidence.Worst(tr.notes)
		t.trials = append(t.trials, tr)
	}
	slices.SortStableFunc(t.trials, compareTrials)
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
		if tr.sound() {
			t.cells[at].add(tr)
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

// distinct keeps one note of each kind and text.
func distinct(notes []evidence.Note) []evidence.Note {
	seen := map[evidence.Note]bool{}
	var kept []evidence.Note
	for _, n := range notes {
		if !seen[n] {
			seen[n] = true
			kept = append(kept, n)
		}
	}
	return kept
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
	all := []Skipped{}
	if t.in.Setup == nil {
		return all
	}
	for _, s := range t.in.Setup.Subjects {
		if s.Skipped != "" {
			all = append(all, Skipped{who(s.Name, s.Variant), s.Skipped, s.Hint})
		}
	}
	return all
}

// blames tells whether a failure is the subject's.
func blames(f *evidence.Failure) bool {
	return f.Kind != evidence.Instrument && f.Kind != evidence.Abandoned
}

func (t *table) failed() []Failed {
	all := []Failed{}
	for _, tr := range t.trials {
		if tr.Failure == nil || !blames(tr.Failure) {
			continue
		}
		all = append(all, Failed{tr.variant.Who, tr.Trial.Round, tr.Trial.ID, tr.Failure.Text, tr.Failure.Last})
	}
	return all
}

func (t *table) invalid() []Invalid {
	all := []Invalid{}
	for _, tr := range t.trials {
		if tr.sound() || tr.Failure != nil && blames(tr.Failure) {
			continue
		}
		var why []string
		for _, n := range tr.notes {
			if n.Grade == evidence.X {
				why = append(why, n.Text)
			}
		}
		all = append(all, Invalid{tr.variant.Who, tr.Trial.Round, tr.Trial.ID, strings.Join(why, "; ")})
	}
	return all
}

// gather joins the notes of several trials: one of each kind, the worst first,
// each saying in how many trials it was made if not in all.
func gather(trials []*trial) []evidence.Note {
	type heap struct {
		note  evidence.Note
		count int
	}
	byKind := map[string]*heap{}
	var kinds []string
	for _, tr := range trials {
		seen := map[string]bool{}
		for _, n := range tr.notes {
			h := byKind[n.Kind]
			if h == nil {
				h = &heap{note: n}
				byKind[n.Kind] = h
				kinds = append(kinds, n.Kind)
			}
			if n.Grade > h.note.Grade {
				h.note = n
			}
			if !seen[n.Kind] {
				h.count++
			}
			seen[n.Kind] = true
		}
	}
	notes := []evidence.Note{}
	for _, k := range kinds {
		h := byKind[k]
		if h.count < len(trials) {
			h.note.Text += fmt.Sprintf(" (%d of %d trials)", h.count, len(trials))
		}
		notes = append(notes, h.note)
	}
	slices.SortStableFunc(notes, worseFirst)
	return notes
}

func worseFirst(a, b evidence.Note) int {
	return cmp.Or(cmp.Compare(b.Grade, a.Grade), cmp.Compare(a.Kind, b.Kind))
}

// notes returns every kind of note once: of the run, of its trials, of the fits.
func (t *table) notes(fits []Fit) []evidence.Note {
	var all []evidence.Note
	if t.in.Setup != nil {
		all = append(all, t.in.Setup.Notes...)
	}
	all = append(all, gather(t.trials)...)
	for _, f := range fits {
		all = append(all, f.Notes...)
	}
	kept := []evidence.Note{}
	for _, n := range distinct(all) {
		kept = append(kept, n)
	}
	slices.SortStableFunc(kept, worseFirst)
	return kept
}
