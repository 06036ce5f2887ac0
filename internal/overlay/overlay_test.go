package overlay

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Figures of the study of 2012 at a few rates, as autobench lays them out.
const table = "dem_req_rate\treq_rate_api\tcon_rate_api\tmin_rep_rate_api\tavg_rep_rate_api\tmax_rep_rate_api\tstddev_rep_rate_api\tresp_time_api\tnet_io_api\terrors_api\n" +
	"300\t300\t300\t299\t300.1\t301\t0.8\t20\t80\t0\n" +
	"340\t340\t340\t322.8\t322.8\t322.8\t0\t90\t80\t0\n" +
	"1000\t990\t990\t151\t151\t151\t0\t2428\t40\t146\n"

func TestAutobench(t *testing.T) {
	got, err := Read("a.tsv", []byte(table))
	if err != nil {
		t.Fatal(err)
	}
	want := []Curve{
		{"api", Throughput, []Point{{300, 300.1}, {340, 322.8}, {1000, 151}}, 1},
		{"api", Deviation, []Point{{300, 0.8}, {340, 0}, {1000, 0}}, 1},
		{"api", Response, []Point{{300, 20}, {340, 90}, {1000, 2428}}, 1},
		{"api", Errors, []Point{{300, 0}, {340, 0}, {1000, 146}}, 1},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	commas, err := Read("a.csv", []byte(strings.ReplaceAll(table, "\t", ",")))
	if err != nil || cmp.Diff(want, commas) != "" {
		t.Errorf("with commas: %v, %v", commas, err)
	}
}

// The study's points had 1,000 connections for each of three hosts: two samples up
// to 300/s, one from 320/s on, and no reading above 600/s.
func TestCaveats(t *testing.T) {
	text := strings.Replace(table, "340\t", "320\t", 1)
	curves, err := Read("a.tsv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(Caveats(curves), "\n")
	for _, want := range []string{"can exceed 100", "one 5-s sample only", "from 320/s on", "more than about 600 to 640/s", "before a timeout"} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q in %q", want, said)
		}
	}
	if got := Caveats([]Curve{{Quantity: Errors, Points: []Point{{20, 3}}}, {Quantity: Deviation, Points: []Point{{20, 3}}}}); got != nil {
		t.Errorf("nothing shows, and yet %q", got)
	}
}

func TestFlot(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Curve
	}{
		{"an array", `[[20, 19.9], [40, 39.8]]`, []Curve{{"", "", []Point{{20, 19.9}, {40, 39.8}}, 1}}},
		{"a variable", "var throughput = [\n {label: 'Gevent (1)', data: [[40,2],[20,1]]},\n {\"data\": [[20,3]], label: \"Node\"},\n];", []Curve{
			{"Gevent (1)", Throughput, []Point{{20, 1}, {40, 2}}, 2}, {"Node", Throughput, []Point{{20, 3}}, 3}}},
		{"keys as labels", `{"resp_time": {"gevent": [[20, 7.1]], "node": [[20, 7.0]]}}`, []Curve{
			{"gevent", Response, []Point{{20, 7.1}}, 1}, {"node", Response, []Point{{20, 7.0}}, 1}}},
		{"a program", "$(function () {\n // [[1,2]]\n var errors = { gevent: { label: \"Gevent\", color: 1, data: [[480, 0.5],[500, null],[520, 5.1]] } };\n" +
			" $.plot($('#x'), [errors.gevent], { xaxis: { ticks: [1, 2, 3] } });\n});", []Curve{
			{"Gevent", Errors, []Point{{480, 0.5}, {520, 5.1}}, 3}}},
		{"trailing commas", `x = [[1e2, -2.5,], null, [.5, +3],]`, []Curve{{"x", "", []Point{{0.5, 3}, {100, -2.5}}, 1}}},
	} {
		got, err := Read("f.js", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", c.name, d)
		}
	}
}

// What is wrong is told with file and line.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "f:1: no curve in it"},
		{"hello", "f:1: no curve"},
		{"[[1,2]\n", "f:1: a bracket that is not closed"},
		{"\n[[1,2]}", "f:2: '}' closes the '[' of line 2"},
		{"x = 'abc\n'", "f:1: a text that is not closed"},
		{"/* \n", "f:1: a comment that is not closed"},
		{"[[1,12x]]", "f:1: \"12x\" is no number"},
		{strings.Repeat("[", 100), "f:1: brackets more than 64 deep"},
		{"dem_req_rate\tfoo\n1\t2\n", "f:1: no column of autobench's"},
		{"dem_req_rate\tresp_time\n20\t7\n40\n", "f:3: 1 columns, where the heading has 2"},
		{"dem_req_rate\tresp_time\n20\tNaN\n", "f:2: column 2: \"NaN\" is no number"},
		{"dem_req_rate\tresp_time\n-20\t1\n", "f:2: column 1: a rate of -20"},
	} {
		_, err := Read("f", []byte(c.text))
		if where := new(SyntaxError); !errors.As(err, &where) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

// Whatever it is given, a reader ends, and what it returns is within its bounds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte(strings.ReplaceAll(table, "\t", ",")))
	f.Add([]byte("var errors = [{label: 'a', data: [[1,2],[3,null]]}]; // x\n/* y */"))
	f.Add([]byte(`{"a": {"b": [[[1,2]],[[3,4]]]}}`))
	f.Add([]byte("[[1,2]],'\\'"))
	f.Fuzz(func(t *testing.T, b []byte) {
		curves, err := Read("f", b)
		if err != nil {
			if curves != nil {
				t.Error("curves beside an error")
			}
			return
		}
		points := 0
		for _, c := range curves {
			points += len(c.Points)
			if len(c.Label) > 4*maxLabel || strings.ContainsAny(c.Label, "\x1b\n\r") {
				t.Errorf("label %q", c.Label)
			}
			for i := 1; i < len(c.Points); i++ {
				if c.Points[i].X < c.Points[i-1].X {
					t.Error("points out of order")
				}
			}
		}
		if points > len(b) {
			t.Errorf("%d points of %d bytes", points, len(b))
		}
		Caveats(curves)
	})
}
