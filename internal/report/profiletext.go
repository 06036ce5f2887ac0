package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/profile"
	"webdyno/internal/unit"
)

// What the text shows of each profile and of each difference.
const (
	textFunctions = 8
	textDeltas    = 10
	textAbsorbed  = 3
	textModules   = 4

	wide = 200 // columns of a table that is asked for by itself: names of functions are long

	leastModule = 0.01 // share of a module that is proposed
)

// profileAnswers are the sentences that say what a change gains beside what it
// seems to gain under a profiler.
func (r *Report) profileAnswers() []string {
	var says []string
	for _, d := range r.ProfileDifferences {
		if d.Answer != "" {
			at := comma(phrase(r.factors, d.Factors))
			if rest, ok := strings.CutPrefix(d.Answer, "With "); ok && at != "" {
				at += "with " + rest
			} else {
				at += d.Answer
			}
			says = append(says, capital(at))
		}
	}
	return says
}

// profileLines says where the time goes; in short, what profiling cost and what
// changed.
func (r *Report) profileLines(p *page, short bool) {
	if len(r.Profiles) == 0 {
		return
	}
	p.title("Where the time goes")
	for _, s := range r.profileAnswers() {
		p.paragraph("  ", s)
	}
	var says []string
	for _, x := range r.Profiles {
		p.paragraph("  ", x.heading(r))
		if !short {
			x.lines(p, !r.compiled(x))
			says = appendAll(says, x.Says)
		}
	}
	if short {
		return
	}
	for _, s := range says {
		p.paragraph("  ", s)
	}
	for _, d := range r.ProfileDifferences {
		p.title("What changed from " + d.A.name() + " to " + d.B.name() + space(phrase(r.factors, d.Factors)) + ", by " + profilerName(d.By, d.Format))
		d.lines(p, textDeltas)
	}
}

// heading says whose profile it is, of how much, and what it cost to take it.
func (x *Profiled) heading(r *Report) string {
	s := x.name() + space(phrase(r.factors, x.Factors)) + ", by " + profilerName(x.By, x.Format)
	if x.N == 0 {
		return s + ": there is none (" + strings.Join(x.Lost, "; ") + ")."
	}
	s += ", " + plural(x.N, "round")
	what := "samples"
	if x.Counted {
		what = "calls"
	}
	if x.Requests.Known() {
		s += fmt.Sprintf(", %s requests: %s for each of them.", unit.Count(int64(x.Requests.X)), x.amounts(what))
	} else {
		s += fmt.Sprintf(", for how many requests is not known: %s in all.", x.amounts(what))
	}
	var costs []string
	for _, c := range x.Costs {
		costs = append(costs, c.inWords(r))
	}
	if len(costs) > 0 {
		s += " With the profiler in it, it had " + enumerate(costs) + "."
	}
	if len(x.Lost) > 0 {
		s += " Without " + strings.Join(x.Lost, "; ") + "."
	}
	return s
}

// amounts writes cost and count, or, of a sampler that knows no time, one of them.
func (t ProfileTable) amounts(what string) string {
	if t.Unit == "count" && t.Total == t.Calls {
		return t.Calls.in("") + " " + what
	}
	return profile.Amount(t.Total.X, t.Unit) + " and " + t.Calls.in("") + " " + what
}

// lines writes a profile's first rows and which modules it proposes to compile.
func (x *Profiled) lines(p *page, propose bool) {
	if x.N == 0 {
		return
	}
	p.columns(tableAligns, x.rows(textFunctions))
	if s := x.Proposal(); s != "" && propose {
		p.paragraph("  ", s)
	}
}

// compiled tells whether modules of Python are gone from a profile that another
// one has: what they do counts there as their callers', and is no ground for a
// proposal.
func (r *Report) compiled(x *Profiled) bool {
	return slices.ContainsFunc(r.ProfileDifferences, func(d *ProfileDifference) bool {
		return len(d.Gone) > 0 && d.B.name() == x.name() && d.By == x.By
	})
}

var tableAligns = []align{right, right, right, right, left} // never changed

// rows lays a table out: what a function costs itself, its share, with what it
// calls, how often it is called.
func (t ProfileTable) rows(top int) [][]string {
	rows := [][]string{{"itself", "share", "in all", "calls", "function"}}
	for _, f := range t.Functions[:min(top, len(t.Functions))] {
		in := ""
		if f.Cumulative.Known() {
			in = profile.Amount(f.Cumulative.X, t.Unit)
		}
		calls := ""
		if f.Calls.Known() {
			calls = f.Calls.in("")
		}
		rows = append(rows, []string{profile.Amount(f.Self.X, t.Unit), unit.Share(f.Share.X), in, calls, shortFunction(f.Function())})
	}
	return rows
}

// shortFunction writes a function without the folders of its file but the last.
func shortFunction(f profile.Function) string {
	parts := strings.FieldsFunc(f.File, func(r rune) bool { return r == '/' || r == '\\' })
	if len(parts) > 2 {
		f.File = strings.Join(parts[len(parts)-2:], "/")
	}
	return f.String()
}

// Proposal says which modules of Python might be compiled next, by what their own
// code costs, and what could be gained at most; "" where there is none.
func (x *Profiled) Proposal() string {
	parts := proposed(x.Modules)
	if parts == "" {
		return ""
	}
	return fmt.Sprintf("To be compiled next, by what their own code costs under the profiler: %s. %s of the cost is in the interpreter's own library, %s in C or compiled already.",
		parts, unit.Share(x.Library.X), unit.Share(x.Native.X))
}

func proposed(ms []ProfileModule) string {
	var parts []string
	for _, m := range ms {
		if len(parts) == textModules || m.Share.X < leastModule {
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%s; %s times as fast at most)", m.Module, unit.Share(m.Share.X), m.AtMost.in("")))
	}
	return enumerate(parts)
}

