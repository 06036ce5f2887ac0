package report

import (
	"fmt"
	"maps"
	"slices"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// DetailCapacity is a Capacity as printed, and as a picture draws it.
type DetailCapacity struct {
	W    int    `json:"w"`
	S    int    `json:"s"`
	Goal string `json:"goal"` // "p99 under 10ms"

	V     Brief `json:"v"`
	Lo    Brief `json:"lo"`
	Hi    Brief `json:"hi"`
	Open  bool  `json:"open,omitempty"` // V is a lower bound
	Lower Brief `json:"lower"`          // the search's bracket
	Upper Brief `json:"upper"`
	N     int   `json:"n"`

	Text    string `json:"t"`
	Span    string `json:"i"`
	Bracket string `json:"b"`
	Grade   string `json:"q"`
}

// DetailOverload is an Overload as printed, and as a picture draws it.
type DetailOverload struct {
	W     int    `json:"w"`
	S     int    `json:"s"`
	Times string `json:"times"` // "3"
	Lasts string `json:"lasts"` // in seconds

	Share    Brief `json:"v"` // of the capacity
	Lo       Brief `json:"lo"`
	Hi       Brief `json:"hi"`
	Recovery Brief `json:"back"` // in seconds

	Offered string `json:"offered"`
	Goodput string `json:"goodput"`
	Text    string `json:"t"` // Share as printed
	Errors  string `json:"errors"`
	Again   string `json:"again"` // Recovery as printed
	Causes  string `json:"causes,omitempty"`
	N       int    `json:"n"`
	Grade   string `json:"q"`
}

// DetailScaling is a Scaling as printed, and as a picture draws it. W is the
// variant of the fewest processors, whose colour it has.
type DetailScaling struct {
	W      int           `json:"w"`
	Name   string        `json:"name"`
	S      int           `json:"s"`
	Factor string        `json:"factor"`
	Points []DetailScale `json:"points"`

	Law    [3]Brief `json:"law"` // γ, α, β; null where there is no law
	Peak   Brief    `json:"peak"`
	PeakLo Brief    `json:"peakLo"`
	PeakHi Brief    `json:"peakHi"`
	Said   string   `json:"said"` // of the law, or why there is none
}

// DetailScale is a subject on N processors. Cells are throughput, its interval,
// speed-up, its interval, efficiency, answers per CPU second.
type DetailScale struct {
	N     int      `json:"n"`
	V     Brief    `json:"v"`
	Lo    Brief    `json:"lo"`
	Hi    Brief    `json:"hi"`
	Up    Brief    `json:"up"` // speed-up
	UpLo  Brief    `json:"upLo"`
	UpHi  Brief    `json:"upHi"`
	Open  bool     `json:"open,omitempty"`
	Cells []string `json:"cells"`
}

// DetailMean is a MeanRatio as printed.
type DetailMean struct {
	A     int    `json:"a"`
	B     int    `json:"b"`
	V     Brief  `json:"v"`
	Lo    Brief  `json:"lo"`
	Hi    Brief  `json:"hi"`
	Over  int    `json:"over"`
	N     int    `json:"n"`
	Text  string `json:"t"`
	Span  string `json:"i"`
	Range string `json:"range"` // least to most of the settings' own
	Why   string `json:"why,omitempty"`
}

// DetailCauses are Causes as printed: each with its share of those due, in %.
type DetailCauses struct {
	W      int       `json:"w"`
	S      int       `json:"s"`
	Due    uint64    `json:"due"`
	Failed uint64    `json:"failed"`
	By     []ShareOf `json:"by"` // the largest first
	Text   string    `json:"t"`
}

// A ShareOf is a cause and its part in %.
type ShareOf struct {
	What string  `json:"what"`
	X    float64 `json:"x"`
	Text string  `json:"t"`
}

// DetailSignal is a Signal as printed. Near is its worst value as a share of the
// limit of its first grade; null where there is none.
type DetailSignal struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	What   string `json:"what"`
	Worst  string `json:"worst"`
	Near   Brief  `json:"near"`
	Trials int    `json:"trials"`
	Read   int    `json:"read"`
	Grade  string `json:"q"`
	Limits string `json:"limits"`
}

