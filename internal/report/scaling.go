package report

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A Scaling is what a subject makes of more processors, at one setting.
type Scaling struct {
	Who             // Variant holds its other factors
	Factors Factors `json:"factors,omitempty"`
	Factor  string  `json:"factor"` // of the subject, that sets its processors

	Points []ScalePoint `json:"points"`

	Law    *ScaleLaw `json:"law,omitempty"`     // the Universal Scalability Law
	WhyNot string    `json:"why_not,omitempty"` // it was not fitted
}

// A ScalePoint is a subject on so many processors.
type ScalePoint struct {
	Processors int    `json:"processors"`
	Throughput Number `json:"throughput"` // median over rounds
	Lo         Number `json:"lo"`
	Hi         Number `json:"hi"`

	SpeedUp    Number `json:"speed_up"` // against the fewest processors, within blocks; 1 of those themselves
	SpeedUpLo  Number `json:"speed_up_lo"`
	SpeedUpHi  Number `json:"speed_up_hi"`
	Efficiency Number `json:"efficiency"` // speed-up ÷ how many times as many processors

	PerCPU     Number `json:"throughput_per_cpu"` // answers per second of CPU time used
	N          int    `json:"n"`                  // rounds
	LowerBound bool   `json:"lower_bound,omitempty"`
}

// A ScaleLaw is X(N) = γN ÷ (1 + α(N−1) + βN(N−1)), fitted in each round and
// summarised over them.
type ScaleLaw struct {
	Gamma   Number `json:"gamma"` // req/s of one processor
	GammaLo Number `json:"gamma_lo"`
	GammaHi Number `json:"gamma_hi"`
	Alpha   Number `json:"alpha"` // contention
	AlphaLo Number `json:"alpha_lo"`
	AlphaHi Number `json:"alpha_hi"`
	Beta    Number `json:"beta"` // coherency
	BetaLo  Number `json:"beta_lo"`
	BetaHi  Number `json:"beta_hi"`

	// Peak is the number of processors beyond which more do less. It is missing
	// where some round's β is zero, for that round has none.
	Peak   Number `json:"peak"`
	PeakLo Number `json:"peak_lo"`
	PeakHi Number `json:"peak_hi"`

	N     int `json:"n"`               // rounds
	Bound int `json:"bound,omitempty"` // of them, those in which α or β is held at zero
}

// A scaled is one subject whose processors vary: its variants that differ in
// nothing else, by their number.
type scaled struct {
	who    Who
	factor string
	on     map[int]*variant
}

// scalings tells of every subject whose processors a factor of its own sets, at
// every setting, where two different numbers were measured.
func (t *table) scalings() []Scaling {
	var all []Scaling
	for _, sc := range t.scaled() {
		for _, s := range t.settings {
			if x := t.scaling(sc, s); len(x.Points) > 1 {
				all = append(all, x)
			}
		}
	}
	return all
}

func (t *table) scaled() []*scaled {
	var all []*scaled
	byName := map[string]*scaled{}
	for _, v := range t.variants {
		factor := t.processorsFactor(v.Subject)
		if _, ok := v.Variant[factor]; factor == "" || !ok {
			continue
		}
		n := t.processorsOf(v, factor)
		if n == 0 {
			continue
		}
		rest := maps.Clone(v.Variant)
		delete(rest, factor)
		name := plan.VariantName(v.Subject, rest)
		if byName[name] == nil {
			byName[name] = &scaled{Who{v.Subject, rest}, factor, map[int]*variant{}}
			all = append(all, byName[name])
		}
		if byName[name].on[n] == nil {
			byName[name].on[n] = v
		}
	}
	return all
}

// processorsFactor returns the factor that sets a subject's processors; "" if
// none does.
func (t *table) processorsFactor(subject string) string {
	for _, s := range t.plan.Subjects {
		if s.Name == subject {
			return s.CPUs.Factor
		}
	}
	return ""
}

