package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"webdyno/internal/unit"
)

// Bounds of what a picture holds, so that a page stays light.
const (
	LeastSeen     = 1.0 / 2000 // share of all weight: less is narrower than a line on a screen
	mostNodes     = 8000       // of a tree, but for the smaller ones that are told together
	mostDepth     = 200        // frames from the root
	mostFunctions = 2500
	mostCallers   = 12 // of a function
)

// A Flame is what a picture of one profile, or of two, is drawn from: the merged
// stacks as a Tree, and every function with its weights. It marshals to compact
// JSON for the page; it is no format for others, and may change. Functions and
// texts are listed once and meant by their index.
//
// A profile that keeps no stacks (cProfile) has no Tree: a flame graph of it
// would be invented. Its functions have Callers instead.
type Flame struct {
	Unit    string      `json:"unit"`              // of weights: "nanoseconds", "count", "bytes"
	Counted bool        `json:"counted,omitempty"` // calls were counted; else samples were taken
	Least   float64     `json:"least"`             // share of all weight below which frames are told together
	Sides   []FlameSide `json:"sides"`             // one, or before and after
	Answer  []string    `json:"answer"`            // what it says in all, a sentence each
	Says    []string    `json:"says"`              // what its reader must be told

	Texts     []string `json:"texts"`
	Functions [][5]int `json:"functions"` // name, file, line, module, origin; all but the line in Texts

	// By side, then by function. Self and Calls are 0 of a function that the side
	// lacks, and its Cumulative is −1. Calls is nil of a sampler.
	Self       [][]int64 `json:"self"`
	Cumulative [][]int64 `json:"cum"`
	Calls      [][]int64 `json:"calls,omitempty"`
	Rest       *Rest     `json:"rest,omitempty"` // functions that are not listed

	Callers []CallerEdge `json:"callers,omitempty"` // of a profile that counts calls
	Tree    *Tree        `json:"tree,omitempty"`    // nil where the profile has no stacks
}

// A FlameSide is one of the profiles of a Flame.
type FlameSide struct {
	Total    int64   `json:"total"`
	Count    int64   `json:"count"`              // calls; of a sampler its samples
	Requests float64 `json:"requests,omitempty"` // 0: not known
	Grain    float64 `json:"grain,omitempty"`    // weight of a sample, where they were counted: what chance moves
}

// A Rest is the functions below the least share, together.
type Rest struct {
	Functions int     `json:"n"`
	Self      []int64 `json:"self"`
}

// A CallerEdge is what a function did under one of its callers, by side.
type CallerEdge struct {
	Callee int     `json:"f"`
	Caller int     `json:"by"`
	Calls  []int64 `json:"n"`
	Self   []int64 `json:"w"`
}

// FlameOf makes the picture of one profile. Frames and functions with less than
// a share least of all weight are told together: LeastSeen for a page; 0 keeps
// all, as far as the bounds of a page allow. The same profile gives the same
// picture. It is an error if weights are negative, as those of a difference are.
func FlameOf(p Side, least float64) (*Flame, error) {
	t := p.Table()
	d := &flamer{sides: []Side{p}, tables: []Table{t}, least: least}
	for i := range t.Rows {
		d.rows = append(d.rows, [2]*Row{&t.Rows[i]})
	}
	f, err := d.flame()
	if err != nil {
		return nil, err
	}
	f.Answer, f.Says = t.Sentences(p.Requests), p.Says
	return f, nil
}

// FlameOfTwo makes the picture of two profiles and of what changed between them,
// their functions joined as Compare joins them. A frame is kept if its share of
// either is at least least.
func FlameOfTwo(before, after Side, least float64) (*Flame, error) {
	c, err := Compare(before, after)
	if err != nil {
		return nil, err
	}
	d := &flamer{sides: []Side{before, after}, tables: []Table{c.Before, c.After}, least: least}
	for _, x := range c.Deltas {
		d.rows = append(d.rows, [2]*Row{x.Before, x.After})
	}
	f, err := d.flame()
	if err != nil {
		return nil, err
	}
	f.Answer, f.Says = c.Sentences(), c.Says
	if !c.PerRequest {
		for i := range f.Sides {
			f.Sides[i].Requests = 0
		}
	}
	return f, nil
}

