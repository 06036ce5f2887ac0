package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"webdyno/internal/unit"
)

// words fills in what a page says outside its pictures.
func (b *detailer) words() {
	r, d := b.r, b.d
	for _, o := range r.Objectives {
		d.Objectives = append(d.Objectives, fmt.Sprintf("%s%s: %s (%s)", o.name(), space(phrase(r.factors, o.Factors)), o.Text, plural(o.N, "round")))
	}
	d.Falls = r.fallLines()
	d.Failed = folded(failedLines(r.Failed))
	d.Invalid = folded(invalidLines(r.Invalid))
	b.terms()
	b.method()
	b.machine()
}

func (b *detailer) terms() {
	if len(b.r.Terms) == 0 {
		return
	}
	b.d.Terms = [][]string{{"", "head, bytes", "body, bytes", "framing", "HTTP", "connections kept", "lacks", "processes", "threads", "backlog"}}
	for i := range b.r.Terms {
		w := &b.r.Terms[i]
		line := []string{w.name(), "–", "–", "–", "–", w.keptText(), "", dash(w.Processes), dash(w.Threads), dash(int(w.Backlog))}
		if len(w.Answers) > 0 {
			a := w.Answers[0]
			line[1], line[2], line[3], line[4] = fmt.Sprint(a.Head), fmt.Sprint(a.Body), string(a.Framing), a.Version
			var missing []string
			for _, f := range []string{"Date", "Server"} {
				if lacks(a, f) {
					missing = append(missing, f)
				}
			}
			line[6] = strings.Join(missing, ", ")
		}
		b.d.Terms = append(b.d.Terms, line)
	}
}

// method says how it was measured, in the words of the text form.
func (b *detailer) method() {
	m := &b.r.Method
	say := func(what, text string) {
		if text != "" {
			b.d.Method = append(b.d.Method, Pair{what, text})
		}
	}
	say("Measured", m.short())
	say("Ended", m.Ended)
	say("CPUs", m.CPUs)
	if m.EngineCPU.Known() {
		s := fmt.Sprintf("%s, %s; used %s of its CPUs, at most %s", m.Backend, plural(m.Loops, "loop"), unit.Share(m.EngineCPU.X), unit.Share(m.BusiestCPU.X))
		if m.LagP99.Known() {
			s += "; its own lag was " + m.LagP99.in("us") + " at p99"
		}
		say("Engine", s)
	}
	for i := range m.Services {
		say("Service "+m.Services[i].Name, paragraphs(m.Services[i].lines, "Service "+m.Services[i].Name+": "))
	}
	for i := range m.Tested {
		say(m.Tested[i].name(), paragraphs(m.Tested[i].lines, "Under test, "+m.Tested[i].name()+": "))
	}
	say("Figures", m.Interval)
	say("Verdicts", fmt.Sprintf("ratios inside blocks, one per round, exact signed-rank test, adjusted over the pairs of a setting (Holm); equivalent within %s", unit.Share(m.Margin)))
	say("Preset", m.Preset)
	say("Seed", fmt.Sprint(m.Seed))
	say("webdyno", m.Webdyno)
	if !m.Began.IsZero() {
		say("Began", m.Began.Format("2006-01-02 15:04 UTC"))
	}
}

// paragraphs returns what is written to a page of any width as one text, without
// the words that it begins with.
func paragraphs(write func(*page), without string) string {
	p := newPage(TextOptions{Width: 1 << 20})
	write(p)
	var b strings.Builder
	if p.flush(&b) != nil {
		return ""
	}
	return strings.TrimPrefix(strings.Join(strings.Fields(b.String()), " "), without)
}

func (b *detailer) machine() {
	if b.t.setup == nil {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(b.t.setup.Facts)) {
		if v := b.t.setup.Facts[k]; v != "" && v != "unavailable" && utf8.ValidString(v) {
			b.d.Machine = append(b.d.Machine, Pair{k, v})
		}
	}
}
