package profile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	pprof "github.com/google/pprof/profile"
)

// Unknown stands for a count that a format cannot tell.
const Unknown = -1

// A Row is one function of a profile.
type Row struct {
	Function
	Calls      int64 // Unknown of a sampler
	Primitive  int64 // of the calls: those that were not recursive; Unknown likewise
	Samples    int64 // in which it was on top; 0 of a profile that counts calls
	Self       int64 // spent in it and not in what it called, in the table's unit
	Cumulative int64 // spent in it and in all that it called

	edges []edge // from its callers
}

// An edge is what a function did under one of its callers.
type edge struct {
	caller Function
	calls  int64 // of a profile that counts calls
	self   int64
	total  int64 // of a sampler: with all that it called
}

// A Table is a profile by function.
type Table struct {
	Rows          []Row // by Self, the largest first
	Unit          string
	Weighed       string // what the weights are of: "time", "cpu", "inuse_space"
	Counted       string // what Samples are: "samples", "inuse_objects"
	Deterministic bool   // calls were counted; else samples were taken
	Calls         int64  // all of them; of a sampler its samples
	Primitive     int64
	Total         int64 // all weight
	Says          []string
}

// Table sums a profile up by function. A function that stands on a stack more
// than once counts once for what is cumulative.
func (p *Profile) Table() Table {
	t := &tabler{p: p, rows: map[Function]*Row{}, edges: map[edgeKey]*edge{}}
	for _, s := range p.Data.Sample {
		t.sample(s)
	}
	return t.table()
}

type edgeKey struct{ callee, caller Function }

type tabler struct {
	p     *Profile
	rows  map[Function]*Row
	edges map[edgeKey]*edge
}

func (t *tabler) row(f Function) *Row {
	if r := t.rows[f]; r != nil {
		return r
	}
	r := &Row{Function: f}
	if !t.p.Deterministic() {
		r.Calls, r.Primitive = Unknown, Unknown
	}
	t.rows[f] = r
	return r
}

func (t *tabler) edge(callee, caller Function) *edge {
	k := edgeKey{callee, caller}
	if t.edges[k] == nil {
		t.edges[k] = &edge{caller: caller}
	}
	return t.edges[k]
}

func (t *tabler) sample(s *pprof.Sample) {
	stack := frames(s)
	if len(stack) == 0 {
		stack = []Function{{Name: "(nothing)"}}
	}
	count, weight := s.Value[t.p.count()], s.Value[t.p.weight()]
	if t.p.Deterministic() {
		t.counted(s, stack, count, weight)
		return
	}
	leaf := t.row(stack[0])
	leaf.Self += weight
	leaf.Samples += count
	for i, f := range stack {
		if !slices.Contains(stack[:i], f) {
			t.row(f).Cumulative += weight
		}
		if i+1 < len(stack) && stack[i+1] != f {
			e := t.edge(f, stack[i+1])
			e.total += weight
			if i == 0 {
				e.self += weight
			}
		}
	}
}

// counted books a sample of a cProfile: a function, or one and its caller.
func (t *tabler) counted(s *pprof.Sample, stack []Function, calls, weight int64) {
	r := t.row(stack[0])
	r.Self += weight
	if len(stack) > 1 {
		e := t.edge(stack[0], stack[1])
		e.calls += calls
		e.self += weight
	}
	for _, n := range s.NumLabel[labelCalls] {
		r.Calls += n
	}
	for _, n := range s.NumLabel[labelPrimitive] {
		r.Primitive += n
	}
	for _, n := range s.NumLabel[labelCumulative] {
		r.Cumulative += n
	}
}

