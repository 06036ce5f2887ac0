package plan

import "webdyno/internal/load"

// A Variant is one subject with one choice of its own factors: something that
// can be started.
type Variant struct {
	Subject *Subject
	Choice  []Choice // in the order of Subject.Variants
}

// A Choice is a factor and the level it has been given.
type Choice struct {
	Factor string
	Level  Level
}

// A Setting is one choice of every factor of the workload and the load, with
// both worked out.
type Setting struct {
	Choice   []Choice
	Workload Exact
	Load     load.Load
}

// Exact is a workload with every factor filled in and every text made.
type Exact struct {
	Method  string
	Path    string
	Headers Headers
	Body    []byte
	Expect  ExactExpect

	Mix []ExactPart // several requests instead of the one above; empty: that one
}

// An ExactPart is one request of a mix. Its own Mix is empty.
type ExactPart struct {
	Weight int // how often it is sent, relative to the others; 1 or more
	Exact
}

// ExactExpect is an Expect with every factor filled in.
type ExactExpect struct {
	Status []int
	Body   []byte // nil: any
	Bytes  int64  // -1: any
	Oracle string
}

// A Block is one trial of every variant at one setting, close together in time.
type Block struct {
	Number  int    // within the round, from 1
	Setting int    // index into Settings
	Order   []int  // indices into Variants, in the order they are measured
	Seed    uint64 // of arrivals and random values: the same for every variant
}
