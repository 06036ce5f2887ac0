package stat

import (
	"math"
	"slices"
	"strconv"
)

// A LoadSearch looks for the highest loads that keep several goals. It decides
// where to measure next from what has been measured, and from nothing else: the
// same trials lead to the same loads on every machine.
//
// It begins at a quarter of Start and climbs by half with single trials, until
// one is of high loss. The bracket so found is halved on the scale of
// logarithms, each load being measured until the goal has decided about it,
// until it is as narrow as the goal asks and both of its ends are decided. Then
// comes the next goal, which has the trials of those before it.
type LoadSearch struct {
	Goals []LoadGoal
	Start float64 // about the most that can be answered, in requests per second

	loads   []*searched // ascending
	recent  float64     // the load measured last
	skipped []float64   // of which nothing is to be found out
}

// searched is what was measured at one load: for each goal its trials.
type searched struct {
	load    float64
	trials  [][]LoadTrial
	climbed bool // it lay outside all loads before it
}

// What a search does at most.
const (
	rampStart  = 0.25 // of Start
	rampFactor = 1.5
	highest    = 8.0      // of Start: above it nothing is looked for
	deepest    = 1.0 / 64 // of Start: below it nothing is looked for
)

// RoundLoad returns x to four significant digits: what is offered is written
// down as it was asked for, and two machines that differ in the last bit of a
// logarithm offer the same.
func RoundLoad(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 3, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// Book books a trial at a load: how it looks to each goal, in the order of
// Goals.
func (s *LoadSearch) Book(load float64, of []LoadTrial) {
	i, found := slices.BinarySearchFunc(s.loads, load, func(l *searched, x float64) int {
		switch {
		case l.load < x:
			return -1
		case l.load > x:
			return 1
		}
		return 0
	})
	if !found {
		s.loads = slices.Insert(s.loads, i, &searched{
			load: load, trials: make([][]LoadTrial, len(s.Goals)), climbed: i == 0 || i == len(s.loads),
		})
	}
	for g := range s.Goals {
		s.loads[i].trials[g] = append(s.loads[i].trials[g], of[g])
	}
	s.recent = load
}

// Skip has a load be measured no more: what was measured at it tells nothing, and
// would not another time. The search goes around it.
func (s *LoadSearch) Skip(load float64) { s.skipped = append(s.skipped, load) }

// beyond returns the next load in steps of a factor that is not skipped.
func (s *LoadSearch) beyond(load, factor float64) float64 {
	next := RoundLoad(load * factor)
	for slices.Contains(s.skipped, next) {
		next = RoundLoad(next * factor)
	}
	return next
}

// Next returns the load to measure next; false if there is nothing left to be
// found out.
func (s *LoadSearch) Next() (load float64, more bool) {
	if len(s.loads) == 0 {
		if s.Start <= 0 {
			return 0, false
		}
		next := s.beyond(rampStart/rampFactor*s.Start, rampFactor)
		return next, next <= highest*s.Start
	}
	for g := range s.Goals {
		if load, more := s.nextFor(g); more {
			return load, true
		}
	}
	return 0, false
}

func (s *LoadSearch) nextFor(g int) (float64, bool) {
	lower, upper := s.ends(g)
	switch {
	case upper == nil:
		next := s.beyond(s.loads[len(s.loads)-1].load, rampFactor)
		return next, next <= highest*s.Start
	case lower == nil:
		next := s.beyond(upper.load, 1/rampFactor)
		return next, next >= deepest*s.Start
	}
	if mid := s.between(lower.load, upper.load); !s.narrow(g, lower, upper) && mid > 0 {
		if l := s.recentEnd(g, lower, upper); l != nil {
			return l.load, true
		}
		return mid, true
	}
	for _, end := range []*searched{lower, upper} {
		if s.class(end, g) == Undecided && !slices.Contains(s.skipped, end.load) {
			return end.load, true
		}
	}
	return 0, false
}

// between returns a load between two on the scale of logarithms: the middle, or,
// where that is skipped, a third of the way from either; 0 if there is none.
func (s *LoadSearch) between(lower, upper float64) float64 {
	for _, at := range []float64{1. / 2, 1. / 3, 2. / 3} {
		x := math.Sqrt(lower * upper)
		if at != .5 {
			x = lower * math.Pow(upper/lower, at)
		}
		if x = RoundLoad(x); x > lower && x < upper && !slices.Contains(s.skipped, x) {
			return x
		}
	}
	return 0
}

// recentEnd returns the end that was measured last, if it is not decided and no
// part of the climb: a load that halves a bracket is measured until it is.
func (s *LoadSearch) recentEnd(g int, lower, upper *searched) *searched {
	for _, end := range []*searched{lower, upper} {
		if end.load == s.recent && s.class(end, g) == Undecided && !end.climbed && !slices.Contains(s.skipped, end.load) {
			return end
		}
	}
	return nil
}

func (s *LoadSearch) class(l *searched, g int) LoadClass { return s.Goals[g].Classify(l.trials[g]) }

func (s *LoadSearch) narrow(g int, lower, upper *searched) bool {
	const slack = 1e-3 // loads are rounded
	return upper.load <= lower.load*(1+s.Goals[g].Width)*(1+slack)
}

// ends returns the ends of the bracket as they seem now: the lowest load that
// is not kept, and the highest below it that is. Of one that is undecided the
// longer part of its trials speaks; where the parts are equal, it is not kept.
func (s *LoadSearch) ends(g int) (lower, upper *searched) {
	for _, l := range s.loads {
		if !s.seemsKept(l, g) {
			return lower, l
		}
		lower = l
	}
	return lower, nil
}

func (s *LoadSearch) seemsKept(l *searched, g int) bool {
	switch s.class(l, g) {
	case LowerBound:
		return true
	case UpperBound:
		return false
	}
	var balance float64
	for _, t := range l.trials[g] {
		if t.High {
			balance -= t.Seconds
		} else {
			balance += t.Seconds
		}
	}
	return balance > 0
}

// A Bracket is between which loads the most that keeps a goal lies.
type Bracket struct {
	Lower float64 // the highest load that is kept; 0: none was found
	Upper float64 // the lowest load that is not; 0: none was found

	// Certified tells whether both ends are decided by trials of the goal's sum,
	// and no further apart than its width.
	Certified bool

	Conditional float64 // conditional throughput at Lower; NaN without one
}

// Found tells whether the bracket has both ends.
func (b Bracket) Found() bool { return b.Lower > 0 && b.Upper > 0 }

// Middle returns the middle of the bracket on the scale of logarithms.
func (b Bracket) Middle() float64 { return math.Sqrt(b.Lower * b.Upper) }

// Bracket returns what is known about a goal so far.
func (s *LoadSearch) Bracket(g int) Bracket {
	b := Bracket{Conditional: math.NaN()}
	lower, upper := s.ends(g)
	if upper != nil {
		b.Upper = upper.load
	}
	if lower != nil {
		b.Lower = lower.load
		b.Conditional = s.Goals[g].Conditional(lower.load, lower.trials[g])
	}
	b.Certified = lower != nil && upper != nil && s.narrow(g, lower, upper) &&
		s.class(lower, g) == LowerBound && s.class(upper, g) == UpperBound
	return b
}

// A Staircase refines a capacity by Robbins and Monro's scheme (1951), in the
// logarithm of the load: step i goes down by aᵢ = 0.15/(1+i)^0.6 after a trial
// that does not keep the goal and up by it after one that does, and so comes to
// the load that is kept half of the time. The estimate is the mean of the
// logarithms of the last half of the loads (Polyak and Ruppert).
type Staircase struct {
	at    float64 // ln of the load
	loads []float64

	aside float64 // from at, ln: around a load at which nothing could be found out
	skips int
	inRow int // skips since the last trial that was booked
}

// NewStaircase begins at a load, which is more than 0.
func NewStaircase(load float64) *Staircase { return &Staircase{at: math.Log(load)} }

// Next returns the load to measure next.
func (s *Staircase) Next() float64 { return RoundLoad(math.Exp(s.at + s.aside)) }

// step is how far the next one goes, in the logarithm of the load.
func (s *Staircase) step() float64 { return 0.15 / math.Pow(1+float64(len(s.loads)), 0.6) }

// Skip says that nothing was to be found out at the load that Next returned: the
// next one lies half a step to one side of it, by turns above and below, and
// further the oftener that happens in a row.
func (s *Staircase) Skip() {
	s.skips++
	s.inRow++
	s.aside = s.step() / 2 * float64((s.inRow+1)/2)
	if s.skips%2 == 0 {
		s.aside = -s.aside
	}
}

// Book books whether the load that Next returned was kept.
func (s *Staircase) Book(kept bool) {
	step := s.step()
	s.loads = append(s.loads, s.Next())
	s.at, s.aside, s.inRow = s.at+s.aside, 0, 0
	if !kept {
		step = -step
	}
	s.at += step
}

// Steps returns how many trials were booked.
func (s *Staircase) Steps() int { return len(s.loads) }

// Estimate returns the estimate; NaN without a trial.
func (s *Staircase) Estimate() float64 { return StaircaseEstimate(s.loads) }

// StaircaseEstimate returns the estimate of a staircase that has been at the
// loads, in their order: the geometric mean of the last half of them. NaN of
// none.
func StaircaseEstimate(loads []float64) float64 {
	half := loads[len(loads)/2:]
	var sum float64
	for _, x := range half {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(half)))
}
