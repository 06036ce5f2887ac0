package report

import (
	"fmt"
	"io"
)

// Text lays the changes out for a terminal: the answer first, then the rows that
// it rests on, then what else differs.
func (c *Changes) Text(w io.Writer, o TextOptions) error {
	p := newPage(o)
	p.title(c.Title + ": old and new")
	p.line("")
	for _, s := range c.Answer {
		p.paragraph("  ", s)
	}
	c.rowsText(p, "What is held", c.held())
	shown, others := c.remarkable()
	if len(shown) > 0 {
		c.rowsText(p, "What else changed, and decides nothing", shown)
	}
	if others > 0 {
		p.line("")
		p.paragraph("  ", fmt.Sprintf("%s of other metrics, none shown to have changed by more than its margin (--format json has them).", plural(others, "figure")))
	}
	c.apartText(p)
	c.differencesText(p)
	p.title("How it was compared")
	for _, s := range c.sides() {
		p.paragraph("  ", s)
	}
	p.paragraph("  ", c.standing())
	if err := p.flush(w); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	return nil
}

// changeLines writes what became of old builds into a report that has any.
func (r *Report) changeLines(p *page, short bool) {
	c := r.Changes
	if c == nil {
		return
	}
	c.rowsText(p, "From the old build to the new one", c.held())
	if shown, _ := c.remarkable(); len(shown) > 0 && !short {
		c.rowsText(p, "What else changed, and decides nothing", shown)
	}
}

func (c *Changes) rowsText(p *page, title string, rows []*Change) {
	if len(rows) == 0 {
		return
	}
	p.title(title)
	table := [][]string{{"", "", "before", "after", "change", "interval", "rounds", ""}}
	last := ""
	for _, x := range rows {
		if at := settingName(c.factors, x.Factors); at != last {
			table, last = append(table, []string{at}), at
		}
		table = append(table, []string{
			x.called(), string(x.Metric), x.Before.in(x.shown), x.After.in(x.shown),
			x.estimate(), x.by(), x.counts(), x.outcome(),
		})
	}
	p.columns([]align{left, left, right, right, right, left, right, left}, table)
}

// counts is the number of rounds behind a row.
func (x *Change) counts() string {
	if x.Paired || x.NBefore == x.NAfter {
		return fmt.Sprint(x.NAfter)
	}
	return fmt.Sprintf("%d/%d", x.NBefore, x.NAfter)
}

func (c *Changes) apartText(p *page) {
	if len(c.OnlyOld)+len(c.OnlyNew) == 0 {
		return
	}
	p.title("Not compared")
	for _, a := range c.OnlyOld {
		p.paragraph("  ", c.apart(a, "old"))
	}
	for _, a := range c.OnlyNew {
		p.paragraph("  ", c.apart(a, "new"))
	}
}

func (c *Changes) apart(a Apart, side string) string {
	s := fmt.Sprintf("%s%s: only in the %s record", a.name(), space(phrase(c.factors, a.Factors)), side)
	if a.Why != "" {
		s += ": " + a.Why
	}
	return s
}

// mostDifferences is how many differences a text shows; the JSON has all.
const mostDifferences = 20

func (c *Changes) differencesText(p *page) {
	if len(c.Differences) == 0 {
		return
	}
	p.title("What else differs between the two")
	for i, d := range c.Differences {
		if i == mostDifferences {
			p.paragraph("  ", fmt.Sprintf("and %d more", len(c.Differences)-i))
			break
		}
		old, fresh := d.said(p.width / 2)
		p.paragraph("  ", fmt.Sprintf("%s: %s → %s", d.What, old, fresh))
	}
}
