package evidence

import "time"

// A Profile is where a subject's time went while it was under load, as one
// profiler saw it.
type Profile struct {
	By   string `json:"by"`             // "cprofile", "pypy", "sampler", "v8", "pprof", "perf"; "itself" of a file that the subject wrote
	File string `json:"file,omitempty"` // "profiles/ID.pb.gz", below the record's folder; empty if there is none

	// Requests is how many were answered while the profiler was on, wrong answers
	// included; 0 of a command that measures itself.
	Requests uint64        `json:"requests"`
	Span     time.Duration `json:"span_ns"` // for how long it was on

	Processes int      `json:"processes,omitempty"` // whose profiles were added up; 0: not known
	Says      []string `json:"says,omitempty"`      // what its reader must be told, a sentence each

	// Unavailable says why there is none, and what would mend it.
	Unavailable string `json:"unavailable,omitempty"`
}
