package plan

import "math"

// A Claim is a sentence about figures that a plan puts to the test. Read has
// found out what it is about; the report says whether it holds.
//
// A claim is about every setting that its conditions leave open, and holds only
// if it holds at each of them.
type Claim struct {
	Text string // as written
	Says string // the same in words, for people; may be empty

	Metric Metric
	Form   ClaimForm

	A, B   Operand  // B: of Compared, Ratio, Difference and Crossed
	Is     Relation // of Compared
	Within float64  // of Compared: the margin of Same, AtMost and AtLeast, as a share; 0: the usual one
	In     Range    // where the figure lies: of Alone, Ratio, Difference and Spread; of Crossed, the level of Factor
	Last   bool     // of Placed: the worst of all, not the best
	Factor string   // of Crossed

	Among Selection      // of Placed, Spread and Reordered
	At    []Condition    // likewise, and of Crossed; the other forms have theirs in A and B
	Sides [2][]Condition // of Reordered
}

// A ClaimForm is what kind of sentence a claim is. It says which of its fields
// mean something.
type ClaimForm uint8

const (
	Compared   ClaimForm = iota // "throughput: A > B"
	Alone                       // "errors: A < 1%"
	Ratio                       // "throughput: A / B >= 2.8"
	Difference                  // "errors: A - B > 5%"
	Placed                      // "throughput: A is last among python=cpython"
	Spread                      // "throughput: spread among python=pypy < 1.3", the largest figure divided by the smallest
	Crossed                     // "throughput: crossing of A and B on path_bytes in 11..101"
	Reordered                   // "throughput: differ in rank between headers=ab and headers=chrome"
)

// A Relation is how one figure stands to another, or a level to a bound.
type Relation uint8

const (
	Less    Relation = iota // "<"
	AtMost                  // "<="; of two figures: not more by more than the margin
	Same                    // "="; of two figures: equivalent
	AtLeast                 // ">="; of two figures: not less by more than the margin
	More                    // ">"
)

var relationMarks = [...]string{"<", "<=", "=", ">=", ">"}

// String returns the relation as it is written in a plan.
func (r Relation) String() string { return relationMarks[r] }

// A Range is the numbers from Lo to Hi; either may be infinite. Whether an end
// belongs to it is no question that measured figures can answer.
type Range struct{ Lo, Hi float64 }

// rangeOf returns the numbers that stand so to x.
func rangeOf(r Relation, x float64) Range {
	switch r {
	case Less, AtMost:
		return Range{math.Inf(-1), x}
	case Same:
		return Range{x, x}
	}
	return Range{x, math.Inf(1)}
}

// An Operand is one side of a claim: exactly one variant of a subject, at some
// settings.
type Operand struct {
	Subject string
	Variant []Choice    // as much of its own factors as the claim says
	At      []Condition // the settings; none: all
}

// Matches tells whether the operand's variant is the one with these values.
func (o Operand) Matches(subject string, variant map[string]string) bool {
	return o.Subject == subject && chosen(o.Variant, variant)
}

func chosen(some []Choice, all map[string]string) bool {
	for _, c := range some {
		if all[c.Factor] != c.Level.String() {
			return false
		}
	}
	return true
}

// A Selection is the variants that a claim about several of them is about. The
// zero Selection is all that the plan compares.
type Selection struct {
	Named []Operand // those that the claim names, of each as many variants as fit; none: of all
	Where []Choice  // that have these levels of their own factors
}

// Holds tells whether the variant with these values is selected.
func (s Selection) Holds(subject string, variant map[string]string) bool {
	named := len(s.Named) == 0
	for _, o := range s.Named {
		named = named || o.Matches(subject, variant)
	}
	return named && chosen(s.Where, variant)
}

// A Condition restricts the settings that a claim is about.
type Condition struct {
	Factor string
	Is     Relation
	Level  Level
}

// Holds tells whether a level of the condition's factor fulfils it. A bound is a
// number; a level that is none lies neither above nor below it.
func (c Condition) Holds(l Level) bool {
	if c.Is == Same {
		return sameLevel(l, c.Level)
	}
	x, isX := l.Number()
	y, isY := c.Level.Number()
	if !isX || !isY {
		return false
	}
	switch c.Is {
	case Less:
		return x < y
	case AtMost:
		return x <= y
	case AtLeast:
		return x >= y
	}
	return x > y
}

func sameLevel(a, b Level) bool {
	if a.isNum && b.isNum {
		return a.number == b.number
	}
	return a.text == b.text
}

// claims are sentences, or sentences with what they say in words.
func claims(into *[]Claim) form {
	return list[Claim]{into: into, each: claim, what: "claims", most: maxClaims, lines: true}
}

// What the claims of a plan may have at most.
const (
	maxClaims    = 100
	maxClaimText = 1000 // bytes
)

func claim(c *Claim) form {
	const want = `want a claim such as "throughput: a > b at per_connection=1", or {claim: …, says: …}`
	plain := text(&c.Text, want).(scalar)
	plain.json = object{"type": "string", "pattern": ":"}
	whole := mapping{what: "a claim", keys: []key{
		{"claim", "The sentence, such as throughput: a > b at per_connection=1.", plain, true},
		{"says", "The same in words, for people.", text(&c.Says, "want a line of text"), false},
	}}
	return either{want: want, scalar: plain, mapping: whole, chosen: func() form {
		if c.Says == "" {
			return plain
		}
		return whole
	}}
}
