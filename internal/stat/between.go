package stat

import "math"

// A Span is a number of which only a lower and an upper bound are known. Either
// may be infinite; where they are equal, the number is known.
type Span struct{ Lo, Hi float64 }

// Known tells whether the number is known, and finite.
func (s Span) Known() bool { return s.Lo == s.Hi && !math.IsInf(s.Lo, 0) }

func ends(spans []Span) (los, his []float64) {
	for _, s := range spans {
		los, his = append(los, s.Lo), append(his, s.Hi)
	}
	return los, his
}

// HodgesLehmannBetween bounds what HodgesLehmann would say if the numbers were
// known: its value lies between below.Value and above.Value, and its interval
// inside of below.Lo to above.Hi. That is exact and takes no assumption, because
// nothing in the estimator falls when a number rises. Bounds may be infinite.
// Its error is that of HodgesLehmann.
func HodgesLehmannBetween(spans []Span, level float64) (below, above Estimate, err error) {
	los, his := ends(spans)
	below, err = hodgesLehmann(los, level, math.Inf(-1))
	above, _ = hodgesLehmann(his, level, math.Inf(1))
	return below, above, err
}

// SignedRankBetween tests, like SignedRank, whether numbers lie symmetrically
// about zero. Each one-sided p-value is the one that the numbers would have at
// the worst, so that it can only be too large: exactly so where no finite ones
// are tied, by and large where some are. Infinite numbers have the highest
// ranks. V, N, Zeros and Ties are those of the lower bounds.
func SignedRankBetween(spans []Span) RankTest {
	los, his := ends(spans)
	t, above := SignedRank(untied(los, -1)), SignedRank(untied(his, 1))
	t.Less = above.Less
	t.Exact = t.Exact && above.Exact
	t.P = min(1, 2*min(t.Less, t.Greater))
	return t
}

// untied replaces infinite numbers by finite ones beyond all others, no two of
// one size: a tie of the highest ranks would change the distribution that they
// are held against. Those of the given sign get the very highest.
func untied(xs []float64, sign int) []float64 {
	const far, farther = 1e290, 1e300
	all := make([]float64, len(xs))
	for i, x := range xs {
		all[i] = x
		if math.IsInf(x, 0) {
			size := far
			if math.IsInf(x, sign) {
				size = farther
			}
			all[i] = math.Copysign(size*float64(i+1), x)
		}
	}
	return all
}
