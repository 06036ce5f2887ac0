package plan

import (
	"fmt"
	"slices"
)

// A claimTree is a claim as it is written, with the places of its words.
type claimTree struct {
	metric claimWord
	form   ClaimForm
	a, b   *operandTree
	is     Relation
	isAt   int
	within float64
	in     Range
	last   bool
	factor claimWord

	among []pickTree
	at    []conditionTree // behind everything else
	sides [2][]conditionTree
}

// An operandTree is one side, as written.
type operandTree struct {
	name  claimWord
	pairs []conditionTree // in brackets
	at    []conditionTree
}

// A conditionTree is "factor=level".
type conditionTree struct {
	factor, level claimWord
	is            Relation
}

// A pickTree is one of those that a claim is among: an operand or a condition.
type pickTree struct {
	operand   *operandTree
	condition *conditionTree
}

// A claimParser reads a claim word by word. The first fault ends it: from then
// on every word is the end.
type claimParser struct {
	words []claimWord
	next  int
	fault *claimFault
	known claimNames
}

// claimNames are names that decide how a claim is to be read.
type claimNames struct {
	subjects []string // subjects, even where a number could stand
	metrics  []string // all there are; nil: not looked at
	own      []string // of them, those that subjects print of themselves, in units that only they know
}

// parseClaim reads a claim. Whether its names stand for anything is not looked
// at.
func parseClaim(s string, known claimNames) (*claimTree, *claimFault) {
	words, fault := claimWords(s)
	if fault != nil {
		return nil, fault
	}
	p := &claimParser{words: words, known: known}
	t := p.claim()
	if p.fault != nil {
		return nil, p.fault
	}
	return t, nil
}

func (p *claimParser) peek() claimWord { return p.words[p.next] }

func (p *claimParser) take() claimWord {
	w := p.words[p.next]
	if !w.end {
		p.next++
	}
	return w
}

// fail notes what is wrong with a word.
func (p *claimParser) fail(w claimWord, want, format string, args ...any) {
	if p.fault == nil {
		p.fault = &claimFault{w.at, fmt.Sprintf(format, args...), want}
	}
	p.next = len(p.words) - 1
}

// sees tells whether these words come next.
func (p *claimParser) sees(texts ...string) bool {
	for i, t := range texts {
		if p.next+i >= len(p.words) || p.words[p.next+i].text != t {
			return false
		}
	}
	return true
}

// skip takes these words if they come next.
func (p *claimParser) skip(texts ...string) bool {
	if !p.sees(texts...) {
		return false
	}
	p.next += len(texts)
	return true
}

func (p *claimParser) expect(text, want string) {
	if w := p.take(); w.text != text {
		p.fail(w, want, "%s stands where %s is expected", w.said(), show(text))
	}
}

// name takes a word that names something.
func (p *claimParser) name(want string) claimWord {
	w := p.take()
	if w.mark || w.end {
		p.fail(w, want, "%s stands where a name is expected", w.said())
	}
	return w
}

func (p *claimParser) claim() *claimTree {
	t := &claimTree{metric: p.name(`want a metric, a colon and a sentence, such as "throughput: a > b"`)}
	if all := p.known.metrics; all != nil && !slices.Contains(all, t.metric.text) {
		p.fail(t.metric, meant(t.metric.text, all), "there is no metric %s", t.metric.said())
	}
	p.expect(":", `want a colon behind the metric, as in "throughput: a > b"`)
	switch {
	case p.skip("spread", "among"):
		t.form, t.among = Spread, p.picks()
		t.in, _ = p.bounds(ratioBound)
	case p.skip("crossing", "of"):
		p.crossing(t)
	case p.skip("differ", "in", "rank"):
		p.reordering(t)
	default:
		t.a = p.operand()
		p.sentence(t)
	}
	p.trailing(t)
	if w := p.peek(); !w.end {
		p.fail(w, "want the end of the claim, or `at` and a condition such as path_bytes=11", "%s makes no sense here", w.said())
	}
	return t
}

// trailing reads "within 5%" and "at factor=level" in whichever order.
func (p *claimParser) trailing(t *claimTree) {
	for {
		switch w := p.peek(); {
		case p.skip("within"):
			if t.form != Compared || t.is == Less || t.is == More {
				p.fail(w, "want it behind =, <= or >=", "within: a margin means nothing here")
				return
			}
			t.within = p.margin()
		case p.skip("at"):
			t.at = append(t.at, p.conditions()...)
		default:
			return
		}
	}
}

const relations = "want <, <=, =, >= or > between two subjects, / or - and a second one, or `is first among` and `is last among`"

