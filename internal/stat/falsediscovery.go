package stat

import "slices"

// FalseDiscovery returns the p-values adjusted so that, of all that are found
// at or below a level, the expected share found wrongly is no more than it
// (Benjamini and Hochberg, 1995). It fits where many things are looked through,
// as the functions of a profile; for verdicts Holm's is the stricter one.
func FalseDiscovery(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case ps[a] < ps[b]:
			return -1
		case ps[a] > ps[b]:
			return 1
		}
		return a - b
	})
	qs := make([]float64, len(ps))
	least := 1.0
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, ps[i]*float64(len(ps))/float64(rank))
		qs[i] = least
	}
	return qs
}
