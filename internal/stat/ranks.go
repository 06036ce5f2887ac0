package stat

import (
	"cmp"
	"slices"
)

// A GlobalTest asks whether several samples differ at all, before any two of
// them are set against each other.
type GlobalTest struct {
	Chi2 float64 // the statistic, corrected for ties
	DF   int     // samples less one; 0 where there was nothing to test
	P    float64 // by the χ² distribution: approximate, and cautious for few blocks
}

// Friedman tests whether treatments differ (Friedman 1937), of which each block
// has one value: blocks[i][j] is that of treatment j in block i. Only the order
// inside each block counts, so that what blocks have in common falls out. Blocks
// have to be equally long; fewer than two blocks or treatments test nothing, and
// P is 1.
func Friedman(blocks [][]float64) GlobalTest {
	n := len(blocks)
	if n < 2 || len(blocks[0]) < 2 {
		return GlobalTest{P: 1}
	}
	k := len(blocks[0])
	sums := make([]float64, k)
	var ties float64
	for _, b := range blocks {
		ranks, tied := midRanks(b)
		for j, r := range ranks {
			sums[j] += r
		}
		ties += tied
	}
	nf, kf := float64(n), float64(k)
	var squares float64
	for _, s := range sums {
		d := s - nf*(kf+1)/2
		squares += d * d
	}
	below := nf*kf*(kf+1) - ties/(kf-1)
	if !(below > 0) {
		return GlobalTest{P: 1, DF: k - 1}
	}
	chi := 12 * squares / below
	return GlobalTest{chi, k - 1, chiSquareAbove(chi, k-1)}
}

// KruskalWallis tests whether samples that are not paired differ (Kruskal and
// Wallis 1952): Friedman's counterpart where there are no blocks. No report has it,
// for subjects are compared within blocks; it stands as an oracle, by which
// the ranks and ties that Friedman shares with it are held against R's. Fewer than two
// samples with values test nothing, and P is 1.
func KruskalWallis(samples ...[]float64) GlobalTest {
	samples = slices.DeleteFunc(slices.Clone(samples), func(s []float64) bool { return len(s) == 0 })
	if len(samples) < 2 {
		return GlobalTest{P: 1}
	}
	ranks, ties := midRanks(slices.Concat(samples...))
	n := float64(len(ranks))
	var sum float64
	for _, s := range samples {
		var of float64
		for _, r := range ranks[:len(s)] {
			of += r
		}
		ranks = ranks[len(s):]
		sum += of * of / float64(len(s))
	}
	df := len(samples) - 1
	untied := 1 - ties/(n*n*n-n)
	if !(untied > 0) {
		return GlobalTest{P: 1, DF: df}
	}
	h := (12*sum/(n*(n+1)) - 3*(n+1)) / untied
	return GlobalTest{h, df, chiSquareAbove(h, df)}
}

// midRanks returns the rank of each value, from 1, equal ones sharing their mean
// rank, and the sum of t³ − t over the groups of equal ones.
func midRanks(xs []float64) (ranks []float64, ties float64) {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(xs[a], xs[b]) })
	ranks = make([]float64, len(xs))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && xs[order[j]] == xs[order[i]] {
			j++
		}
		for _, at := range order[i:j] {
			ranks[at] = float64(i+1+j) / 2
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	return ranks, ties
}
