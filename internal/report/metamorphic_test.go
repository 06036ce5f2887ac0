package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// What a report says must not depend on what means nothing: in which order trials
// were read, in what unit time is counted, what subjects are called. The plans of
// these tests are drawn: subjects, levels, rounds, noise, faults.

// drawBench draws the measurements of a plan.
func drawBench(t *rapid.T) bench {
	b := bench{rounds: rapid.IntRange(5, 9).Draw(t, "rounds"), blocks: rapid.IntRange(1, 2).Draw(t, "blocks"),
		noise: rapid.SampledFrom([]float64{0.001, 0.01, 0.05}).Draw(t, "noise")}
	for i := range rapid.IntRange(2, 3).Draw(t, "subjects") {
		b.servers = append(b.servers, server{name: string(rune('q' + i)),
			cost: line(rapid.Float64Range(10, 60).Draw(t, "a"), rapid.Float64Range(0, 0.3).Draw(t, "b"))})
	}
	b.bytes = []float64{1, 101, 501}[:rapid.IntRange(1, 3).Draw(t, "levels")]
	return b
}

// drawFaults draws what happens to some of the trials; each is told by its number among
// the measurements, so that the same ones are hit in every form of the plan.
func drawFaults(t *rapid.T, n int) map[int]string {
	hit := map[int]string{}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		hit[rapid.IntRange(0, n-1).Draw(t, "at")] = rapid.SampledFrom([]string{"invalid", "died", "silent"}).Draw(t, "what")
	}
	return hit
}

func afflict(in Input, hit map[int]string) Input {
	for i, what := range hit {
		m := in.Measurements[i]
		switch what {
		case "invalid":
			m.Notes = append(m.Notes, evidence.Note{Kind: "ports-ran-out", Grade: evidence.X, Text: "no port was free"})
		case "died":
			m.Failure = &evidence.Failure{Kind: evidence.Died, Text: "exited with status 139"}
		case "silent":
			m.Tally.InWindow = 0
		}
	}
	return in
}

// few keeps rapid to as many plans as a second has room for.
func few(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	const most = 25
	plans := 0
	rapid.Check(t, func(rt *rapid.T) {
		if plans++; plans <= most {
			property(rt)
		}
	})
}

// The same trials, in whatever order they are read, give the same bytes.
func TestOrderOfTrialsMeansNothing(t *testing.T) {
	few(t, func(rt *rapid.T) {
		b := drawBench(rt)
		in := b.input()
		in = afflict(in, drawFaults(rt, len(in.Measurements)))
		want := jsonOf(t, build(t, in))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		rng.Shuffle(len(in.Measurements), func(i, j int) {
			in.Measurements[i], in.Measurements[j] = in.Measurements[j], in.Measurements[i]
		})
		if !bytes.Equal(jsonOf(t, build(t, in)), want) {
			rt.Fatal("another order of measurements, another report")
		}
	})
}

// Subjects by other names are the same subjects: what is said of them changes in
// nothing but the names, also in the order of the lines, which is the plan's.
func TestNamesMeanNothing(t *testing.T) {
	few(t, func(rt *rapid.T) {
		b := drawBench(rt)
		in := b.input()
		hit := drawFaults(rt, len(in.Measurements))
		want := jsonOf(t, build(t, afflict(in, hit)))
		others := rapid.Permutation([]string{"zebra", "ant", "newt"}).Draw(rt, "names")
		renamed := b
		renamed.servers = nil
		for i, s := range b.servers {
			s.name = others[i]
			renamed.servers = append(renamed.servers, s)
		}
		got := jsonOf(t, build(t, afflict(renamed.input(), hit)))
		for i, s := range b.servers {
			got = regexp.MustCompile(`\b`+others[i]+`\b`).ReplaceAll(got, []byte(s.name))
		}
		if !bytes.Equal(got, want) {
			rt.Fatalf("other names, another report:\n%s", firstDifference(want, got))
		}
	})
}

func firstDifference(want, got []byte) string {
	a, b := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "want " + a[i] + "\ngot  " + b[i]
		}
	}
	return "one is longer"
}

// A clock that counts in other units makes all times so many times as long and
// all rates so many times as small, and not one verdict changes: not even by the
// rounding of histograms, since times by a power of two fall into buckets alike.
func TestUnitOfTimeMeansNothing(t *testing.T) {
	few(t, func(rt *rapid.T) {
		b := drawBench(rt)
		in := b.input()
		hit := drawFaults(rt, len(in.Measurements))
		want := build(t, afflict(in, hit))
		const slower = 4
		other := afflict(b.input(), hit)
		for _, m := range other.Measurements {
			stretchTime(m, slower)
		}
		other.Plan.Window *= slower
		got := build(t, other)
		compareScaled(rt, want, got, slower)
	})
}

// stretchTime makes everything in a measurement that is a time so many times as
// long.
func stretchTime(m *evidence.Measurement, by time.Duration) {
	ta := m.Tally
	ta.Window *= by
	ta.ClientCPU, ta.LoopCPU = ta.ClientCPU*by, ta.LoopCPU*by
	for _, h := range []**latency.Histogram{&ta.Response, &ta.Service, &ta.Lag, &ta.Wait} {
		longer := latency.NewCoarse()
		for b := range (*h).Buckets() {
			longer.RecordN(int64(b.Low*by), b.Count)
		}
		*h = longer
	}
	m.Server.CPU, m.Server.Span = m.Server.CPU*by, m.Server.Span*by
	m.Start.Ready *= by
}

func compareScaled(t *rapid.T, want, got *Report, by float64) {
	if len(got.Rows) != len(want.Rows) || len(got.Comparisons) != len(want.Comparisons) ||
		len(got.Crossings) != len(want.Crossings) || len(got.Fits) != len(want.Fits) || len(got.Means) != len(want.Means) {
		t.Fatal("another unit of time, other figures")
	}
	near := func(what string, x, y Number, factor float64) {
		if x.Kind != y.Kind || math.Abs(y.X-factor*x.X) > 0.011*math.Abs(factor*x.X)+1e-9 {
			t.Fatalf("%s: got %v, want %v × %g", what, y, x, factor)
		}
	}
	for i, c := range got.Comparisons {
		w := want.Comparisons[i]
		if c.Verdict != w.Verdict || c.N != w.N || math.Abs(c.PAdjusted.X-w.PAdjusted.X) > 1e-9 {
			t.Fatalf("%s : %s by %s: got %v (p %v), want %v (p %v)", c.A.name(), c.B.name(), c.Metric, c.Verdict, c.PAdjusted, w.Verdict, w.PAdjusted)
		}
		near("ratio", w.Ratio, c.Ratio, 1)
	}
	for i := range got.Crossings {
		near("crossing", want.Crossings[i].At, got.Crossings[i].At, 1)
	}
	for i := range got.Fits {
		near("a", want.Fits[i].A, got.Fits[i].A, by)
		near("b", want.Fits[i].B, got.Fits[i].B, by)
		near("bend", want.Fits[i].Bend, got.Fits[i].Bend, 1)
	}
	for i := range got.Means {
		near("mean", want.Means[i].Ratio, got.Means[i].Ratio, 1)
	}
	for i, r := range got.Rows {
		near(string(r.Metric)+" of "+r.name(), want.Rows[i].Value, r.Value, scaledBy(r.Unit, by))
	}
}

// scaledBy returns what becomes of a figure in a unit when a second is so many
// times as long.
func scaledBy(unit string, by float64) float64 {
	switch unit {
	case "ms", "us":
		return by
	case "req/s", "req/CPU-s":
		return 1 / by
	}
	return 1
}
