package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// conditions are what is kept of a trial for the signals: what each of them was,
// and what those are made of that are read from all trials together.
type conditions struct {
	seen   []sighting // in the order of the table
	speed  evidence.Speed
	bodies []evidence.Body
}

func conditionsOf(m *evidence.Measurement, seen []sighting) conditions {
	c := conditions{seen: seen, speed: m.Host.Speed}
	if m.Start != nil {
		c.bodies = m.Start.Bodies
	}
	return c
}

// leastForMedian is of how many trials a median says what is usual.
const leastForMedian = 5

// across reads the signals that one trial alone does not tell. It adds to the
// trials' notes.
func (t *table) across() {
	t.canaries()
	t.frequencies()
	t.alikeAnswers()
	t.steadiness()
}

// limitsBy returns a signal's place in the table and its limits in this plan.
func (t *table) limitsBy(name string) (at int, s signal, l limits) {
	table := signals()
	at = slices.IndexFunc(table, func(s signal) bool { return s.name == name })
	l, _ = t.strictness().limitsOf(&table[at])
	return at, table[at], l
}

// strictness is as much of the circumstances as limits depend on.
func (t *table) strictness() Circumstances {
	return Circumstances{Strict: t.plan.Strict, Moved: t.plan.Thresholds}
}

// see writes down what a signal was in a trial, and makes a note if it has a
// grade.
func (t *trial) see(at int, l limits, v float64, kind, text string) {
	if at >= len(t.seen) {
		return
	}
	s := &t.seen[at]
	s.value, s.known = v, true
	if g := l.grade(v); g > evidence.A {
		s.fired, s.grade = true, g
		t.notes = append(t.notes, evidence.Note{Kind: kind, Grade: g, Text: text})
		t.grade = max(t.grade, g)
	}
}

// canaries holds the time of the same arithmetic on each CPU against its median.
func (t *table) canaries() {
	at, s, l := t.limitsBy("canary")
	took := map[int][]float64{}
	for _, tr := range t.trials {
		for _, c := range tr.speed.Canaries {
			took[c.CPU] = append(took[c.CPU], float64(c.Took))
		}
	}
	for _, tr := range t.trials {
		worst, cpu := 0.0, -1
		for _, c := range tr.speed.Canaries {
			all := took[c.CPU]
			if len(all) < leastForMedian {
				continue
			}
			off := float64(c.Took)/stat.Median(all) - 1
			if cpu < 0 || math.Abs(off) > math.Abs(worst) {
				worst, cpu = off, c.CPU
			}
		}
		if cpu >= 0 {
			tr.see(at, l, math.Abs(worst), s.kinds[0],
				fmt.Sprintf("before it, CPU %d was %s %s than usual, by the same arithmetic", cpu, unit.Share(math.Abs(worst)), slower(worst)))
		}
	}
}

func slower(off float64) string {
	if off > 0 {
		return "slower"
	}
	return "faster"
}

// frequencies holds the lowest frequency of each trial against their median.
func (t *table) frequencies() {
	at, s, l := t.limitsBy("frequency")
	var all []float64
	for _, tr := range t.trials {
		if f := tr.speed.Frequency; f > 0 {
			all = append(all, float64(f))
		}
	}
	if len(all) < leastForMedian {
		return
	}
	usual := stat.Median(all)
	for _, tr := range t.trials {
		if f := tr.speed.Frequency; f > 0 {
			below := max(0, 1-float64(f)/usual)
			tr.see(at, l, below, s.kinds[0], fmt.Sprintf("a CPU in use ran at %s MHz, %s below what is usual here", unit.Number(float64(f)/1000), unit.Share(below)))
		}
	}
}

// A question is one request that every subject was asked before the load, and
// what the compared ones gave for it.
type question struct {
	place int
	asked string
	gave  map[*variant][]evidence.Body // each different one once
}

// questions gathers, of the requests of which the plan does not say what is right,
// who gave what.
func (t *table) questions() []question {
	type key struct {
		place int
		asked string
	}
	by := map[key]*question{}
	for _, tr := range t.trials {
		if tr.variant.bound {
			continue
		}
		for i, b := range tr.bodies {
			k := key{i, b.Asked}
			if by[k] == nil {
				by[k] = &question{i, b.Asked, map[*variant][]evidence.Body{}}
			}
			q := by[k]
			if !slices.Contains(q.gave[tr.variant], b) {
				q.gave[tr.variant] = append(q.gave[tr.variant], b)
			}
		}
	}
	return slices.SortedFunc(valuesAt(by), func(a, b question) int {
		return cmp.Or(cmp.Compare(a.place, b.place), strings.Compare(a.asked, b.asked))
	})
}

