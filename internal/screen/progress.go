// Package screen is what a person sees while a plan is carried out. It watches
// events and draws; it takes no part in the measuring.
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
)

// Progress tells, in one line that it rewrites, what is under way, how far the
// run has come and how long it will still take. What goes wrong gets a line of
// its own, which stays.
//
// Where the output is no terminal, only the lines that stay are written.
type Progress struct {
	Out      io.Writer
	Terminal bool
	Width    int // of the terminal; 80 if zero
	Rounds   int // the most there may be
	Expected time.Duration
	Now      func() time.Time // time.Now if nil

	began  time.Time
	round  int
	trials int // of this round, still to do when it began
	done   int // of them
	ended  int // trials of all rounds
	line   string
}

// Observe takes in one event.
func (p *Progress) Observe(e lab.Event) {
	if p.began.IsZero() {
		p.began = p.now()
	}
	switch e := e.(type) {
	case lab.RoundStarted:
		p.round, p.trials, p.done = e.Round, e.Trials, 0
		p.show("starting")
	case lab.ServiceStarting:
		p.show("starting service " + e.Name)
	case lab.ServiceFailed:
		p.stay(fmt.Sprintf("in round %d: %s", p.round, e.Failure.Text))
	case lab.SubjectStarting:
		p.show("starting " + e.Name)
	case lab.SubjectReady:
		p.show(fmt.Sprintf("%s is warm", e.Name))
	case lab.SubjectFailed:
		p.stay(fmt.Sprintf("%s in round %d: %s", e.Name, p.round, e.Failure.Text))
	case lab.TrialStarted:
		p.show(trialName(e.Trial))
	case lab.TrialDone:
		p.done++
		p.ended++
	case lab.PrecisionReached:
		p.stay(fmt.Sprintf("precise enough after %s: every interval within %.3g %%", rounds(e.Rounds), e.Until*100))
	case lab.BudgetSpent:
		p.stay(fmt.Sprintf("the budget of %v is spent: round %d is not begun", e.Budget, e.Round))
	case lab.Finished:
		p.Clear()
	}
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

// Clear takes the line away, so that something else can be written.
func (p *Progress) Clear() {
	if p.Terminal && p.line != "" {
		fmt.Fprint(p.Out, "\r\x1b[K")
		p.line = ""
	}
}

func (p *Progress) show(what string) {
	if !p.Terminal {
		return
	}
	width := p.Width
	if width <= 0 {
		width = 80
	}
	line := []rune(fmt.Sprintf("round %d of %d · %s%s", p.round, p.Rounds, what, p.left()))
	if len(line) >= width {
		line = append(line[:max(width-2, 0)], '…')
	}
	p.line = string(line)
	fmt.Fprintf(p.Out, "\r\x1b[K%s", p.line)
}

func (p *Progress) stay(text string) {
	p.Clear()
	fmt.Fprintln(p.Out, text)
}

// left estimates the time that is left: from the plan's own estimate at first,
// from what the rounds took once there has been one.
func (p *Progress) left() string {
	passed := p.now().Sub(p.began)
	total := p.Expected
	if share := p.share(); p.round > 1 && share > 0 {
		total = time.Duration(float64(passed) / share)
	}
	if total <= passed {
		return ""
	}
	return " · " + short(total-passed) + " left"
}

// share is how much of the run is done, from 0 to 1, if no round is left out.
func (p *Progress) share() float64 {
	if p.Rounds == 0 {
		return 0
	}
	inRound := 0.0
	if p.trials > 0 {
		inRound = float64(p.done) / float64(p.trials)
	}
	return (float64(p.round-1) + inRound) / float64(p.Rounds)
}

func (p *Progress) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
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
