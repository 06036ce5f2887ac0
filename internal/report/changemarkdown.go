package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"webdyno/internal/unit"
)

// Markdown writes the changes as a comment on a pull request: the sentence that
// matters first, a table of what is held, and the rest folded away.
func (c *Changes) Markdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "### %s %s\n\n", c.mark(), escaped(c.Title))
	for i, s := range c.Answer {
		if i == 0 {
			s = "**" + s + "**"
		}
		fmt.Fprintf(&b, "%s\n\n", escapedSentence(s))
	}
	c.tableMarkdown(&b, c.held())
	if shown, others := c.remarkable(); len(shown)+others > 0 {
		b.WriteString(fold(fmt.Sprintf("Other metrics, which decide nothing: %d changed by more than their margin, %d did not", len(shown), others)))
		c.tableMarkdown(&b, shown)
		b.WriteString("</details>\n\n")
	}
	c.apartMarkdown(&b)
	c.differencesMarkdown(&b)
	b.WriteString(fold("How it was compared"))
	for _, s := range c.sides() {
		fmt.Fprintf(&b, "- %s\n", escaped(s))
	}
	fmt.Fprintf(&b, "- %s\n\n</details>\n", escaped(c.standing()))
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	return nil
}

// mark is what a reader sees first.
func (c *Changes) mark() string {
	switch {
	case c.Worse:
		return "❌"
	case !c.settled():
		return "❔"
	}
	return "✅"
}

func fold(summary string) string {
	return "<details><summary>" + inHTML(summary) + "</summary>\n\n"
}

func (c *Changes) tableMarkdown(b *bytes.Buffer, rows []*Change) {
	if len(rows) == 0 {
		return
	}
	at := false
	for _, x := range rows {
		at = at || len(x.Factors) > 0
	}
	heads := []string{"subject", "metric", "before", "after", "change", unit.ExactShare(c.Level) + " interval", "rounds", "verdict"}
	if at {
		heads = append([]string{"subject", "at"}, heads[1:]...)
	}
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, x := range rows {
		verdict := x.outcome()
		if x.Worse || x.Verdict == Faster && x.matters() {
			verdict = "**" + verdict + "**"
		}
		cells := []string{
			escaped(x.called()), escaped(string(x.Metric)), x.Before.in(x.shown), x.After.in(x.shown),
			x.estimate(), x.by(), x.counts(), verdict,
		}
		if at {
			cells = append([]string{cells[0], escaped(settingName(c.factors, x.Factors))}, cells[1:]...)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteString("\n")
}

func (c *Changes) apartMarkdown(b *bytes.Buffer) {
	n := len(c.OnlyOld) + len(c.OnlyNew)
	if n == 0 {
		return
	}
	b.WriteString(fold(fmt.Sprintf("Not compared: %d", n)))
	for _, a := range c.OnlyOld {
		fmt.Fprintf(b, "- %s\n", escaped(c.apart(a, "old")))
	}
	for _, a := range c.OnlyNew {
		fmt.Fprintf(b, "- %s\n", escaped(c.apart(a, "new")))
	}
	b.WriteString("\n</details>\n\n")
}

func (c *Changes) differencesMarkdown(b *bytes.Buffer) {
	if len(c.Differences) == 0 {
		return
	}
	const width = 120
	b.WriteString(fold(fmt.Sprintf("What else differs between the two: %d", len(c.Differences))))
	b.WriteString("| | old | new |\n|---|---|---|\n")
	for _, d := range c.Differences {
		old, fresh := d.said(width)
		fmt.Fprintf(b, "| %s | %s | %s |\n", escaped(d.What), escaped(old), escaped(fresh))
	}
	b.WriteString("\n</details>\n\n")
}
