package lab

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// measuredExperiment is a plan of two commands that measure themselves, at two
// levels.
func measuredExperiment(t *testing.T) Experiment {
	t.Helper()
	p, err := plan.Read("test.yaml", []byte(`
factors: {size: [1, 2]}
subjects:
  - {name: a, measure: [bm, "{size}"], metric: {name: loop, unit: s}}
  - {name: b, measure: [bm, "{size}"], metric: {name: loop, unit: s}}
rounds: 2
`), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	x := Experiment{Plan: p, Settings: settings}
	for i, v := range p.Variants() {
		x.Entries = append(x.Entries, Entry{Variant: v, Index: i, Name: v.Name()})
	}
	return x
}

// A command that measures itself is run in each trial with that trial's levels,
// and nothing is started, asked or loaded for it.
func TestMeasureItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)
		var ran []string
		th.lab.Measure = func(_ context.Context, e *Entry, words map[string]string, log string) (*evidence.Measured, *evidence.Usage, error) {
			ran = append(ran, e.Name+words["size"])
			if e.Name == "b" && words["size"] == "2" {
				return nil, nil, withLastWords(&Trouble{evidence.Died, errors.New("exited with status 1")}, []string{"first", "last"}, "")
			}
			return &evidence.Measured{Metric: "loop", Values: []float64{1, 2}}, &evidence.Usage{}, nil
		}
		if err := th.lab.Run(t.Context(), measuredExperiment(t), rec); err != nil {
			t.Fatal(err)
		}
		slices.Sort(ran)
		if want := []string{"a1", "a1", "a2", "a2", "b1", "b1", "b2", "b2"}; !slices.Equal(ran, want) {
			t.Errorf("ran %q, want %q", ran, want)
		}
		if len(th.up) > 0 || len(th.jobs) > 0 {
			t.Errorf("%d were started, %d loaded", len(th.up), len(th.jobs))
		}
		for _, m := range rec.lines {
			level := m.Trial.Factors["size"].String()
			failed := m.Trial.Subject == "b" && level == "2"
			switch {
			case m.Tally != nil, failed == (m.Measured != nil), failed == (m.Failure == nil):
				t.Errorf("%s at %s: %+v", m.Trial.Subject, level, m)
			case failed && (m.Failure.Text != "exited with status 1; its last words: last" || !slices.Equal(m.Failure.Last, []string{"first", "last"}) || m.Failure.Kind != evidence.Died):
				t.Errorf("the failure is %+v", m.Failure)
			}
		}
	})
}

func TestParseValues(t *testing.T) {
	for _, tc := range []struct {
		printed string
		want    []float64
		bad     string
	}{
		{"loop: 0.0912\n", []float64{0.0912}, ""},
		{"loop: 3\n\n 2.5e-3 \r\nloop :1\nloop:0", []float64{3, 0.0025, 1, 0}, ""},
		{"warming up\nother: 5\n12 loops\nloop: 1\n", []float64{1}, ""},
		{strings.Repeat("x", longestLine+1) + "\nloop: 1\n", []float64{1}, ""},
		{"", nil, `printed no number: want lines such as "loop: 0.0912"`},
		{"other: 5\n", nil, "printed no number"},
		{"loop: fast\n", nil, `line 1 of its output: "fast" is no number`},
		{"1\nloop: NaN\n", nil, `line 2 of its output: "NaN" is no finite number`},
		{"inf\n", nil, `"inf" is no finite number`},
		{"loop: 1e999\n", nil, `"1e999" is no finite number`},
		{"-1\n", nil, "-1 is below zero"},
		{strings.Repeat("1\n", mostValues+1), nil, "more than 10000 values"},
	} {
		got, err := parseValues(strings.NewReader(tc.printed), "loop")
		if (err == nil) != (tc.bad == "") || err != nil && !strings.Contains(err.Error(), tc.bad) || !slices.Equal(got, tc.want) {
			t.Errorf("%.40q: %v, %v; want %v, %q", tc.printed, got, err, tc.want, tc.bad)
		}
	}
}

// Whatever a command prints, it is read or refused, and no value is one that
// cannot be reckoned with.
func FuzzParseValues(f *testing.F) {
	for _, s := range []string{"loop: 0.0912\n", "1\n2\n", "loop: nan", "0x1p-2\n", "loop:\x00", "-0\n", "1_0\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		values, err := parseValues(strings.NewReader(s), "loop")
		if (err == nil) == (len(values) == 0) {
			t.Errorf("%d values, error %v", len(values), err)
		}
		for _, x := range values {
			if !(x >= 0) || math.IsInf(x, 0) {
				t.Errorf("the value %v", x)
			}
		}
	})
}

// Levels of processors are those the machine has beside the engine's, whether or
// not another variant takes all of them.
func TestCPUsOf(t *testing.T) {
	apart := &Equipment{Machine: []int{0, 1, 2, 3}}
	apart.CPUs = evidence.CPUs{Engine: []int{3}, Subjects: []int{0, 1, 2}}
	all := &Equipment{Machine: []int{0, 1, 2, 3}}
	all.CPUs = evidence.CPUs{Engine: []int{1}, Subjects: []int{0, 1, 2, 3}, Shared: true}
	alone := &Equipment{Machine: []int{0}}
	alone.CPUs = evidence.CPUs{Engine: []int{0}, Subjects: []int{0}, Shared: true}
	const four = "wants 4 CPUs; beside the engine's this machine has 3"
	for _, tc := range []struct {
		q     *Equipment
		want  plan.CPUs
		level bool
		cpus  []int
		bad   string
	}{
		{apart, plan.CPUs{}, false, []int{0}, ""},
		{apart, plan.CPUs{N: 3}, true, []int{0, 1, 2}, ""},
		{apart, plan.CPUs{N: 4}, false, nil, four},
		{apart, plan.CPUs{All: true}, true, []int{0, 1, 2, 3}, ""},
		{all, plan.CPUs{N: 2}, true, []int{0, 2}, ""},
		{all, plan.CPUs{N: 4}, true, nil, four},
		{all, plan.CPUs{N: 4}, false, []int{0, 1, 2, 3}, ""},
		{alone, plan.CPUs{N: 1}, true, []int{0}, ""},
	} {
		got, err := tc.q.cpusOf(tc.want, tc.level)
		if !slices.Equal(got, tc.cpus) || (err == nil) != (tc.bad == "") || err != nil && err.Error() != tc.bad {
			t.Errorf("%+v of %v, level %v: %v, %v; want %v, %q", tc.want, tc.q.CPUs, tc.level, got, err, tc.cpus, tc.bad)
		}
	}
}
