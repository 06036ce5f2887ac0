package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/unit"
)

// Terms are on what terms a variant worked: what its answers were made of, and
// with how many processes. Subjects that are compared should have them alike, or
// the reader be told.
type Terms struct {
	Who
	Answers   []evidence.Answer `json:"answers,omitempty"`   // one of each shape, sizes aside
	Backlog   uint32            `json:"backlog,omitempty"`   // connections that may wait to be accepted
	Processes int               `json:"processes,omitempty"` // at the end of a window: the most there were
	Threads   int               `json:"threads,omitempty"`   // likewise, of all processes

	// Where the load keeps connections: how many answers there were to each, over
	// all such trials, and whether the server ended it after every answer.
	PerConnection Number `json:"answers_per_connection"`
	Closes        bool   `json:"closes,omitempty"`

	bound bool
}

// terms are what is kept of a trial for Terms.
type terms struct {
	answers            []evidence.Answer
	backlog            uint32
	processes, threads int

	answered, opened, closedByServer uint64
}

func termsOf(m *evidence.Measurement) terms {
	var w terms
	if m.Start != nil {
		w.answers, w.backlog = m.Start.Answers, m.Start.Backlog
	}
	if m.Server != nil {
		w.processes, w.threads = m.Server.Processes, m.Server.Threads
	}
	if t := m.Tally; t != nil {
		c := t.Connections // which cover the warm-up too
		w.answered, w.opened, w.closedByServer = t.Outcomes[evidence.Answered]+t.WarmupRequests, c.Opened, c.ClosedByServer
	}
	return w
}

// allTerms lists the terms of every variant of which something is known.
func (t *table) allTerms() []Terms {
	var all []Terms
	for _, v := range t.variants {
		w := t.termsAmong(v)
		if len(w.Answers) > 0 || w.Backlog > 0 || w.Processes > 0 {
			all = append(all, w)
		}
	}
	return all
}

func (t *table) termsAmong(v *variant) Terms {
	w := Terms{Who: v.Who, bound: v.bound}
	var answered, opened, closed uint64
	for _, tr := range t.trials {
		if tr.variant != v || !tr.sound() {
			continue
		}
		for _, a := range tr.answers {
			if !slices.ContainsFunc(w.Answers, func(o evidence.Answer) bool { return alike(a, o) }) {
				w.Answers = append(w.Answers, a)
			}
		}
		if b := tr.backlog; b > 0 && (w.Backlog == 0 || b < w.Backlog) {
			w.Backlog = b
		}
		w.Processes, w.Threads = max(w.Processes, tr.processes), max(w.Threads, tr.threads)
		if l := exactLoad(t.plan.Load, tr.setting.factors); l != nil && l.Usage().PerConnection != 1 {
			answered, opened, closed = answered+tr.answered, opened+tr.opened, closed+tr.closedByServer
		}
	}
	if opened > 0 && answered > 0 {
		w.PerConnection = exactly(float64(answered) / float64(opened))
		w.Closes = w.PerConnection.X < 1.5 && 2*closed > opened
	}
	return w
}

func alike(a, b evidence.Answer) bool {
	return a.Status == b.Status && a.Version == b.Version && a.Framing == b.Framing && a.Kept == b.Kept && slices.Equal(a.Headers, b.Headers)
}

func lacks(a evidence.Answer, field string) bool {
	return !slices.ContainsFunc(a.Headers, func(h string) bool { return strings.EqualFold(h, field) })
}

// farApart is the ratio from which on sizes count as different enough to tell.
const farApart = 2

// unequal notes where the terms of subjects that are compared differ. What makes
// a server do other work weighs more than how it writes its answers.
func unequal(all []Terms) []evidence.Note {
	compared := slices.DeleteFunc(slices.Clone(all), func(w Terms) bool { return w.bound })
	var notes []evidence.Note
	say := func(kind string, grade evidence.Grade, text string) {
		if text != "" {
			notes = append(notes, evidence.Note{Kind: kind, Grade: grade, Text: text})
		}
	}
	if closers := named(compared, func(w Terms) bool { return w.Closes }); len(closers) > 0 {
		text := list(closers) + " ended the connection after every answer, where the load would have kept it: a connection for each request was measured"
		if len(closers) < len(compared) {
			say("closes-connections", evidence.B, text+", and with the others none")
		} else {
			say("closes-connections", evidence.A, text)
		}
	}
	say("unequal-processes", evidence.B, differ("processes", compared, func(w Terms) string { return positive(w.Processes) }))
	say("unequal-framing", evidence.A, differ("answers are framed", compared, func(w Terms) string {
		return each(w, func(a evidence.Answer) string { return framed(a.Framing) })
	}))
	say("unequal-version", evidence.A, differ("answers are in HTTP", compared, func(w Terms) string {
		return each(w, func(a evidence.Answer) string { return a.Version })
	}))
	for _, field := range []string{"Date", "Server"} {
		without := named(compared, func(w Terms) bool {
			return slices.ContainsFunc(w.Answers, func(a evidence.Answer) bool { return lacks(a, field) })
		})
		if len(without) > 0 && (field == "Date" || len(without) < len(compared)) {
			say("no-"+strings.ToLower(field), evidence.A, "no "+field+" field in the answers of "+list(without))
		}
	}
	say("unequal-head", evidence.A, apart("heads of answers have", "B", compared, func(w Terms) int {
		if len(w.Answers) == 0 {
			return 0
		}
		return w.Answers[0].Head
	}))
	say("unequal-backlog", evidence.A, apart("connections that may wait to be accepted:", "", compared, func(w Terms) int { return int(w.Backlog) }))
	say("unequal-body", evidence.B, bodies(compared))
	return notes
}

