package report

import (
	"cmp"
	"slices"
	"strings"

	"webdyno/internal/overlay"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// An Overlay is what somebody else measured, in a file or in another record, to be
// shown beside the report's own. Each of its curves has a quantity that is known.
type Overlay struct {
	Name      string // of the file, as it is shown
	Curves    []overlay.Curve
	Summaries []overlay.Summary
	Figures   []Foreign // of another record
	Caveats   []string  // beyond those that show in the rest
}

// HasRates tells whether the report has curves over an offered rate, beside which
// others can be laid.
func (r *Report) HasRates() bool { return len(r.rateSweeps) > 0 }

// overlaid are the quantities of overlays, and what of ours is nearest to them.
var overlaid = [...]struct {
	quantity overlay.Quantity
	metric   plan.Metric
	title    string
	times    bool
}{
	{overlay.Throughput, plan.Throughput, "Throughput, answers per second", false},
	{overlay.Response, plan.ResponseMean, "Mean response time, ms", true},
	{overlay.Errors, plan.Errors, "Errors, %: ours of the requests that were due", false},
	{overlay.Deviation, plan.Deviation, "Standard deviation of throughput, per second", false},
}

// overlays writes what other people measured beside the report's own.
func (r *Report) overlays(p *page, all []Overlay) {
	if len(all) == 0 {
		return
	}
	if slices.ContainsFunc(all, func(o Overlay) bool { return len(o.Curves) > 0 }) {
		r.curvesBeside(p, all)
	} else {
		p.title("Beside figures from elsewhere")
		p.paragraph("  ", notComparable)
	}
	foreignTable(p, all)
	for _, c := range overlayCaveats(all) {
		p.paragraph("  ! ", c)
	}
}

// curvesBeside draws and writes curves over the offered rate.
func (r *Report) curvesBeside(p *page, all []Overlay) {
	p.title("Beside curves from elsewhere")
	p.paragraph("  ", notComparable+" The same axis shows what the curves look like, and not which server is faster.")
	l := layOver{report: r, rows: r.indexed()}
	l.legend(p, all)
	for _, q := range overlaid {
		var curves []labelled
		for i := range l.theirs {
			if c := l.theirs[i].curve(q.quantity); c != nil {
				curves = append(curves, labelled{mark: l.theirs[i].mark, points: c})
			}
		}
		if len(curves) > 0 {
			l.quantity(p, q.title, q.times, append(l.ours(q.metric), curves...))
		}
	}
}

// A labelled curve is what is drawn and written: only what is known of it.
type labelled struct {
	mark   rune
	points []reading
}

// A reading is a value at a rate.
type reading struct {
	x    float64
	text string
	y    Number
}

// A foreign is all that an overlay has of one label.
type foreign struct {
	mark   rune
	label  string
	curves []overlay.Curve
}

// curve returns the points of a quantity; nil if there are none.
func (f *foreign) curve(q overlay.Quantity) []reading {
	var all []reading
	for i := range f.curves {
		c := &f.curves[i]
		if c.Quantity != q {
			continue
		}
		for _, pt := range c.Points {
			if c.Unknown(pt) {
				all = append(all, reading{x: pt.X, text: "?"})
				continue
			}
			all = append(all, reading{pt.X, unit.Number(pt.Y), exactly(pt.Y)})
		}
	}
	return all
}

// A layOver lays curves of two origins over one axis.
type layOver struct {
	report *Report
	rows   map[rowKey]*Row
	mine   []mine
	theirs []foreign
}

// A mine is a variant in a sweep.
type mine struct {
	mark  rune
	sweep sweepText
	who   string
}

// legend gives every curve a letter: ours large ones, theirs small ones.
func (l *layOver) legend(p *page, all []Overlay) {
	left := 0
	for _, sw := range l.report.rateSweeps {
		s := sweepText{r: l.report, sweep: sw, rows: l.rows}
		s.names()
		for _, who := range s.whos {
			if len(l.mine) == mostLetters {
				left++
				continue
			}
			m := mine{rune('A' + len(l.mine)), s, who}
			l.mine = append(l.mine, m)
			p.line("  " + string(m.mark) + "  " + who + space(phrase(l.report.factors, sw.others)))
		}
	}
	for _, o := range all {
		from := len(l.theirs)
		for _, c := range o.Curves {
			label := cmp.Or(c.Label, o.Name)
			i := slices.IndexFunc(l.theirs[from:], func(f foreign) bool { return f.label == label })
			switch {
			case i >= 0:
				l.theirs[from+i].curves = append(l.theirs[from+i].curves, c)
			case len(l.theirs) == mostLetters:
				left++
			default:
				f := foreign{rune('a' + len(l.theirs)), label, []overlay.Curve{c}}
				l.theirs = append(l.theirs, f)
				p.line("  " + string(f.mark) + "  " + printable(label) + ", from " + printable(o.Name))
			}
		}
	}
	if left > 0 {
		p.paragraph("  ", "Left out, for want of letters: "+plural(left, "curve")+".")
	}
}

// ours returns the report's own curves of a metric.
func (l *layOver) ours(m plan.Metric) []labelled {
	var all []labelled
	for _, o := range l.mine {
		c := labelled{mark: o.mark}
		for _, pt := range o.sweep.sweep.points {
			if row := o.sweep.at(m, o.who, pt); row != nil && row.Value.Known() {
				text := unit.Number(row.Value.X)
				if row.Value.Kind == AtLeast {
					text = "≥" + text
				}
				c.points = append(c.points, reading{pt.level, text, row.Value})
			}
		}
		if len(c.points) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// quantity draws and writes one quantity.
func (l *layOver) quantity(p *page, title string, times bool, curves []labelled) {
	c := chart{title: title, times: times}
	var rates []float64
	for _, cv := range curves {
		drawn := curve{mark: cv.mark}
		for _, v := range cv.points {
			rates = append(rates, v.x)
			if v.y.Known() {
				drawn.points = append(drawn.points, spot{v.x, v.y.X})
			}
		}
		c.curves = append(c.curves, drawn)
	}
	lo, hi := slices.Min(rates), slices.Max(rates)
	p.line("")
	for _, line := range c.lines(p.width-4, lo, max(hi, lo+1)) {
		p.line("  " + line)
	}
	l.table(p, curves, l.chosen(rates))
}

// chosen returns the rates of a table, ascending: some of all, evenly spread, and
// as many of ours.
func (l *layOver) chosen(rates []float64) []float64 {
	var own []float64
	for _, o := range l.mine {
		for _, pt := range o.sweep.sweep.points {
			own = append(own, pt.level)
		}
	}
	all := slices.Concat(evenlyChosen(rates, mostRates/2), evenlyChosen(own, mostRates/2))
	slices.Sort(all)
	return slices.Compact(all)
}

// evenlyChosen returns at most n of some numbers, evenly chosen, each once.
func evenlyChosen(xs []float64, n int) []float64 {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	xs = slices.Compact(xs)
	if len(xs) <= n {
		return xs
	}
	var some []float64
	for i := range n {
		some = append(some, xs[i*(len(xs)-1)/(n-1)])
	}
	return some
}

// table writes the values, as many curves side by side as there is room for.
func (l *layOver) table(p *page, curves []labelled, rates []float64) {
	const rate, column = 10, 8
	for some := range slices.Chunk(curves, max(1, (p.width-rate)/column)) {
		head := pad("offered", rate, right)
		for _, c := range some {
			head += pad(string(c.mark), column, right)
		}
		p.line(p.styled("2", head))
		for _, x := range rates {
			line, any := pad(plainNumber(x), rate, right), false
			for _, c := range some {
				text := ""
				if i := slices.IndexFunc(c.points, func(v reading) bool { return v.x == x }); i >= 0 {
					text, any = c.points[i].text, true
				}
				line += pad(text, column, right)
			}
			if any {
				p.line(strings.TrimRight(line, " "))
			}
		}
	}
}
