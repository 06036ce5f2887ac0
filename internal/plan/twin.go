package plan

import (
	"math"
	"slices"
	"strings"
)

// TwinSuffix is what the name of a subject's twin has behind the subject's own.
const TwinSuffix = ".twin"

// twin returns the subject under its other name.
func (s *Subject) twin() *Subject {
	t := *s
	t.Name += TwinSuffix
	t.Control = false
	return &t
}

// TwinOf returns the name of the subject of which the one called name is the
// twin; false if it is nobody's.
func (p *Plan) TwinOf(name string) (string, bool) {
	of, ok := strings.CutSuffix(name, TwinSuffix)
	if !ok {
		return "", false
	}
	for i := range p.Subjects {
		if s := &p.Subjects[i]; s.Name == of && s.Control {
			return of, true
		}
	}
	return "", false
}

// Twins tells whether one of the two names is that of the other's twin.
func (p *Plan) Twins(a, b string) bool {
	of, ok := p.TwinOf(a)
	if ok && of == b {
		return true
	}
	of, ok = p.TwinOf(b)
	return ok && of == a
}

// Compares tells whether verdicts are sought about two variants, by their names:
// a twin is compared with the one whose twin it is and nobody else, and in an A/A
// run nothing else is compared.
func (p *Plan) Compares(a, b string) bool {
	subjectA, choiceA, _ := strings.Cut(a, "[")
	subjectB, choiceB, _ := strings.Cut(b, "[")
	_, twinA := p.TwinOf(subjectA)
	_, twinB := p.TwinOf(subjectB)
	if p.AA || twinA || twinB {
		return choiceA == choiceB && p.Twins(subjectA, subjectB)
	}
	return true
}

// AgainstItself makes the plan an A/A run: every subject that takes part in
// verdicts is measured against itself, under two names. What the plan asks of
// different subjects, claims and objectives, is dropped.
func (p *Plan) AgainstItself() {
	p.AA = true
	p.Claims, p.Objectives, p.Fallback = nil, nil, ""
	p.Subjects = slices.Clone(p.Subjects)
	for i := range p.Subjects {
		s := &p.Subjects[i]
		s.Control, s.OldOf = !s.Bound, ""
	}
	p.Rounds.Min = min(max(p.Rounds.Min, roundsForPairs(p.twinPairs())), p.Rounds.Max)
}

// twinPairs returns how many pairs of a variant and its twin there are.
func (p *Plan) twinPairs() int {
	n := 0
	for _, v := range p.Variants() {
		if _, twin := p.TwinOf(v.Subject.Name); twin {
			n++
		}
	}
	return n
}

// roundsForPairs is roundsNeeded for so many pairs.
func roundsForPairs(pairs int) int {
	return int(math.Ceil(math.Log2(2 * float64(max(1, pairs)) / 0.05)))
}

// checkTwins complains of a control that cannot be one.
func (r *reader) checkTwins() {
	for i := range r.plan.Subjects {
		s, place := &r.plan.Subjects[i], join(item("subjects", i), "control")
		if !s.Control || !r.sound(place) {
			continue
		}
		if s.Bound {
			r.complainOfKey(place, "want one of them", "%s: a bound takes part in no verdict, and cannot be a control", s.called())
		}
		taken := func(o Subject) bool { return o.Name == s.Name+TwinSuffix }
		if slices.ContainsFunc(r.plan.Subjects, taken) {
			r.complainOfKey(place, "want another name for that subject",
				"%s: its twin is called %s, and so is another subject", s.called(), s.Name+TwinSuffix)
		}
		if !isName(s.Name + TwinSuffix) {
			r.complainOfKey(place, "want a shorter name", "%s: %s is too long a name for its twin", s.called(), s.Name+TwinSuffix)
		}
	}
}
