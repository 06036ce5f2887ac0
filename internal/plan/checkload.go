package plan

import (
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/unit"
)

// namesIn is names, under a name that reads well beside variables of that name.
func namesIn(s string) []string { return names(s) }

// fillLoad gives each key of the load that the plan leaves out the factor of
// its name, if that is used nowhere else, or else its default.
func (r *reader) fillLoad() {
	l := &r.plan.Load
	for _, k := range l.keys() {
		switch {
		case *k.field != "":
		case r.hasFactor(k.name) == nil && !slices.Contains(r.used(), k.name):
			*k.field = "{" + k.name + "}"
		default:
			*k.field = k.absent
		}
	}
	if l.Open && l.Rate == "" && r.sound("load") {
		r.complain("load.open", "want rate: 1000, or levels of it such as {from: 100, to: 1000, step: 100}", "load: an open load has no rate")
	}
}

// used returns the factors that are used in the workload and the load.
func (r *reader) used() []string {
	l := &r.plan.Load
	var all []string
	for _, w := range r.plan.Workload.whole() {
		all = append(all, w.names()...)
	}
	for i := range r.plan.Subjects {
		all = append(all, r.plan.Subjects[i].namesMeasured()...)
	}
	for _, k := range l.keys() {
		all = append(all, names(*k.field)...)
	}
	return all
}

// checkUses complains of factors that change nothing, and of levels that do not
// fit where they are used.
func (r *reader) checkUses() {
	used := r.used()
	for _, f := range r.plan.Factors {
		place := join("factors", f.Name)
		if slices.Contains(used, f.Name) || !r.sound(place, "workload", "load") {
			continue
		}
		want := fmt.Sprintf("want {%s} in the workload or the load, or the factor left out", f.Name)
		if slices.ContainsFunc(r.plan.Load.keys(), func(k loadKey) bool { return k.name == f.Name }) {
			want = fmt.Sprintf("the load gives %s already; want it there or here", f.Name)
		}
		r.complainOfKey(place, want, "factor %s is used nowhere", f.Name)
	}
	for _, k := range r.plan.Load.keys() {
		r.checkFits(*k.field, k.name, k.quantity)
	}
	for _, w := range r.plan.Workload.whole() {
		for _, t := range w.texts() {
			r.checkFits(t.Bytes, "bytes", bytesUpTo(t.most))
		}
		r.checkFits(w.Expect.Bytes, "bytes", bytesUpTo(1<<40))
		r.checkFits(w.Headers.Extra.Count, "count", extraCount())
		r.checkFits(w.Headers.Extra.Bytes, "bytes", extraBytes())
	}
}

// checkFits complains of levels that are not what the key that uses them takes.
func (r *reader) checkFits(value, key string, q quantity) {
	name, ok := whole(value)
	if !ok {
		return
	}
	for _, f := range r.plan.Factors {
		for i, l := range f.Levels {
			if f.Name != name {
				break
			}
			if _, err := q.canon(l.String()); err != nil {
				what, want, _ := strings.Cut(err.Error(), ": want ")
				taken := ""
				if f.Name != key {
					taken = "it is taken for " + key + ", and "
				}
				r.complain(r.levelPlace("factors", f.Name, i), "want "+want, "%s: %s%s", f.Name, taken, what)
			}
		}
	}
}

// checkSize complains of a plan that has too many trials to a round.
func (r *reader) checkSize() {
	p := r.plan
	settings := combinations(p.Factors)
	variants := 0
	for _, s := range p.Subjects {
		times := 1
		if s.Control {
			times = 2
		}
		variants += times * combinations(s.Variants)
	}
	if variants <= maxTrials { // many of which may take no part
		variants = len(p.Variants())
	}
	if settings*variants > maxTrials {
		place := "subjects"
		if settings > variants && len(p.Factors) > 0 {
			place = join("factors", p.Factors[0].Name)
		}
		r.complain(place, fmt.Sprintf("want at most %d together", maxTrials),
			"the plan has %s settings for each of %s variants", atMost(settings), atMost(variants))
	}
}

func atMost(n int) string {
	if n > maxTrials {
		return fmt.Sprintf("more than %d", maxTrials)
	}
	return fmt.Sprint(n)
}

// checkSettings works every setting out, and complains of the first that is
// impossible, for its workload and for its load.
func (r *reader) checkSettings() {
	if !r.sound("factors", "workload", "load") || combinations(r.plan.Factors) > maxTrials {
		return
	}
	w, l := &r.plan.Workload, r.plan.Load
	var texts int64
	workload, load := true, true
	for _, c := range product(r.plan.Factors) {
		v := values(c)
		if workload {
			n, err := w.size(v)
			if texts += n; err == nil && texts > maxTexts {
				err = errTexts
			}
			if err == nil {
				err = w.fits(v)
			}
			workload = r.checkSetting("workload", c, err)
		}
		if load {
			_, err := l.exact(r.plan.withRate(v, 1))
			load = r.checkSetting("load", c, err)
		}
	}
}

// checkSetting complains of an error at a setting, at the key that the error
// begins with. It reports whether there was none.
func (r *reader) checkSetting(place string, c []Choice, err error) bool {
	if err == nil {
		return true
	}
	what, want, found := strings.Cut(err.Error(), ": want ")
	if found {
		want = "want " + want
	}
	key, _, _ := strings.Cut(what, ":")
	if place == "load" {
		place = "load.closed"
		if r.plan.Load.Open {
			place = "load.open"
		}
	}
	if r.written(join(place, key)) {
		place = join(place, key)
	}
	r.complain(place, want, "%s%s", at(c), what)
	return false
}

// fits is exact without making the bodies, which may be large, and the headers,
// which checkHeader and size have looked at.
func (w *Workload) fits(v map[string]string) error {
	if len(w.Mix) > 0 {
		for i, one := range w.whole() {
			if err := one.fits(v); err != nil {
				return fmt.Errorf("mix[%d].%w", i, err)
			}
		}
		return nil
	}
	if err := w.Body.holds(v); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if b := w.Expect.Body; b != nil {
		if err := b.holds(v); err != nil {
			return fmt.Errorf("expect.body: %w", err)
		}
	}
	light := *w
	light.Body, light.Headers, light.Expect.Body = Text{}, Headers{Set: w.Headers.Set}, nil
	_, err := light.exact(v)
	return err
}

// holds returns an error if the text's prefix does not fit into its length.
func (t Text) holds(v map[string]string) error {
	if t.Bytes == "" {
		return nil
	}
	prefix, err := Substitute(t.Prefix, withLive(v))
	if err != nil {
		return err
	}
	n, err := resolve(t.Bytes, v, unit.ParseBytes)
	if err == nil && n < int64(len(prefix)) {
		err = fmt.Errorf("%d bytes cannot hold the prefix %s: want %d at least", n, show(prefix), len(prefix))
	}
	return err
}
