package stat

import (
	"cmp"
	"math"
	"slices"
)

// A LoadGoal says when a load may be kept up: what RFC 9971 (Multiple Loss Ratio
// Search) calls a search goal, its loss ratio aside, which whoever carries out
// the trials has applied to each of them already.
type LoadGoal struct {
	Full   float64 // seconds: a trial at least this long is a full-length one
	Sum    float64 // seconds of trials that decide about a load
	Exceed float64 // share of them that may be of high loss, 0 to less than 1
	Width  float64 // a bracket is narrow once its upper end is at most this share above its lower one
}

// A LoadTrial is one trial at some load, held against one goal.
type LoadTrial struct {
	Seconds float64
	Loss    float64 // share of the requests that were lost, 0 to 1
	High    bool    // the loss is more than the goal allows
}

// A LoadClass is what the trials at a load say of it. The zero LoadClass is
// Undecided.
type LoadClass uint8

const (
	Undecided  LoadClass = iota // further trials could make either of it
	LowerBound                  // kept, whatever the trials still missing would say
	UpperBound                  // not kept, whatever they would say
)

var loadClassNames = [...]string{"undecided", "lower bound", "upper bound"}

func (c LoadClass) String() string { return loadClassNames[c] }

// Classify applies the goal to the trials at one load, as RFC 9971, appendix A,
// has it. Time that is missing to the goal's sum is taken once for low loss and
// once for high loss; where the two agree, the load is decided. Short trials of
// high loss count beyond what short trials of low loss make up for.
func (g LoadGoal) Classify(trials []LoadTrial) LoadClass {
	var low, high, shortLow, shortHigh float64
	for _, t := range trials {
		switch full := t.Seconds >= g.Full; {
		case full && t.High:
			high += t.Seconds
		case full:
			low += t.Seconds
		case t.High:
			shortHigh += t.Seconds
		default:
			shortLow += t.Seconds
		}
	}
	high += max(0, shortHigh-shortLow*g.Exceed/(1-g.Exceed))
	whole := max(low+high, g.Sum)
	allowed := whole * g.Exceed
	optimistic, pessimistic := high <= allowed, whole-low <= allowed
	switch {
	case optimistic && pessimistic:
		return LowerBound
	case !optimistic && !pessimistic:
		return UpperBound
	}
	return Undecided
}

// Conditional returns the conditional throughput at a load, in the load's unit
// (RFC 9971, appendix B): the load less the loss at the goal's quantile of the
// full-length trials, the time missing to the goal's sum being lost wholly. It
// means something at a load that is a LowerBound; without a full-length trial
// it is NaN.
func (g LoadGoal) Conditional(load float64, trials []LoadTrial) float64 {
	var full []LoadTrial
	sum := 0.0
	for _, t := range trials {
		if t.Seconds >= g.Full {
			full = append(full, t)
			sum += t.Seconds
		}
	}
	if len(full) == 0 {
		return math.NaN()
	}
	slices.SortStableFunc(full, func(a, b LoadTrial) int { return cmp.Compare(a.Loss, b.Loss) })
	left := max(g.Sum, sum) * (1 - g.Exceed)
	loss := 0.0
	for i, t := range full {
		if i > 0 && left <= 0 {
			break
		}
		loss = t.Loss
		left -= t.Seconds
	}
	if left > 0 {
		loss = 1
	}
	return load * (1 - loss)
}
