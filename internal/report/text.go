package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// mostNotes is how many notes the short form shows.
const mostNotes = 3

// Text lays the report out for a terminal: the answer first, then the figures
// it rests on, then what stands against it and how it was measured.
func (r *Report) Text(w io.Writer, o TextOptions) error {
	p := newPage(o)
	p.few = r.thin(o.All)
	p.title(r.Title)
	p.line("")
	for _, s := range r.Answer {
		p.paragraph("  ", s)
	}
	p.line("")
	p.paragraph("  ", r.Standing())
	r.changeLines(p, o.Short)
	r.claimLines(p, o.Short)
	r.objectiveLines(p)
	if !r.curved() {
		r.plot(p)
	}
	r.capacityTables(p, o.Short)
	r.rateCurves(p, o.Short)
	r.overlays(p, o.Overlays)
	if !o.Short {
		p.few.lines(p)
		r.tables(p)
		r.causeLines(p)
		r.comparisonTable(p)
		r.AA.lines(p)
		r.fitTables(p)
		r.scalingTables(p)
		r.crossingTable(p)
	}
	r.profileLines(p, o.Short)
	r.noteLines(p, o.Short)
	r.troubles(p, o.Short)
	if o.Short {
		p.line("")
		p.paragraph("", r.Method.short())
	} else {
		r.conditionLines(p)
		r.termsTable(p)
		r.warmingTable(p)
		r.Method.lines(p)
	}
	if err := p.flush(w); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Standing says whether the report may be published, and if not, why.
func (r *Report) Standing() string {
	if r.Publishable {
		return "Publishable."
	}
	return "Not publishable: " + strings.Join(r.WhyNot, "; ") + "."
}

func (r *Report) objectiveLines(p *page) {
	if len(r.Objectives) == 0 {
		return
	}
	p.title("Objectives")
	for _, o := range r.Objectives {
		who := o.name()
		if at := phrase(r.factors, o.Factors); at != "" {
			who += " " + at
		}
		p.paragraph("  ", fmt.Sprintf("%s: %s (%s)", who, o.Text, plural(o.N, "round")))
	}
}

// tables writes a table of figures for each group of metrics: the primary one
// first. The other metrics are in report.json.
func (r *Report) tables(p *page) {
	r.table(p, []plan.Metric{r.Primary})
	for _, group := range [][]plan.Metric{
		{plan.Throughput}, {plan.ResponseP50, plan.ResponseP99}, {plan.ServerCPU}, {plan.Memory}, {plan.Errors}, {plan.StartUp},
	} {
		switch {
		case len(group) == 1 && group[0] == r.Primary:
		case group[0] == plan.Errors && r.free(plan.Errors):
			p.title("Failed requests: none")
		default:
			r.table(p, group)
		}
	}
}

// table writes the figures of one metric, or of a few side by side.
func (r *Report) table(p *page, metrics []plan.Metric) {
	heads, aligns := []string{""}, []align{left}
	for _, m := range metrics {
		head := ""
		if len(metrics) > 1 {
			head = shortName(m)
		}
		heads, aligns = append(heads, head, "95 % interval"), append(aligns, right, left)
	}
	rank := ""
	if metrics[0] == r.Primary {
		rank = "rank"
	}
	rows := [][]string{append(heads, "rounds", rank, "grade")}
	last := ""
	for _, row := range r.Rows {
		if row.Metric != metrics[0] || !p.few.shows(row.Factors) {
			continue
		}
		if at := settingName(r.factors, row.Factors); at != last {
			rows, last = append(rows, []string{at}), at
		}
		rows = append(rows, r.cells(row, metrics))
	}
	if len(rows) == 1 {
		return
	}
	title := metricHead(metrics[0])
	if len(metrics) > 1 {
		title = "Response time"
	}
	p.title(title + ", " + r.better(metrics[0]))
	p.columns(append(aligns, right, left, left), rows)
}

// cells returns a line of a table: of each metric its value and interval.
func (r *Report) cells(first Row, metrics []plan.Metric) []string {
	line := []string{first.name()}
	grade := first.Grade
	for _, m := range metrics {
		row := first
		if m != first.Metric {
			row = r.find(first, m)
		}
		line = append(line, row.text(), row.interval())
		grade = max(grade, row.Grade)
	}
	mark := grade.String()
	if first.Bound {
		mark += ", a bound"
	}
	return append(line, fmt.Sprint(first.N), first.rankText(), mark)
}

// find returns the row of another metric beside the given one; one without a
// value if there is none.
func (r *Report) find(beside Row, m plan.Metric) Row {
	for _, row := range r.Rows {
		if row.Metric == m && row.name() == beside.name() &&
			settingName(r.factors, row.Factors) == settingName(r.factors, beside.Factors) {
			return row
		}
	}
	return Row{}
}

func shortName(m plan.Metric) string { return strings.TrimPrefix(string(m), "response_") }

// free tells whether a metric is measured and zero everywhere.
func (r *Report) free(m plan.Metric) bool {
	n := 0
	for _, row := range r.Rows {
		if row.Metric != m {
			continue
		}
		if n++; row.Value.X != 0 || row.Hi.X != 0 {
			return false
		}
	}
	return n > 0
}

func (r Row) interval() string {
	if !r.Lo.Known() || !r.Hi.Known() {
		return "–"
	}
	return span(r.Lo, r.Hi, r.shown)
}

// span writes an interval: "21.2k to 22.0k req/s".
func span(lo, hi Number, u string) string {
	a, b := lo.in(u), hi.in(u)
	if short, ok := strings.CutSuffix(a, " "+u); ok && strings.HasSuffix(b, " "+u) {
		return short + " to " + b
	}
	if i := strings.LastIndex(b, " "); i >= 0 && strings.HasSuffix(a, b[i:]) {
		a = strings.TrimSuffix(a, b[i:])
	}
	return a + " to " + b
}

func (r Row) rankText() string {
	if r.Rank == nil {
		return ""
	}
	if r.Rank[0] == r.Rank[1] {
		return fmt.Sprintf("%d %s", r.Rank[0], r.Group)
	}
	return fmt.Sprintf("%d–%d %s", r.Rank[0], r.Rank[1], r.Group)
}

// exploratorily ends the title of comparisons that the plan did not ask for.
const exploratorily = " (exploratory)"

func (r *Report) comparisonTable(p *page) {
	shown := r.comparedShown(p)
	for _, exploratory := range []bool{false, true} {
		rows := [][]string{{"", "ratio", "95 % interval", "p, adjusted", "rounds", "verdict"}}
		var metric plan.Metric
		last, more := "", 0
		for _, c := range r.Comparisons {
			if c.Exploratory != exploratory || !p.few.shows(c.Factors) {
				continue
			}
			if !shown(&c) {
				more++
				continue
			}
			metric = c.Metric
			if at := settingName(r.factors, c.Factors); at != last {
				rows, last = append(rows, []string{at}), at
			}
			rows = append(rows, []string{c.A.name() + " : " + c.B.name(),
				c.Ratio.in(""), c.interval(), c.PAdjusted.in(""), fmt.Sprint(c.N), c.verdictText()})
		}
		if len(rows) == 1 {
			continue
		}
		title := "Compared by " + metricName(metric) + ", within blocks"
		if exploratory {
			title += exploratorily
		}
		p.title(title)
		p.columns([]align{left, right, left, right, right, left}, rows)
		if more > 0 {
			p.paragraph("  ", fmt.Sprintf("Shown are the pairs with the best at each setting; %s with --all.", moreOf(more, "pair")))
		}
		for _, c := range r.Comparisons {
			if c.Exploratory == exploratory && c.Note != "" && p.few.shows(c.Factors) && shown(&c) {
				who := c.A.name() + " : " + c.B.name() + space(phrase(r.factors, c.Factors))
				p.paragraph("  ", who+": "+c.Note+".")
			}
		}
		if !exploratory {
			r.meanLine(p)
		}
	}
}

func (c Comparison) interval() string {
	switch {
	case c.Lo.Known() && c.Hi.Known():
		return span(c.Lo, c.Hi, "")
	case c.Lo.Known():
		return c.Lo.in("") + " or more"
	case c.Hi.Known():
		return c.Hi.in("") + " or less"
	}
	return "–"
}

// verdictText writes a verdict for its metric: a smaller response time is better,
// not faster.
func (c Comparison) verdictText() string {
	s := c.Verdict.String()
	if !c.speed {
		s = strings.NewReplacer("faster", "better", "slower", "worse").Replace(s)
	}
	if c.Measurable {
		s += " (a difference is measurable)"
	}
	return s
}

func interval(lo, hi Number, u string) string {
	if !lo.Known() || !hi.Known() {
		return "–"
	}
	return span(lo, hi, u)
}

func (r *Report) crossingTable(p *page) {
	if len(r.Crossings) == 0 {
		return
	}
	p.title("Where they change places")
	for _, c := range r.Crossings {
		p.paragraph("  ", fmt.Sprintf("%s (%s)", c.sentence(r.factors), plural(c.N, "round")))
	}
}

func (r *Report) noteLines(p *page, short bool) {
	notes := slices.DeleteFunc(slices.Clone(r.Notes), func(n evidence.Note) bool { return short && n.Grade == evidence.A })
	if len(notes) == 0 {
		return
	}
	p.title("Notes")
	more := 0
	if short && len(notes) > mostNotes {
		notes, more = notes[:mostNotes], len(notes)-mostNotes
	}
	writeNotes(p, notes)
	if more > 0 {
		p.line(fmt.Sprintf("  and %d more in the report", more))
	}
}

func writeNotes(p *page, notes []evidence.Note) {
	for _, n := range notes {
		mark := n.Grade.String()
		if n.Grade == evidence.A {
			mark = "·"
		}
		p.paragraph("  "+mark+" ", n.Text)
	}
}
