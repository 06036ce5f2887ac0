package plan

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// quickPreset is the preset that --quick applies.
const quickPreset = "quick"

// An entry is a key of a mapping with its value.
type entry struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

func entries(n *yaml.Node) []entry {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var es []entry
	for i := 0; i+1 < len(n.Content) && len(es) < maxPresets; i += 2 {
		es = append(es, entry{n.Content[i].Value, n.Content[i], n.Content[i+1]})
	}
	return es
}

// wanted returns the presets to apply, in order, and complains if the one asked
// for does not exist.
func (r *reader) wanted(presets *yaml.Node) []string {
	var want, there []string
	for _, e := range entries(presets) {
		there = append(there, e.name)
	}
	if p := r.opt.Preset; p != "" {
		want = append(want, p)
		if !slices.Contains(there, p) {
			list := "this plan has no presets"
			if len(there) > 0 {
				list = "want one of " + strings.Join(there, ", ")
			}
			line, column := 1, 1
			if presets != nil {
				line, column = presets.Line, presets.Column
			}
			r.complainAt(line, column, list, "there is no preset %s", show(p))
		}
	}
	if r.opt.Quick && r.opt.Preset != quickPreset && slices.Contains(there, quickPreset) {
		want = append(want, quickPreset)
	}
	return want
}

// checkPresets complains of presets that are no sets of changes.
func (r *reader) checkPresets(presets *yaml.Node) Complaints {
	c := r.again()
	if presets == nil {
		return nil
	}
	c.values["presets"] = presets
	if presets.Kind != yaml.MappingNode {
		c.complain("presets", "want a mapping of names to changes", "presets: %s stands here", kindOf(presets))
	}
	if len(presets.Content)/2 > maxPresets {
		c.complain("presets", "want fewer", "presets: there are more than %d", maxPresets)
	}
	for _, e := range entries(presets) {
		place := join("presets", e.name)
		c.keys[place], c.values[place] = e.key, e.value
		if !isName(e.name) {
			c.complainOfKey(place, "want "+nameRule, "%s is no name of a preset", show(e.name))
		}
		if e.value.Kind != yaml.MappingNode {
			c.complain(place, "want a mapping of the keys that change", "preset %s: %s stands here", e.name, kindOf(e.value))
			continue
		}
		if lookup(e.value, "subjects") != nil && lookup(e.value, "take") != nil {
			v := lookup(e.value, "take")
			c.complainAt(v.Line, v.Column, "want one of them", "preset %s: take: and subjects: say the same", e.name)
		}
		for _, k := range []string{"presets", "preset", "quick", "aa"} {
			if v := lookup(e.value, k); v != nil {
				c.complainAt(v.Line, v.Column, "want it left out", "preset %s: a preset cannot change %s", e.name, k)
			}
		}
	}
	return c.complaints
}

// applied reads the plan with a preset's changes.
func (r *reader) applied(name string, base, changes *yaml.Node) *reader {
	if changes.Kind != yaml.MappingNode {
		return r.again()
	}
	for _, k := range []string{"presets", "preset", "quick", "aa"} {
		changes = without(changes, k)
	}
	with := r.again()
	with.keptClaims = lookup(changes, "claims") == nil
	return with.understand(name, overlay(base, asTake(changes), ""))
}

// asTake returns a preset's changes with what it says under `subjects:`, which
// are those that take part, under `take:`.
func asTake(changes *yaml.Node) *yaml.Node {
	i := index(changes, "subjects")
	if i < 0 {
		return changes
	}
	renamed := *changes
	renamed.Content = slices.Clone(changes.Content)
	key := *renamed.Content[i]
	key.Value = "take"
	renamed.Content[i] = &key
	return &renamed
}

// appliedBoth applies several presets, one after the other.
func (r *reader) appliedBoth(name string, base, presets *yaml.Node, wanted []string) *reader {
	changes := asTake(lookup(presets, wanted[0]))
	for _, w := range wanted[1:] {
		changes = overlay(changes, asTake(lookup(presets, w)), "")
	}
	return r.applied(name, base, changes)
}

// only returns the complaints that the plan has with a preset and not without.
func (r *reader) only(plain *reader, preset string) Complaints {
	var own Complaints
	for _, c := range r.complaints {
		if !slices.Contains(plain.complaints, c) {
			if !strings.HasPrefix(c.What, "preset "+preset) {
				c.What = "preset " + preset + ": " + c.What
			}
			own = append(own, c)
		}
	}
	return own
}

// What a plan that has no preset of its own for it is shortened to.
const (
	quickWindow = time.Second
	quickRewarm = 200 * time.Millisecond
	quickWarmup = 2 * time.Second
)

// shorten makes a plan quick: shorter windows and warm-ups, and as many rounds
// as verdicts about its subjects need.
func shorten(p *Plan) {
	p.Quick = true
	p.Blocks = 1
	n := min(roundsNeeded(compared(p)), p.Rounds.Max)
	p.Rounds = Rounds{Min: n, Max: n}
	if !p.serves() {
		return // they say themselves how long they take
	}
	p.Window = min(p.Window, quickWindow)
	p.Rewarm = min(p.Rewarm, quickRewarm)
	p.Capacity.shorten()
	if p.Profile.With != "" {
		p.Profile.shorten()
	}
	if e := &p.Warmup.Extent; !p.Warmup.Auto && e.Count == 0 {
		e.Time = min(e.Time, quickWarmup)
	}
}

// compared returns how many variants verdicts are about.
func compared(p *Plan) int {
	n := 0
	for _, v := range p.Variants() {
		if _, twin := p.TwinOf(v.Subject.Name); !v.Subject.Bound && !twin {
			n++
		}
	}
	return n
}

// roundsNeeded returns how many rounds it takes at least until the exact
// signed-rank test can tell all pairs of k variants apart at the level of 5 %,
// Bonferroni's correction included: log2(2m/0.05) for m pairs, rounded up. For
// one pair that is 6, with which the interval begins to exist at all.
func roundsNeeded(k int) int {
	return roundsForPairs(k * (k - 1) / 2)
}
