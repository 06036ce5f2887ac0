package lab

import (
	"math"
	"time"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// leastForForecast is how many rounds it takes to say anything of their scatter.
const leastForForecast = 3

// forecast says, after round n, how many rounds there will be and how long the
// rest takes, by the scatter and the time of those so far. Each pair's interval
// is taken to shrink with the root of the rounds; before there is one, Student's
// stands in for it.
func (w *precision) forecast(p *plan.Plan, n int, each, spent time.Duration) (Forecast, bool) {
	f := Forecast{Round: n, Rounds: p.Rounds.Max}
	if p.Rounds.Until > 0 && p.Rounds.Min < p.Rounds.Max {
		if n < leastForForecast {
			return f, false
		}
		f.HalfWidth, f.Rounds = w.widest(p)
		f.Rounds = max(n, min(max(f.Rounds, p.Rounds.Min), p.Rounds.Max))
	}
	f.Left = time.Duration(f.Rounds-n) * each
	if left := p.Budget - spent; p.Budget > 0 && each > 0 && f.Left > left {
		f.Rounds = min(f.Rounds, n+max(0, int((left+each-1)/each))) // none begins later
		f.Left, f.OutOfTime = time.Duration(f.Rounds-n)*each, true
	}
	return f, true
}

// widest returns half the width of the widest interval, as a share of its
// centre, and how many rounds would bring the last of them down to the plan's
// precision; more than the plan has where that cannot be told.
func (w *precision) widest(p *plan.Plan) (half float64, rounds int) {
	target := math.Log1p(p.Rounds.Until)
	for _, d := range w.pairs() {
		h := halfWidth(d)
		half = max(half, h)
		need := p.Rounds.Max + 1
		if q := h / target; q*q*float64(len(d)) < float64(need) { // not a number is not less
			need = int(math.Ceil(q * q * float64(len(d))))
		}
		rounds = max(rounds, need)
	}
	return math.Expm1(half), rounds
}

// halfWidth is half the width of the interval that differences allow.
func halfWidth(d []float64) float64 {
	if ci, err := stat.HodgesLehmann(d, sequentialLevel); err == nil && ci.HasInterval() {
		return (ci.Hi - ci.Lo) / 2
	}
	if len(d) < 2 {
		return math.Inf(1)
	}
	return stat.StudentQuantile(1-(1-sequentialLevel)/2, len(d)-1) * stat.StdDev(d) / math.Sqrt(float64(len(d)))
}

// A pace is how long rounds take, of those carried out since began.
type pace struct {
	began  time.Time
	rounds int
	spent  time.Duration
}

// done books a round that has ended, unless all of it was on record.
func (p *pace) done(r *round) {
	if r.carried {
		p.rounds++
		p.spent = time.Since(p.began) - r.pilots.once // which no later round has
	}
}

// each returns how long a round takes; 0 before there was one.
func (p *pace) each() time.Duration {
	if p.rounds == 0 {
		return 0
	}
	return p.spent / time.Duration(p.rounds)
}
