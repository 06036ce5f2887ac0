package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"webdyno/internal/overlay"
	"webdyno/internal/plan"
)

// printedOn returns a report's text on a page so wide that nothing is broken, each
// run of blanks as one.
func printedOn(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b, TextOptions{Width: 1000}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// near tells whether a picture's number is the report's, to five digits.
func near(b Brief, v Number) bool {
	if b.Kind == Missing || v.Kind == Missing {
		return b.Kind == v.Kind
	}
	var drawn, told float64
	if json.Unmarshal(briefly(b.X), &drawn) != nil || json.Unmarshal(briefly(v.X), &told) != nil {
		return false
	}
	return drawn == told
}

// What the page says of capacities, processors, means, causes, conditions and cold
// starts is what the text prints, word for word; and what it draws is the number
// that report.json has.
func TestPageSaysWhatTheTextSays(t *testing.T) {
	for name, in := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			r, d := detailOf(t, in)
			text := printedOn(t, r)
			says := func(what string, cells ...string) {
				t.Helper()
				for _, c := range cells {
					if c = strings.Join(strings.Fields(c), " "); c != "" && c != "–" && !strings.Contains(text, c) {
						t.Errorf("%s: the text has no %q", what, c)
					}
				}
			}
			for i, c := range d.Capacities {
				says("capacity", d.Whos[c.W].Name+" "+c.Text, c.Span, c.Bracket)
				if !near(c.V, r.Capacities[i].Value) || !near(c.Lo, r.Capacities[i].Lo) || !near(c.Upper, r.Capacities[i].Upper) {
					t.Errorf("capacity %+v is drawn of %+v", c, r.Capacities[i])
				}
			}
			for _, c := range d.CapacityPairs {
				says("capacities compared", c[2]+" "+c[3], c[4], c[7])
			}
			for i, o := range d.Overloads {
				says("overload", o.Offered+" "+o.Goodput+" "+o.Text, o.Errors, o.Again, o.Causes)
				if !near(o.Share, r.Overloads[i].Share) || !near(o.Recovery, r.Overloads[i].Recovery) {
					t.Errorf("overload %+v is drawn of %+v", o, r.Overloads[i])
				}
			}
			for i, s := range d.Scaling {
				says("law", s.Said)
				for k, p := range s.Points {
					says("processors", strings.Join(p.Cells, " "))
					if of := r.Scaling[i].Points[k]; !near(p.V, of.Throughput) || !near(p.Up, of.SpeedUp) || p.N != of.Processors {
						t.Errorf("%+v is drawn of %+v", p, of)
					}
				}
			}
			for _, m := range d.Means {
				if d.Whos[m.A].Name == d.Whos[d.Means[0].A].Name && m.Why == "" {
					says("mean", m.Text+" ("+m.Span+")")
				}
			}
			for _, c := range d.Causes[:min(len(d.Causes), mostCauses)] {
				sum := 0.0
				for _, by := range c.By {
					sum += by.X
				}
				if math.Abs(sum-100*float64(c.Failed)/float64(c.Due)) > 1e-6 {
					t.Errorf("causes of %d of %d add up to %v %%", c.Failed, c.Due, sum)
				}
			}
			for _, s := range d.Signals {
				if s.Trials > 0 {
					says("signal", s.ID+" "+s.Name+" "+s.Worst, s.Limits)
				}
			}
			for _, w := range d.Warmed {
				says("cold start", strings.Join(w.Cells, " "))
			}
			says("controls", d.AA...)
			says("slopes", d.Slopes...)
		})
	}
}

// Causes are told on the page as in the text, and lead to the same variants.
func TestDetailOfFailures(t *testing.T) {
	r, d := detailOf(t, threeBuses())
	if len(r.Causes) == 0 || len(d.Causes) != len(r.Causes) {
		t.Fatalf("%d causes of %d", len(d.Causes), len(r.Causes))
	}
	for i, c := range d.Causes {
		if d.Whos[c.W].Name != r.Causes[i].name() || c.Text != causesWords(r.Causes[i].By)+errnoWords(r.Causes[i].Errnos) {
			t.Errorf("%+v is of %+v", c, r.Causes[i])
		}
	}
}

// What others measured comes with what is said against it, on the page as in the
// text, and changes nothing of the report.
func TestOverlayOfSummaries(t *testing.T) {
	r, d := detailOf(t, handlerWork().input())
	before := jsonOf(t, r)
	wrk := overlay.Summary{Tool: overlay.Wrk, Label: "http://a/\x1b", Values: []overlay.Value{
		{Of: overlay.Throughput, X: 37000.12}, {Of: overlay.Percentile, P: 99, X: 2.6}, {Of: overlay.Errors, X: 0.01}}}
	all := []Overlay{{Name: "old.txt", Summaries: []overlay.Summary{wrk}}, r.AsOverlay("twin")}
	d.Lay(all)
	var b bytes.Buffer
	if err := r.Text(&b, TextOptions{Width: 1000, Overlays: all}); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{notComparable, "wrk, old.txt http://a/? 37000 – – – 2.60 ms 0.0100%", "old.txt: wrk keeps", "go, twin path_bytes = 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	if d.Overlays.Said != notComparable || len(d.Overlays.Caveats) != 2 || len(d.Overlays.Summaries) != 1+2*4 {
		t.Errorf("laid: %+v", d.Overlays)
	}
	for _, s := range d.Overlays.Summaries {
		for _, v := range s.Values {
			if !strings.Contains(text, v.Text) {
				t.Errorf("the text has no %q of %s", v.Text, s.Label)
			}
		}
	}
	if !bytes.Equal(before, jsonOf(t, r)) {
		t.Error("an overlay changes report.json")
	}
}

// Another record's curves lie over the same rates.
func TestOverlayOfAnotherRecord(t *testing.T) {
	r, d := detailOf(t, threeBuses())
	o := r.AsOverlay("twin")
	if len(o.Curves) == 0 || len(o.Figures) > 0 {
		t.Fatalf("%d curves, %d figures", len(o.Curves), len(o.Figures))
	}
	d.Lay([]Overlay{o})
	for _, c := range d.Overlays.Curves {
		if c.Metric == "" || len(c.X) != len(c.Y) || len(c.X) != len(c.Texts) {
			t.Errorf("curve %+v", c)
		}
		if c.Metric == plan.Throughput && len(c.X) < 3 {
			t.Errorf("%s has %d points", c.Label, len(c.X))
		}
	}
}