// sentence reads what is said of the first operand.
func (p *claimParser) sentence(t *claimTree) {
	bound := boundOf(Metric(t.metric.text))
	if slices.Contains(p.known.own, t.metric.text) {
		bound = ownBound
	}
	switch w := p.peek(); {
	case p.skip("is"):
		p.place(t)
	case p.skip("/"):
		t.form, t.b = Ratio, p.operand()
		t.in, t.isAt = p.bounds(ratioBound)
	case p.skip("-"):
		t.form, t.b = Difference, p.operand()
		t.in, t.isAt = p.bounds(bound)
	case p.sees("in"):
		t.form = Alone
		t.in, t.isAt = p.bounds(bound)
	case w.mark && slices.Contains(relationMarks[:], w.text):
		p.relation(t, bound)
	default:
		p.fail(w, relations, "%s stands where a relation is expected", w.said())
	}
}

// relation reads "> b" and "> 20k".
func (p *claimParser) relation(t *claimTree, bound bounder) {
	mark := p.take()
	t.is, t.isAt = Relation(slices.Index(relationMarks[:], mark.text)), mark.at
	if w := p.peek(); !slices.Contains(p.known.subjects, w.text) && beginsNumber(w.text) {
		t.form, t.in = Alone, rangeOf(t.is, p.number(bound))
		if t.is == Same {
			p.fail(mark, "want < or >, or `in` and a range such as 10..20", "no measured figure equals a number")
		}
		return
	}
	t.form, t.b = Compared, p.operand()
}

func (p *claimParser) place(t *claimTree) {
	t.form = Placed
	switch w := p.take(); w.text {
	case "first":
	case "last":
		t.last = true
	default:
		p.fail(w, "want `is first among …` or `is last among …`", "%s stands where first or last is expected", w.said())
	}
	p.expect("among", "want `among` and whom it is compared with: among all, among python=cpython, among a, b, c")
	t.among = p.picks()
}

func (p *claimParser) crossing(t *claimTree) {
	const want = "want `crossing of a and b on path_bytes in 11..101`"
	t.form, t.a = Crossed, p.operand()
	p.expect("and", want)
	t.b = p.operand()
	p.expect("on", want)
	t.factor = p.name(want)
	t.in, t.isAt = p.bounds(levelBound)
}

func (p *claimParser) reordering(t *claimTree) {
	const want = "want `differ in rank between headers=ab and headers=chrome`, with `among …` where not all are meant"
	t.form = Reordered
	if p.skip("among") {
		t.among = p.picks()
	}
	p.expect("between", want)
	t.sides[0] = p.conditions()
	p.expect("and", want)
	t.sides[1] = p.conditions()
	if t.among == nil && p.skip("among") {
		t.among = p.picks()
	}
}

// operand reads "name", "name[factor=level,…]" and what it is at.
func (p *claimParser) operand() *operandTree {
	o := p.bare()
	if p.skip("at") {
		o.at = p.conditions()
	}
	return o
}

// bare reads an operand without its conditions.
func (p *claimParser) bare() *operandTree {
	const want = "want a subject of the plan, such as tornado or tornado[python=pypy]"
	o := &operandTree{name: p.name(want)}
	if !p.skip("[") {
		return o
	}
	o.pairs = p.conditions()
	p.expect("]", "want ] behind the levels of the variant")
	return o
}

// conditions reads "factor=level", one or more with commas between them.
func (p *claimParser) conditions() []conditionTree {
	var all []conditionTree
	for p.fault == nil {
		all = append(all, p.condition()...)
		if !p.skip(",") {
			break
		}
	}
	return all
}

const wantCondition = "want a factor and its level, such as path_bytes=11"

// condition reads "factor=level", "factor>=level" or "factor in 11..101", which
// is two of them.
func (p *claimParser) condition() []conditionTree {
	factor := p.name(wantCondition)
	if p.skip("in") {
		lo, hi := p.ends()
		return []conditionTree{{factor, lo, AtLeast}, {factor, hi, AtMost}}
	}
	mark := p.take()
	i := slices.Index(relationMarks[:], mark.text)
	if !mark.mark || i < 0 {
		p.fail(mark, wantCondition, "%s stands where a relation is expected", mark.said())
		return nil
	}
	return []conditionTree{{factor, p.name(wantCondition), Relation(i)}}
}

// picks reads whom a claim is among.
func (p *claimParser) picks() []pickTree {
	all := []pickTree{}
	if p.skip("all") {
		return all
	}
	for p.fault == nil {
		if p.next+1 < len(p.words) && p.words[p.next+1].text == "=" {
			c := p.condition()
			if len(c) == 1 {
				all = append(all, pickTree{condition: &c[0]})
			}
		} else {
			all = append(all, pickTree{operand: p.bare()})
		}
		if !p.skip(",") {
			break
		}
	}
	return all
}
