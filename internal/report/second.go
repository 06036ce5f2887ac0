package report

import (
	"fmt"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// A SecondOpinion is what most readers would have computed of the same rounds:
// Student's paired t on the logarithms of the ratios. No verdict rests on it. Where
// it says something else than the comparison, a few rounds stand out.
type SecondOpinion struct {
	Ratio Number `json:"ratio"`
	Lo    Number `json:"lo"`
	Hi    Number `json:"hi"`
	T     Number `json:"t"`
	P     Number `json:"p"` // not adjusted
}

// student returns the second opinion; nil of rounds that do not tell the whole
// ratio, and of fewer than two.
func (p *pair) student() *SecondOpinion {
	if p.oneSided()+p.silent > 0 {
		return nil
	}
	var logs []float64
	for _, d := range p.differences() {
		logs = append(logs, d.Lo)
	}
	e, test, err := stat.Student(logs, 1-p.alpha)
	if err != nil {
		return nil
	}
	e = e.Exp()
	return &SecondOpinion{exactly(e.Value), exactly(e.Lo), exactly(e.Hi), exactly(test.T), exactly(test.P)}
}

// A Global asks whether the variants at a setting differ at all by the primary
// metric, before any two are set against each other.
type Global struct {
	Factors  Factors     `json:"factors"`
	Metric   plan.Metric `json:"metric"`
	Variants int         `json:"variants"`
	N        int         `json:"n"` // rounds that have a value of all of them
	Chi2     Number      `json:"chi2"`
	P        Number      `json:"p"`
}

// globals makes Friedman's test at each setting that has three variants to
// compare. Rounds that lack one of them, or know it only from one side, are left
// out; the pairs, on which the verdicts rest, leave out less.
func (t *table) globals() []Global {
	var all []Global
	for _, s := range t.settings {
		var here []*variant
		for _, v := range t.variants {
			if !v.bound && len(t.at(v, s).rounds) > 0 {
				here = append(here, v)
			}
		}
		if len(here) < 3 {
			continue
		}
		var rounds [][]float64
		for _, n := range t.roundNumbers() {
			if values := t.valuesAt(n, s, here); values != nil {
				rounds = append(rounds, values)
			}
		}
		if len(rounds) < 2 {
			continue
		}
		g := stat.Friedman(rounds)
		all = append(all, Global{s.factors, t.primary(), len(here), len(rounds), exactly(g.Chi2), exactly(g.P)})
	}
	return all
}

// valuesAt returns a round's values of the primary metric, in the variants' order;
// nil unless all are known.
func (t *table) valuesAt(round int, s *setting, variants []*variant) []float64 {
	var values []float64
	for _, v := range variants {
		x := t.at(v, s).round(round).sample().measure(t.primary(), t.timeout(s))
		if x.Kind != Exactly {
			return nil
		}
		values = append(values, x.X)
	}
	return values
}

// globalLine says in one line what the global tests came to; "" without any.
func (m Method) globalLine() string {
	if len(m.Global) == 0 {
		return ""
	}
	differ, most := 0, 0.0
	for _, g := range m.Global {
		if g.P.X < 1-Level {
			differ++
		}
		most = max(most, g.P.X)
	}
	s := fmt.Sprintf("Before any two are compared: the subjects differ at %d of %s (Friedman; largest p %s).",
		differ, plural(len(m.Global), "setting"), unit.Quantity(most, ""))
	return s
}