// processorsOf returns how many processors a variant had: as the record knows it,
// else as the plan says it.
func (t *table) processorsOf(v *variant, factor string) int {
	if n := t.processors(v); n > 0 {
		return n
	}
	var n int
	if _, err := fmt.Sscan(v.Variant[factor], &n); err != nil {
		return 0
	}
	return n
}

// scaling makes the points of one subject at one setting, the fewest processors
// first. Those that were measured in no round are left out.
func (t *table) scaling(sc *scaled, s *setting) Scaling {
	x := Scaling{Who: sc.who, Factors: s.factors, Factor: sc.factor}
	var least *variant
	var fewest int
	for _, n := range slices.Sorted(maps.Keys(sc.on)) {
		v := sc.on[n]
		c := t.at(v, s)
		values := valuesOf(plan.Throughput, c.samples(), t.timeout(s))
		if len(values) == 0 {
			continue
		}
		if least == nil {
			least, fewest = v, n
		}
		p := ScalePoint{Processors: n, N: known(values), LowerBound: atInstrumentLimit(c.trials())}
		p.Throughput, p.Lo, p.Hi = summary(values, plan.Throughput, t.confidence())
		p.PerCPU, _, _ = summary(valuesOf(plan.ThroughputPerCPU, c.samples(), 0), plan.ThroughputPerCPU, t.confidence())
		t.speedUp(&p, s, v, least, fewest)
		x.Points = append(x.Points, p)
	}
	var why error
	if x.Law, why = t.law(sc, s, x.Points); why != nil {
		x.WhyNot = why.Error()
	}
	return x
}

// speedUp sets a point against the one of the fewest processors, as any two
// variants are set against each other: within blocks.
func (t *table) speedUp(p *ScalePoint, s *setting, v, least *variant, fewest int) {
	if v == least {
		p.SpeedUp, p.Efficiency = exactly(1), exactly(1)
		return
	}
	r := t.pair(plan.Throughput, s, v, least)
	p.SpeedUp = r.ratioNumber()
	p.SpeedUpLo, p.SpeedUpHi = exactly(math.Exp(openEnd(r.ratio.Lo))), exactly(math.Exp(openEnd(r.ratio.Hi)))
	if p.SpeedUp.Known() {
		p.Efficiency = p.SpeedUp
		p.Efficiency.X *= float64(fewest) / float64(p.Processors)
	}
}

// law fits the Universal Scalability Law to each round that has a throughput on
// every number of processors, or says why it does not.
func (t *table) law(sc *scaled, s *setting, points []ScalePoint) (*ScaleLaw, error) {
	for _, p := range points {
		if p.LowerBound {
			return nil, fmt.Errorf("the Universal Scalability Law is not fitted: on %s the instrument was the limit", plural(p.Processors, "processor"))
		}
	}
	var laws []stat.Scalability
	for _, round := range t.roundNumbers() {
		var ns, xs []float64
		for _, p := range points {
			y := t.at(sc.on[p.Processors], s).round(round).sample().measure(plan.Throughput, t.timeout(s))
			if y.Kind == Exactly && y.X > 0 {
				ns, xs = append(ns, float64(p.Processors)), append(xs, y.X)
			}
		}
		if len(ns) < len(points) {
			continue
		}
		law, err := stat.FitScalability(ns, xs)
		var few *stat.TooFewError
		switch {
		case errors.As(err, &few):
			return nil, fmt.Errorf("the Universal Scalability Law is not identifiable: it has three parameters, and %d different numbers of processors were measured; it takes %d", few.Have, few.Need)
		case err == nil:
			laws = append(laws, law)
		}
	}
	if len(laws) == 0 {
		return nil, errors.New("the Universal Scalability Law is not fitted: no round has a throughput on every number of processors")
	}
	return lawOver(laws, t.confidence()), nil
}

