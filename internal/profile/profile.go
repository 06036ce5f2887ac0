// Package profile reads what profilers write, and says what a change did to it.
//
// Whatever the format, what comes out is one form: stacks with weights, as
// Google's profile.proto has them, so that go tool pprof and every other viewer
// of pprof opens it. Each reader takes foreign bytes: it is bounded in memory,
// names the line or byte it stumbles over, and drops no weight without a word.
//
// What a format cannot tell is not invented. cProfile keeps no stacks but pairs
// of caller and callee; what is cumulative there is taken from the file and
// never added up from the pairs. A sampler does not count calls.
package profile

import (
	"fmt"
	"slices"
	"strings"

	pprof "github.com/google/pprof/profile"
)

// A Format is a way of writing a profile down.
type Format string

const (
	Pprof      Format = "pprof"      // profile.proto, compressed or not
	CProfile   Format = "cprofile"   // what cProfile and profile dump: marshalled pstats
	Listing    Format = "pstats"     // what pstats prints
	CPUProfile Format = "cpuprofile" // V8's, of node --cpu-prof and Chrome
	PerfScript Format = "perf"       // what perf script prints
	Collapsed  Format = "collapsed"  // a line a stack: a;b;c 12
	Speedscope Format = "speedscope" // speedscope's JSON
)

// A Profile is stacks with weights.
type Profile struct {
	// Data holds them. The first value of a sample is a count (of samples, or of
	// calls), the last what the stack is weighed by. The order of a stack is leaf
	// first.
	Data *pprof.Profile

	Format Format   // what it was read from, in the first place
	Says   []string // what the reader of it must be told, a sentence each
}

// A Function is what a profile knows a frame by.
type Function struct {
	Name   string
	File   string // as the profiler wrote it; empty of a builtin
	Line   int64  // where it begins; 0 if not known
	Module string // what it is part of: "[kernel]", "libc.so.6"; may be empty
}

// String returns the function as pstats writes it: "iostream.py:337(_run_callback)",
// "{built-in method hasattr}" of a builtin.
func (f Function) String() string {
	switch {
	case f.File == "" && f.Module == "" || f.File == "~":
		return f.Name
	case f.File == "":
		return f.Name + " [" + strings.Trim(f.Module, "[]") + "]"
	case f.Line == 0:
		return fmt.Sprintf("%s(%s)", f.File, f.Name)
	}
	return fmt.Sprintf("%s:%d(%s)", f.File, f.Line, f.Name)
}

// The numeric labels of the single frame that each function of a cProfile has:
// what the profiler knew of it as a whole. Stacks of two frames cannot tell.
const (
	labelCalls      = "calls"
	labelPrimitive  = "primitive_calls" // those that were not recursive
	labelCumulative = "cumulative"      // ns, its own time and that of all it called
)

// commentFormat begins the comment that keeps a profile's first format through a
// file of profile.proto.
const commentFormat = "webdyno: read from "

// commentTotal begins the comment that keeps what a listing's head says.
const commentTotal = "webdyno: total "

// Deterministic tells whether every call was counted, rather than samples taken.
func (p *Profile) Deterministic() bool { return p.Format == CProfile || p.Format == Listing }

// Kinds returns the names of a profile's values, each with its unit: "calls
// (count)", "time (nanoseconds)".
func (p *Profile) Kinds() []string {
	var kinds []string
	for _, t := range p.Data.SampleType {
		kinds = append(kinds, fmt.Sprintf("%s (%s)", t.Type, t.Unit))
	}
	return kinds
}

// weight is the index of the value that stacks are weighed by.
func (p *Profile) weight() int {
	if want := p.Data.DefaultSampleType; want != "" {
		for i, t := range p.Data.SampleType {
			if t.Type == want {
				return i
			}
		}
	}
	return len(p.Data.SampleType) - 1
}

// count is the index of the value that says how many a stack's weight is of: of
// inuse_space, inuse_objects.
func (p *Profile) count() int {
	if of, ok := strings.CutSuffix(p.kindAt(p.weight()), "_space"); ok {
		for i, t := range p.Data.SampleType {
			if t.Type == of+"_objects" {
				return i
			}
		}
	}
	return 0
}

func (p *Profile) kindAt(i int) string {
	if i < 0 || i >= len(p.Data.SampleType) {
		return ""
	}
	return p.Data.SampleType[i].Type
}

