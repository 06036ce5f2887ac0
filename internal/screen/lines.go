package screen

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// Lines tells of a run where there is no terminal to draw on: a line for each
// round with where the subjects stand, and one for whatever goes wrong.
type Lines struct {
	Out     io.Writer
	Rounds  int              // the most there may be
	Running *report.Running  // where measurements are held against each other
	Now     func() time.Time // time.Now if nil

	began time.Time
	round int
}

// Observe takes in one event.
func (p *Lines) Observe(e lab.Event) {
	if p.began.IsZero() {
		p.began = p.now()
	}
	switch e := e.(type) {
	case lab.RoundStarted:
		p.round = e.Round
	case lab.ServiceFailed:
		p.say("in round %d: %s", p.round, e.Failure.Text)
	case lab.SubjectFailed:
		p.say("%s in round %d: %s", e.Name, p.round, e.Failure.Text)
	case lab.SubjectSkipped:
		p.say("%s in round %d: skipped by hand", e.Name, p.round)
	case lab.TrialDone:
		p.take(e.Measurement)
	case lab.RoundDone:
		p.say("%s", p.standing())
	case lab.PrecisionReached:
		p.say("precise enough after %s: every interval within %.3g %%", rounds(e.Rounds), e.Until*100)
	case lab.BudgetSpent:
		p.say("the budget of %v is spent: round %d is not begun", e.Budget, e.Round)
	}
}

func (p *Lines) say(format string, args ...any) { fmt.Fprintf(p.Out, format+"\n", args...) }

func (p *Lines) take(x *evidence.Measurement) {
	g, err := p.Running.Take(x)
	if err != nil {
		p.say("%s in round %d: %v", trialName(x.Trial), p.round, err)
		return
	}
	if why := invalid(x, g); why != "" {
		p.say("%s in round %d: invalid: %s", trialName(x.Trial), p.round, why)
	}
}

// standing is the line of a round: every subject's figure, the best first; or,
// where there are several settings, how often each is first.
func (p *Lines) standing() string {
	head := fmt.Sprintf("round %d of %d, %s", p.round, p.Rounds, short(p.now().Sub(p.began)))
	if found := p.Running.Capacities(); len(found) > 0 {
		return head + ": " + foundText(found)
	}
	rows := slices.DeleteFunc(p.Running.Standings(), func(r report.Row) bool { return !r.Value.Known() })
	if len(rows) == 0 {
		return head + ": nothing was measured"
	}
	settings := slices.Compact(settingsOf(rows))
	var parts []string
	if len(settings) == 1 {
		for _, r := range rows {
			parts = append(parts, strings.TrimSpace(r.Name()+" "+r.Shown()+" "+widthText(r)))
		}
		return head + ": " + strings.Join(parts, ", ")
	}
	for name, n := range firsts(rows) {
		parts = append(parts, fmt.Sprintf("%s at %d", name, n))
	}
	slices.Sort(parts)
	return fmt.Sprintf("%s: best of %d settings: %s%s", head, len(settings), strings.Join(parts, ", "), widest(rows))
}

// foundText is what a search has found so far, each subject's capacity at each
// goal.
func foundText(found []report.Capacity) string {
	var parts []string
	for i := range found {
		parts = append(parts, found[i].Found())
	}
	return strings.Join(parts, ", ")
}

func settingsOf(rows []report.Row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Setting())
	}
	return all
}

// firsts counts at how many settings each subject is first; rows are in the order
// of settings, the best of each first.
func firsts(rows []report.Row) map[string]int {
	n := map[string]int{}
	for i, r := range rows {
		if i == 0 || r.Setting() != rows[i-1].Setting() {
			n[r.Name()]++
		}
	}
	return n
}

// widest says how wide the widest interval is, where all have one.
func widest(rows []report.Row) string {
	most := 0.0
	var of report.Row
	for _, r := range rows {
		w, ok := r.HalfWidth()
		if !ok {
			return ""
		}
		if w > most {
			most, of = w, r
		}
	}
	if most == 0 {
		return ""
	}
	return "; widest interval " + widthText(of)
}

func (p *Lines) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

// short prints a time as people say it: to the second below two minutes, to
// the minute above.
func short(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
}

func trialName(t evidence.Trial) string {
	parts := []string{t.Subject}
	for _, k := range slices.Sorted(maps.Keys(t.Variant)) {
		parts = append(parts, k+"="+t.Variant[k])
	}
	return strings.Join(append(parts, levels(t.Factors)...), " ")
}

func levels(f map[string]plan.Level) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(f)) {
		out = append(out, k+"="+f[k].String())
	}
	return out
}