// DetailWarming is a Warming as printed, and how long it took to be steady.
type DetailWarming struct {
	W     int      `json:"w"`
	V     Brief    `json:"v"` // t_warm, in s
	Lo    Brief    `json:"lo"`
	Hi    Brief    `json:"hi"`
	Class string   `json:"class"`
	Cells []string `json:"cells"` // listens, answers, first answer, under load, steady after, starts
	Pilot string   `json:"pilot,omitempty"`
}

// found fills in what a plan's further questions came to.
func (b *detailer) found() {
	b.capacities()
	b.overloads()
	b.scalings()
	b.means()
	b.causes()
	b.signals()
	b.warmings()
	if b.r.AA != nil {
		b.d.AA = b.r.AA.sentences()
	}
	b.d.Removed = b.r.removalText()
	b.d.RemovalRows = b.removals()
	for i := range b.r.Slopes {
		if s := &b.r.Slopes[i]; s.Response == costSays && s.WhyNot == "" {
			b.d.Slopes = append(b.d.Slopes, s.sentence(b.r.factors))
		}
	}
}

func (b *detailer) capacities() {
	for i := range b.r.Capacities {
		c := &b.r.Capacities[i]
		b.d.Capacities = append(b.d.Capacities, DetailCapacity{
			W: b.whos[c.name()], S: b.setting(c.Factors), Goal: goalWords(c.Goal),
			V: Brief(c.Value), Lo: Brief(c.Lo), Hi: Brief(c.Hi), Open: c.LowerBound || c.Bound,
			Lower: Brief(c.Lower), Upper: Brief(c.Upper), N: c.N,
			Text: c.text(), Span: interval(c.Lo, c.Hi, "req/s"), Bracket: c.bracketText(), Grade: c.Grade.String(),
		})
	}
	for i := range b.r.CapacityComparisons {
		c := &b.r.CapacityComparisons[i]
		b.d.CapacityPairs = append(b.d.CapacityPairs, []string{goalWords(c.Goal), settingName(b.r.factors, c.Factors), c.A.name() + " : " + c.B.name(),
			c.Ratio.in(""), c.interval(), c.PAdjusted.in(""), fmt.Sprint(c.N), c.verdictText()})
	}
	for _, c := range b.r.Critical {
		b.d.Critical = append(b.d.Critical, []string{c.name(), settingName(b.r.factors, c.Factors), c.Value.in("req/s"), interval(c.Lo, c.Hi, "req/s"), fmt.Sprint(c.N)})
	}
}

func (b *detailer) overloads() {
	for i := range b.r.Overloads {
		o := &b.r.Overloads[i]
		b.d.Overloads = append(b.d.Overloads, DetailOverload{
			W: b.whos[o.name()], S: b.setting(o.Factors), Times: plainNumber(o.Times), Lasts: plainNumber(o.LastedS),
			Share: Brief(o.Share), Lo: Brief(o.ShareLo), Hi: Brief(o.ShareHi), Recovery: Brief(o.Recovery),
			Offered: o.Offered.in("req/s"), Goodput: o.Goodput.in("req/s"), Text: ofOne(o.Share), Errors: o.Errors.in("%"),
			Again: o.recoveryText(), Causes: o.causesText(), N: o.N, Grade: o.Grade.String(),
		})
	}
}

func (b *detailer) scalings() {
	for i := range b.r.Scaling {
		s := &b.r.Scaling[i]
		ds := DetailScaling{W: b.leastOf(s), Name: s.name(), S: b.setting(s.Factors), Factor: s.Factor}
		for _, p := range s.Points {
			ds.Points = append(ds.Points, DetailScale{
				N: p.Processors, V: Brief(p.Throughput), Lo: Brief(p.Lo), Hi: Brief(p.Hi),
				Up: Brief(p.SpeedUp), UpLo: Brief(p.SpeedUpLo), UpHi: Brief(p.SpeedUpHi),
				Open: p.LowerBound, Cells: p.cells()[2:],
			})
		}
		switch l := s.Law; {
		case l != nil:
			ds.Law = [3]Brief{Brief(l.Gamma), Brief(l.Alpha), Brief(l.Beta)}
			ds.Peak, ds.PeakLo, ds.PeakHi, ds.Said = Brief(l.Peak), Brief(l.PeakLo), Brief(l.PeakHi), l.text()
		case s.WhyNot != "":
			ds.Said = s.WhyNot + "."
		}
		b.d.Scaling = append(b.d.Scaling, ds)
	}
}

