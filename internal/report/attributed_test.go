package report

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
)

// Trials with a profiler in them change no figure, verdict, signal or removal, be
// they ten times as slow, failed or invalid.
func TestAttributionCountsNowhere(t *testing.T) {
	b := handlerWork()
	plain := b.measurements()
	with := slices.Clone(plain)
	for i, m := range b.measurements() {
		m.Trial.ID += "-profile"
		m.Trial.Block, m.Trial.Attribution = 0, "sampler"
		m.Profile = &evidence.Profile{By: "sampler", Unavailable: "it is not here"}
		m.Tally.InWindow /= 10
		m.Host.Foreign = 2
		if i%3 == 0 {
			m.Failure = &evidence.Failure{Kind: evidence.Died, Text: "died"}
		}
		with = append(with, m)
	}
	want, err := Build(Input{Plan: b.plan(), Setup: b.setup(), Measurements: plain})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Build(Input{Plan: b.plan(), Setup: b.setup(), Measurements: with})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		name      string
		want, got any
	}{
		{"rows", want.Rows, got.Rows},
		{"comparisons", want.Comparisons, got.Comparisons},
		{"crossings", want.Crossings, got.Crossings},
		{"fits", want.Fits, got.Fits},
		{"claims", want.Claims, got.Claims},
		{"invalid", want.Invalid, got.Invalid},
		{"failed", want.Failed, got.Failed},
		{"publishable", want.Publishable, got.Publishable},
	} {
		if diff := cmp.Diff(part.want, part.got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s (-without +with):\n%s", part.name, diff)
		}
	}
	running := NewRunning(b.plan(), b.setup())
	if g, err := running.Take(with[len(with)-1]); err != nil || g.Grade != evidence.A || len(running.Standings()) != 0 {
		t.Errorf("glance %+v, %v, %d standings; want nothing", g, err, len(running.Standings()))
	}
}
