package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"webdyno/internal/evidence"
)

// Throughput is one over the cost, so the mean of its ratios over the settings is
// that of the costs' ratios, turned round; and which subject comes first does not
// matter.
func TestMeanOfRatios(t *testing.T) {
	b := handlerWork()
	b.noise = 0.002
	r := build(t, b.input())
	if len(r.Means) != 1 {
		t.Fatalf("got %d means, want 1", len(r.Means))
	}
	var logs float64
	for _, n := range b.bytes {
		logs += math.Log((15+0.2*n)/(20+0.02*n)) / float64(len(b.bytes))
	}
	m, truth := r.Means[0], math.Exp(logs)
	if !(m.Lo.X <= truth && truth <= m.Hi.X) || m.Over != 4 || m.N != 10 || m.Hi.X/m.Lo.X > 1.02 {
		t.Errorf("got %v (%v to %v) over %d, want %.4g over 4", m.Ratio, m.Lo, m.Hi, m.Over, truth)
	}
	if m.Least.X > 0.8 || m.Most.X < 5 {
		t.Errorf("from %v to %v: a mean must not hide that they change places", m.Least, m.Most)
	}
	if text := string(textOf(t, r, TextOptions{})); strings.Count(text, "Geometric mean") != 1 {
		t.Error("the text has not one line of the mean")
	}
	in := handlerWork()
	in.noise = 0.002
	turned := in.input()
	turned.Plan.Subjects[0], turned.Plan.Subjects[1] = turned.Plan.Subjects[1], turned.Plan.Subjects[0]
	turned.Setup.Subjects[0], turned.Setup.Subjects[1] = turned.Setup.Subjects[1], turned.Setup.Subjects[0]
	other := build(t, turned).Means[0]
	if math.Abs(other.Ratio.X*m.Ratio.X-1) > 1e-9 || math.Abs(other.Lo.X*m.Hi.X-1) > 1e-9 {
		t.Errorf("%v one way and %v the other", m.Ratio, other.Ratio)
	}
}

// A setting at which a subject answered nothing has no ratio, and the mean says so
// instead of leaving it out.
func TestMeanNeedsEverySetting(t *testing.T) {
	in := handlerWork().input()
	for _, m := range in.Measurements {
		if n, _ := m.Trial.Factors["path_bytes"].Number(); n == 1001 && m.Trial.Subject == "uvloop" {
			m.Tally.InWindow = 0
		}
	}
	r := build(t, in)
	if len(r.Means) != 1 || r.Means[0].Ratio.Known() || r.Means[0].WhyNot == "" {
		t.Errorf("got %+v; want a reason and no mean", r.Means)
	}
	if bytes.Contains(textOf(t, r, TextOptions{}), []byte("Geometric mean")) {
		t.Error("the text has a mean")
	}
	b := handlerWork()
	b.bytes = b.bytes[:1]
	if got := build(t, b.input()).Means; got != nil {
		t.Errorf("of one setting: %+v", got)
	}
}

// A round in which a trial of one setting is invalid has no mean.
func TestMeanLeavesOutRounds(t *testing.T) {
	in := handlerWork().input()
	for _, m := range in.Measurements {
		if m.Trial.Round == 3 && m.Trial.Subject == "go" {
			if n, _ := m.Trial.Factors["path_bytes"].Number(); n == 11 {
				m.Notes = append(m.Notes, evidence.Note{Kind: "ports-ran-out", Grade: evidence.X, Text: "no port was free"})
			}
		}
	}
	if m := build(t, in).Means[0]; m.N != 9 {
		t.Errorf("got %d rounds, want 9", m.N)
	}
}

// The second opinion is of the same rounds, and close to the first where nothing
// is disturbed; three subjects are asked first whether they differ at all.
func TestSecondOpinions(t *testing.T) {
	b := handlerWork()
	b.servers = append(b.servers, server{name: "tornado", cost: line(90, 0.5)})
	r := build(t, b.input())
	for _, c := range r.Comparisons {
		if s := c.Student; s == nil || math.Abs(s.Ratio.X/c.Ratio.X-1) > 0.02 || !(s.P.X < 0.05) {
			t.Errorf("%s : %s: got %+v beside %v", c.A.name(), c.B.name(), c.Student, c.Ratio)
		}
	}
	if len(r.Method.Global) != 4 || r.Method.Global[0].Variants != 3 || r.Method.Global[0].N != 10 || r.Method.Global[0].P.X > 0.001 {
		t.Errorf("got %+v", r.Method.Global)
	}
	if !bytes.Contains(textOf(t, r, TextOptions{}), []byte("Friedman")) {
		t.Error("the text does not tell of the global test")
	}
	if got := build(t, handlerWork().input()).Method.Global; got != nil {
		t.Errorf("of two subjects: %+v", got)
	}
}
