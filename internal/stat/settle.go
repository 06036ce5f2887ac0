package stat

import (
	"fmt"
	"math"
)

// A Course is how a series of times went: what a server did since it started.
type Course uint8

const (
	Untold      Course = iota // too few values to tell
	Flat                      // the same from the beginning
	WarmsUp                   // slower at first, then steady
	SlowsDown                 // faster at first, then steady
	NeverSteady               // its last steady stretch is too short to be one
	Drifting                  // its last stretch rises or falls all along
)

var courseNames = [...]string{"untold", "flat", "warms-up", "slows-down", "never-steady", "drifting"}

func (c Course) String() string { return courseNames[c] }

// Steady tells whether the series came to rest.
func (c Course) Steady() bool { return c == Flat || c == WarmsUp || c == SlowsDown }

// MarshalText writes the course's word.
func (c Course) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a course's word.
func (c *Course) UnmarshalText(b []byte) error {
	for i, name := range courseNames {
		if name == string(b) {
			*c = Course(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no course: want one of %q", b, courseNames)
}

// The numbers of the rule, as warmup_stats has them where not said otherwise.
const (
	// Alike is the difference of logarithms up to which two stretches count as
	// one: 2 %, the margin of equivalence.
	Alike = 0.02

	// TrendLevel is the p below which there is a trend. Every start of every variant
	// is asked: at 0.05 one in twenty that are steady would be called drifting.
	TrendLevel = 0.01

	settleShortest = 5    // values of a segment
	settlePenalty  = 15   // times ln n, for each cut
	settleWindow   = 40   // values around one that may be an outlier; 200 iterations there
	settleFar      = 3    // times P90 − P10 from the median of them
	settleTail     = 0.25 // of the whole, for the last stretch to be a steady state
)

// A Settling is where a series comes to rest.
type Settling struct {
	Course Course
	From   int     // the first value of the last stretch; those before are warm-up
	Change float64 // what the slope makes of the last stretch from its first value to its last, as a difference of logarithms
	P      float64 // of the trend in the last stretch
	Far    int     // outliers, left out
}

// Settle finds the last steady stretch of a series of logarithms, of which what
// is not a number is left out. Values are cut by ChangePoints with GaussianCost;
// then the last segment is joined, backwards, by those whose means differ from
// its own by no more than alike. weights are how long each value took, in any
// unit, and may be nil for values alike; alike is Alike or more.
//
// Outliers are left out if the series comes to rest earlier without them: what
// comes round again and again, a collector say, belongs to the steady state.
//
// The last stretch is no steady state if it is shorter than a quarter of the
// whole, or if it drifts. One that falls at first, as an exponential does once no
// cut can be seen in it any more, loses its beginning as long as what is left
// does not.
//
// Barrett et al., Virtual Machine Warmup Blows Hot and Cold, OOPSLA 2017; the
// trend is ours: cuts alone take a slow ramp for steps, and its last step for
// rest.
func Settle(logs, weights []float64, alike float64) Settling {
	var all []int
	for i, v := range logs {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			all = append(all, i)
		}
	}
	if len(all) < 2*settleShortest || 2*len(all) < len(logs) {
		return Settling{P: 1}
	}
	kept := usual(logs, all)
	s := settle(logs, weights, kept, alike)
	if len(kept) < len(all) {
		if whole := settle(logs, weights, all, alike); whole.Course.Steady() && (!s.Course.Steady() || whole.From < s.From) {
			s = whole
		}
	}
	s.Far = len(all) - len(kept)
	return s
}

// settle looks at the values at the places kept.
func settle(logs, weights []float64, kept []int, alike float64) Settling {
	y := make([]float64, len(kept))
	for i, k := range kept {
		y[i] = logs[k]
	}
	n := len(y)
	points := append([]int{0}, ChangePoints(n, GaussianCost(y), settlePenalty*math.Log(float64(n)), settleShortest)...)
	from := points[len(points)-1]
	level, before := Mean(y[from:]), math.NaN()
	for i := len(points) - 2; i >= 0; i-- {
		before = Mean(y[points[i]:points[i+1]])
		if math.Abs(before-level) > alike {
			break
		}
		from = points[i]
	}
	s := Settling{P: 1, Course: Flat}
	if from > 0 {
		s.From, s.Course = kept[from], SlowsDown
		if before > level {
			s.Course = WarmsUp
		}
	}
	if s.Change, s.P = Drift(y[from:]); drifts(s.Change, s.P, alike) {
		later := beyondFall(y, from, s.Change, alike)
		if later == from {
			s.Course = Drifting
			return s
		}
		s.From = kept[later]
		if s.Course == Flat {
			s.Course = WarmsUp
		}
		s.Change, s.P = Drift(y[later:])
	}
	if share(weights, s.From, len(logs)) < settleTail {
		s.Course = NeverSteady
		if rampant(y, alike) {
			s.Course = Drifting
		}
	}
	return s
}

// beyondFall returns where a stretch that falls by change has come to rest: a
// quarter or half of it later; from itself if it has not.
func beyondFall(y []float64, from int, change, alike float64) int {
	n := len(y) - from
	for _, cut := range []int{n / 4, n / 2} {
		rest, p := Drift(y[from+cut:])
		rest *= float64(n) / float64(n-cut) // a ramp falls on at the same rate
		if change < 0 && n-cut >= 2*settleShortest && !drifts(rest, p, alike) {
			return from + cut
		}
	}
	return from
}

// rampant tells whether a series drifts in both of its halves, the same way.
func rampant(y []float64, alike float64) bool {
	a, p := Drift(y[:len(y)/2])
	b, q := Drift(y[len(y)/2:])
	return drifts(a, p, alike) && drifts(b, q, alike) && a*b > 0
}

func drifts(change, p, alike float64) bool { return p < TrendLevel && math.Abs(change) > alike }

// driftBatches is how many means a long series is reduced to before a trend is
// looked for in it: neighbours among single values are alike, which the test
// would take for a trend.
const driftBatches = 10

// Drift returns by how much a series changes from its first value to its last, by
// Theil and Sen's slope, and how likely that is where there is no trend, by Mann's
// and Kendall's test. Of twenty values and more it looks at the means of ten
// batches.
func Drift(y []float64) (change, p float64) {
	n := len(y)
	if n < 2 {
		return 0, 1
	}
	z := y
	if n >= 2*driftBatches {
		z = nil
		for i := range driftBatches {
			z = append(z, Mean(y[i*n/driftBatches:(i+1)*n/driftBatches]))
		}
	}
	return SenSlope(z) * float64(n-1) * float64(len(z)) / float64(n), MannKendall(z).P
}

// share is the part of the weights that lies in from … n-1.
func share(weights []float64, from, n int) float64 {
	if weights == nil {
		return float64(n-from) / float64(n)
	}
	var all, tail float64
	for i, w := range weights[:n] {
		if all += w; i >= from {
			tail += w
		}
	}
	return tail / all
}

// usual returns those of the places whose values lie no further from the median
// of the forty around them than three times their spread.
func usual(y []float64, places []int) []int {
	var kept []int
	for k, i := range places {
		lo := max(0, min(k-settleWindow/2, len(places)-settleWindow))
		var around []float64
		for _, j := range places[lo:min(len(places), lo+settleWindow)] {
			around = append(around, y[j])
		}
		around = sorted(around)
		spread := at(around, .9) - at(around, .1)
		if math.Abs(y[i]-medianOf(around)) <= settleFar*spread {
			kept = append(kept, i)
		}
	}
	return kept
}

// at returns the value of an ascending series below which the share p lies.
func at(asc []float64, p float64) float64 {
	return asc[min(len(asc)-1, int(math.Ceil(p*float64(len(asc))))-1)]
}
