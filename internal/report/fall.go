package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/unit"
)

// A Fall is that a subject ended under a load: no fault of the measuring, but a
// result.
type Fall struct {
	Who
	Factors Factors    `json:"factors"`
	How     string     `json:"how"`     // "exited with status 139"
	Times   int        `json:"times"`   // of the tries: those that ended so
	Tries   int        `json:"tries"`   // trials that put this load on it
	After   [2]float64 `json:"after_s"` // of load: the least and the most, in s; zeros if it is not known
	Rounds  []int      `json:"rounds"`
	Last    []string   `json:"last,omitempty"` // its last lines, the first time
}

// fell tells whether the subject ended while it was under load.
func (t *trial) fell() bool {
	return t.tried && t.Failure != nil && t.Failure.Kind == evidence.Died
}

// unmeasured tells whether a trial did not take place because the subject had
// fallen before.
func (t *trial) unmeasured() bool {
	return !t.tried && t.Failure != nil && t.Failure.Kind == evidence.Died && t.Failure.Exit != ""
}

// falls gathers the ends of each variant at each setting.
func (t *table) falls() []Fall {
	var all []Fall
	for _, v := range t.variants {
		for _, s := range t.settings {
			all = append(all, t.fallsAt(v, s)...)
		}
	}
	return all
}

func (t *table) fallsAt(v *variant, s *setting) []Fall {
	var found []Fall
	tries := t.tries[place{v.index, s.index}]
	for _, tr := range tries {
		if !tr.fell() {
			continue
		}
		how := cmp.Or(tr.Failure.Exit, tr.Failure.Text)
		i := slices.IndexFunc(found, func(f Fall) bool { return f.How == how })
		if i < 0 {
			i = len(found)
			found = append(found, Fall{Who: v.Who, Factors: s.factors, How: how, Tries: len(tries), Last: tr.Failure.Last})
		}
		found[i].book(tr)
	}
	return found
}

func (f *Fall) book(tr *trial) {
	after := tidy(tr.Failure.After.Seconds())
	if f.Times++; f.Times == 1 {
		f.After = [2]float64{after, after}
	}
	f.After = [2]float64{min(f.After[0], after), max(f.After[1], after)}
	if !slices.Contains(f.Rounds, tr.Trial.Round) {
		f.Rounds = append(f.Rounds, tr.Trial.Round)
	}
}

// sentence tells a fall: "tornado fell at 660/s: exited with status 139 after 3.9
// to 5.1 s of load, in 3 of 5 tries; its last words: …".
func (f *Fall) sentence(factorNames []string, rateFactor string) string {
	s := f.name() + " fell" + f.where(factorNames, rateFactor) + ": " + f.How
	switch lo, hi := unit.Number(f.After[0]), unit.Number(f.After[1]); {
	case f.After[1] == 0:
	case lo == hi:
		s += " after " + hi + " s of load"
	default:
		s += " after " + lo + " to " + hi + " s of load"
	}
	s += fmt.Sprintf(", in %d of %s", f.Times, tries(f.Tries))
	if words := f.words(); words != "" {
		s += "; its last words: " + words
	}
	return strings.TrimRight(s, ".") + "."
}

// where says at which rate and setting: " at 660/s, per_connection = 1".
func (f *Fall) where(factorNames []string, rateFactor string) string {
	rest := slices.DeleteFunc(slices.Clone(factorNames), func(n string) bool { return n == rateFactor })
	at := space(phrase(rest, f.Factors))
	if l, ok := f.Factors[rateFactor]; ok {
		at = " at " + l.String() + "/s"
		if others := settingName(rest, f.Factors); others != "" {
			at += ", " + others
		}
	}
	return at
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// words are the last line that names a cause, or else the last that says
// anything: behind the cause a Go program prints registers, and Node its version.
func (f *Fall) words() string {
	const longest = 120
	last := ""
	for _, l := range slices.Backward(f.Last) {
		l = strings.TrimSpace(printable(l))
		if namesCause(l) {
			return shorten(l, longest)
		}
		if last == "" {
			last = l
		}
	}
	return shorten(last, longest)
}

// namesCause tells whether a line looks like what a program says of its end.
func namesCause(line string) bool {
	line = strings.ToLower(line)
	return slices.ContainsFunc([]string{"panic", "error", "exception", "fatal", "sigsegv", "sigabrt", "segmentation", "overflow", "out of memory", "killed"},
		func(sign string) bool { return strings.Contains(line, sign) })
}

// likewise tells whether two falls are the same at another rate.
func (r *Report) likewise(a, b *Fall) bool {
	rest := slices.DeleteFunc(slices.Clone(r.factors), func(n string) bool { return n == r.rateFactor })
	return r.rateFactor != "" && a.name() == b.name() && a.How == b.How &&
		settingName(rest, a.Factors) == settingName(rest, b.Factors)
}

// fallLines tells the falls: those of one variant that ended alike in one
// sentence, about the lowest rate, and at which others.
func (r *Report) fallLines() []string {
	var all []string
	for i := 0; i < len(r.Falls); {
		f := &r.Falls[i]
		var where []string
		times, of := 0, 0
		j := i + 1
		for ; j < len(r.Falls) && r.likewise(f, &r.Falls[j]); j++ {
			o := &r.Falls[j]
			where = append(where, o.Factors[r.rateFactor].String()+"/s")
			times, of = times+o.Times, of+o.Tries
		}
		s := f.sentence(r.factors, r.rateFactor)
		if len(where) > 0 {
			s += fmt.Sprintf(" Likewise at %s: in %d of %s.", list(where), times, tries(of))
		}
		all = append(all, s)
		i = j
	}
	return all
}

// mostFalls is how many sentences about falls an answer has.
const mostFalls = 2

// fallSentences are those of an answer.
func (r *Report) fallSentences() []string {
	all := r.fallLines()
	if more := len(all) - mostFalls; more > 0 {
		all = append(all[:mostFalls], fmt.Sprintf("Others fell too: %d more, told below.", more))
	}
	return all
}
