package profile

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"webdyno/internal/unit"
)

// mostMoved is how many functions a difference names at the head of its answer.
const mostMoved = 3

// Text writes a difference for people: what changed in all, which functions went
// and came, who took over what they did, then the rows that changed most, at most
// top of them (0: all).
func (d *Difference) Text(w io.Writer, top int) error {
	b := bufio.NewWriter(w)
	for _, s := range d.Sentences() {
		fmt.Fprintf(b, "  %s\n", s)
	}
	d.group(b, "Vanished", top, Vanished)
	d.group(b, "No longer listed: gone, or below the rows that the second listing shows", top, Unlisted)
	d.group(b, "New", top, Appeared)
	d.group(b, "Not listed before: new, or below the rows that the first listing shows", top, Unseen)
	if len(d.Absorbed) > 0 {
		fmt.Fprintf(b, "\nTaken over by callers\n")
		for _, a := range cut(d.Absorbed, top) {
			fmt.Fprintf(b, "  %s, %s itself: now in %s\n", a.Function, d.amount(a.Had), d.gains(a.Into))
		}
	}
	d.group(b, "Changed", top, Stayed)
	if len(d.Says) > 0 {
		fmt.Fprintln(b)
	}
	for _, s := range d.Says {
		fmt.Fprintf(b, "  %s\n", s)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write difference: %w", err)
	}
	return nil
}

func cut[T any](all []T, top int) []T {
	if top > 0 {
		return all[:min(top, len(all))]
	}
	return all
}

// Sentences says what changed in all: as the profiles stand, and, where
// requests are known, for each of them.
func (d *Difference) Sentences() []string {
	what := "samples"
	if d.Before.Deterministic {
		what = "calls"
	}
	before, after := d.Before, d.After
	says := []string{fmt.Sprintf("%s → %s %s (%s), %s → %s (%s).",
		exact(before.Calls), exact(after.Calls), what, percent(float64(before.Calls), float64(after.Calls)),
		before.whole(), after.whole(), percent(float64(before.Total), float64(after.Total)))}
	if d.PerRequest {
		says = append(says, fmt.Sprintf("Per request, over %s and %s of them: %s → %s %s, %s → %s (%s).",
			unit.Count(int64(d.RequestsBefore)), unit.Count(int64(d.RequestsAfter)),
			unit.Number(d.CallsBefore), unit.Number(d.CallsAfter), what,
			d.amount(d.TotalBefore), d.amount(d.TotalAfter), percent(d.TotalBefore, d.TotalAfter)))
	}
	if s := d.named("less", func(x Delta) bool { return x.Change() < 0 }); s != "" {
		says = append(says, s)
	}
	if s := d.named("more", func(x Delta) bool { return x.Change() > 0 }); s != "" {
		says = append(says, s)
	}
	if before.Deterministic {
		says = append(says, "This is time under the profiler. What the change gains without it, only plain timing tells, and there is none here.")
	}
	return says
}

