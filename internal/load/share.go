package load

// A Share is the part of a load that one generator carries: every Of-th
// number, beginning with Nth. The zero Share is the whole load.
type Share struct{ Nth, Of int }

// parts returns the number of shares, at least 1.
func (s Share) parts() int { return max(s.Of, 1) }

// Count returns how many of n things, numbered from 0, belong to the share.
func (s Share) Count(n int64) int64 {
	of := int64(s.parts())
	return (n - int64(s.Nth) + of - 1) / of
}

// Dealt returns how many of n things belong to the share if they are dealt out to
// so many hands in turn, and the hands belong to shares as in Count: where each of
// several connections is to have its part.
func (s Share) Dealt(n, hands int64) int64 {
	return n/hands*s.Count(hands) + s.Count(n%hands)
}

// Split returns part k of n of the share: what the k-th loop of an engine
// carries of its engine's share. Splitting commutes with counting: the parts'
// counts add up to the share's.
func (s Share) Split(k, n int) Share {
	return Share{Nth: s.Nth + k*s.parts(), Of: s.parts() * n}
}