func (t *tabler) table() Table {
	all := Table{Unit: t.p.Unit(), Weighed: t.p.kindAt(t.p.weight()), Counted: t.p.kindAt(t.p.count()),
		Deterministic: t.p.Deterministic(), Says: t.p.Says}
	for k, e := range t.edges {
		r := t.row(k.callee)
		r.edges = append(r.edges, *e)
	}
	for _, r := range t.rows {
		slices.SortFunc(r.edges, byWeight)
		if all.Deterministic {
			all.Calls += r.Calls
			all.Primitive += r.Primitive
		} else {
			all.Calls += r.Samples
		}
		all.Total += r.Self
		all.Rows = append(all.Rows, *r)
	}
	slices.SortFunc(all.Rows, BySelf.compare)
	var calls, primitive, total int64
	for _, c := range t.p.Data.Comments { // a listing's head is exact where its rows are rounded
		if n, _ := fmt.Sscanf(c, commentTotal+"%d calls %d primitive %d ns", &calls, &primitive, &total); n == 3 {
			all.Calls, all.Primitive, all.Total = calls, primitive, total
		}
	}
	return all
}

func byWeight(a, b edge) int {
	return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(b.self, a.self), cmp.Compare(b.calls, a.calls), compareFunctions(a.caller, b.caller))
}

func compareFunctions(a, b Function) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Module, b.Module))
}

// An Order is what a table is sorted by.
type Order string

const (
	BySelf       Order = "self"       // what a function took by itself, the most first
	ByCumulative Order = "cumulative" // with all that it called
	ByCalls      Order = "calls"      // how often it was called, or seen
	ByName       Order = "name"       // in alphabetical order
)

// OrderNamed returns the order with a name, pstats' own names included.
func OrderNamed(name string) (Order, error) {
	switch name {
	case "self", "tottime", "time", "flat":
		return BySelf, nil
	case "cumulative", "cumtime", "cum":
		return ByCumulative, nil
	case "calls", "ncalls", "samples":
		return ByCalls, nil
	case "name", "function":
		return ByName, nil
	}
	return "", fmt.Errorf("%q is no order: there are self (tottime), cumulative (cumtime), calls (ncalls), name", name)
}

func (o Order) compare(a, b Row) int {
	first := 0
	switch o {
	case ByCumulative:
		first = cmp.Compare(b.Cumulative, a.Cumulative)
	case ByCalls:
		first = cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(b.Samples, a.Samples))
	case ByName:
		first = cmp.Compare(a.Name, b.Name)
	}
	return cmp.Or(first, cmp.Compare(b.Self, a.Self), cmp.Compare(b.Cumulative, a.Cumulative),
		cmp.Compare(b.Calls, a.Calls), compareFunctions(a.Function, b.Function))
}

// Sort orders the rows.
func (t *Table) Sort(o Order) { slices.SortFunc(t.Rows, o.compare) }

// A Caller is a function that called another, and what that one did for it.
type Caller struct {
	Function
	Calls int64 // Unknown of a sampler
	Self  int64 // of the called function itself
	Total int64 // with all that it called; Unknown of a profile that counts calls
}

// Callers returns who called a function, the one that cost most first. It is
// empty where the format does not tell, or nobody did.
func (r Row) Callers() []Caller {
	var cs []Caller
	for _, e := range r.edges {
		c := Caller{Function: e.caller, Calls: e.calls, Self: e.self, Total: e.total}
		if r.Calls == Unknown {
			c.Calls = Unknown
		} else {
			c.Total = Unknown
		}
		cs = append(cs, c)
	}
	return cs
}

// Focus returns the part of a profile whose stacks have a function that the
// expression matches, as pstats writes it. Of a profile of calls, which has no
// stacks, it is the functions that match, with what is known of them.
func (p *Profile) Focus(e *regexp.Regexp) *Profile {
	data := p.Data.Copy()
	data.Sample = slices.DeleteFunc(data.Sample, func(s *pprof.Sample) bool {
		stack := frames(s)
		if p.Deterministic() {
			stack = stack[:min(len(stack), 1)]
		}
		return !slices.ContainsFunc(stack, func(f Function) bool { return e.MatchString(f.String()) })
	})
	data.Comments = slices.DeleteFunc(data.Comments, func(c string) bool {
		return len(c) >= len(commentTotal) && c[:len(commentTotal)] == commentTotal
	})
	return &Profile{Data: data, Format: p.Format, Says: append(slices.Clone(p.Says), "Only stacks that match "+e.String()+" are counted.")}
}