// named names the functions that changed most in one direction.
func (d *Difference) named(word string, in func(Delta) bool) string {
	var parts []string
	for _, x := range d.Deltas {
		if len(parts) == mostMoved {
			break
		}
		switch {
		case !in(x) || x.Name == notListed || x.State == Unseen: // before, it may have been as much
		case x.State == Unlisted:
			parts = append(parts, fmt.Sprintf("%s (was %s)", x.Function, d.amount(x.SelfBefore)))
		default:
			parts = append(parts, fmt.Sprintf("%s (%s)", x.Function, signed(x.Change(), d.amount)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Most of what is %s: %s.", word, strings.Join(parts, ", "))
}

func (d *Difference) group(b *bufio.Writer, title string, top int, s State) {
	var rows []Delta
	for _, x := range d.Deltas {
		if x.State == s {
			rows = append(rows, x)
		}
	}
	if len(rows) == 0 {
		return
	}
	each := ""
	if d.PerRequest {
		each = ", per request"
	}
	fmt.Fprintf(b, "\n%s%s\n", title, each)
	fmt.Fprintf(b, "  %10s %10s %10s  %10s %10s  function\n", "before", "after", "change", "calls", "calls")
	shown := cut(rows, top)
	for _, x := range shown {
		fmt.Fprintf(b, "  %10s %10s %10s  %10s %10s  %s\n", d.side(x.Before, x.SelfBefore), d.side(x.After, x.SelfAfter),
			signed(x.Change(), d.amount), callsOf(x.CallsBefore, x.Before), callsOf(x.CallsAfter, x.After), x.Function)
	}
	if n := len(rows) - len(shown); n > 0 {
		fmt.Fprintf(b, "  … and %d more\n", n)
	}
}

func (d *Difference) side(r *Row, x float64) string {
	if r == nil {
		return "–"
	}
	return d.amount(x)
}

func callsOf(n float64, r *Row) string {
	if r == nil || math.IsNaN(n) {
		return "–"
	}
	return unit.Number(n)
}

func (d *Difference) gains(gs []Gain) string {
	var parts []string
	for _, g := range cut(gs, mostMoved) {
		parts = append(parts, fmt.Sprintf("%s (%s)", g.Function, signed(g.Grew, d.amount)))
	}
	return strings.Join(parts, ", ")
}

// amount writes a weight: a time, or a number of whatever it is.
func (d *Difference) amount(x float64) string { return weightText(x, d.Unit) }

func weightText(x float64, of string) string { return Amount(x, of) }

// Amount writes a weight in a table's unit: a time, or a number of whatever it is.
func Amount(x float64, of string) string {
	if of != "nanoseconds" {
		return unit.Number(x)
	}
	if x < 0 {
		return "-" + Amount(-x, of)
	}
	switch {
	case x >= 1e9:
		return unit.Number(x/1e9) + " s"
	case x >= 1e6:
		return unit.Number(x/1e6) + " ms"
	case x >= 1e3:
		return unit.Number(x/1e3) + " us"
	}
	return unit.Number(x) + " ns"
}

// exact writes a count in full: 1,297,716.
func exact(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// whole writes all weight with the three decimals that profilers print.
func (t Table) whole() string {
	if t.timed() {
		return fmt.Sprintf("%.3f s", float64(t.Total)/1e9)
	}
	return fmt.Sprintf("%s %s", exact(t.Total), t.Unit)
}

func signed(x float64, text func(float64) string) string {
	if x > 0 {
		return "+" + text(x)
	}
	return strings.Replace(text(x), "-", "−", 1)
}

func percent(before, after float64) string {
	if before == 0 {
		return "from nothing"
	}
	p := 100 * (after/before - 1)
	return strings.Replace(fmt.Sprintf("%+.1f %%", p), "-", "−", 1)
}

// CallersText writes who called each of the first top functions, and what for.
func (t Table) CallersText(w io.Writer, o Order, top int) error {
	b := bufio.NewWriter(w)
	rows := slices.Clone(t.Rows)
	slices.SortFunc(rows, o.compare)
	for _, r := range cut(rows, top) {
		fmt.Fprintf(b, "%s, %s itself\n", r.Function, weightText(float64(r.Self), t.Unit))
		callers := r.Callers()
		if len(callers) == 0 {
			fmt.Fprintf(b, "    no caller is known\n")
		}
		for _, c := range callers {
			calls := ""
			if c.Calls != Unknown {
				calls = fmt.Sprintf("%10s calls", unit.Count(c.Calls))
			}
			fmt.Fprintf(b, "    %s %10s itself  %s\n", calls, weightText(float64(c.Self), t.Unit), c.Function)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write callers: %w", err)
	}
	return nil
}

// Lasted returns how long a profile was taken; 0 if it does not say.
func (p *Profile) Lasted() time.Duration { return time.Duration(cmp.Or(p.Data.DurationNanos, 0)) }

// PerRequest says what a request costs, if the profile stands for so many.
func (t Table) PerRequest(requests float64) string {
	what := "samples"
	if t.Deterministic {
		what = "calls"
	}
	return fmt.Sprintf("Per request, over %s of them: %s, %s %s.", unit.Count(int64(requests)),
		weightText(float64(t.Total)/requests, t.Unit), unit.Number(float64(t.Calls)/requests), what)
}
