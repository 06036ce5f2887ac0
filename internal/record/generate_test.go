package record

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// Whatever a measurement holds, it comes back as it was.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		want := measurements().Draw(t, "measurements")
		for i, m := range want {
			m.Trial.ID = fmt.Sprintf("%d %s", i, m.Trial.ID)
		}
		n++
		at := filepath.Join(dir, fmt.Sprint(n))
		if err := makeFolder(at); err != nil {
			t.Fatal(err)
		}
		got := thereAndBack(t, at, want)
		if d := cmp.Diff(want, got, sameEvidence); d != "" {
			t.Fatalf("-want +got\n%s", d)
		}
	})
}

func thereAndBack(t *rapid.T, dir string, ms []*evidence.Measurement) []*evidence.Measurement {
	store, err := openDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	host, err := encodeSetup(someSetup())
	if err != nil {
		t.Fatal(err)
	}
	w, err := create(dir, &faulty{storage: store, room: -1, fails: func(int, string) error { return nil }}, nil, host)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, m := range ms {
		if err := w.Append(m); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func measurements() *rapid.Generator[[]*evidence.Measurement] {
	return rapid.SliceOfN(rapid.Custom(measurement), 0, 2)
}

func measurement(t *rapid.T) *evidence.Measurement {
	m := &evidence.Measurement{
		Trial: evidence.Trial(wireTrial{
			ID:       rapid.String().Draw(t, "id"),
			Round:    rapid.Int().Draw(t, "round"),
			Block:    rapid.Int().Draw(t, "block"),
			Attempt:  rapid.Int().Draw(t, "attempt"),
			Subject:  rapid.String().Draw(t, "subject"),
			Variant:  rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "variant"),
			Factors:  rapid.MapOf(rapid.String(), rapid.Custom(level)).Draw(t, "factors"),
			Bound:    rapid.Bool().Draw(t, "bound"),
			LoadSeed: rapid.Uint64().Draw(t, "seed"),
		}),
		Began: moment(t),
		Host: evidence.Activity{Foreign: number(t), Steal: number(t), SwappedIn: count(t),
			Network: evidence.Network{Overflows: count(t), Retransmits: count(t), Timeouts: count(t), Drops: count(t), Segments: count(t)},
			Hiccups: &evidence.Hiccups{P50: span(t), P99: span(t), Max: span(t), Stalled: number(t)}},
		Notes: rapid.SliceOf(rapid.Custom(note)).Draw(t, "notes"),
	}
	if rapid.Bool().Draw(t, "has a tally") {
		m.Tally = tally(t)
	}
	if rapid.Bool().Draw(t, "has usage") {
		m.Server = &evidence.Usage{Span: span(t), CPU: span(t), PeakRSS: rapid.Int64().Draw(t, "rss"), Threads: rapid.Int().Draw(t, "threads"), Replaced: rapid.Int().Draw(t, "replaced"), Source: "cgroup", Answered: count(t)}
	}
	if rapid.Bool().Draw(t, "has measured itself") {
		m.Measured = &evidence.Measured{Metric: rapid.String().Draw(t, "metric"), Unit: rapid.String().Draw(t, "unit"), Better: "higher",
			Values: rapid.SliceOfN(rapid.Float64(), 1, 5).Draw(t, "values"), Lasted: span(t)}
	}
	if rapid.Bool().Draw(t, "has a start") {
		rates := rapid.SliceOf(rapid.Float64()).Draw(t, "rates")
		m.Start = &evidence.Start{Ready: span(t), PID: 1, Proof: rapid.String().Draw(t, "proof"), Warmup: evidence.Warmup{Lasted: span(t), Rates: rates, Service: rates}}
	}
	if rapid.Bool().Draw(t, "has failed") {
		m.Failure = &evidence.Failure{Kind: evidence.Died, Text: rapid.String().Draw(t, "text"), Last: rapid.SliceOf(rapid.String()).Draw(t, "last")}
	}
	return m
}

func tally(t *rapid.T) *evidence.Tally {
	tally := evidence.NewTally()
	for o := range tally.Outcomes {
		tally.Outcomes[o] = count(t)
	}
	tally.Wrong, tally.WrongBytes = count(t), count(t)
	tally.Statuses = rapid.MapOf(rapid.IntRange(-1, 999), rapid.Uint64()).Draw(t, "statuses")
	tally.Causes = rapid.MapOf(rapid.String(), rapid.Uint64()).Draw(t, "causes")
	tally.Connections = evidence.Connections{Opened: count(t), Failed: count(t), Stale: count(t), ClosedByServer: count(t), ClosedByUs: count(t)}
	tally.Idle = evidence.Idle{Asked: count(t), Opened: count(t), Ended: count(t)}
	tally.HeldIn, tally.HeldOver = count(t), count(t)
	tally.BytesIn, tally.BytesOut, tally.Sent, tally.InWindow, tally.WrongIn = count(t), count(t), count(t), count(t), count(t)
	for _, h := range windowHistograms(tally) {
		*h = histogram(t, latency.New())
	}
	for range rapid.IntRange(0, 3).Draw(t, "seconds") {
		tally.Seconds = append(tally.Seconds, evidence.Second{Answered: count(t), Errors: count(t), Response: histogram(t, latency.NewCoarse())})
	}
	tally.Warmup, tally.Window, tally.ClientCPU, tally.LoopCPU, tally.LoopSpan = span(t), span(t), span(t), span(t), span(t)
	tally.WarmupRequests, tally.Offered, tally.Loops = count(t), count(t), rapid.Int().Draw(t, "loops")
	tally.Sources = rapid.IntRange(0, 254).Draw(t, "sources")
	tally.Backend = rapid.String().Draw(t, "backend")
	tally.WrongAnswers = rapid.SliceOf(rapid.String()).Draw(t, "wrong answers")
	return tally
}

// histogram fills h with a few durations, from none at all to longer than it
// keeps.
func histogram(t *rapid.T, h *latency.Histogram) *latency.Histogram {
	for _, ns := range rapid.SliceOfN(rapid.Int64Min(0), 0, 5).Draw(t, "durations") {
		h.RecordN(ns, uint64(rapid.Uint32().Draw(t, "times")))
	}
	return h
}

// moment is any that a clock may show, one that was never set included.
func moment(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "clock never set") {
		return time.Time{}
	}
	return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
}

func level(t *rapid.T) plan.Level {
	if rapid.Bool().Draw(t, "is a number") {
		return plan.Num(number(t))
	}
	return plan.TextLevel(rapid.String().Draw(t, "level"))
}

func note(t *rapid.T) evidence.Note {
	grade := rapid.SampledFrom([]evidence.Grade{evidence.A, evidence.B, evidence.L, evidence.X}).Draw(t, "grade")
	return evidence.Note{Kind: rapid.String().Draw(t, "kind"), Grade: grade, Text: rapid.String().Draw(t, "text")}
}

func number(t *rapid.T) float64     { return rapid.Float64().Draw(t, "number") }
func count(t *rapid.T) uint64       { return rapid.Uint64().Draw(t, "count") }
func span(t *rapid.T) time.Duration { return time.Duration(rapid.Int64().Draw(t, "span")) }
