package report

import "webdyno/internal/evidence"

// lastAttempts leaves out the trials of blocks that were begun again: a block's
// last attempt is the one that counts.
func lastAttempts(ms []*evidence.Measurement) []*evidence.Measurement {
	type block struct{ round, number int }
	last := map[block]int{}
	for _, m := range ms {
		b := block{m.Trial.Round, m.Trial.Block}
		last[b] = max(last[b], m.Trial.Attempt)
	}
	var kept []*evidence.Measurement
	for _, m := range ms {
		if m.Trial.Attempt == last[block{m.Trial.Round, m.Trial.Block}] {
			kept = append(kept, m)
		}
	}
	return kept
}
