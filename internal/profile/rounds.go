package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"webdyno/internal/stat"
)

// What is asked of a function before its change over rounds is believed.
const (
	FewestRounds   = 5     // pairs of profiles
	DiscoveryLevel = 0.10  // share of wrong ones among the functions that are said to have changed
	LeastShare     = 0.005 // of all weight, on one side or the other: less is not looked at
)

// A Tested is a function's change over rounds.
type Tested struct {
	Function
	Before, After float64       // its own cost per request, median over rounds
	Change        stat.Estimate // after less before, per request: Hodges and Lehmann's, with its interval
	Share         float64       // of all weight: the larger of the two sides
	P, Q          float64       // signed-rank test; adjusted over the functions that were looked at
	Shown         bool          // that it changed: Q is at most DiscoveryLevel
}

// OverRounds tests for each function whether its own cost per request changed,
// from pairs of profiles that were taken in the same round. Functions with less
// than LeastShare of the weight are left out, the others adjusted together
// (Benjamini–Hochberg). Every side must say for how many requests it stands.
func OverRounds(pairs [][2]Side) ([]Tested, error) {
	if len(pairs) < FewestRounds {
		return nil, fmt.Errorf("%d pairs of profiles are too few to tell which functions changed: %d would do", len(pairs), FewestRounds)
	}
	before, after, err := merged(pairs)
	if err != nil {
		return nil, err
	}
	all, err := Compare(before, after)
	if err != nil {
		return nil, err
	}
	costs := make([][2]map[Function]float64, len(pairs))
	for i, pair := range pairs {
		for k, side := range pair {
			costs[i][k] = ownCosts(side)
		}
	}
	var tested []Tested
	for _, d := range all.Deltas {
		if x, ok := testDelta(d, all, costs); ok {
			tested = append(tested, x)
		}
	}
	var ps []float64
	for _, x := range tested {
		ps = append(ps, x.P)
	}
	for i, q := range stat.FalseDiscovery(ps) {
		tested[i].Q = q
		tested[i].Shown = q <= DiscoveryLevel
	}
	slices.SortStableFunc(tested, func(a, b Tested) int {
		return cmp.Compare(math.Abs(b.Change.Value), math.Abs(a.Change.Value))
	})
	return tested, nil
}

// RoundsFor returns how many rounds it takes until one function among so many
// can be told to have changed at all: the signed-rank test's smallest p is
// 2^(1−n), and it is multiplied by their number.
func RoundsFor(functions int) int {
	return max(FewestRounds, int(math.Ceil(1+math.Log2(float64(max(functions, 1))/DiscoveryLevel))))
}

func merged(pairs [][2]Side) (before, after Side, err error) {
	sides := [2]Side{}
	for k := range sides {
		var ps []*Profile
		for i, pair := range pairs {
			if pair[k].Requests <= 0 {
				return before, after, fmt.Errorf("pair %d does not say for how many requests it stands", i+1)
			}
			ps = append(ps, pair[k].Profile)
			sides[k].Requests += pair[k].Requests
		}
		if sides[k].Profile, err = Merge(ps); err != nil {
			return before, after, err
		}
	}
	return sides[0], sides[1], nil
}

func ownCosts(s Side) map[Function]float64 {
	costs := map[Function]float64{}
	for _, r := range s.Table().Rows {
		costs[r.Function] += float64(r.Self) / s.Requests
	}
	return costs
}

func testDelta(d Delta, all *Difference, costs [][2]map[Function]float64) (Tested, bool) {
	share := max(d.SelfBefore/all.TotalBefore, d.SelfAfter/all.TotalAfter)
	if !(share >= LeastShare) || d.Name == notListed {
		return Tested{}, false
	}
	var was, is, change []float64
	for _, c := range costs {
		b, a := 0.0, 0.0
		if d.Before != nil {
			b = c[0][d.Before.Function]
		}
		if d.After != nil {
			a = c[1][d.After.Function]
		}
		was, is, change = append(was, b), append(is, a), append(change, a-b)
	}
	x := Tested{Function: d.Function, Before: stat.Median(was), After: stat.Median(is), Share: share}
	x.Change, _ = stat.HodgesLehmann(change, 1-DiscoveryLevel) // five rounds are enough for this level
	x.P = stat.SignedRank(change).P
	return x, true
}
