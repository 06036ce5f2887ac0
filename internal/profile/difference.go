package profile

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A Side is one of two profiles, and what was done while it was taken.
type Side struct {
	*Profile
	Requests float64 // that the profile's work was for; 0: not known
}

// A Delta is one function before and after.
type Delta struct {
	Function      // as it is after, or was before where it has vanished
	Before, After *Row
	State         State

	// What it costs each request (or each run, where requests are not known), in
	// the unit of the tables: of itself, and with all that it calls.
	SelfBefore, SelfAfter             float64
	CumulativeBefore, CumulativeAfter float64
	CallsBefore, CallsAfter           float64 // NaN of a sampler
}

// Change is by how much its own cost grew.
func (d Delta) Change() float64 { return d.SelfAfter - d.SelfBefore }

// A State is what became of a function.
type State string

const (
	Stayed   State = "stayed"     // it is in both
	Vanished State = "vanished"   // before only
	Appeared State = "new"        // after only
	Unlisted State = "not listed" // after: gone, or below what the shortened listing shows
	Unseen   State = "unlisted"   // before, likewise
)

// An Absorption is a function that vanished, and callers of it that now do
// themselves what it did for them: what compiling it, or writing it into them,
// looks like.
type Absorption struct {
	Function
	Had  float64 // its own cost before
	Into []Gain  // callers whose own cost grew, the one it cost most under first
}

// A Gain is by how much a function's own cost grew.
type Gain struct {
	Function
	Grew float64
}

// A Difference is what changed between two profiles.
type Difference struct {
	Before, After Table
	PerRequest    bool // else per run, as the profiles stand
	Unit          string

	RequestsBefore, RequestsAfter float64
	TotalBefore, TotalAfter       float64 // per request, or per run
	CallsBefore, CallsAfter       float64 // likewise; samples of a sampler

	Deltas   []Delta // by the size of their change, the largest first
	Absorbed []Absorption
	Says     []string
}

// Ratio returns after ÷ before of all weight.
func (d *Difference) Ratio() float64 { return d.TotalAfter / d.TotalBefore }

// Compare sets two profiles of one kind side by side, per request where both
// say for how many they stand. Functions are joined by name and file, so that
// lines that moved do not part them; of several with one name in one file, the
// first goes with the first.
func Compare(before, after Side) (*Difference, error) {
	b, a := before.Table(), after.Table()
	if b.Unit != a.Unit || b.Weighed != a.Weighed || b.Deterministic != a.Deterministic {
		return nil, &ReadError{Format: "second", What: "the two are not of one kind: the first is of " +
			kindOf(b) + ", the second of " + kindOf(a)}
	}
	d := &Difference{Before: b, After: a, Unit: b.Unit}
	nb, na := before.Requests, after.Requests
	if nb > 0 && na > 0 {
		d.PerRequest = true
		d.RequestsBefore, d.RequestsAfter = nb, na
	} else {
		nb, na = 1, 1
	}
	d.TotalBefore, d.TotalAfter = float64(b.Total)/nb, float64(a.Total)/na
	d.CallsBefore, d.CallsAfter = float64(b.Calls)/nb, float64(a.Calls)/na
	d.Deltas = join(b, a, nb, na)
	d.Absorbed = absorbed(d.Deltas, nb)
	d.Says = d.caveats()
	return d, nil
}

func kindOf(t Table) string {
	if t.Deterministic {
		return "calls and " + t.Unit
	}
	return t.Weighed + " in " + t.Unit
}

func (d *Difference) caveats() []string {
	says := slices.Clone(d.After.Says)
	for _, s := range d.Before.Says {
		if !slices.Contains(says, s) {
			says = append(says, s)
		}
	}
	if !d.PerRequest {
		says = append(says, "For how many requests each stands is not known: what is compared is the two as they are.")
	}
	return says
}