// Sentences says where the time of a profile goes: what it weighs in all, what a
// request costs if requests are known, and which functions most of it is in.
func (t Table) Sentences(requests float64) []string {
	what := "samples"
	if t.Deterministic {
		what = "calls"
	}
	whole := weightText(float64(t.Total), t.Unit)
	if !t.timed() {
		whole = exact(t.Total) + " " + t.Unit
	}
	says := []string{fmt.Sprintf("%s in %s %s.", whole, exact(t.Calls), what)}
	if t.Unit == "count" && t.Total == t.Calls {
		says[0] = fmt.Sprintf("%s %s.", exact(t.Calls), what)
	}
	if requests > 0 {
		says = append(says, t.PerRequest(requests))
	}
	var most []string
	for _, r := range cut(slices.SortedFunc(slices.Values(t.Rows), BySelf.compare), mostMoved) {
		if t.Total > 0 && r.Self > 0 {
			most = append(most, fmt.Sprintf("%s (%s %%)", r.brief(), unit.Number(100*float64(r.Self)/float64(t.Total))))
		}
	}
	if len(most) > 0 {
		says = append(says, "Most of it, without what they call: "+strings.Join(most, ", ")+".")
	}
	return says
}

// brief is a function for a sentence: its name, and its file without folders.
func (f Function) brief() string {
	if f.File == "" || f.File == "~" {
		return f.String()
	}
	place := lastParts(f.File, 1)
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, f.Line)
	}
	return f.Name + ", " + place
}

// A flamer makes a Flame.
type flamer struct {
	sides  []Side
	tables []Table
	rows   [][2]*Row // a function before and after, nil where it is not; of one profile, the first
	least  float64

	index [2]map[Function]int // by side: the row of a function
}

func (d *flamer) flame() (*Flame, error) {
	slices.SortStableFunc(d.rows, func(x, y [2]*Row) int {
		return cmp.Or(cmp.Compare(d.share(y), d.share(x)), compareFunctions(functionOfRow(x), functionOfRow(y)))
	})
	for k := range d.sides {
		d.index[k] = map[Function]int{}
		for i, r := range d.rows {
			if r[k] != nil {
				d.index[k][r[k].Function] = i
			}
		}
	}
	f := &Flame{Unit: d.tables[0].Unit, Counted: d.tables[0].Deterministic, Least: d.least}
	for k, t := range d.tables {
		f.Sides = append(f.Sides, FlameSide{Total: t.Total, Count: t.Calls, Requests: d.sides[k].Requests, Grain: d.sides[k].grain(t)})
	}
	if !f.Counted {
		var err error
		if f.Tree, f.Least, err = d.tree(); err != nil {
			return nil, err
		}
	}
	d.functions(f, d.kept(f))
	return f, nil
}

// functionOfRow is the function of a row as it is after, or was.
func functionOfRow(r [2]*Row) Function {
	if r[1] != nil {
		return r[1].Function
	}
	return r[0].Function
}

// share is the larger share of all weight that a function itself has on a side.
func (d *flamer) share(r [2]*Row) float64 {
	most := 0.0
	for k, t := range d.tables {
		if r[k] != nil && t.Total > 0 {
			most = max(most, float64(r[k].Self)/float64(t.Total))
		}
	}
	return most
}

// grain is what a sample weighs on average; 0 where samples were not counted, or
// the count may be an estimate.
func (p Side) grain(t Table) float64 {
	first := p.Data.SampleType[0]
	if t.Deterministic || t.Calls <= 0 || first.Unit != "count" || first.Type != "samples" && first.Type != "sample" {
		return 0
	}
	return float64(t.Total) / float64(t.Calls)
}

