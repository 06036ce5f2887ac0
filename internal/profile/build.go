package profile

import (
	"encoding/binary"
	"fmt"
	"math"

	pprof "github.com/google/pprof/profile"
)

// A builder puts a profile together: a function once, a stack once.
type builder struct {
	p         *pprof.Profile
	places    map[Function]*pprof.Location
	functions map[Function]*pprof.Function
	modules   map[string]*pprof.Mapping
	stacks    map[string]*pprof.Sample
	stacked   int     // frames of all stacks
	weight    float64 // of everything, whatever its sign
	excess    string  // what there is too much of; the rest is then not kept
}

// kind is a value's name and unit.
func kind(name, unit string) *pprof.ValueType { return &pprof.ValueType{Type: name, Unit: unit} }

func newBuilder(kinds ...*pprof.ValueType) *builder {
	return &builder{
		p:         &pprof.Profile{SampleType: kinds},
		places:    map[Function]*pprof.Location{},
		functions: map[Function]*pprof.Function{},
		modules:   map[string]*pprof.Mapping{},
		stacks:    map[string]*pprof.Sample{},
	}
}

// at returns the location of a function. Lines within functions are not told
// apart: no reader here has them but pprof's own.
func (b *builder) at(f Function) *pprof.Location {
	if l := b.places[f]; l != nil {
		return l
	}
	if len(b.p.Location) >= maxFunctions {
		b.excess = fmt.Sprintf("it has more than %d different functions", maxFunctions)
		return b.p.Location[0]
	}
	l := &pprof.Location{
		ID:      uint64(len(b.p.Location) + 1),
		Mapping: b.module(f.Module),
		Line:    []pprof.Line{{Function: b.function(f)}},
	}
	b.places[f] = l
	b.p.Location = append(b.p.Location, l)
	return l
}

func (b *builder) function(f Function) *pprof.Function {
	if known := b.functions[f]; known != nil {
		return known
	}
	made := &pprof.Function{
		ID:   uint64(len(b.p.Function) + 1),
		Name: f.Name, SystemName: f.Name, Filename: f.File, StartLine: f.Line,
	}
	b.functions[f] = made
	b.p.Function = append(b.p.Function, made)
	return made
}

func (b *builder) module(name string) *pprof.Mapping {
	if name == "" {
		return nil
	}
	if m := b.modules[name]; m != nil {
		return m
	}
	m := &pprof.Mapping{ID: uint64(len(b.p.Mapping) + 1), File: name, HasFunctions: true}
	b.modules[name] = m
	b.p.Mapping = append(b.p.Mapping, m)
	return m
}

// add books values on a stack, leaf first, and returns its sample.
func (b *builder) add(stack []*pprof.Location, values ...int64) *pprof.Sample {
	key := make([]byte, 0, 4*len(stack))
	for _, l := range stack {
		key = binary.AppendUvarint(key, l.ID)
	}
	s := b.stacks[string(key)]
	if s == nil {
		if b.stacked += len(stack); b.stacked > maxStacked {
			b.excess = fmt.Sprintf("its stacks have more than %d frames together", maxStacked)
			return &pprof.Sample{Value: make([]int64, len(b.p.SampleType))}
		}
		s = &pprof.Sample{Location: append([]*pprof.Location(nil), stack...), Value: make([]int64, len(b.p.SampleType))}
		b.stacks[string(key)] = s
		b.p.Sample = append(b.p.Sample, s)
	}
	for i, v := range values {
		if b.weight += math.Abs(float64(v)); b.weight > math.MaxInt64/2 {
			b.excess = "its weights add up to more than 63 bits hold"
		}
		s.Value[i] += v
	}
	return s
}

// done returns the profile that was put together.
func (b *builder) done(f Format, says ...string) (*Profile, error) {
	if b.excess != "" {
		return nil, &ReadError{Format: f, What: b.excess}
	}
	b.p.Comments = append(b.p.Comments, commentFormat+string(f))
	if err := b.p.CheckValid(); err != nil {
		return nil, &ReadError{Format: f, What: err.Error()}
	}
	return &Profile{Data: b.p, Format: f, Says: says}, nil
}
