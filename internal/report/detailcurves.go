package report

import (
	"encoding/json"
	"strconv"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// A Brief is a Number for a picture: five digits, null if it is missing. Which
// side it bounds is not written.
type Brief Number

const briefDigits = 5

// MarshalJSON writes a number or null.
func (v Brief) MarshalJSON() ([]byte, error) {
	if v.Kind == Missing {
		return []byte("null"), nil
	}
	return briefly(v.X), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Brief) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, (*Number)(v)) }

// briefly writes x in the fewest characters that keep five digits.
func briefly(x float64) []byte {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', briefDigits-1, 64), 64)
	if err != nil {
		y = x
	}
	b, err := json.Marshal(y)
	if err != nil {
		return []byte("null")
	}
	return b
}

// Briefs are numbers for a picture.
type Briefs []float64

// MarshalJSON writes an array of numbers of five digits.
func (all Briefs) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for i, x := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, briefly(x)...)
	}
	return append(out, ']'), nil
}

// DetailSweep is a walk along one numeric factor while the others stand still.
type DetailSweep struct {
	Factor string `json:"factor"`
	Others string `json:"others"` // where the others stand: "per_connection = 1"
	Rate   bool   `json:"rate,omitempty"`
	Work   bool   `json:"work,omitempty"`

	Settings []int  `json:"settings"` // by level
	Levels   Briefs `json:"levels"`
	Goals    []Goal `json:"goals,omitempty"` // of a sweep over rates
}

// A Goal is an objective as a line in a picture of a metric: its bound is in the
// metric's unit. The metric is empty where no picture shows it.
type Goal struct {
	Text   string      `json:"text"`
	Metric plan.Metric `json:"metric,omitempty"`
	Bound  float64     `json:"bound"`
}

// DetailFit is a Fit: two numbers to draw, and its words.
type DetailFit struct {
	W      int     `json:"w"`
	Metric string  `json:"metric"`
	Factor string  `json:"factor"`
	Others string  `json:"others"`
	Model  string  `json:"model"`
	Says   string  `json:"says"` // what lies on the line: "server CPU per request"
	A      Brief   `json:"a"`
	B      Brief   `json:"b"`
	Text   string  `json:"t"`
	Cells  [4]Pair `json:"cells"`         // a and b with their intervals; rounds; how far off
	Why    string  `json:"why,omitempty"` // a and b are not told, or are in doubt
	Per    float64 `json:"per,omitempty"` // of a cost that throughput tells: throughput is Per ÷ (a + b × N)
}

// DetailCrossing is where two variants change places.
type DetailCrossing struct {
	A      int    `json:"a"`
	B      int    `json:"b"`
	Factor string `json:"factor"`
	Others string `json:"others"`
	At     Brief  `json:"at"`
	Lo     Brief  `json:"lo"`
	Hi     Brief  `json:"hi"`
	Text   string `json:"t"`
}

// DetailKnee is a knee: the rates on either side of it, its interval, its words.
type DetailKnee struct {
	W      int    `json:"w"`
	Others string `json:"others"`
	Kept   Brief  `json:"kept"`
	At     Brief  `json:"at"`
	Lo     Brief  `json:"lo"`
	Hi     Brief  `json:"hi"`
	Text   string `json:"t"`
}

func (b *detailer) sweeps() {
	add := func(sw sweep, rate bool) {
		ds := DetailSweep{Factor: sw.factor, Others: settingName(b.t.factorNames, sw.others), Rate: rate, Work: asksFor(b.t.plan.Workload, sw.factor)}
		for _, pt := range sw.points {
			ds.Settings, ds.Levels = append(ds.Settings, pt.setting.index), append(ds.Levels, pt.level)
		}
		if rate {
			ds.Goals = goalsOf(b.t.goals())
		}
		b.d.Sweeps = append(b.d.Sweeps, ds)
	}
	for _, sw := range b.r.rateSweeps {
		add(sw, true)
	}
	for _, sw := range b.t.sweeps() {
		if sw.factor != b.r.rateFactor {
			add(sw, false)
		}
	}
}

func goalsOf(objectives []plan.Objective) []Goal {
	var goals []Goal
	for _, o := range objectives {
		g := Goal{Text: o.Text, Bound: o.Bound}
		switch o.What {
		case "p50", "p90", "p99", "mean":
			g.Metric = plan.Metric("response_" + o.What)
		case "errors":
			g.Metric, g.Bound = plan.Errors, 100*o.Bound
		}
		goals = append(goals, g)
	}
	return goals
}

func (b *detailer) fits() {
	for i := range b.r.Fits {
		f := &b.r.Fits[i]
		why := ""
		if len(f.Notes) > 0 {
			why = strings.TrimPrefix(f.Notes[0].Text, f.name()+": ")
		}
		per := 0.0
		if f.Metric == plan.Throughput {
			per = 1e6 * float64(b.t.processors(b.t.variants[b.whos[f.name()]]))
		}
		b.d.Fits = append(b.d.Fits, DetailFit{
			W: b.whos[f.name()], Metric: string(f.Metric), Factor: f.Factor, Others: settingName(b.t.factorNames, f.Factors), Model: f.Model,
			Says: f.Response, A: Brief(f.A), B: Brief(f.B), Why: why, Per: per,
			Text: f.A.in(f.Unit) + " + " + f.B.in(f.Unit) + " × " + f.Factor,
			Cells: [4]Pair{
				{f.A.in(f.Unit), interval(f.ALo, f.AHi, f.Unit)},
				{f.B.in(f.Unit), interval(f.BLo, f.BHi, f.Unit)},
				{"rounds", strconv.Itoa(f.N)},
				{"off by", unit.Share(f.WorstResidual)},
			},
		})
	}
}

func (b *detailer) crossings() {
	for i := range b.r.Crossings {
		c := &b.r.Crossings[i]
		b.d.Crossings = append(b.d.Crossings, DetailCrossing{
			A: b.whos[c.A.name()], B: b.whos[c.B.name()], Factor: c.Factor, Others: settingName(b.t.factorNames, c.Factors),
			At: Brief(c.At), Lo: Brief(c.Lo), Hi: Brief(c.Hi), Text: c.sentence(b.t.factorNames),
		})
	}
}

func (b *detailer) knees() {
	for i := range b.r.Knees {
		k := &b.r.Knees[i]
		b.d.Knees = append(b.d.Knees, DetailKnee{
			W: b.whos[k.name()], Others: settingName(b.t.factorNames, k.Factors),
			Kept: Brief(k.Kept), At: Brief(k.At), Lo: Brief(k.Lo), Hi: Brief(k.Hi),
			Text: strings.TrimPrefix(k.sentence(), k.name()+": "),
		})
	}
}