// lawOver summarises the laws of the rounds.
func lawOver(laws []stat.Scalability, level float64) *ScaleLaw {
	centre := func(of func(stat.Scalability) float64) stat.Estimate {
		var xs []float64
		for _, l := range laws {
			xs = append(xs, of(l))
		}
		e, _ := stat.HodgesLehmann(xs, level)
		return e
	}
	w := &ScaleLaw{N: len(laws)}
	gamma := centre(func(l stat.Scalability) float64 { return math.Log(l.Gamma) }).Exp()
	alpha := centre(func(l stat.Scalability) float64 { return l.Alpha })
	beta := centre(func(l stat.Scalability) float64 { return l.Beta })
	w.Gamma, w.GammaLo, w.GammaHi = exactly(gamma.Value), exactly(gamma.Lo), exactly(gamma.Hi)
	w.Alpha, w.AlphaLo, w.AlphaHi = exactly(alpha.Value), exactly(alpha.Lo), exactly(alpha.Hi)
	w.Beta, w.BetaLo, w.BetaHi = exactly(beta.Value), exactly(beta.Lo), exactly(beta.Hi)
	peaks := true
	for _, l := range laws {
		peaks = peaks && !math.IsInf(l.Peak(), 1)
		if l.Bound {
			w.Bound++
		}
	}
	if peaks {
		peak := centre(func(l stat.Scalability) float64 { return math.Log(l.Peak()) }).Exp()
		w.Peak, w.PeakLo, w.PeakHi = exactly(peak.Value), exactly(peak.Lo), exactly(peak.Hi)
	}
	return w
}

// scalingTables writes what subjects make of more processors.
func (r *Report) scalingTables(p *page) {
	if len(r.Scaling) == 0 {
		return
	}
	p.title("Over the number of processors")
	rows := [][]string{{"", "processors", "req/s", "95 % interval", "speed-up", "95 % interval", "efficiency", "per CPU second"}}
	for _, s := range r.Scaling {
		rows = append(rows, []string{s.head(r.factors)})
		for _, x := range s.Points {
			rows = append(rows, x.cells())
		}
	}
	p.columns([]align{left, right, right, left, right, left, right, right}, rows)
	for _, line := range r.lawLines() {
		p.paragraph("  ", line)
	}
}

func (s Scaling) head(factors []string) string {
	return s.name() + space(phrase(factors, s.Factors))
}

func (x ScalePoint) cells() []string {
	mark := ""
	if x.LowerBound {
		mark = "≥ "
	}
	return []string{"", fmt.Sprint(x.Processors), mark + x.Throughput.in(""), interval(x.Lo, x.Hi, ""),
		mark + x.SpeedUp.in(""), interval(x.SpeedUpLo, x.SpeedUpHi, ""), x.Efficiency.in(""), x.PerCPU.in("")}
}

// lawLines says what the law comes to, one line for all that were refused it for
// the same reason.
func (r *Report) lawLines() []string {
	var lines, order []string
	refused := map[string][]string{}
	for _, s := range r.Scaling {
		who := s.head(r.factors)
		if s.Law == nil {
			if refused[s.WhyNot] == nil {
				order = append(order, s.WhyNot)
			}
			refused[s.WhyNot] = append(refused[s.WhyNot], who)
			continue
		}
		lines = append(lines, who+": "+s.Law.text())
	}
	for _, why := range order {
		lines = append(lines, list(refused[why])+": "+why+".")
	}
	return lines
}

func (w *ScaleLaw) text() string {
	s := fmt.Sprintf("Universal Scalability Law: one processor does %s req/s%s, contention α = %s%s, coherency β = %s%s",
		w.Gamma.in(""), inBrackets(w.GammaLo, w.GammaHi), w.Alpha.in(""), inBrackets(w.AlphaLo, w.AlphaHi),
		w.Beta.in(""), inBrackets(w.BetaLo, w.BetaHi))
	if w.Peak.Known() {
		return s + fmt.Sprintf("; it does most on %s processors%s (%s).", w.Peak.in(""), inBrackets(w.PeakLo, w.PeakHi), plural(w.N, "round"))
	}
	return s + fmt.Sprintf("; no peak is told, for β is zero in some rounds (%d of %s on a bound).", w.Bound, plural(w.N, "round"))
}