// lines says what changed between two profiles.
func (d *ProfileDifference) lines(p *page, top int) {
	what := "samples"
	if d.Counted {
		what = "calls"
	}
	amounts := fmt.Sprintf("%s → %s %s (%s)", d.Calls.Before.in(""), d.Calls.After.in(""), what, d.Calls.percent())
	if d.Unit != "count" || d.Total != d.Calls {
		amounts = fmt.Sprintf("%s → %s (%s), ", profile.Amount(d.Total.Before.X, d.Unit), profile.Amount(d.Total.After.X, d.Unit), d.Total.percent()) + amounts
	}
	p.paragraph("  ", fmt.Sprintf("Each %s: %s.", d.Per, amounts))
	for _, x := range d.Distortions[min(1, len(d.Distortions)):] {
		word := "good"
		if x.Metric == plan.ServerCPU {
			word = "cheap"
		}
		p.paragraph("  ", fmt.Sprintf("By %s it is %s times as %s%s without the profiler and looks %s times as %s%s with it.",
			metricName(x.Metric), x.Plain.Ratio.in(""), word, x.Plain.interval(), x.Profiled.Ratio.in(""), word, x.Profiled.interval()))
	}
	if d.Untested != "" {
		p.paragraph("  ", capital("Not tested: "+d.Untested+"."))
	}
	p.columns([]align{right, right, right, left, left, left}, d.rows(top))
	if s := proposed(d.Next); s != "" && len(d.Gone) > 0 {
		p.paragraph("  ", fmt.Sprintf("%s %s no longer seen. To be compiled next, by what their own code cost before: %s.", enumerate(d.Gone), isAre(len(d.Gone)), s))
	}
	for _, a := range d.Absorbed[:min(textAbsorbed, len(d.Absorbed))] {
		p.paragraph("  ", d.absorbed(a))
	}
}

func (s ProfileSides) percent() string {
	if !s.Change.Known() {
		return "from nothing"
	}
	return strings.Replace(fmt.Sprintf("%+.1f %%", 100*(s.Change.X-1)), "-", "−", 1)
}

// rows are the functions that changed most, those whose change is not shown
// marked.
func (d *ProfileDifference) rows(top int) [][]string {
	rows := [][]string{{"before", "after", "change", "", "", "function"}}
	for _, f := range d.Functions[:min(top, len(d.Functions))] {
		state := string(f.State)
		if f.State == profile.Stayed {
			state = ""
		}
		mark := "not shown"
		switch {
		case f.Shown:
			mark = "shown"
		case d.Untested != "":
			mark = ""
		}
		rows = append(rows, []string{d.amount(f.Before), d.amount(f.After), d.change(f.Change), mark, state, shortFunction(f.Function())})
	}
	return rows
}

func (d *ProfileDifference) amount(x Number) string {
	if !x.Known() {
		return "–"
	}
	return profile.Amount(x.X, d.Unit)
}

func (d *ProfileDifference) change(x Number) string {
	switch {
	case !x.Known():
		return "–"
	case x.X < 0:
		return "−" + profile.Amount(-x.X, d.Unit)
	}
	return "+" + profile.Amount(x.X, d.Unit)
}

func (d *ProfileDifference) absorbed(a ProfileAbsorption) string {
	var into []string
	for _, g := range a.Into[:min(textAbsorbed, len(a.Into))] {
		into = append(into, fmt.Sprintf("%s (%s)", g.short, d.change(g.Grew)))
	}
	return fmt.Sprintf("%s cost %s itself and is gone: now in %s.", a.short, d.amount(a.Had), enumerate(into))
}

// Name returns how the variant is called.
func (x *Profiled) Name() string { return x.name() }

// Text writes one profile, sorted as asked: top rows of it (0: all).
func (x *Profiled) Text(w io.Writer, r *Report, o profile.Order, top int) error {
	p := newPage(TextOptions{Width: wide})
	p.paragraph("", x.heading(r))
	p.line("")
	table := TableOf(x.sum, o, top)
	p.columns(tableAligns, table.rows(len(table.Functions)))
	if s := x.Proposal(); s != "" {
		p.line("")
		p.paragraph("", s)
	}
	for _, s := range x.Says {
		p.paragraph("", s)
	}
	return p.flush(w)
}

// ListProfiles writes which profiles there are, and what it cost to take them.
func (r *Report) ListProfiles(w io.Writer, width int) error {
	p := newPage(TextOptions{Width: width})
	for _, x := range r.Profiles {
		p.paragraph("", x.heading(r))
		for _, f := range x.Files {
			p.line("  " + f)
		}
	}
	return p.flush(w)
}

// ProfilesJSON writes all profiles as report.json has them.
func (r *Report) ProfilesJSON(w io.Writer) error { return writeJSON(w, r.Profiles) }

// DifferenceOf returns what the report says of two of its profiles; nil if it does
// not compare them.
func (r *Report) DifferenceOf(a, b *Profiled) *ProfileDifference {
	for _, d := range r.ProfileDifferences {
		if d.A.name() == a.name() && d.B.name() == b.name() && d.By == a.By && settingName(r.factors, d.Factors) == settingName(r.factors, a.Factors) {
			return d
		}
	}
	return nil
}

// Text writes what changed between two profiles: top rows of it (0: all).
func (d *ProfileDifference) Text(w io.Writer, top int) error {
	p := newPage(TextOptions{Width: wide})
	if d.Answer != "" {
		p.paragraph("", d.Answer)
		p.line("")
	}
	if top <= 0 {
		top = len(d.Functions)
	}
	d.lines(p, top)
	for _, s := range d.Says {
		p.paragraph("", s)
	}
	return p.flush(w)
}
