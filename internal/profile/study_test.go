package profile

import (
	"math"
	"os"
	"testing"
)

// The two listings that were published on 13 and 14 September 2014 (Stefan
// Behnel, Tornado's issue 1184), typed in as far as their rows were printed.
func studied(t *testing.T) (before, after *Profile) {
	t.Helper()
	read := func(name string) *Profile {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Read(data)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	return read("study-2014-plain.txt"), read("study-2014-compiled.txt")
}

// What the study left to the eye: 18.2 % fewer calls, 12.1 % less time under the
// profiler, the compiled module's rows gone and its callers grown.
func TestStudyOf2014(t *testing.T) {
	before, after := studied(t)
	d, err := Compare(Side{before, 600}, Side{after, 600})
	if err != nil {
		t.Fatal(err)
	}
	if d.Before.Calls != 1297716 || d.Before.Primitive != 1277262 || d.Before.Total != 1355e6 {
		t.Errorf("before: %d calls, %d primitive, %d ns", d.Before.Calls, d.Before.Primitive, d.Before.Total)
	}
	if d.After.Calls != 1061674 || d.After.Primitive != 1057420 || d.After.Total != 1191e6 {
		t.Errorf("after: %d calls, %d primitive, %d ns", d.After.Calls, d.After.Primitive, d.After.Total)
	}
	if got := math.Round(1000 * (d.Ratio() - 1)); got != -121 {
		t.Errorf("time changed by %v ‰; want -121", got)
	}
	if got := math.Round(d.CallsBefore); got != 2163 {
		t.Errorf("%v calls a request; want 2,163", got)
	}
	want := map[string]State{
		"stack_context.py:269(wrapped)":             Unlisted,
		"stack_context.py:253(wrap)":                Unlisted,
		"stack_context.py:227(_remove_deactivated)": Unlisted,
		"{built-in method hasattr}":                 Unlisted,
		"iostream.py:337(_run_callback)":            Stayed,
		"iostream.py:338(wrapper)":                  Unseen,
		"ioloop.py:713(add_callback)":               Stayed,
	}
	var rest int64
	for _, delta := range d.Deltas {
		if s, ok := want[delta.String()]; ok && s != delta.State {
			t.Errorf("%s: %s; want %s", delta.Function, delta.State, s)
		}
		delete(want, delta.String())
		if delta.Name == notListed {
			rest = delta.Before.Calls
		}
	}
	if len(want) > 0 {
		t.Errorf("not among the rows: %v", want)
	}
	if rest != 1297716-36663-48605-36663-15602-16200-13200-4200-43856-1 {
		t.Errorf("%d calls of the first are in no row that is listed", rest)
	}
}
