package report

import (
	"fmt"
	"strings"
)

// troubles writes what is in no figure: what could not be run, what failed, what
// was invalid.
func (r *Report) troubles(p *page, short bool) {
	if len(r.Skipped) > 0 {
		p.title("Skipped")
		for _, s := range r.Skipped {
			text := s.name() + ": " + s.Reason
			if s.Hint != "" {
				text += "; mend it with: " + s.Hint
			}
			p.paragraph("  ", text)
		}
	}
	if len(r.Failed) > 0 {
		p.title("Failed")
		for _, line := range r.fallLines() {
			p.paragraph("  ", line)
		}
		for _, line := range folded(failedLines(r.Failed)) {
			p.paragraph("  ", line)
		}
		if !short {
			lastWords(p, r.Failed)
		}
	}
	if len(r.Invalid) > 0 {
		p.title("Invalid trials, in no figure")
		for _, line := range folded(invalidLines(r.Invalid)) {
			p.paragraph("  ", line)
		}
		if s := r.removalText(); s != "" && !short {
			p.paragraph("  ", s)
		}
	}
}

// An entry is a trial's trouble: who, in which round, what.
type entry struct {
	who, what string
	round     int
}

func failedLines(all []Failed) (es []entry) {
	for _, f := range all {
		if f.told {
			continue
		}
		es = append(es, entry{f.name(), f.What, f.Round})
	}
	return es
}

func invalidLines(all []Invalid) (es []entry) {
	for _, v := range all {
		es = append(es, entry{v.name(), v.Why + v.again(), v.Round})
	}
	return es
}

// folded joins entries that say the same of the same subject, with the rounds.
func folded(entries []entry) []string {
	type key struct{ who, what string }
	rounds := map[key][]string{}
	var order []key
	for _, e := range entries {
		k := key{e.who, e.what}
		if rounds[k] == nil {
			order = append(order, k)
		}
		rounds[k] = appendNew(rounds[k], fmt.Sprint(e.round))
	}
	var lines []string
	for _, k := range order {
		word := "round"
		if len(rounds[k]) > 1 {
			word = "rounds"
		}
		lines = append(lines, fmt.Sprintf("%s, %s %s: %s", k.who, word, list(rounds[k]), k.what))
	}
	return lines
}

// lastWords writes what the first trial that failed left on its output.
func lastWords(p *page, all []Failed) {
	for _, f := range all {
		if len(f.Last) == 0 {
			continue
		}
		p.line("  Last lines of " + f.name() + ", round " + fmt.Sprint(f.Round) + ":")
		for _, l := range f.Last {
			p.line("    | " + shorten(printable(l), p.width-6))
		}
		return
	}
}

// printable replaces what could move the reader's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