// kept tells which rows the picture lists: those of the tree, and those whose
// share on a side is large enough, of themselves or with what they call.
func (d *flamer) kept(f *Flame) []bool {
	kept := make([]bool, len(d.rows))
	n := 0
	keep := func(i int) {
		if !kept[i] {
			kept[i] = true
			n++
		}
	}
	if f.Tree != nil {
		for _, i := range f.Tree.Functions {
			if i >= 0 {
				keep(i)
			}
		}
	}
	for i, r := range d.rows { // by their own share, the largest first
		for k, t := range d.tables {
			if n < mostFunctions && r[k] != nil && float64(max(r[k].Self, r[k].Cumulative)) >= d.least*float64(t.Total) {
				keep(i)
			}
		}
	}
	return kept
}

// functions lists what is kept, and gives it its place.
func (d *flamer) functions(f *Flame, kept []bool) {
	place := make([]int, len(d.rows))
	f.Self, f.Cumulative = make([][]int64, len(d.sides)), make([][]int64, len(d.sides))
	if f.Counted {
		f.Calls = make([][]int64, len(d.sides))
	}
	rest := &Rest{Self: make([]int64, len(d.sides))}
	texts := texts{f: f, at: map[string]int{}}
	for i, r := range d.rows {
		place[i] = -1
		if !kept[i] {
			rest.Functions++
			for k := range d.sides {
				if r[k] != nil {
					rest.Self[k] += r[k].Self
				}
			}
			continue
		}
		place[i] = len(f.Functions)
		fn := functionOfRow(r)
		f.Functions = append(f.Functions, [5]int{texts.add(fn.Name), texts.add(fn.File), int(fn.Line), texts.add(fn.Module), texts.add(fn.Origin())})
		for k := range d.sides {
			row := r[k]
			if row == nil {
				row = &Row{Cumulative: -1}
			}
			f.Self[k] = append(f.Self[k], row.Self)
			f.Cumulative[k] = append(f.Cumulative[k], row.Cumulative)
			if f.Counted {
				f.Calls[k] = append(f.Calls[k], row.Calls)
			}
		}
	}
	if rest.Functions > 0 {
		f.Rest = rest
	}
	if f.Tree != nil {
		for i, at := range f.Tree.Functions {
			if at >= 0 {
				f.Tree.Functions[i] = place[at]
			}
		}
	}
	if f.Counted {
		f.Callers = d.callers(place)
	}
}

// texts lists each text once.
type texts struct {
	f  *Flame
	at map[string]int
}

func (t texts) add(s string) int {
	i, ok := t.at[s]
	if !ok {
		i = len(t.f.Texts)
		t.at[s] = i
		t.f.Texts = append(t.f.Texts, s)
	}
	return i
}

// callers lists, for each function that is listed, those of its callers that are,
// at most mostCallers of them.
func (d *flamer) callers(place []int) []CallerEdge {
	var all []CallerEdge
	for i, r := range d.rows {
		if place[i] < 0 {
			continue
		}
		edges := map[int]*CallerEdge{}
		for k := range d.sides {
			if r[k] == nil {
				continue
			}
			for _, c := range r[k].Callers() {
				by := place[d.index[k][c.Function]]
				if by < 0 {
					continue
				}
				if edges[by] == nil {
					edges[by] = &CallerEdge{Callee: place[i], Caller: by, Calls: make([]int64, len(d.sides)), Self: make([]int64, len(d.sides))}
				}
				edges[by].Calls[k] += c.Calls
				edges[by].Self[k] += c.Self
			}
		}
		sorted := slices.SortedFunc(maps.Values(edges), func(x, y *CallerEdge) int {
			return cmp.Or(cmp.Compare(slices.Max(y.Self), slices.Max(x.Self)), cmp.Compare(slices.Max(y.Calls), slices.Max(x.Calls)), cmp.Compare(x.Caller, y.Caller))
		})
		for _, e := range cut(sorted, mostCallers) {
			all = append(all, *e)
		}
	}
	return all
}

// Function returns the function with an index.
func (f *Flame) Function(i int) Function {
	n := f.Functions[i]
	return Function{Name: f.Texts[n[0]], File: f.Texts[n[1]], Line: int64(n[2]), Module: f.Texts[n[3]]}
}
