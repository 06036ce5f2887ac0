package report

import (
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A Detail is what pictures are drawn from, beyond what a Report says: the value
// of every round, distributions, trajectories, and every figure as the words that
// the other renderers print, so that a page rounds nothing by itself. Variants,
// settings, metrics and notes are listed once and meant by their index. It marshals
// to compact JSON for the page; it is no format for others, and may change.
type Detail struct {
	Whos     []DetailWho     `json:"whos"`
	Settings []DetailSetting `json:"settings"`
	Factors  []DetailFactor  `json:"factors"`
	Metrics  []DetailMetric  `json:"metrics"`
	Notes    []evidence.Note `json:"notes"` // of figures

	Figures     []DetailFigure     `json:"figures"`     // one for each of Report.Rows, in that order
	Comparisons []DetailComparison `json:"comparisons"` // likewise of Report.Comparisons
	Sweeps      []DetailSweep      `json:"sweeps"`
	Fits        []DetailFit        `json:"fits"`
	Crossings   []DetailCrossing   `json:"crossings"`
	Knees       []DetailKnee       `json:"knees"`

	Distributions []Distribution `json:"distributions"`
	Heats         []Heat         `json:"heats"`
	Warmups       []Trajectory   `json:"warmups"`
	Instrument    []OwnTime      `json:"instrument"` // the engine's own part in the times of each cell

	Capacities    []DetailCapacity `json:"capacities,omitempty"`
	CapacityPairs [][]string       `json:"capacityPairs,omitempty"` // goal, setting, pair, ratio, interval, p, rounds, verdict
	Critical      [][]string       `json:"critical,omitempty"`      // variant, setting, value, interval, rounds
	Overloads     []DetailOverload `json:"overloads,omitempty"`
	Scaling       []DetailScaling  `json:"scaling,omitempty"`
	Means         []DetailMean     `json:"means,omitempty"`
	Causes        []DetailCauses   `json:"causes,omitempty"`
	Signals       []DetailSignal   `json:"signals,omitempty"`
	Warmed        []DetailWarming  `json:"warmed,omitempty"` // how they got going, in words
	Pilots        string           `json:"pilots,omitempty"`
	Slopes        []string         `json:"slopes,omitempty"`
	AA            []string         `json:"aa,omitempty"`
	Removed       string           `json:"removed,omitempty"`
	RemovalRows   [][2]int         `json:"removals,omitempty"` // of each variant: invalid trials, and all
	Overlays      *DetailOverlays  `json:"overlays,omitempty"`

	Flames []DetailFlame `json:"flames,omitempty"` // profiles, then what changed between two

	Objectives []string   `json:"objectives"`
	Falls      []string   `json:"falls"`
	Failed     []string   `json:"failed"`
	Invalid    []string   `json:"invalid"`
	Terms      [][]string `json:"terms"` // a heading, and a line for each variant
	Method     []Pair     `json:"method"`
	Machine    []Pair     `json:"machine"`
}

// A Pair is a thing and what is said of it.
type Pair [2]string

// DetailWho is a variant of a subject.
type DetailWho struct {
	Name    string            `json:"name"`
	Subject string            `json:"subject"`
	Variant map[string]string `json:"variant,omitempty"`
	Bound   bool              `json:"bound,omitempty"`
}

// DetailSetting is one choice of the workload's and the load's factors.
type DetailSetting struct {
	Name   string   `json:"name"`   // "path_bytes = 11"
	At     string   `json:"at"`     // "at 11 bytes"; empty if nothing varies
	Levels []string `json:"levels"` // in the order of Factors; empty where there is none
}

// DetailFactor is a factor of the settings.
type DetailFactor struct {
	Name    string   `json:"name"`
	Levels  []string `json:"levels"`
	Numeric bool     `json:"numeric,omitempty"`
	Rate    bool     `json:"rate,omitempty"` // it sets the rate of an open load
	Work    bool     `json:"work,omitempty"` // it changes what is asked for
}

// DetailMetric is a metric that has figures.
type DetailMetric struct {
	Key    plan.Metric `json:"key"`
	Head   string      `json:"head"`
	Better string      `json:"better"`
	Unit   string      `json:"unit"` // behind its numbers
	Higher bool        `json:"higher,omitempty"`
	Time   bool        `json:"time,omitempty"` // made of times of requests
}

// DetailFigure is a Row for pictures. S is −1 where the setting does not matter.
type DetailFigure struct {
	M int `json:"m"`
	W int `json:"w"`
	S int `json:"s"`

	V      Brief   `json:"v"`
	Lo     Brief   `json:"lo"`
	Hi     Brief   `json:"hi"`
	Open   bool    `json:"open,omitempty"` // V is a lower bound
	N      int     `json:"n"`
	Rounds []Brief `json:"x,omitempty"` // the value of each round

	Text  string `json:"t"` // V as printed, with its unit
	Span  string `json:"i"` // the interval as printed
	Rank  string `json:"r,omitempty"`
	Group string `json:"g,omitempty"`
	Grade string `json:"q"`
	Notes []int  `json:"o,omitempty"`
}

// DetailComparison is a Comparison as printed.
type DetailComparison struct {
	A int `json:"a"`
	B int `json:"b"`
	S int `json:"s"`
	M int `json:"m"`

	Ratio   Brief  `json:"v"`
	Text    string `json:"t"`
	Span    string `json:"i"`
	Back    string `json:"bt"` // the ratio of B to A
	Behind  string `json:"bi"` // its interval
	P       string `json:"p"`
	N       int    `json:"n"`
	Verdict string `json:"d"`           // as for a machine: "faster"
	Said    string `json:"w"`           // as for its metric: "better (a difference is measurable)"
	Note    string `json:"e,omitempty"` // what must be known of the rounds
	More    int    `json:"k,omitempty"` // rounds that would decide
	Other   bool   `json:"x,omitempty"` // not of the metric the plan declared
	Grade   string `json:"q"`
}

// Detailed draws the conclusions, as Build does, and what pictures need beside
// them. The record is read once.
func Detailed(in Input) (*Report, *Detail, error) {
	t, err := arrange(in)
	if err != nil {
		return nil, nil, err
	}
	r := t.report()
	return r, t.detail(r), nil
}

// A detailer makes a Detail out of a table and the report drawn from it.
type detailer struct {
	t *table
	r *Report
	d *Detail

	whos     map[string]int
	settings map[string]int
	metrics  map[plan.Metric]int
	notes    map[evidence.Note]int
}

func (t *table) detail(r *Report) *Detail {
	b := &detailer{t: t, r: r, d: &Detail{},
		whos: map[string]int{}, settings: map[string]int{}, metrics: map[plan.Metric]int{}, notes: map[evidence.Note]int{}}
	b.lists()
	b.figures()
	b.comparisons()
	b.sweeps()
	b.fits()
	b.crossings()
	b.knees()
	b.cells()
	b.warmups()
	b.found()
	b.flames()
	b.words()
	return b.d
}

// lists fills in what the rest refers to by index.
func (b *detailer) lists() {
	t, d := b.t, b.d
	for i, v := range t.variants {
		b.whos[v.name] = i
		d.Whos = append(d.Whos, DetailWho{Name: v.name, Subject: v.Subject, Variant: v.Variant, Bound: v.bound})
	}
	for i, s := range t.settings {
		b.settings[settingName(t.factorNames, s.factors)] = i
		ds := DetailSetting{Name: settingName(t.factorNames, s.factors), At: phrase(t.factorNames, s.factors), Levels: []string{}}
		for _, f := range t.factorNames {
			ds.Levels = append(ds.Levels, s.factors[f].String())
		}
		d.Settings = append(d.Settings, ds)
	}
	for _, f := range t.factorNames {
		d.Factors = append(d.Factors, b.factor(f))
	}
	for _, m := range t.metrics() {
		if !slices.ContainsFunc(b.r.Rows, func(r Row) bool { return r.Metric == m }) {
			continue
		}
		_, higher := t.metric(m)
		b.metrics[m] = len(d.Metrics)
		d.Metrics = append(d.Metrics, DetailMetric{Key: m, Head: metricHead(m), Better: b.r.better(m), Unit: t.shown(m), Higher: higher, Time: ofTimes(m)})
	}
}

func (b *detailer) factor(name string) DetailFactor {
	f := DetailFactor{Name: name, Numeric: true, Rate: name == b.r.rateFactor, Work: asksFor(b.t.plan.Workload, name)}
	for _, s := range b.t.settings {
		l, ok := s.factors[name]
		if !ok {
			continue
		}
		if _, num := l.Number(); !num {
			f.Numeric = false
		}
		f.Levels = appendNew(f.Levels, l.String())
	}
	return f
}

// setting returns the index of a setting by its factors, −1 if it is none.
func (b *detailer) setting(f Factors) int {
	if i, ok := b.settings[settingName(b.t.factorNames, f)]; ok {
		return i
	}
	return -1
}

func (b *detailer) figures() {
	for i := range b.r.Rows {
		row := &b.r.Rows[i]
		f := DetailFigure{
			M: b.metrics[row.Metric], W: b.whos[row.name()], S: b.setting(row.Factors),
			V: Brief(row.Value), Lo: Brief(row.Lo), Hi: Brief(row.Hi), N: row.N,
			Open: row.Value.Kind == AtLeast || strings.HasPrefix(row.text(), "≥"),
			Text: row.text(), Span: row.interval(), Rank: row.rankText(), Group: row.Group, Grade: row.Grade.String(),
		}
		if row.Metric == plan.StartUp {
			f.S = -1
		}
		for _, v := range row.rounds {
			f.Rounds = append(f.Rounds, Brief(v))
		}
		for _, n := range row.Notes {
			f.Notes = append(f.Notes, b.note(n))
		}
		b.d.Figures = append(b.d.Figures, f)
	}
}

func (b *detailer) note(n evidence.Note) int {
	i, ok := b.notes[n]
	if !ok {
		i = len(b.d.Notes)
		b.notes[n] = i
		b.d.Notes = append(b.d.Notes, n)
	}
	return i
}

func (b *detailer) comparisons() {
	for i := range b.r.Comparisons {
		c := &b.r.Comparisons[i]
		back := Comparison{Ratio: c.Ratio.inverse(), Lo: c.Hi.inverse(), Hi: c.Lo.inverse()}
		b.d.Comparisons = append(b.d.Comparisons, DetailComparison{
			A: b.whos[c.A.name()], B: b.whos[c.B.name()], S: b.setting(c.Factors), M: b.metrics[c.Metric],
			Ratio: Brief(c.Ratio), Text: c.Ratio.in(""), Span: c.interval(), Back: back.Ratio.in(""), Behind: back.interval(), P: c.PAdjusted.in(""), N: c.N,
			Verdict: c.Verdict.String(), Said: c.verdictText(), Note: c.Note, More: c.NeedsRounds, Other: c.Exploratory, Grade: c.Grade.String(),
		})
	}
}
