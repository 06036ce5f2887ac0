package report

import (
	"slices"

	"webdyno/internal/overlay"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// notComparable is said wherever anything of an overlay is shown.
const notComparable = "NOT COMPARABLE, BY DESIGN: another machine, another method, another time."

// DetailOverlays is what others measured, to be drawn beside the report's own.
type DetailOverlays struct {
	Said      string          `json:"said"`
	Caveats   []string        `json:"caveats"`
	Curves    []DetailForeign `json:"curves"`
	Summaries []DetailSummary `json:"summaries"`
}

// DetailForeign is a curve over the offered rate. A null is unknown.
type DetailForeign struct {
	Label  string      `json:"label"`
	Metric plan.Metric `json:"metric"` // of ours, that is nearest to it
	X      Briefs      `json:"x"`
	Y      []Brief     `json:"y"`
	Texts  []string    `json:"t"`
}

// DetailSummary are numbers of one load.
type DetailSummary struct {
	Label  string              `json:"label"`
	At     string              `json:"at,omitempty"`
	Values []DetailSummaryPart `json:"values"`
}

// DetailSummaryPart is a value, and what of ours is nearest to it.
type DetailSummaryPart struct {
	Metric plan.Metric `json:"metric"`
	V      Brief       `json:"v"`
	Text   string      `json:"t"`
}

// A Foreign is a summary of somebody else's, as a report shows it.
type Foreign struct {
	Label string
	At    string // the load, or the setting
	of    map[plan.Metric]foreignValue
}

type foreignValue struct {
	Number
	text string
}

// A likeOurs is a number of others', and the metric of ours that is nearest to it.
type likeOurs struct {
	metric plan.Metric
	head   string
	of     overlay.Quantity
	p      float64 // the percentile, of those
	unit   string
}

// nearest are the metrics that summaries are shown beside, in the order of their
// columns.
var nearest = [...]likeOurs{
	{plan.Throughput, "per second", overlay.Throughput, 0, ""},
	{plan.ResponseMean, "mean", overlay.Response, 0, "ms"},
	{plan.ResponseP50, "p50", overlay.Percentile, 50, "ms"},
	{plan.ResponseP90, "p90", overlay.Percentile, 90, "ms"},
	{plan.ResponseP99, "p99", overlay.Percentile, 99, "ms"},
	{plan.Errors, "errors", overlay.Errors, 0, "%"},
}

func foreignOf(name string, s *overlay.Summary) Foreign {
	f := Foreign{Label: string(s.Tool) + ", " + printable(name), At: printable(s.Label), of: map[plan.Metric]foreignValue{}}
	if s.Offered > 0 {
		f.At = unit.Number(s.Offered) + "/s offered"
	}
	for _, n := range nearest {
		if x, ok := s.Of(n.of, n.p); ok {
			f.of[n.metric] = foreignValue{exactly(x), unit.Quantity(x, n.unit)}
		}
	}
	return f
}

// AsOverlay makes an overlay of another record's report: its curves over the
// offered rate where it has any, else its figures at each setting.
func (r *Report) AsOverlay(name string) Overlay {
	o := Overlay{Name: name, Caveats: []string{"it is another record of webdyno's, of another day or machine: \"webdyno compare\" says what may be concluded from two records"}}
	rows := r.indexed()
	for _, sw := range r.rateSweeps {
		s := sweepText{r: r, sweep: sw, rows: rows}
		s.names()
		for _, who := range s.whos {
			for _, q := range overlaid {
				c := overlay.Curve{Label: who + space(phrase(r.factors, sw.others)), Quantity: q.quantity}
				for _, pt := range sw.points {
					if row := s.at(q.metric, who, pt); row != nil && row.Value.Kind == Exactly {
						c.Points = append(c.Points, overlay.Point{X: pt.level, Y: row.Value.X})
					}
				}
				if len(c.Points) > 0 {
					o.Curves = append(o.Curves, c)
				}
			}
		}
	}
	if len(r.rateSweeps) == 0 {
		o.Figures = r.asFigures(name)
	}
	return o
}

// asFigures returns a report's figures, a Foreign for each variant and setting.
func (r *Report) asFigures(name string) []Foreign {
	var all []Foreign
	at := map[[2]string]int{}
	for i := range r.Rows {
		row := &r.Rows[i]
		if !row.Value.Known() || !slices.ContainsFunc(nearest[:], func(n likeOurs) bool { return n.metric == row.Metric }) {
			continue
		}
		key := [2]string{row.name(), settingName(r.factors, row.Factors)}
		k, ok := at[key]
		if !ok {
			k = len(all)
			at[key] = k
			all = append(all, Foreign{Label: key[0] + ", " + name, At: key[1], of: map[plan.Metric]foreignValue{}})
		}
		all[k].of[row.Metric] = foreignValue{row.Value, row.text()}
	}
	return all
}

// figures returns what an overlay has beside curves.
func (o *Overlay) figures() []Foreign {
	all := slices.Clone(o.Figures)
	for i := range o.Summaries {
		all = append(all, foreignOf(o.Name, &o.Summaries[i]))
	}
	return all
}

// caveats are those of all overlays, each once.
func overlayCaveats(all []Overlay) []string {
	var said []string
	for i := range all {
		o := &all[i]
		lines := slices.Concat(o.Caveats, overlay.Caveats(o.Curves))
		for k := range o.Summaries {
			lines = append(lines, o.Summaries[k].Caveat())
		}
		for _, c := range lines {
			said = appendNew(said, printable(o.Name)+": "+c+".")
		}
	}
	return said
}

// mostForeign is how many lines of figures the text has.
const mostForeign = 40

// foreignTable writes the figures of other people, a line for each load. Ours are
// in the tables of the report.
func foreignTable(p *page, all []Overlay) {
	rows := [][]string{{"", ""}}
	aligns := []align{left, left}
	for _, n := range nearest {
		rows[0], aligns = append(rows[0], n.head), append(aligns, right)
	}
	for i := range all {
		for _, f := range all[i].figures() {
			line := []string{f.Label, f.At}
			for _, n := range nearest {
				line = append(line, orDash(f.of[n.metric].text))
			}
			rows = append(rows, line)
		}
	}
	left := len(rows) - 1 - mostForeign
	if len(rows) == 1 {
		return
	}
	p.line("")
	p.columns(aligns, rows[:min(len(rows), mostForeign+1)])
	if left > 0 {
		p.line("  and " + plural(left, "line") + " more on the page")
	}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// Lay lays overlays into the detail, to be drawn.
func (d *Detail) Lay(all []Overlay) {
	if len(all) == 0 {
		return
	}
	into := &DetailOverlays{Said: notComparable, Caveats: overlayCaveats(all), Curves: []DetailForeign{}, Summaries: []DetailSummary{}}
	for i := range all {
		for k := range all[i].Curves {
			into.Curves = append(into.Curves, drawn(&all[i], &all[i].Curves[k]))
		}
		for _, f := range all[i].figures() {
			s := DetailSummary{Label: f.Label, At: f.At}
			for _, n := range nearest {
				if v, ok := f.of[n.metric]; ok {
					s.Values = append(s.Values, DetailSummaryPart{n.metric, Brief(v.Number), v.text})
				}
			}
			into.Summaries = append(into.Summaries, s)
		}
	}
	d.Overlays = into
}

func drawn(o *Overlay, c *overlay.Curve) DetailForeign {
	f := DetailForeign{Label: c.Label}
	if f.Label == "" {
		f.Label = printable(o.Name)
	} else {
		f.Label = printable(f.Label) + ", " + printable(o.Name)
	}
	for _, q := range overlaid {
		if q.quantity == c.Quantity {
			f.Metric = q.metric
		}
	}
	for _, pt := range c.Points {
		f.X = append(f.X, pt.X)
		if c.Unknown(pt) {
			f.Y, f.Texts = append(f.Y, Brief{}), append(f.Texts, "?")
			continue
		}
		f.Y, f.Texts = append(f.Y, Brief(exactly(pt.Y))), append(f.Texts, unit.Number(pt.Y))
	}
	return f
}
