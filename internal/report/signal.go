package report

import (
	"math"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A signal is one thing that a trial is looked at for: what is read, and from
// where on it makes a number doubtful, or wrong. They are about the conditions of
// a trial and never about what is being compared, so that none can favour a
// subject.
type signal struct {
	id    string // that method.md has: "V06"; several signals may have one
	name  string // by which a plan moves its limits: "foreign_cpu"
	what  string // it guards against
	reads string // where from
	unit  unitOf

	// effect says that it reads what others do to requests and their times, and is
	// no cause by itself: it may fire beside any. The other signals are primary: a
	// fault makes its own fire, and no other primary one.
	effect bool

	usual  limits
	strict limits // of a strict plan; the zero limits: as usual

	kinds []string // of its notes

	// look reads the signal from one measurement, and makes its notes. Nil: it is
	// read from all trials together, once they are there.
	look func(g *grader, l limits)
	over over
}

// A unitOf is what a signal is counted in.
type unitOf string

const (
	ofAll      unitOf = "share" // from 0 to 1, of what the row says
	ofCPUs     unitOf = "cpus"  // as many as were busy all the time
	ofThings   unitOf = "count"
	eachSecond unitOf = "per_s" // and per loop
)

// An over says of which measurements a signal can be read.
type over uint8

const (
	everything over = iota // even of those without a load
	ofLoads                // those with a tally
	ofRequests             // those in whose window something fell due
)

// limits are the values above which a signal gives a grade. They are never equal
// to or below what they are compared with, so that 0 means any at all; an infinite
// one is never passed.
type limits struct {
	warn    float64 // B
	worse   float64 // what brings says
	invalid float64 // X; 0: never, unless worse brings it
	brings  evidence.Grade
}

var never = math.Inf(1)

// warns, worsens and invalidates (at any at all) are the three usual shapes.
func warns(warn float64) limits { return limits{warn, never, never, evidence.B} }

func worsens(warn, worse float64, to evidence.Grade) limits {
	return limits{warn, worse, never, to}
}

func invalidates() limits { return limits{never, 0, never, evidence.X} }

// grade returns what a value means.
func (l limits) grade(v float64) evidence.Grade {
	switch {
	case v > l.invalid:
		return evidence.X
	case v > l.worse:
		return l.brings
	case v > l.warn:
		return evidence.B
	}
	return evidence.A
}

// moved returns the limits as a plan has moved them. What brings a worse grade is
// never passed before what brings a better one.
func (l limits) moved(t plan.Threshold) limits {
	if t.Warn >= 0 {
		l.warn = t.Warn
		l.worse, l.invalid = max(l.worse, t.Warn), max(l.invalid, t.Warn)
	}
	if t.Worse >= 0 {
		l.worse = t.Worse
		l.invalid = max(l.invalid, t.Worse)
		if t.Warn < 0 {
			l.warn = min(l.warn, max(t.Worse, 0))
		}
	}
	if t.Invalid >= 0 {
		l.invalid = t.Invalid
		l.worse, l.warn = min(l.worse, t.Invalid), min(l.warn, t.Invalid)
	}
	return l
}

// limitsOf returns the limits of a signal that hold under the circumstances, and
// whether the plan has moved them.
func (c Circumstances) limitsOf(s *signal) (l limits, moved bool) {
	l = s.usual
	if c.Strict && s.strict != (limits{}) {
		l = s.strict
	}
	for _, t := range c.Moved {
		if t.Signal == s.name {
			l, moved = l.moved(t), true
		}
	}
	return l, moved
}

// SignalNames returns the names by which a plan's `thresholds:` may call signals.
func SignalNames() []string {
	var names []string
	for _, s := range signals() {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// SignalOf returns the name of the signal that makes notes of a kind, and whether
// it is primary, and no effect of what others read. It is "" if none makes them. No
// report needs it: it stands for the tests that bring faults about from outside.
func SignalOf(kind string) (name string, primary bool) {
	for _, s := range signals() {
		// What went wrong with a subject is in the kind itself: "failed-died".
		ofFailures := s.name == "subject_failed" && strings.HasPrefix(kind, "failed-")
		if ofFailures || slices.Contains(s.kinds, kind) {
			return s.name, !s.effect
		}
	}
	return "", false
}

// A sighting is what one signal was in one trial.
type sighting struct {
	value float64
	known bool           // it could be read, and means something under this load
	fired bool           // there is a note
	grade evidence.Grade // worst of its notes
}
