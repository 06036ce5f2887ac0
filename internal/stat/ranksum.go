package stat

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// exactSteps bounds the additions by which the distribution of a rank sum is
// enumerated. Two samples of 40 stay below it, and so do 10 against 300.
const exactSteps = 2e7

// A RankSumTest is the outcome of Mann and Whitney's test of two samples.
type RankSumTest struct {
	U     float64 // pairs in which the first sample's value is the larger; equal ones count half
	N, M  int     // sizes of the first and the second sample
	Ties  bool    // some values are equal
	Exact bool    // the p-values are enumerated, not approximated

	Less    float64 // p-value against the first sample lying lower
	Greater float64 // against its lying higher
	P       float64 // two-sided: of a U as far from its mean, nm/2, on either side
}

// RankSum tests whether two samples that were not taken in pairs come from the
// same distribution (Mann and Whitney 1947). Equal values share their mean rank,
// and the distribution of just those ranks is enumerated, so that the p-values
// are exact with ties too. Of samples too large for that (see exactSteps) the
// normal approximation is used, with the variance of the tied ranks and half a
// step of continuity; there it is right to the digits that a report prints, and,
// unlike drawing permutations by chance, it says the same each time. Values may
// be infinite. Nothing to test gives a P of 1.
func RankSum(xs, ys []float64) RankSumTest {
	ranks, t := rankedTogether(xs, ys)
	if t.N == 0 || t.M == 0 {
		t.Less, t.Greater, t.P, t.Exact = 1, 1, 1, true
		return t
	}
	u := int(2 * t.U)
	if stepsFor(ranks, t.N) > exactSteps {
		t.approximate(ranks, u)
		return t
	}
	t.Exact = true
	ways := chosenSums(ranks, t.N)
	least := t.N * (t.N + 1) // of a doubled rank sum, where U is zero
	middle := t.N * t.M      // of the doubled U
	var total, less, greater, both float64
	for sum, n := range ways {
		at := sum - least
		total += n
		if at <= u {
			less += n
		}
		if at >= u {
			greater += n
		}
		if distance(at, middle) >= distance(u, middle) {
			both += n
		}
	}
	t.Less, t.Greater, t.P = less/total, greater/total, both/total
	return t
}

func distance(a, b int) int {
	if a < b {
		return b - a
	}
	return a - b
}

// rankedTogether returns the doubled mid-ranks of all values, those of xs first,
// and a test with all but its p-values.
func rankedTogether(xs, ys []float64) (doubled []int, t RankSumTest) {
	all := slices.Concat(xs, ys)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(all[a], all[b]) })
	doubled = make([]int, len(all))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && all[order[j]] == all[order[i]] {
			j++
		}
		t.Ties = t.Ties || j-i > 1
		for _, k := range order[i:j] {
			doubled[k] = i + 1 + j // ranks i+1 … j, twice their mean
		}
		i = j
	}
	t.N, t.M = len(xs), len(ys)
	sum := 0
	for _, r := range doubled[:t.N] {
		sum += r
	}
	t.U = float64(sum-t.N*(t.N+1)) / 2
	return doubled, t
}

// stepsFor returns about how many additions chosenSums takes.
func stepsFor(ranks []int, n int) float64 {
	asc := slices.Sorted(slices.Values(ranks))
	top := 0
	for _, r := range asc[len(asc)-n:] {
		top += r
	}
	return float64(len(ranks)) * float64(n) * float64(top) / 2
}

// chosenSums returns in how many ways n of the ranks add up to each sum. The
// counts are whole numbers, exact in a float64 up to 2⁵³ and right to 14 digits
// beyond.
func chosenSums(ranks []int, n int) []float64 {
	asc := slices.Sorted(slices.Values(ranks)) // small sums first, so that few are filled for long
	top := 0
	for _, r := range asc[len(asc)-n:] {
		top += r
	}
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, top+1)
	}
	ways[0][0] = 1
	reached := 0
	for i, r := range asc {
		reached = min(top, reached+r)
		for k := min(n, i+1); k > 0; k-- {
			into, from := ways[k][r:reached+1], ways[k-1]
			for s := range into {
				into[s] += from[s]
			}
		}
	}
	return ways[n]
}

// approximate fills in the p-values by the normal distribution. U is doubled.
func (t *RankSumTest) approximate(ranks []int, u int) {
	all := float64(t.N + t.M)
	var squares float64 // of the ranks' distances from their mean
	for _, r := range ranks {
		d := (float64(r) - (all + 1)) / 2
		squares += d * d
	}
	nm := float64(t.N) * float64(t.M)
	sd := math.Sqrt(nm / (all * (all - 1)) * squares)
	d := float64(u)/2 - nm/2
	if sd == 0 { // all values are equal
		t.Less, t.Greater, t.P = 1, 1, 1
		return
	}
	t.Less = distuv.UnitNormal.CDF((d + 0.5) / sd)
	t.Greater = distuv.UnitNormal.CDF((-d + 0.5) / sd)
	t.P = min(1, 2*min(t.Less, t.Greater))
}

