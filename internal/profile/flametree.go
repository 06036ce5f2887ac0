package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	pprof "github.com/google/pprof/profile"
)

// A Tree is stacks merged from their roots on. Nodes stand in the order in which
// one walks it, a parent before its children, the heaviest child first and the
// one for the smaller ones last. The weights of all nodes add up to those of the
// profile.
type Tree struct {
	Functions []int     `json:"f"` // of each node; −n: n frames that are too small or too deep to be seen, together
	Depths    []int     `json:"d"` // 0 at the root of a stack
	Self      [][]int64 `json:"w"` // by side, then by node: the weight of the stacks that end in it
}

// A grower merges stacks.
type grower struct {
	nodes    []node
	children map[branch]int32
}

type node struct {
	function, parent int32 // −1 of the first, from which all stacks grow
	depth            int32
	self, total      [2]int64
}

// A branch is a way down from a node.
type branch struct{ parent, function int32 }

// tree merges the stacks of all sides. It returns the share below which frames
// were told together: the one asked for, or more where there would be too many.
func (d *flamer) tree() (*Tree, float64, error) {
	g := &grower{nodes: []node{{function: -1, parent: -1, depth: -1}}, children: map[branch]int32{}}
	for k, side := range d.sides {
		for _, s := range side.Data.Sample {
			if err := g.add(s, k, d.index[k], s.Value[side.weight()]); err != nil {
				return nil, 0, err
			}
		}
	}
	shares := g.shares()
	least := d.least
	if n := countAtLeast(shares[1:], least); n > mostNodes {
		sorted := slices.SortedFunc(slices.Values(shares[1:]), func(a, b float64) int { return cmp.Compare(b, a) })
		least = math.Nextafter(sorted[mostNodes], 2)
	}
	return g.prune(shares, least, len(d.sides)), least, nil
}

// add books a weight on a stack. What lies deeper than a picture goes counts for
// the first frame beyond.
func (g *grower) add(s *pprof.Sample, side int, index map[Function]int, weight int64) error {
	switch {
	case weight == 0:
		return nil
	case weight < 0:
		return fmt.Errorf("a weight is negative (%d): a profile that is a difference already has no flame graph; draw one of the two it was made of", weight)
	case g.nodes[0].total[side] > math.MaxInt64-weight:
		return fmt.Errorf("the weights are too large to be added up")
	}
	stack := frames(s)
	if len(stack) == 0 {
		stack = []Function{{Name: "(nothing)"}}
	}
	at := int32(0)
	g.nodes[0].total[side] += weight
	for depth, f := range slices.Backward(stack) {
		at = g.child(at, int32(index[f]))
		g.nodes[at].total[side] += weight
		if len(stack)-1-depth >= mostDepth {
			break
		}
	}
	g.nodes[at].self[side] += weight
	return nil
}

func (g *grower) child(parent, function int32) int32 {
	b := branch{parent, function}
	if at, ok := g.children[b]; ok {
		return at
	}
	at := int32(len(g.nodes))
	g.children[b] = at
	g.nodes = append(g.nodes, node{function: function, parent: parent, depth: g.nodes[parent].depth + 1})
	return at
}

// shares is each node's share of all weight, the larger of its sides; 0 of one
// that is too deep. No node has less than what is below it.
func (g *grower) shares() []float64 {
	shares := make([]float64, len(g.nodes))
	for i, n := range g.nodes {
		for k, total := range g.nodes[0].total {
			if total > 0 && n.depth < mostDepth {
				shares[i] = max(shares[i], float64(n.total[k])/float64(total))
			}
		}
	}
	return shares
}

func countAtLeast(shares []float64, least float64) int {
	n := 0
	for _, s := range shares {
		if s >= least && s > 0 {
			n++
		}
	}
	return n
}

// prune writes down the nodes of at least a share; the others of each parent
// become one.
func (g *grower) prune(shares []float64, least float64, sides int) *Tree {
	below := make([][]int32, len(g.nodes)) // the children of each node
	for i := 1; i < len(g.nodes); i++ {
		p := g.nodes[i].parent
		below[p] = append(below[p], int32(i))
	}
	t := &Tree{Functions: []int{}, Depths: []int{}, Self: make([][]int64, sides)}
	for k := range t.Self {
		t.Self[k] = []int64{}
	}
	var walk func(int32) // no deeper than mostDepth
	walk = func(at int32) {
		smaller := node{depth: g.nodes[at].depth + 1}
		slices.SortFunc(below[at], func(x, y int32) int {
			return cmp.Or(cmp.Compare(shares[y], shares[x]), cmp.Compare(g.nodes[x].function, g.nodes[y].function))
		})
		for _, c := range below[at] {
			n := g.nodes[c]
			if shares[c] <= 0 || shares[c] < least {
				smaller.function--
				for k := range n.total {
					smaller.self[k] += n.total[k]
				}
				continue
			}
			t.put(n)
			walk(c)
		}
		if smaller.function < 0 {
			t.put(smaller)
		}
	}
	walk(0)
	return t
}

func (t *Tree) put(n node) {
	t.Functions = append(t.Functions, int(n.function))
	t.Depths = append(t.Depths, int(n.depth))
	for k := range t.Self {
		t.Self[k] = append(t.Self[k], n.self[k])
	}
}
