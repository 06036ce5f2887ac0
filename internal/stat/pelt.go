package stat

import "math"

// A Cost says how badly one segment fits the values from, to-1: the less the
// better. Two segments must never cost more than the one that they make up.
type Cost func(from, to int) float64

// varianceFloor keeps a segment of equal values from costing minus infinity,
// and so from being cut out of anything.
const varianceFloor = 1e-12

// GaussianCost is that of a segment with a mean and a variance of its own: twice
// the negative logarithm of its likelihood, m·(ln 2πσ² + 1), where σ² divides
// by m.
func GaussianCost(y []float64) Cost {
	sums, squares := running(y)
	return func(from, to int) float64 {
		m := float64(to - from)
		s := sums[to] - sums[from]
		v := max((squares[to]-squares[from]-s*s/m)/m, varianceFloor)
		return m * (math.Log(2*math.Pi*v) + 1)
	}
}

// MeanCost is that of a segment with a mean of its own, and the variance 1 that
// all of them have: the sum of the squared distances from its mean. No report uses
// it; it stands as an oracle, since other programs publish change points by it.
func MeanCost(y []float64) Cost {
	sums, squares := running(y)
	return func(from, to int) float64 {
		s := sums[to] - sums[from]
		return squares[to] - squares[from] - s*s/float64(to-from)
	}
}

// running returns the running sums of y and of its squares, less the mean of
// all: what they would lose by cancelling does not depend on where y lies.
func running(y []float64) (sums, squares []float64) {
	mean := Mean(y)
	sums, squares = make([]float64, len(y)+1), make([]float64, len(y)+1)
	for i, v := range y {
		v -= mean
		sums[i+1], squares[i+1] = sums[i]+v, squares[i]+v*v
	}
	return sums, squares
}

// ChangePoints cuts n values into segments of at least shortest values each, so
// that their costs and a penalty for every cut come to the least there is, and
// returns where each segment but the first begins: PELT (Killick, Fearnhead,
// Eckley, JASA 107, 2012). It returns none where n is below twice shortest.
func ChangePoints(n int, cost Cost, penalty float64, shortest int) []int {
	shortest = max(shortest, 1)
	if n < 2*shortest {
		return nil
	}
	least := make([]float64, n+1) // of the values before; the first segment's penalty is taken off
	least[0] = -penalty
	last := make([]int, n+1) // where the last segment of the best cut begins
	for t := 1; t < shortest; t++ {
		least[t] = math.Inf(1)
	}
	type candidate struct{ at, until int } // until: from which end on it is beaten
	open := []candidate{{0, n + 1}}
	for t := shortest; t <= n; t++ {
		if s := t - shortest; s >= shortest {
			open = append(open, candidate{s, n + 1})
		}
		least[t] = math.Inf(1)
		for _, c := range open {
			if f := least[c.at] + cost(c.at, t) + penalty; f < least[t] {
				least[t], last[t] = f, c.at
			}
		}
		// Whoever is beaten here by a cut at t is beaten wherever a segment
		// that begins at t may end, which is from t+shortest on.
		kept := open[:0]
		for _, c := range open {
			if least[c.at]+cost(c.at, t) >= least[t] {
				c.until = min(c.until, t+shortest)
			}
			if t+1 < c.until {
				kept = append(kept, c)
			}
		}
		open = kept
	}
	var points []int
	for t := last[n]; t > 0; t = last[t] {
		points = append([]int{t}, points...)
	}
	return points
}
