package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Bootstrap estimates a figure of n values, and how far it may be off, by
// drawing n of them with replacement, over and over (Efron and Tibshirani 1993).
//
// It stands for figures that no round has a value of by itself, such as shares of a
// profile; where rounds have one, HodgesLehmann is better. At ten rounds its intervals hold in nine cases of
// ten where they say 95 % (method, 4.3), so that those that are to be believed ask
// for twenty: no verdict of a report rests on one.
type Bootstrap struct {
	N         int                 // values, two or more
	Of        func([]int) float64 // the figure of the values of these indices, of which some may stand twice
	Error     func([]int) float64 // its standard error, for Studentised alone
	Resamples int                 // 1,000 and more for an interval
	Seed      uint64              // the same seed, the same interval
}

// fewestResampled is how many values the intervals take that are meant to be
// believed.
const fewestResampled = 20

// Percentile returns the interval between the quantiles of the figures drawn.
func (b Bootstrap) Percentile(level float64) (Estimate, error) {
	return b.interval(level, 2, func(asc []float64, value, tail float64) (lo, hi float64) {
		return drawnQuantile(asc, tail), drawnQuantile(asc, 1-tail)
	})
}

// Basic returns Percentile's interval reflected about the value.
func (b Bootstrap) Basic(level float64) (Estimate, error) {
	return b.interval(level, 2, func(asc []float64, value, tail float64) (lo, hi float64) {
		return 2*value - drawnQuantile(asc, 1-tail), 2*value - drawnQuantile(asc, tail)
	})
}

// BCa returns the interval between those quantiles of the figures drawn that make
// up for their bias and for an error that changes with the figure (Efron 1987).
// With fewer than twenty values its error is a *TooFewError, and the interval
// there all the same. No report uses it; it stands as a second opinion on the exact
// intervals.
func (b Bootstrap) BCa(level float64) (Estimate, error) {
	accelerated := 0.0
	if b.N > 1 {
		accelerated = acceleration(b.jackknife())
	}
	return b.interval(level, fewestResampled, func(asc []float64, value, tail float64) (lo, hi float64) {
		below, _ := slices.BinarySearch(asc, value)
		to, _ := slices.BinarySearchFunc(asc, value, func(x, v float64) int {
			if x <= v {
				return -1
			}
			return 1
		})
		bias := distuv.UnitNormal.Quantile(float64(below+to) / 2 / float64(len(asc)))
		at := func(p float64) float64 {
			z := bias + distuv.UnitNormal.Quantile(p)
			return drawnQuantile(asc, distuv.UnitNormal.CDF(bias+z/(1-accelerated*z)))
		}
		return at(tail), at(1 - tail)
	})
}

// Studentised returns the interval by the quantiles of (drawn − value) ÷ the
// standard error of the drawn: of the bootstrap's the one that holds its level
// best where n is small. It needs Error. No report uses it; it stands as a second
// opinion on the exact intervals.
func (b Bootstrap) Studentised(level float64) (Estimate, error) {
	e := b.estimate()
	if b.N < 2 {
		return e, b.tooFew(level, 2)
	}
	var ts []float64
	b.draw(func(at []int) {
		if se := b.Error(at); se > 0 {
			ts = append(ts, (b.Of(at)-e.Value)/se)
		}
	})
	slices.Sort(ts)
	tail, se := (1-level)/2, b.Error(b.all())
	e.Lo, e.Hi, e.Level = e.Value-drawnQuantile(ts, 1-tail)*se, e.Value-drawnQuantile(ts, tail)*se, level
	if b.N < fewestResampled {
		return e, b.tooFew(level, fewestResampled)
	}
	return e, nil
}

func (b Bootstrap) interval(level float64, need int, ends func(asc []float64, value, tail float64) (lo, hi float64)) (Estimate, error) {
	e := b.estimate()
	if b.N < 2 {
		return e, b.tooFew(level, need)
	}
	drawn := make([]float64, 0, b.Resamples)
	b.draw(func(at []int) { drawn = append(drawn, b.Of(at)) })
	slices.Sort(drawn)
	e.Lo, e.Hi = ends(drawn, e.Value, (1-level)/2)
	e.Level = level
	if b.N < need {
		return e, b.tooFew(level, need)
	}
	return e, nil
}

func (b Bootstrap) estimate() Estimate {
	e := Estimate{Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), N: b.N}
	if b.N > 0 {
		e.Value = b.Of(b.all())
	}
	return e
}

func (b Bootstrap) tooFew(level float64, need int) error {
	return &TooFewError{What: fmt.Sprintf("a bootstrapped %.3g %% interval", 100*level), Have: b.N, Need: need}
}

func (b Bootstrap) all() []int {
	at := make([]int, b.N)
	for i := range at {
		at[i] = i
	}
	return at
}

// draw hands each resample to f, which must not keep it.
func (b Bootstrap) draw(f func([]int)) {
	rng := rand.New(rand.NewPCG(b.Seed, uint64(b.N)))
	at := make([]int, b.N)
	for range b.Resamples {
		for i := range at {
			at[i] = rng.IntN(b.N)
		}
		f(at)
	}
}

// jackknife returns the figure with each value left out in turn.
func (b Bootstrap) jackknife() []float64 {
	var left []float64
	for i := range b.N {
		left = append(left, b.Of(slices.Delete(b.all(), i, i+1)))
	}
	return left
}

// acceleration returns how fast the error of a figure changes with it, from what
// the jackknife of each of its samples gave; 0 where nothing changes.
func acceleration(samples ...[]float64) float64 {
	var cubes, squares float64
	for _, left := range samples {
		mean, n := Mean(left), float64(len(left))
		for _, x := range left {
			u := (n - 1) * (mean - x)
			cubes += u * u * u / (n * n * n)
			squares += u * u / (n * n)
		}
	}
	if !(squares > 0) {
		return 0
	}
	return cubes / (6 * math.Pow(squares, 1.5))
}

// drawnQuantile returns the p-quantile of sorted values, between two neighbours by
// proportion; NaN of nothing.
func drawnQuantile(asc []float64, p float64) float64 {
	if len(asc) == 0 {
		return math.NaN()
	}
	h := p * float64(len(asc)-1)
	i := min(max(0, int(h)), len(asc)-1)
	j := min(i+1, len(asc)-1)
	return asc[i] + (h-float64(i))*(asc[j]-asc[i])
}
