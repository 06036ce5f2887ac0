package report

import (
	"cmp"
	"maps"
	"slices"

	"webdyno/internal/plan"
)

// A twin is one cell of the old build and the one of the new build that it is
// set against.
type twin struct {
	old, fresh *cell

	// startUp is set in the first twin of each variant: all its rounds, whatever
	// the setting.
	startUp *twin
}

// join finds for each cell of the old build the one of the new build, and writes
// down what has none.
func (c *comparison) join(out *Changes) []twin {
	var all []twin
	met := map[*variant]bool{} // of the new build
	for _, old := range c.old.variants {
		name, takes := c.counterpart(old)
		if !takes || old.bound {
			continue
		}
		fresh := c.fresh.variantNamed(name)
		if fresh == nil {
			out.OnlyOld = append(out.OnlyOld, Apart{Who: old.Who, Why: c.fresh.whySkipped(name)})
			continue
		}
		met[fresh] = true
		if fresh.bound || !c.wants(fresh) {
			continue
		}
		all = append(all, c.cells(old, fresh, out)...)
	}
	if !c.paired() {
		for _, v := range c.fresh.variants {
			if !met[v] && !v.bound && c.wants(v) {
				out.OnlyNew = append(out.OnlyNew, Apart{Who: v.Who})
			}
		}
	}
	sortApart(out.OnlyOld, out.factors)
	sortApart(out.OnlyNew, out.factors)
	return all
}

// counterpart returns what a variant of the old build is called in the new one;
// false if it is the old build of nothing.
func (c *comparison) counterpart(v *variant) (name string, takes bool) {
	for _, r := range c.As {
		switch r.Old {
		case v.name:
			return c.fresh.fullName(r.New, v), true
		case v.Subject:
			return c.fresh.fullName(r.New, v), true
		}
	}
	if !c.paired() {
		return v.name, true
	}
	fresh := c.old.plan.NewOf(v.Subject)
	return plan.VariantName(fresh, v.Variant), fresh != ""
}

// fullName returns the name of a variant by what people called it: the whole of
// it, or the subject's, whose variant is then that of v.
func (t *table) fullName(called string, v *variant) string {
	if t.variantNamed(called) != nil {
		return called
	}
	return plan.VariantName(called, v.Variant)
}

func (t *table) variantNamed(name string) *variant {
	for _, v := range t.variants {
		if v.name == name {
			return v
		}
	}
	return nil
}

// wants tells whether a variant of the new build is to be compared.
func (c *comparison) wants(v *variant) bool {
	return len(c.Only) == 0 || slices.Contains(c.Only, v.name) || slices.Contains(c.Only, v.Subject)
}

// whySkipped says why a machine did not run a variant; "" if it was not asked to.
func (t *table) whySkipped(name string) string {
	if t.setup == nil {
		return ""
	}
	for _, s := range t.setup.Subjects {
		if plan.VariantName(s.Name, s.Variant) == name {
			return s.Skipped
		}
	}
	return ""
}

// cells joins the settings of two variants.
func (c *comparison) cells(old, fresh *variant, out *Changes) []twin {
	var all []twin
	settings := map[string]*setting{}
	for _, s := range c.fresh.settings {
		settings[s.key()] = s
	}
	for _, s := range c.old.settings {
		was := c.old.at(old, s)
		if len(was.rounds) == 0 {
			continue
		}
		now := settings[s.key()]
		if now == nil || !c.fresh.measuredAt(fresh, now) {
			out.OnlyOld = append(out.OnlyOld, Apart{Who: old.Who, Factors: s.factors})
			continue
		}
		is := c.fresh.at(fresh, now)
		if what := c.fresh.fate(fresh, now); len(is.rounds) == 0 && what != "" {
			out.Lost = append(out.Lost, Lost{fresh.Who, now.factors, what})
			continue
		}
		all = append(all, twin{old: was, fresh: is})
	}
	for _, s := range c.fresh.settings {
		if c.old.settingAt(old, s.key()) == nil && c.fresh.measuredAt(fresh, s) && !c.paired() {
			out.OnlyNew = append(out.OnlyNew, Apart{Who: fresh.Who, Factors: s.factors})
		}
	}
	slices.SortStableFunc(all, func(a, b twin) int { return cmp.Compare(a.fresh.setting.index, b.fresh.setting.index) })
	if len(all) > 0 {
		all[0].startUp = &twin{old: c.old.starts(old), fresh: c.fresh.starts(fresh)}
	}
	return all
}

// key names a setting whatever the order of its factors.
func (s *setting) key() string { return settingName(slices.Sorted(maps.Keys(s.factors)), s.factors) }

// settingAt returns the setting of that key at which the variant was measured.
func (t *table) settingAt(v *variant, key string) *setting {
	for _, s := range t.settings {
		if s.key() == key && t.measuredAt(v, s) {
			return s
		}
	}
	return nil
}

// measuredAt tells whether there is a trial of the variant at the setting, sound
// or not.
func (t *table) measuredAt(v *variant, s *setting) bool {
	return t.cells[place{v.index, s.index}] != nil
}

// fate says how the variant failed at a setting, through a fault of its own; ""
// if it did not.
func (t *table) fate(v *variant, s *setting) string {
	for _, tr := range t.trials {
		if tr.variant != v || tr.setting != s {
			continue
		}
		if tr.Failure != nil && blames(tr.Failure) {
			return tr.Failure.Text
		}
		if tr.answeredWrongly() {
			return tr.notes[slices.IndexFunc(tr.notes, isWrong)].Text
		}
	}
	return ""
}

// starts returns all sound trials of a variant, whatever their setting: of a
// start there is one in each round.
func (t *table) starts(v *variant) *cell {
	c := &cell{variant: v, setting: &setting{factors: Factors{}}}
	for _, tr := range t.trials {
		if tr.variant == v && tr.sound() && tr.startUp.Known() {
			c.add(tr)
		}
	}
	return c
}