// named returns the names of those that a rule picks.
func named(all []Terms, pick func(Terms) bool) []string {
	var names []string
	for _, w := range all {
		if pick(w) {
			names = append(names, w.name())
		}
	}
	return names
}

func positive(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func framed(f evidence.Framing) string {
	switch f {
	case evidence.ByLength:
		return "by Content-Length"
	case evidence.ByChunks:
		return "in chunks"
	case evidence.ByClose:
		return "by the connection's end"
	}
	return ""
}

// each joins what a variant's answers have, each once.
func each(w Terms, of func(evidence.Answer) string) string {
	var parts []string
	for _, a := range w.Answers {
		if s := of(a); s != "" {
			parts = appendNew(parts, s)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " and ")
}

// differ tells who has which value, where not all have the same: "processes: 1
// (go, node), 3 (gunicorn)".
func differ(what string, all []Terms, of func(Terms) string) string {
	by := map[string][]string{}
	for _, w := range all {
		if v := of(w); v != "" {
			by[v] = append(by[v], w.name())
		}
	}
	if len(by) < 2 {
		return ""
	}
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, v+" ("+list(by[v])+")")
	}
	return what + " " + strings.Join(parts, ", ")
}

// apart tells the least and the most of a size, where they are far apart.
func apart(what, u string, all []Terms, of func(Terms) int) string {
	known := slices.DeleteFunc(slices.Clone(all), func(w Terms) bool { return of(w) == 0 })
	if len(known) < 2 {
		return ""
	}
	by := func(a, b Terms) int { return of(a) - of(b) }
	least, most := slices.MinFunc(known, by), slices.MaxFunc(known, by)
	if of(most) < farApart*of(least) {
		return ""
	}
	return fmt.Sprintf("%s %s (%s) to %s (%s)", what, strings.TrimSpace(fmt.Sprint(of(least), " ", u)), least.name(),
		strings.TrimSpace(fmt.Sprint(of(most), " ", u)), most.name())
}

// bodies tells where the same question had answers of different length.
func bodies(all []Terms) string {
	sizes := map[string]map[int64][]string{}
	for _, w := range all {
		for _, a := range w.Answers {
			if sizes[a.Asked] == nil {
				sizes[a.Asked] = map[int64][]string{}
			}
			sizes[a.Asked][a.Body] = appendNew(sizes[a.Asked][a.Body], w.name())
		}
	}
	for _, asked := range slices.Sorted(maps.Keys(sizes)) {
		if len(sizes[asked]) < 2 {
			continue
		}
		var parts []string
		for _, n := range slices.Sorted(maps.Keys(sizes[asked])) {
			parts = append(parts, fmt.Sprintf("%s B (%s)", unit.Count(n), list(sizes[asked][n])))
		}
		return "bodies that answer " + asked + " have " + strings.Join(parts, ", ")
	}
	return ""
}

// termsTable lists the terms side by side.
func (r *Report) termsTable(p *page) {
	if len(r.Terms) == 0 {
		return
	}
	p.title("On what terms")
	const longest = 24
	rows := [][]string{{"", "head", "body", "framing", "HTTP", "kept", "lacks", "proc", "thr", "backlog"}}
	for _, w := range r.Terms {
		line := []string{shorten(w.name(), longest), "–", "–", "–", "–", w.keptText(), "", dash(w.Processes), dash(w.Threads), dash(int(w.Backlog))}
		if len(w.Answers) > 0 {
			a := w.Answers[0]
			line[1], line[2], line[3], line[4] = fmt.Sprint(a.Head), fmt.Sprint(a.Body), string(a.Framing), a.Version
			var missing []string
			for _, f := range []string{"Date", "Server"} {
				if lacks(a, f) {
					missing = append(missing, f)
				}
			}
			line[6] = strings.Join(missing, " ")
		}
		rows = append(rows, line)
	}
	p.columns([]align{left, right, right, left, left, left, left, right, right, right}, rows)
	p.paragraph("  ", "Head and body in bytes, of the first answer before any load; kept: what became of connections that the load would keep; processes and threads at the end of a window, the most there were.")
}

// keptText says what became of connections that the load would keep.
func (w *Terms) keptText() string {
	switch {
	case w.Closes:
		return "never"
	case w.PerConnection.Known():
		return "yes"
	case len(w.Answers) > 0 && !w.Answers[0].Kept:
		return "no" // it says so in its answer; the load did not ask
	}
	return "–"
}

func dash(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}
