package workload

import (
	"fmt"

	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// The bounds of a turn: all its requests, each as often as its weight says, lie
// end to end in the memory of every loop.
const (
	MaxTurn      = 10_000   // requests, weights included
	MaxTurnBytes = 64 << 20 // their bytes, in both forms
)

// buildMix lays out the requests of a mix in the order of a turn.
func buildMix(parts []plan.ExactPart, host string) (*Set, error) {
	weights, requests := make([]int, len(parts)), make([]Request, len(parts))
	for i, p := range parts {
		one := p.Exact
		one.Mix = nil
		set, err := Build(one, host)
		if err != nil {
			return nil, fmt.Errorf("mix[%d]: %w", i, err)
		}
		weights[i], requests[i] = p.Weight, set.Requests[0]
	}
	return Mix(requests, weights)
}

// Mix returns the set in which each request is sent as often as its weight says,
// 1 or more, in an order that depends on the weights alone.
func Mix(requests []Request, weights []int) (*Set, error) {
	order, err := Turn(weights)
	if err != nil {
		return nil, err
	}
	set := &Set{Requests: make([]Request, len(order))}
	size := 0
	for k, i := range order {
		set.Requests[k] = requests[i]
		size += len(requests[i].Bytes) + len(requests[i].Last)
	}
	if size > MaxTurnBytes {
		return nil, fmt.Errorf("the requests of one turn take %s, more than %s: use fewer, smaller bodies, or smaller weights",
			unit.Bytes(int64(size)), unit.Bytes(MaxTurnBytes))
	}
	return set, nil
}

// Turn returns in which order requests of these weights are sent: each as often
// as its weight says, in lowest terms, and those of one kind as far apart as
// that allows. At every step each request gains its weight and the one that has
// most is sent, and pays the sum of all: smooth weighted round-robin.
func Turn(weights []int) ([]int, error) {
	divisor, sum := 0, 0
	for _, w := range weights {
		for a := w; a != 0; { // Euclid's
			divisor, a = a, divisor%a
		}
		sum += w
	}
	sum /= max(divisor, 1)
	if sum > MaxTurn {
		return nil, fmt.Errorf("a turn of %d requests, weights included, of which %d are possible: use smaller weights", sum, MaxTurn)
	}
	order := make([]int, 0, sum)
	if sum == len(weights) { // what follows would come to the same, for all its pairs
		for i := range weights {
			order = append(order, i)
		}
		return order, nil
	}
	gained := make([]int, len(weights))
	for range sum {
		best := 0
		for i, w := range weights {
			gained[i] += w / divisor
			if gained[i] > gained[best] {
				best = i
			}
		}
		gained[best] -= sum
		order = append(order, best)
	}
	return order, nil
}

// Distinct returns the set's requests, each once, in the order in which they are
// first sent.
func (s *Set) Distinct() []*Request {
	var all []*Request
	seen := map[*byte]bool{}
	for i := range s.Requests {
		r := &s.Requests[i]
		if first := &r.Bytes[0]; !seen[first] {
			seen[first] = true
			all = append(all, r)
		}
	}
	return all
}
