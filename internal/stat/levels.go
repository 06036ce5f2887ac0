package stat

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Levels says how much of the scatter of values arises between blocks of one
// round, and how much between rounds, which are fresh starts of a server
// (Kalibera and Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013, in
// its corrected form).
type Levels struct {
	Rounds int
	Blocks float64 // in a round; the harmonic mean where they differ

	Within  float64 // S₁², T₁²: mean variance of the blocks inside a round
	OfMeans float64 // S₂²: variance of the rounds' means
	Between float64 // T₂² = S₂² − S₁²/K, at least 0: what a fresh start adds
}

// ErrOneLevel says that values do not tell one source of scatter from the other:
// it takes two rounds, and two blocks in each.
var ErrOneLevel = errors.New("two rounds of two blocks each are the fewest that tell the scatter of blocks from that of rounds")

// VarianceLevels takes scatter apart. Each element of rounds holds the values of
// one round's blocks, two or more; for ratios give it logarithms. With fewer its
// error is ErrOneLevel.
func VarianceLevels(rounds [][]float64) (Levels, error) {
	l := Levels{Rounds: len(rounds)}
	var means []float64
	var inverse float64
	for _, r := range rounds {
		if len(r) < 2 {
			return l, ErrOneLevel
		}
		s := StdDev(r)
		l.Within += s * s / float64(len(rounds))
		inverse += 1 / float64(len(r))
		means = append(means, Mean(r))
	}
	if len(rounds) < 2 {
		return l, ErrOneLevel
	}
	l.Blocks = float64(len(rounds)) / inverse
	s := StdDev(means)
	l.OfMeans = s * s
	l.Between = max(0, l.OfMeans-l.Within/l.Blocks)
	return l, nil
}

// mostBlocks is the most that BestBlocks asks for. Beyond it the gain is small
// wherever fresh starts matter at all, and rounds get few.
const mostBlocks = 10

// BestBlocks returns how many blocks a round should hold, from 1 to 10, for the
// narrowest interval in a given time: ⌈√(c_round/c_block · T₁²/T₂²)⌉. Round is
// what a round costs before its first block (starting, warming, stopping), block
// what each block costs, in the same unit; both above zero.
func (l Levels) BestBlocks(round, block float64) int {
	switch {
	case l.Within == 0:
		return 1
	case l.Between == 0:
		return mostBlocks
	}
	return int(min(mostBlocks, max(1, math.Ceil(math.Sqrt(round/block*l.Within/l.Between)))))
}

// HalfWidth returns half the width of the t interval of the rounds' mean: what
// the rounds that were carried out would allow. It is for planning; verdicts rest
// on HodgesLehmann.
func (l Levels) HalfWidth(level float64) float64 {
	return StudentQuantile(1-(1-level)/2, l.Rounds-1) * math.Sqrt(l.OfMeans/float64(l.Rounds))
}

// StudentQuantile returns the quantile of Student's t distribution with df
// degrees of freedom; NaN of none.
func StudentQuantile(p float64, df int) float64 {
	if df < 1 {
		return math.NaN()
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(df)}.Quantile(p)
}
