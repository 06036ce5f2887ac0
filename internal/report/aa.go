package report

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// An AA is what came of measuring subjects against themselves: what differs here
// is made by the machine, the plan or webdyno, and not by a subject.
type AA struct {
	Run bool `json:"run"` // the plan was carried out for nothing else; else it carried such pairs as a control

	Pairs     int     `json:"pairs"`          // of a variant with its twin, at each setting, on the primary metric
	Different int     `json:"different"`      // of these: each by itself, at the level of the report's intervals
	Expected  float64 `json:"expected"`       // how many would by chance, at most
	Corrected int     `json:"corrected"`      // that differ after Holm's correction over all of them
	Untested  int     `json:"untested"`       // for want of rounds: whatever they had shown, Holm's correction would have taken it back
	Open      int     `json:"open,omitempty"` // of those that were tested: their interval is open at an end

	NeedsRounds int `json:"needs_rounds,omitempty"` // that would test all of them, where some are untested

	// Widest is half the width of the widest interval, as a share: no smaller
	// difference is sure to be seen. It is missing where an interval is open.
	Widest Number `json:"widest"`

	Comparisons []Comparison `json:"comparisons"`
}

// aa sets every variant that has a twin against it; nil where none has. The
// pairs are a family of their own: they take nothing from the verdicts between
// subjects.
func (t *table) aa() *AA {
	var pairs []*pair
	for _, s := range t.settings {
		for _, a := range t.variants {
			for _, b := range t.variants {
				of, ok := t.plan.TwinOf(b.Subject)
				if !ok || plan.VariantName(of, b.Variant) != a.name {
					continue
				}
				if p := t.pair(t.primary(), s, a, b); len(p.logs)+p.silent > 0 {
					pairs = append(pairs, p)
				}
			}
		}
	}
	if len(pairs) == 0 && !t.plan.AA {
		return nil
	}
	adjust(pairs)
	aa := &AA{Run: t.plan.AA, Pairs: len(pairs), Comparisons: comparisons(pairs)}
	least := leastAdjusted(pairs)
	for i, p := range pairs {
		if !p.ratio.HasInterval() || least[i] >= p.alpha {
			aa.Untested++
			aa.NeedsRounds = p.enough()
			continue
		}
		aa.book(p)
	}
	if aa.Open > 0 {
		aa.Widest = Number{}
	}
	return aa
}

// leastAdjusted returns the least that the p of each pair could have been by its
// rounds, after Holm's correction: where all pairs had the least there is.
func leastAdjusted(pairs []*pair) []float64 {
	var ps []float64
	for _, p := range pairs {
		ps = append(ps, min(1, math.Exp2(float64(1-len(p.logs)))))
	}
	return stat.Holm(ps)
}

// book counts a pair that was tested.
func (aa *AA) book(p *pair) {
	aa.Expected = tidy(aa.Expected + p.alpha)
	if p.test.P < p.alpha {
		aa.Different++
	}
	if p.sign() != 0 {
		aa.Corrected++
	}
	half := math.Expm1((p.ratio.Hi - p.ratio.Lo) / 2)
	if math.IsInf(half, 0) {
		aa.Open++
	} else if half >= aa.Widest.X {
		aa.Widest = exactly(half)
	}
}

// Differs tells whether a subject was told from itself by more than chance
// explains: after correcting for the number of pairs, which happens to one sound
// run in twenty at most.
func (aa *AA) Differs() bool { return aa != nil && aa.Corrected > 0 }

// sentences say it in words.
func (aa *AA) sentences() []string {
	what := "Control"
	if aa.Run {
		what = "A/A"
	}
	if aa.Pairs == 0 {
		return []string{what + ": no subject could be compared with itself."}
	}
	if aa.Pairs == aa.Untested {
		return []string{fmt.Sprintf("%s: nothing is tested. Of %s of a subject with itself none has the %d rounds it takes to show anything of so many.",
			what, plural(aa.Pairs, "pair"), aa.NeedsRounds)}
	}
	tested := aa.Pairs - aa.Untested
	said := []string{fmt.Sprintf("%s: of %s of a subject with itself, %d %s; by chance %s would, at most.",
		what, plural(tested, "pair"), aa.Different, theyDiffer(aa.Different), unit.Number(aa.Expected))}
	if aa.Untested > 0 {
		said = append(said, fmt.Sprintf("%s %s untested for want of rounds: %d would do.", plural(aa.Untested, "pair"), isAre(aa.Untested), aa.NeedsRounds))
	}
	if !aa.Differs() {
		return append(said, aa.clean())
	}
	for _, c := range aa.Comparisons {
		if c.PAdjusted.Known() && c.PAdjusted.X < 1-c.Level {
			said = append(said, fmt.Sprintf("%s differs from itself%s: the ratio is %s (%s), %s. That is made by the machine or the plan, and differences of this size between subjects mean nothing here.",
				c.A.name(), c.Factors.where(), c.Ratio.in(""), openInterval(c.Lo, c.Hi, ""), plural(c.N, "round")))
		}
	}
	return said
}

// clean says how small a difference would have been seen.
func (aa *AA) clean() string {
	if aa.Open > 0 {
		return fmt.Sprintf("Nothing here was shown to make differences up, but the interval of %s is open: no difference is too large to have been missed there.", plural(aa.Open, "pair"))
	}
	return fmt.Sprintf("Nothing here makes differences up that this plan could see: its widest interval is %s either side.", unit.Share(aa.Widest.X))
}

func theyDiffer(n int) string {
	if n == 1 {
		return "differs"
	}
	return "differ"
}

// where says at which setting: " at rate = 200"; "" where nothing varies.
func (f Factors) where() string {
	if name := settingName(slices.Sorted(maps.Keys(f)), f); name != "" {
		return " at " + name
	}
	return ""
}

// lines shows the pairs.
func (aa *AA) lines(p *page) {
	if aa == nil {
		return
	}
	p.title("Subjects against themselves")
	for _, s := range aa.sentences() {
		p.paragraph("  ", s)
	}
}