// valuesAt yields what the pointers of a map point to.
func valuesAt[K comparable, V any](m map[K]*V) func(func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(*v) {
				return
			}
		}
	}
}

// varies returns who gave more than one body: a clock, say, or a random number.
// Nothing can be compared with that.
func (q *question) varies() (names []string) {
	for _, v := range q.who() {
		if len(q.gave[v]) > 1 {
			names = append(names, v.name)
		}
	}
	return names
}

func (q *question) who() []*variant {
	return slices.SortedFunc(maps.Keys(q.gave), func(a, b *variant) int { return cmp.Compare(a.index, b.index) })
}

// parts returns who gave no body at all, and those who gave one by what it was,
// the most frequent first.
func (q *question) parts() (empty []*variant, bodies [][]*variant) {
	at := map[string]int{}
	for _, v := range q.who() {
		b := q.gave[v][0]
		if b.Bytes == 0 {
			empty = append(empty, v)
			continue
		}
		i, ok := at[b.SHA256]
		if !ok {
			i = len(bodies)
			at[b.SHA256] = i
			bodies = append(bodies, nil)
		}
		bodies[i] = append(bodies[i], v)
	}
	slices.SortStableFunc(bodies, func(a, b []*variant) int { return len(b) - len(a) })
	return empty, bodies
}

// A doubt is what was found about the answers of some variants.
type doubt struct {
	requests int
	about    []*variant
	text     string // of the first request
}

func (d *doubt) add(who []*variant, text string) {
	d.requests++
	for _, v := range who {
		if !slices.Contains(d.about, v) {
			d.about = append(d.about, v)
		}
	}
	if d.text == "" {
		d.text = text
	}
}

// alikeAnswers compares the bodies that subjects gave before the load. Where they
// differ and the plan does not say which is right, one of them may have been asked
// for other work than another.
func (t *table) alikeAnswers() {
	var unequal, empty doubt
	for _, q := range t.questions() {
		if who := q.varies(); len(who) > 0 {
			grade := evidence.A
			if t.plan.Strict {
				grade = evidence.B // nobody knows whether one was right
			}
			t.unalike = append(t.unalike, evidence.Note{Kind: "answers-vary", Grade: grade,
				Text: "the body that answers " + printable(q.asked) + " is not always the same (" + list(who) + "), and was not compared"})
			continue
		}
		none, bodies := q.parts()
		if len(none) > 0 && len(bodies) > 0 {
			empty.add(none, list(namesOf(none))+" answered "+printable(q.asked)+" without a body, and "+list(namesOf(slices.Concat(bodies...)))+" with one")
		}
		if len(bodies) > 1 {
			unequal.add(slices.Concat(bodies...), q.differ(bodies))
		}
	}
	t.doubted("unequal_bodies", unequal)
	t.doubted("empty_answers", empty)
}

func (q *question) differ(bodies [][]*variant) string {
	var parts []string
	for _, who := range bodies {
		parts = append(parts, fmt.Sprintf("%s B (%s)", unit.Count(q.gave[who[0]][0].Bytes), list(namesOf(who))))
	}
	return "bodies that answer " + printable(q.asked) + " differ: " + strings.Join(parts, ", ") +
		"; say under `expect:` what a right one is"
}

func namesOf(who []*variant) []string {
	var names []string
	for _, v := range who {
		names = append(names, v.name)
	}
	return names
}

// doubted books a doubt as a signal of every trial of whom it is about. Short of
// making them invalid, it is told once and for all.
func (t *table) doubted(name string, d doubt) {
	at, s, l := t.limitsBy(name)
	text := d.text
	if d.requests > 1 {
		text += fmt.Sprintf("; likewise %s", plural(d.requests-1, "further request"))
	}
	grade := l.grade(float64(d.requests))
	for _, tr := range t.trials {
		if len(tr.bodies) == 0 || at >= len(tr.seen) {
			continue
		}
		n := 0.0
		if slices.Contains(d.about, tr.variant) {
			n = float64(d.requests)
		}
		if grade == evidence.X {
			tr.see(at, l, n, s.kinds[0], text)
			continue
		}
		tr.seen[at] = sighting{value: n, known: true, fired: n > 0 && grade > evidence.A, grade: l.grade(n)}
	}
	if grade > evidence.A && grade < evidence.X {
		t.unalike = append(t.unalike, evidence.Note{Kind: s.kinds[0], Grade: grade, Text: text})
	}
}