// join pairs the rows of two tables.
func join(b, a Table, nb, na float64) []Delta {
	tail := suffixLength(b, a)
	was, is := byKey(b, tail), byKey(a, tail)
	keys := map[string]bool{}
	for k := range was {
		keys[k] = true
	}
	for k := range is {
		keys[k] = true
	}
	var ds []Delta
	for k := range keys {
		for _, pair := range pairUp(was[k], is[k]) {
			ds = append(ds, deltaOf(pair[0], pair[1], nb, na))
		}
	}
	short := func(t Table) bool {
		return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Name == notListed })
	}
	for i := range ds {
		switch {
		case ds[i].State == Vanished && short(a):
			ds[i].State = Unlisted
		case ds[i].State == Appeared && short(b):
			ds[i].State = Unseen
		}
	}
	slices.SortFunc(ds, func(x, y Delta) int {
		return cmp.Or(cmp.Compare(math.Abs(y.Change()), math.Abs(x.Change())), compareFunctions(x.Function, y.Function))
	})
	return ds
}

// suffixLength is by how many parts of their paths files are known: two, or one
// where either side has names without folders.
func suffixLength(tables ...Table) int {
	for _, t := range tables {
		folders := false
		for _, r := range t.Rows {
			folders = folders || strings.ContainsAny(r.File, `/\`)
		}
		if !folders {
			return 1
		}
	}
	return 2
}

func byKey(t Table, tail int) map[string][]*Row {
	rows := map[string][]*Row{}
	for i := range t.Rows {
		r := &t.Rows[i]
		k := r.Name + "\x00" + lastParts(r.File, tail) + "\x00" + r.Module
		rows[k] = append(rows[k], r)
	}
	for _, same := range rows {
		slices.SortFunc(same, func(x, y *Row) int { return compareFunctions(x.Function, y.Function) })
	}
	return rows
}

func lastParts(path string, n int) string {
	at := len(path)
	for range n {
		i := strings.LastIndexAny(path[:at], `/\`)
		if i < 0 {
			return path
		}
		at = i
	}
	return path[at+1:]
}

// pairUp pairs functions of one name in one file: those on the same line first,
// where they are not equally many, the others in their order.
func pairUp(was, is []*Row) [][2]*Row {
	var pairs [][2]*Row
	if len(was) != len(is) {
		for i := 0; i < len(was); i++ {
			j := slices.IndexFunc(is, func(r *Row) bool { return r.Line == was[i].Line })
			if j >= 0 {
				pairs = append(pairs, [2]*Row{was[i], is[j]})
				was = slices.Delete(slices.Clone(was), i, i+1)
				is = slices.Delete(slices.Clone(is), j, j+1)
				i--
			}
		}
	}
	for i := range max(len(was), len(is)) {
		var p [2]*Row
		if i < len(was) {
			p[0] = was[i]
		}
		if i < len(is) {
			p[1] = is[i]
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func deltaOf(was, is *Row, nb, na float64) Delta {
	d := Delta{Before: was, After: is, State: Stayed, CallsBefore: math.NaN(), CallsAfter: math.NaN()}
	if was != nil {
		d.Function = was.Function
		d.SelfBefore, d.CumulativeBefore = float64(was.Self)/nb, float64(was.Cumulative)/nb
		if was.Calls != Unknown {
			d.CallsBefore = float64(was.Calls) / nb
		}
	} else {
		d.State = Appeared
	}
	if is != nil {
		d.Function = is.Function
		d.SelfAfter, d.CumulativeAfter = float64(is.Self)/na, float64(is.Cumulative)/na
		if is.Calls != Unknown {
			d.CallsAfter = float64(is.Calls) / na
		}
	} else {
		d.State = Vanished
	}
	return d
}

// absorbed looks, for each function that vanished, which of its callers grew.
func absorbed(ds []Delta, nb float64) []Absorption {
	grew := map[Function]float64{} // by the function as it was before
	for _, d := range ds {
		if d.State == Stayed && d.Change() > 0 {
			grew[d.Before.Function] = d.Change()
		}
	}
	var all []Absorption
	for _, d := range ds {
		if d.State != Vanished && d.State != Unlisted || d.Name == notListed {
			continue
		}
		a := Absorption{Function: d.Function, Had: float64(d.Before.Self) / nb}
		for _, c := range d.Before.Callers() {
			if by, ok := grew[c.Function]; ok {
				a.Into = append(a.Into, Gain{c.Function, by})
			}
		}
		if len(a.Into) > 0 {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(x, y Absorption) int { return cmp.Compare(y.Had, x.Had) })
	return all
}
