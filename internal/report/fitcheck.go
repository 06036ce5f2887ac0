package report

import (
	"fmt"
	"math"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// A Fit is a line through one variant's figures over a numeric factor N: A is
// what a request costs at all, B what each unit of N adds.
type Fit struct {
	Who
	Factors  Factors     `json:"factors,omitempty"` // the other factors
	Metric   plan.Metric `json:"metric"`
	Response string      `json:"response"` // what lies on the line: "server CPU per request", or "processors ÷ throughput", the CPU time there was for an answer
	Factor   string      `json:"factor"`
	Model    string      `json:"model"`   // "a+bN"
	Weights  string      `json:"weights"` // by what points weigh: "spread of blocks", or "cost"

	A   Number `json:"a"` // missing, like B, where the figures were shown to lie on no line
	ALo Number `json:"a_lo"`
	AHi Number `json:"a_hi"`
	B   Number `json:"b"`
	BLo Number `json:"b_lo"`
	BHi Number `json:"b_hi"`

	RobustA Number `json:"robust_a"` // A and B again, by Theil and Sen's line, which a few wild points do not move
	RobustB Number `json:"robust_b"`

	// What a term of N² would add at the largest N, as a share of the line there:
	// the test of whether there is a line at all.
	Bend   Number `json:"bend"`
	BendLo Number `json:"bend_lo"`
	BendHi Number `json:"bend_hi"`

	Unit          string          `json:"unit"`
	N             int             `json:"n"`              // rounds
	WorstResidual float64         `json:"worst_residual"` // largest distance of a figure from the line, as a share of it
	Notes         []evidence.Note `json:"notes,omitempty"`
}

const (
	// tooCrooked is the distance of a figure from its line, as a share of the line,
	// above which the line is said not to describe the figures well.
	tooCrooked = 0.05

	// bendAllowed is what a square may add at the end of a line, as a share of it,
	// for the line still to be called one.
	bendAllowed = 0.02

	// linesDiffer is by how much of itself a parameter may differ from that of Theil
	// and Sen's line before that is told.
	linesDiffer = 0.05
)

// refuse withholds a and b: the figures were shown to bend.
func (f *Fit) refuse() {
	for _, x := range []*Number{&f.A, &f.ALo, &f.AHi, &f.B, &f.BLo, &f.BHi} {
		*x = Number{}
	}
	f.note("not-a-line", fmt.Sprintf("%s: %s is not linear over %s: a term of its square makes %s at the end (%s to %s), so that no a and b are told",
		f.name(), f.Response, f.Factor, unit.Share(f.Bend.X), unit.Share(f.BendLo.X), unit.Share(f.BendHi.X)))
}

// doubt says that a figure is far from the line.
func (f *Fit) doubt(worst float64) {
	f.note("not-a-line", fmt.Sprintf("%s: %s is not a straight line over %s; a figure lies %s off",
		f.name(), f.Response, f.Factor, unit.Share(worst)))
}

// crossCheck holds the line against one that a few wild points do not move. A
// parameter next to nothing differs from another by any share of itself, so that
// the other has to lie outside of its interval too.
func (f *Fit) crossCheck() {
	f.compare("slope", "slopes-differ", f.B, f.BLo, f.BHi, f.RobustB)
	f.compare("cost at zero", "intercepts-differ", f.A, f.ALo, f.AHi, f.RobustA)
}

func (f *Fit) compare(what, kind string, x, lo, hi, robust Number) {
	inside := lo.Known() && hi.Known() && lo.X <= robust.X && robust.X <= hi.X
	if math.Abs(robust.X-x.X) <= linesDiffer*math.Abs(x.X) || inside {
		return
	}
	f.note(kind, fmt.Sprintf("%s: the %s of %s over %s is %s by least squares and %s by the median of all slopes (Theil–Sen): some levels lie off the line",
		f.name(), what, f.Response, f.Factor, x.in(f.Unit), robust.in(f.Unit)))
}

func (f *Fit) note(kind, text string) {
	f.Notes = append(f.Notes, evidence.Note{Kind: kind, Grade: evidence.B, Text: text})
}

// fitNotes returns what the fits note: of a variant's second response only what was
// not noted of its first, for the two are mostly bent by the same thing.
func fitNotes(fits []Fit) []evidence.Note {
	var all []evidence.Note
	said := map[[2]string]bool{}
	for _, f := range fits {
		for _, n := range f.Notes {
			key := [2]string{f.name() + " over " + f.Factor, n.Kind}
			if f.Response == costSays || !said[key] {
				all = append(all, n)
			}
			said[key] = true
		}
	}
	return all
}