// Unit returns the unit of the weights: "nanoseconds", "count", "bytes".
func (p *Profile) Unit() string {
	if len(p.Data.SampleType) == 0 {
		return "count"
	}
	return p.Data.SampleType[p.weight()].Unit
}

// Total returns the sum of all weights, in Unit.
func (p *Profile) Total() int64 {
	var sum int64
	for _, s := range p.Data.Sample {
		sum += s.Value[p.weight()]
	}
	return sum
}

// functionOf returns what a line of a location belongs to. A location without a
// symbol is known by its address.
func functionOf(l *pprof.Location, line pprof.Line) Function {
	f := Function{}
	if l.Mapping != nil {
		f.Module = baseName(l.Mapping.File)
	}
	if line.Function != nil {
		f.Name, f.File, f.Line = line.Function.Name, line.Function.Filename, line.Function.StartLine
	}
	if f.Name == "" {
		f.Name = fmt.Sprintf("%#x", l.Address)
	}
	return f
}

// frames returns the functions of a stack, leaf first, inlined ones spelled out.
func frames(s *pprof.Sample) []Function {
	var fs []Function
	for _, l := range s.Location {
		if len(l.Line) == 0 {
			fs = append(fs, functionOf(l, pprof.Line{}))
		}
		for _, line := range l.Line {
			fs = append(fs, functionOf(l, line))
		}
	}
	return fs
}

func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// Merge returns the sum of profiles of one kind: those of several trials, say.
// The weights add up; divide by the requests of all of them together.
func Merge(all []*Profile) (*Profile, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("no profile to merge")
	}
	var data []*pprof.Profile
	sum := &Profile{Format: all[0].Format}
	said := map[string]bool{}
	for i, p := range all {
		data = append(data, mergeable(p.Data, int64(i)))
		for _, s := range p.Says {
			if !said[s] {
				said[s] = true
				sum.Says = append(sum.Says, s)
			}
		}
	}
	merged, err := pprof.Merge(data)
	if err != nil {
		return nil, fmt.Errorf("merge profiles: %w", err)
	}
	sum.Data = merged
	joinCounts(merged)
	return sum, nil
}

// labelKept marks a sample that has counts and weighs nothing: pprof would drop
// it, and the counts with it, so that it weighs one meanwhile.
const labelKept = "kept"

// labelPart keeps what profilers knew of a function as a whole apart while
// profiles are merged: pprof takes two samples with the same labels for one, and
// what the labels count would count once.
const labelPart = "part"

// joinCounts makes one sample of those that hold a function's counts in the parts
// of a sum, and drops the number of the part.
func joinCounts(p *pprof.Profile) {
	first := map[uint64]*pprof.Sample{}
	p.Sample = slices.DeleteFunc(p.Sample, func(s *pprof.Sample) bool {
		if len(s.NumLabel[labelPart]) == 0 {
			return false
		}
		if len(s.NumLabel[labelKept]) > 0 {
			s.Value[0]--
		}
		for _, label := range []string{labelPart, labelKept} {
			delete(s.NumLabel, label)
			delete(s.NumUnit, label)
		}
		sum := first[s.Location[0].ID]
		if sum == nil {
			first[s.Location[0].ID] = s
			return false
		}
		for i, v := range s.Value {
			sum.Value[i] += v
		}
		for _, label := range []string{labelCalls, labelPrimitive, labelCumulative} {
			for i, n := range s.NumLabel[label] {
				if i < len(sum.NumLabel[label]) {
					sum.NumLabel[label][i] += n
				}
			}
		}
		return true
	})
}

// mergeable returns a copy that pprof merges: it wants a kind of period, and
// what a listing's head says is not true of a sum.
func mergeable(p *pprof.Profile, part int64) *pprof.Profile {
	p = p.Copy()
	for _, s := range p.Sample {
		if len(s.NumLabel[labelCalls]) > 0 && len(s.Location) == 1 {
			s.NumLabel[labelPart] = []int64{part + 1} // of a label of zero pprof keeps nothing
			if !slices.ContainsFunc(s.Value, func(v int64) bool { return v != 0 }) {
				s.NumLabel[labelKept], s.Value[0] = []int64{1}, 1
			}
		}
	}
	if p.PeriodType == nil {
		p.PeriodType = &pprof.ValueType{}
	}
	p.Comments = slices.DeleteFunc(p.Comments, func(c string) bool { return strings.HasPrefix(c, commentTotal) })
	return p
}