// leastOf returns the variant of a scaling that had the fewest processors, the
// first of the plan's that is of it where that is not known.
func (b *detailer) leastOf(s *Scaling) int {
	best, fewest := -1, 0
	for i, v := range b.t.variants {
		rest := maps.Clone(v.Variant)
		delete(rest, s.Factor)
		if plan.VariantName(v.Subject, rest) != s.name() {
			continue
		}
		if n := b.t.processorsOf(v, s.Factor); n > 0 && (best < 0 || n < fewest) {
			best, fewest = i, n
		}
	}
	return max(best, 0)
}

func (b *detailer) means() {
	for _, m := range b.r.Means {
		b.d.Means = append(b.d.Means, DetailMean{
			A: b.whos[m.A.name()], B: b.whos[m.B.name()], V: Brief(m.Ratio), Lo: Brief(m.Lo), Hi: Brief(m.Hi), Over: m.Over, N: m.N,
			Text: m.Ratio.in(""), Span: interval(m.Lo, m.Hi, ""), Range: interval(m.Least, m.Most, ""), Why: m.WhyNot,
		})
	}
}

func (b *detailer) causes() {
	for i := range b.r.Causes {
		c := &b.r.Causes[i]
		dc := DetailCauses{W: b.whos[c.name()], S: b.setting(c.Factors), Due: c.Due, Failed: c.Failed, Text: causesWords(c.By) + errnoWords(c.Errnos)}
		for _, how := range causesInOrder(c.By) {
			dc.By = append(dc.By, ShareOf{how, c.By[how], unit.Number(c.By[how]) + "%"})
		}
		b.d.Causes = append(b.d.Causes, dc)
	}
}

func (b *detailer) signals() {
	for i := range b.r.Signals {
		s := &b.r.Signals[i]
		ds := DetailSignal{ID: s.ID, Name: s.Name, What: s.What, Worst: s.value(s.Worst), Trials: s.Trials, Read: s.Read, Limits: s.limit()}
		if s.Trials > 0 {
			ds.Grade = s.Grade.String()
		}
		for _, limit := range []Number{s.Warn, s.Worse, s.Invalid} {
			if limit.Known() && s.Worst.Known() && limit.X > 0 {
				ds.Near = Brief(exactly(s.Worst.X / limit.X))
				break
			}
		}
		b.d.Signals = append(b.d.Signals, ds)
	}
}

func (b *detailer) warmings() {
	if !slices.ContainsFunc(b.r.Warmups, func(w Warming) bool { return w.Class != stat.Untold || w.Ready.Value.Known() }) {
		return
	}
	for i := range b.r.Warmups {
		w := &b.r.Warmups[i]
		dw := DetailWarming{
			W: b.whos[w.name()], V: Brief(w.Warm.Value), Lo: Brief(w.Lo), Hi: Brief(w.Hi), Class: w.Class.String(),
			Cells: []string{w.Listens.text(), w.Ready.text(), w.FirstAnswer.text(), w.course(), w.warmText(), fmt.Sprint(w.Starts)},
		}
		if p := w.Pilot; p != nil {
			dw.Pilot = fmt.Sprintf("the pilot, %s s long: %s", unit.Number(p.Lasted), p.Class)
			if p.Warm > 0 {
				dw.Pilot += fmt.Sprintf(", steady after %s s", unit.Number(p.Warm))
			}
			if p.Kept {
				dw.Pilot += " (kept from an earlier run)"
			}
		}
		b.d.Warmed = append(b.d.Warmed, dw)
	}
	b.d.Pilots = b.r.pilots()
}

// removals are the invalid trials of each variant, of those carried out.
func (b *detailer) removals() [][2]int {
	var all [][2]int
	for range b.t.variants {
		all = append(all, [2]int{})
	}
	for _, x := range b.r.Removals {
		all[b.whos[x.name()]] = [2]int{x.Invalid, x.Trials}
	}
	if len(b.r.Removals) == 0 {
		return nil
	}
	return all
}
