package profile

import (
	"fmt"
	"math"
	"strings"

	pprof "github.com/google/pprof/profile"
)

// looksMarshalled tells whether data begins with a marshalled dictionary whose
// first key is a tuple, as no JSON does, or with an empty one.
func looksMarshalled(data []byte) bool {
	if len(data) < 2 || data[0]&^flagRef != '{' {
		return false
	}
	next := data[1] &^ flagRef
	return next == '(' || next == ')' || next == '0' && len(data) == 2
}

// A stat is what pstats knows of a function: primitive calls, calls, its own
// time and the cumulative one in seconds, and the same of it by caller.
type pstat struct {
	f                Function
	primitive, calls int64
	own, cumulative  int64 // ns
	callers          []pedge
}

// A pedge is what a function did when one other called it.
type pedge struct {
	caller Function
	calls  int64
	own    int64 // ns
	timed  bool  // false: the profiler counted the calls of this pair only
}

// readCProfile reads what cProfile.Profile.dump_stats writes: a marshalled
// dictionary from (file, line, name) to (primitive calls, calls, own time,
// cumulative time, callers), where callers goes from a function to (calls,
// primitive calls, own time, cumulative time). The first two stand the other way
// round there; Python's own pure profiler writes a bare count instead.
func readCProfile(data []byte) (*Profile, error) {
	u := &unmarshaller{data: data}
	v, err := u.value(0)
	if err != nil {
		return nil, err
	}
	d, ok := v.(dict)
	if !ok {
		return nil, u.fail("a profile is a dictionary, and this is something else")
	}
	if u.at != len(data) {
		return nil, u.fail("%d bytes follow the profile", len(data)-u.at)
	}
	var stats []pstat
	edges := 0
	for _, e := range d {
		s, err := pstatOf(e)
		if err != nil {
			return nil, &ReadError{Format: CProfile, What: err.Error()}
		}
		if edges += len(s.callers); edges > len(data) { // references make much of little
			return nil, &ReadError{Format: CProfile, What: "it names more callers than it has bytes"}
		}
		stats = append(stats, s)
	}
	return fromStats(stats, CProfile,
		"cProfile keeps pairs of caller and callee, not stacks: cumulative times are its own, and not to be added up.",
		"cProfile charges each Python call for being counted: its seconds are not those of a plain run.")
}

func pstatOf(e entry) (pstat, error) {
	f, err := functionKey(e.key)
	if err != nil {
		return pstat{}, err
	}
	t, _ := e.value.(tuple)
	if len(t) != 5 {
		return pstat{}, fmt.Errorf("of %s: five values were expected, these are %d", f, len(t))
	}
	s := pstat{f: f}
	primitive, ok1 := t[0].(int64)
	calls, ok2 := t[1].(int64)
	own, ok3 := nanoseconds(t[2])
	cumulative, ok4 := nanoseconds(t[3])
	callers, ok5 := t[4].(dict)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return pstat{}, fmt.Errorf("of %s: two counts, two times and a dictionary were expected", f)
	}
	s.primitive, s.calls, s.own, s.cumulative = primitive, calls, own, cumulative
	for _, c := range callers {
		edge, err := edgeOf(c)
		if err != nil {
			return pstat{}, fmt.Errorf("of a caller of %s: %w", f, err)
		}
		s.callers = append(s.callers, edge)
	}
	return s, nil
}

func edgeOf(e entry) (pedge, error) {
	caller, err := functionKey(e.key)
	if err != nil {
		return pedge{}, err
	}
	if n, ok := e.value.(int64); ok {
		return pedge{caller: caller, calls: n}, nil
	}
	t, _ := e.value.(tuple)
	if len(t) != 4 {
		return pedge{}, fmt.Errorf("%s: four values were expected, these are %d", caller, len(t))
	}
	calls, ok1 := t[0].(int64)
	own, ok2 := nanoseconds(t[2])
	if !ok1 || !ok2 {
		return pedge{}, fmt.Errorf("%s: counts and times were expected", caller)
	}
	return pedge{caller: caller, calls: calls, own: own, timed: true}, nil
}

func functionKey(key any) (Function, error) {
	t, _ := key.(tuple)
	if len(t) != 3 {
		return Function{}, fmt.Errorf("a function is (file, line, name), and one is something else")
	}
	file, ok1 := t[0].(string)
	line, ok2 := t[1].(int64)
	name, ok3 := t[2].(string)
	if !ok1 || !ok2 || !ok3 {
		return Function{}, fmt.Errorf("a function is (file, line, name), and one is something else")
	}
	if file == "~" { // a builtin
		if len(name) > 2 && name[0] == '<' && name[len(name)-1] == '>' {
			name = "{" + name[1:len(name)-1] + "}" // as pstats prints it
		}
		return Function{Name: withoutAddress(name)}, nil
	}
	return Function{Name: name, File: file, Line: line}, nil
}

// withoutAddress cuts where an object lay out of a builtin's name: in the next
// process it lies elsewhere, and is the same function.
func withoutAddress(name string) string {
	at := strings.Index(name, " at 0x")
	if at < 0 {
		return name
	}
	rest := strings.TrimLeft(name[at+len(" at 0x"):], "0123456789abcdefABCDEF")
	return name[:at] + rest
}

// nanoseconds converts seconds as Python has them.
func nanoseconds(v any) (int64, bool) {
	seconds, ok := v.(float64)
	if n, isInt := v.(int64); isInt {
		seconds, ok = float64(n), true
	}
	ns := math.Round(seconds * 1e9)
	if !ok || math.IsNaN(ns) || math.Abs(ns) > math.MaxInt64/2 {
		return 0, false
	}
	return int64(ns), true
}

// fromStats puts what is known by function and pair into stacks of one and two
// frames. The single frame of a function has what its callers do not account for
// and, as labels, what the profiler knew of it as a whole.
func fromStats(stats []pstat, f Format, says ...string) (*Profile, error) {
	b := newBuilder(kind("calls", "count"), kind("time", "nanoseconds"))
	untimed := 0
	for _, s := range stats {
		callee := b.at(s.f)
		calls, own := s.calls, s.own
		for _, e := range s.callers {
			if !e.timed {
				untimed++
			}
			b.add([]*pprof.Location{callee, b.at(e.caller)}, e.calls, e.own)
			calls, own = calls-e.calls, own-e.own
		}
		whole := b.add([]*pprof.Location{callee}, calls, own)
		label(whole, s)
	}
	if untimed > 0 {
		says = append(says, "This profiler counted the calls of a pair and did not time them: a function's own time stands with the function alone.")
	}
	return b.done(f, says...)
}

// label adds what the profiler knew of a function. A file may name it twice.
func label(s *pprof.Sample, of pstat) {
	if s.NumLabel == nil {
		s.NumLabel = map[string][]int64{labelCalls: {0}, labelPrimitive: {0}, labelCumulative: {0}}
		s.NumUnit = map[string][]string{labelCalls: {"count"}, labelPrimitive: {"count"}, labelCumulative: {"nanoseconds"}}
	}
	s.NumLabel[labelCalls][0] += of.calls
	s.NumLabel[labelPrimitive][0] += of.primitive
	s.NumLabel[labelCumulative][0] += of.cumulative
}
