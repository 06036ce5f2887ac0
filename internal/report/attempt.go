package report

// lastAttempts leaves out the trials of blocks that were begun again: a block's
// last attempt is the one that counts.
func lastAttempts(trials []*trial) []*trial {
	type block struct{ round, number int }
	last := map[block]int{}
	for _, tr := range trials {
		b := block{tr.Trial.Round, tr.Trial.Block}
		last[b] = max(last[b], tr.Trial.Attempt)
	}
	var kept []*trial
	for _, tr := range trials {
		if tr.Trial.Attempt == last[block{tr.Trial.Round, tr.Trial.Block}] {
			kept = append(kept, tr)
		}
	}
	return kept
}