// RankSumBetween tests, like RankSum, numbers of which only bounds are known.
// Each one-sided p-value is the one that the numbers would have at the worst, so
// that it can only be too large. U and Ties are those of the worst for Greater.
func RankSumBetween(xs, ys []Span) RankSumTest {
	xlo, xhi := ends(xs)
	ylo, yhi := ends(ys)
	t, above := RankSum(xlo, yhi), RankSum(xhi, ylo)
	t.Less = above.Less
	t.Exact = t.Exact && above.Exact
	// Where all is known the two are the same test, and its P the better one.
	if t.U != above.U {
		t.P = min(1, 2*min(t.Less, t.Greater))
	}
	return t
}

// MinForTwo returns how many values each of two samples takes before an exact
// interval of the given level can be had of their shift: 4 for 0.95.
func MinForTwo(level float64) int {
	n := 1
	for !enoughForTwo(n, n, level) {
		n++
	}
	return n
}

// enoughForTwo tells whether the least that a two-sided p-value can be, two of
// all choices of n from n+m, is small enough.
func enoughForTwo(n, m int, level float64) bool {
	choices := 1.0
	for i := range min(n, m) {
		choices *= float64(n+m-i) / float64(i+1)
	}
	return 2/choices <= (1-level)*(1+1e-12)
}

// ShiftBetween estimates by how much the values of one sample lie above those of
// another: the median of all differences x − y (Hodges and Lehmann 1963), and the
// exact interval that belongs to RankSum. Of values that are only bounded, it
// returns what the estimate would be at the least and at the most: see
// HodgesLehmannBetween. An Estimate's N is that of the smaller sample.
//
// With too few values there is no interval, and the error is a *TooFewError whose
// Need is for each of two samples of one size.
func ShiftBetween(xs, ys []Span, level float64) (below, above Estimate, err error) {
	none := Estimate{Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), N: min(len(xs), len(ys))}
	below, above = none, none
	n, m := len(xs), len(ys)
	tooFew := &TooFewError{What: "an interval of two samples", Have: min(n, m), Need: MinForTwo(level)}
	if n == 0 || m == 0 {
		return below, above, tooFew
	}
	los, his := shifts(xs, ys)
	below.Value, above.Value = medianOf(los), medianOf(his)
	if math.IsNaN(below.Value) { // between −Inf and +Inf
		below.Value = math.Inf(-1)
	}
	if math.IsNaN(above.Value) {
		above.Value = math.Inf(1)
	}
	if !enoughForTwo(n, m, level) {
		return below, above, tooFew
	}
	q, reached := rankSumQuantile((1-level)/2, n, m)
	below.Lo, below.Hi, below.Level = los[q-1], los[len(los)-q], reached
	above.Lo, above.Hi, above.Level = his[q-1], his[len(his)-q], reached
	return below, above, nil
}

// shifts returns all differences x − y in ascending order: the least that they
// can be and the most. Of two without an upper bound the difference can be
// anything.
func shifts(xs, ys []Span) (los, his []float64) {
	for _, x := range xs {
		for _, y := range ys {
			lo, hi := x.Lo-y.Hi, x.Hi-y.Lo
			if math.IsNaN(lo) {
				lo = math.Inf(-1)
			}
			if math.IsNaN(hi) {
				hi = math.Inf(1)
			}
			los, his = append(los, lo), append(his, hi)
		}
	}
	slices.Sort(los)
	slices.Sort(his)
	return los, his
}

// rankSumQuantile returns the smallest value of U of n and m untied values whose
// cdf is p or more, at least 1, and the level of the interval that it makes: one
// less twice the chance of a smaller U.
func rankSumQuantile(p float64, n, m int) (q int, level float64) {
	ranks := make([]int, n+m)
	for i := range ranks {
		ranks[i] = i + 1
	}
	k := min(n, m)
	if stepsFor(ranks, k) > exactSteps {
		mean := float64(n) * float64(m) / 2
		sd := math.Sqrt(float64(n) * float64(m) * float64(n+m+1) / 12)
		q = max(1, int(math.Ceil(mean+distuv.UnitNormal.Quantile(p)*sd-0.5)))
		return q, 1 - 2*distuv.UnitNormal.CDF((float64(q)-0.5-mean)/sd)
	}
	ways := chosenSums(ranks, k)[k*(k+1)/2:]
	var total, sum float64
	for _, w := range ways {
		total += w
	}
	for u, w := range ways {
		if sum+w >= p*total*(1-64*0x1p-52) && u > 0 {
			return u, 1 - 2*sum/total
		}
		sum += w
	}
	return n * m, 0
}
