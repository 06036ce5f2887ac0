package report

import (
	"fmt"
	"slices"

	"webdyno/internal/profile"
)

// DetailFlame is a profile for pictures, or two and what changed. W and B are −1
// of a profile that is of no variant, S is −1 where the setting does not matter.
type DetailFlame struct {
	Name string `json:"name"` // "a"; of two "a → b"
	W    int    `json:"w"`    // the variant; of two the one after
	B    int    `json:"b"`    // of two the one before
	S    int    `json:"s"`

	Words []string       `json:"words,omitempty"` // what is said of it
	Flame *profile.Flame `json:"flame"`

	// Tested says of each function of Flame what rounds say of its change: 1 it is
	// shown, 0 it is not, −1 it was not looked at. Empty where nothing was tested.
	Tested []int `json:"tested,omitempty"`
}

// Drawn is the profile as a picture, with what a report says of it if it is one of
// the report's. It is an error if there is no profile, or none that can be drawn.
func (p *Profiled) Drawn(r *Report) (DetailFlame, error) {
	f := DetailFlame{Name: p.name(), W: -1, B: -1, S: -1}
	if p.sum.Profile == nil {
		return f, fmt.Errorf("%s left no profile that can be drawn", p.name())
	}
	var err error
	if f.Flame, err = profile.FlameOf(p.sum, profile.LeastSeen); err != nil {
		return f, fmt.Errorf("draw the profile of %s: %w", p.name(), err)
	}
	if slices.Contains(r.Profiles, p) {
		f.Words = []string{p.heading(r)}
	}
	return f, nil
}

// Drawn is the difference as a picture, with what the rounds say of each function.
// It is an error if it has no profiles, or none that can be drawn.
func (d *ProfileDifference) Drawn() (DetailFlame, error) {
	f := DetailFlame{Name: d.A.name() + " → " + d.B.name(), W: -1, B: -1, S: -1, Words: d.shortly()}
	if d.before.Profile == nil || d.after.Profile == nil {
		return f, fmt.Errorf("%s and %s left no profiles that can be drawn", d.A.name(), d.B.name())
	}
	var err error
	if f.Flame, err = profile.FlameOfTwo(d.before, d.after, profile.LeastSeen); err != nil {
		return f, fmt.Errorf("draw the profiles of %s and %s: %w", d.A.name(), d.B.name(), err)
	}
	f.Tested = d.tested(f.Flame)
	return f, nil
}

// flames are the report's profiles and differences as pictures. What cannot be
// drawn is left out: the report's tables have it.
func (b *detailer) flames() {
	for _, p := range b.r.Profiles {
		f, err := p.Drawn(b.r)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(b.r.Profiles, func(o *Profiled) bool { return o.By != p.By && o.name() == p.name() }) {
			f.Name += ", by " + profilerName(p.By, p.Format)
		}
		f.W, f.S = b.whoOf(p.Who), b.setting(p.Factors)
		b.d.Flames = append(b.d.Flames, f)
	}
	for _, d := range b.r.ProfileDifferences {
		f, err := d.Drawn()
		if err != nil {
			continue
		}
		f.Name += space(phrase(b.r.factors, d.Factors))
		f.W, f.B, f.S = b.whoOf(d.B), b.whoOf(d.A), b.setting(d.Factors)
		b.d.Flames = append(b.d.Flames, f)
	}
}

// whoOf is a variant's place; −1 if it is in no list.
func (b *detailer) whoOf(w Who) int {
	if i, ok := b.whos[w.name()]; ok {
		return i
	}
	return -1
}

// shortly is what a picture of the difference needs to be read with.
func (d *ProfileDifference) shortly() []string {
	var says []string
	if d.Answer != "" {
		says = append(says, capital(d.Answer))
	}
	if d.Untested != "" {
		says = append(says, capital(d.Untested)+".")
	}
	return says
}

// tested says of each function of a picture what the rounds say of its change.
func (d *ProfileDifference) tested(f *profile.Flame) []int {
	if d.Untested != "" {
		return nil
	}
	shown := map[profile.Function]int{}
	for _, x := range d.Functions {
		if x.Q.Known() {
			shown[x.Function()] = 0
		}
		if x.Shown {
			shown[x.Function()] = 1
		}
	}
	var all []int
	for i := range f.Functions {
		at, ok := shown[f.Function(i)]
		if !ok {
			at = -1
		}
		all = append(all, at)
	}
	return all
}
