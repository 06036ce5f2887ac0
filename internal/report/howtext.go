package report

import (
	"fmt"
	"strings"

	"webdyno/internal/unit"
)

func (m Method) short() string {
	s := plural(m.Rounds, "round") + ", " + plural(m.Trials, "trial")
	if m.Measured {
		return s + ", each one run of a command that measures itself."
	}
	if m.Window != "" {
		s += " of " + m.Window
	}
	if m.Load != "" {
		s += ", " + m.Load
	}
	return s + "."
}

// lines says how it was measured.
func (m Method) lines(p *page) {
	p.title("How it was measured")
	p.paragraph("  ", m.short())
	if m.Ended != "" {
		p.paragraph("  ", capitalized(m.Ended)+".")
	}
	if m.CPUs != "" {
		p.paragraph("  ", "CPUs: "+m.CPUs+".")
	}
	for _, s := range []string{modeText(m.Mode), m.BestBlocks.text()} {
		if s != "" {
			p.paragraph("  ", s)
		}
	}
	if m.EngineCPU.Known() {
		s := fmt.Sprintf("The engine (%s, %s) used %s of its CPUs, at most %s",
			m.Backend, plural(m.Loops, "loop"), unit.Share(m.EngineCPU.X), unit.Share(m.BusiestCPU.X))
		if m.LagP99.Known() {
			s += "; its own lag was " + m.LagP99.in("us") + " at p99"
		}
		p.paragraph("  ", s+".")
	}
	for i := range m.Services {
		m.Services[i].lines(p)
	}
	for i := range m.Tested {
		m.Tested[i].lines(p)
	}
	p.paragraph("  ", "Figures: "+m.Interval+".")
	p.paragraph("  ", fmt.Sprintf("Verdicts: ratios inside blocks, one per round, exact signed-rank test, adjusted over the pairs of a setting (Holm); equivalent within %s.", unit.Share(m.Margin)))
	if s := m.globalLine(); s != "" {
		p.paragraph("  ", s)
	}
	var origin []string
	for _, s := range []string{m.Machine, m.Webdyno} {
		if s != "" {
			origin = append(origin, s)
		}
	}
	origin = append(origin, fmt.Sprintf("seed %d", m.Seed))
	if !m.Began.IsZero() {
		origin = append(origin, m.Began.Format("2006-01-02 15:04 UTC"))
	}
	p.paragraph("  ", strings.Join(origin, "; ")+".")
}
