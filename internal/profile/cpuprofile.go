package profile

import (
	"encoding/json"
	"fmt"

	pprof "github.com/google/pprof/profile"
)

// A v8profile is V8's .cpuprofile: a tree of calls, and a node for every sample.
// Times are in microseconds (Chrome DevTools Protocol, domain Profiler).
type v8profile struct {
	Nodes      []v8node `json:"nodes"`
	Samples    []int64  `json:"samples"`
	TimeDeltas []int64  `json:"timeDeltas"`
	StartTime  int64    `json:"startTime"`
	EndTime    int64    `json:"endTime"`
}

type v8node struct {
	ID        int64 `json:"id"`
	CallFrame struct {
		FunctionName string `json:"functionName"`
		URL          string `json:"url"`
		LineNumber   int64  `json:"lineNumber"` // from 0; −1 if there is none
	} `json:"callFrame"`
	Children []int64 `json:"children"`
	Parent   int64   `json:"parent"` // instead of Children, in newer files
}

const (
	microsecond = 1000     // ns
	maxSpan     = 365 * 24 // hours that a profile may span, in µs below
)

// readCPUProfile reads V8's .cpuprofile. A sample lasts until the next one, the
// last until the end; a sample that seems to lie before its predecessor, as
// happens, is taken to lie at the same moment. What V8 calls idle counts as time
// and not as CPU.
func readCPUProfile(data []byte) (*Profile, error) {
	var v v8profile
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, jsonError(CPUProfile, err)
	}
	if len(v.Samples) == 0 || len(v.Samples) != len(v.TimeDeltas) {
		return nil, &ReadError{Format: CPUProfile, What: fmt.Sprintf(
			"it has %d samples and %d time differences: as many of both were expected, and not none", len(v.Samples), len(v.TimeDeltas))}
	}
	tree, err := v.tree()
	if err != nil {
		return nil, err
	}
	b := newBuilder(kind("samples", "count"), kind("time", "nanoseconds"), kind("cpu", "nanoseconds"))
	weights, err := v.weights()
	if err != nil {
		return nil, err
	}
	for i, id := range v.Samples {
		node := tree.nodes[id]
		if node == nil {
			return nil, &ReadError{Format: CPUProfile, Place: fmt.Sprintf("sample %d", i), What: fmt.Sprintf("there is no node %d", id)}
		}
		stack, err := tree.stack(b, node)
		if err != nil {
			return nil, err
		}
		ns := weights[i] * microsecond
		cpu := ns
		if node.CallFrame.FunctionName == "(idle)" {
			cpu = 0
		}
		b.add(stack, 1, ns, cpu)
	}
	b.p.DurationNanos = max(0, v.EndTime-v.StartTime) * microsecond
	b.p.DefaultSampleType = "cpu"
	return b.done(CPUProfile)
}

// weights returns how long each sample lasts, in µs. They add up to what lies
// between the first sample and the end.
func (v *v8profile) weights() ([]int64, error) {
	at, latest := v.StartTime, v.StartTime
	times := make([]int64, len(v.Samples)+1)
	for i, d := range v.TimeDeltas {
		if d > maxSpan*3600e6 || d < -maxSpan*3600e6 {
			return nil, &ReadError{Format: CPUProfile, Place: fmt.Sprintf("time difference %d", i), What: fmt.Sprintf("%d µs is over a year", d)}
		}
		at += d
		latest = max(latest, at)
		times[i] = latest
	}
	times[len(v.Samples)] = max(latest, v.EndTime)
	if times[len(v.Samples)]-times[0] > maxSpan*3600e6 {
		return nil, &ReadError{Format: CPUProfile, What: "it spans more than a year"}
	}
	weights := make([]int64, len(v.Samples))
	for i := range weights {
		weights[i] = times[i+1] - times[i]
	}
	return weights, nil
}

type v8tree struct {
	nodes  map[int64]*v8node
	parent map[int64]int64
	stacks map[int64][]*pprof.Location
}

func (v *v8profile) tree() (*v8tree, error) {
	t := &v8tree{map[int64]*v8node{}, map[int64]int64{}, map[int64][]*pprof.Location{}}
	for i := range v.Nodes {
		n := &v.Nodes[i]
		if t.nodes[n.ID] != nil {
			return nil, &ReadError{Format: CPUProfile, Place: fmt.Sprintf("node %d", i), What: fmt.Sprintf("a second node has the number %d", n.ID)}
		}
		t.nodes[n.ID] = n
		if n.Parent != 0 {
			t.parent[n.ID] = n.Parent
		}
	}
	for _, n := range v.Nodes {
		for _, c := range n.Children {
			t.parent[c] = n.ID
		}
	}
	return t, nil
}

// stack returns the locations from a node to the root, which has no function.
func (t *v8tree) stack(b *builder, n *v8node) ([]*pprof.Location, error) {
	if s, ok := t.stacks[n.ID]; ok {
		return s, nil
	}
	var stack []*pprof.Location
	for at := n; at != nil; at = t.nodes[t.parent[at.ID]] {
		if len(stack) > maxFrames {
			return nil, &ReadError{Format: CPUProfile, Place: fmt.Sprintf("node %d", n.ID), What: "its parents have no end"}
		}
		if f := v8function(at); f.Name != "(root)" {
			stack = append(stack, b.at(f))
		}
	}
	if len(stack) == 0 { // a sample on the root itself
		stack = append(stack, b.at(Function{Name: "(root)", Module: "[v8]"}))
	}
	t.stacks[n.ID] = stack
	return stack, nil
}

// v8function names what a node is. V8's own, as "(garbage collector)", have no
// file.
func v8function(n *v8node) Function {
	f := Function{Name: n.CallFrame.FunctionName, File: n.CallFrame.URL, Line: max(0, n.CallFrame.LineNumber+1)}
	if f.Name == "" {
		f.Name = "(anonymous)"
	}
	if f.File == "" {
		f.Module, f.Line = "[v8]", 0
	}
	return f
}
