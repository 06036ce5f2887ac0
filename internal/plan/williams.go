package plan

import (
	"math/rand/v2"

	"webdyno/internal/load"
)

// williams returns the rows of a balanced Latin square of k things (Williams,
// Experimental Designs Balanced for the Estimation of Residual Effects, 1949): k
// rows where k is even, 2k where it is odd. Over all rows each thing stands at
// each place equally often, and follows each other one equally often.
//
// The first row is 0, 1, k−1, 2, k−2, …, in which the steps from one to the next
// are all different modulo k; the others add a constant to it. Where k is odd the
// steps come in one direction only, and every row is taken backwards as well.
func williams(k int) [][]int {
	first := make([]int, k)
	for i := range first {
		if first[i] = (i + 1) / 2; i%2 == 0 && i > 0 {
			first[i] = k - i/2
		}
	}
	var rows [][]int
	for shift := range k {
		row, back := make([]int, k), make([]int, k)
		for i, x := range first {
			row[i] = (x + shift) % k
			back[k-1-i] = row[i]
		}
		rows = append(rows, row)
		if k%2 == 1 && k > 1 {
			rows = append(rows, back)
		}
	}
	return rows
}

// orders are the orders in which blocks measure the variants that are present:
// the rows of one balanced square after another, each drawn anew. They are
// reckoned from the plan's seed and the number of the block alone.
type orders struct {
	seed    uint64
	present []int   // indices into Variants
	square  [][]int // of so many things
	drawn   [2]int  // setting and number of the square that rows holds
	rows    [][]int // of that square, in the order they are taken
}

func newOrders(seed uint64, present []int) *orders {
	return &orders{seed: seed, present: present, square: williams(len(present)), drawn: [2]int{-1, -1}}
}

// of returns the order of the i-th block of a setting, from 0, all rounds
// together.
func (o *orders) of(setting, i int) []int {
	if len(o.square) == 0 {
		return []int{}
	}
	if at := [2]int{setting, i / len(o.square)}; at != o.drawn {
		o.drawn, o.rows = at, o.draw(at)
	}
	return o.rows[i%len(o.square)]
}

// draw returns the rows of a setting's square: who stands for which thing is
// drawn, and the order of the rows.
func (o *orders) draw(at [2]int) [][]int {
	const stream = 2 // 0 shuffles a round's blocks, 1 its starts
	rng := rand.New(rand.NewPCG(load.Seed(o.seed, at[0], at[1]), stream))
	who := rng.Perm(len(o.present))
	rows := make([][]int, len(o.square))
	for i, j := range rng.Perm(len(o.square)) {
		for _, thing := range o.square[j] {
			rows[i] = append(rows[i], o.present[who[thing]])
		}
	}
	return rows
}
