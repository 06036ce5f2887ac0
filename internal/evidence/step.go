package evidence

// A Step says what a trial was to the search for a capacity. Which rate comes
// next follows from the trials before it; what is written here is what was
// asked for.
type Step struct {
	Stage Stage  `json:"stage"`
	Goal  string `json:"goal,omitempty"` // whose staircase it belongs to, or whose capacity an overload multiplies

	// Rate is arrivals per second; of an overload those before and after it. 0 of
	// a closed load.
	Rate float64 `json:"rate,omitempty"`

	Capacity float64 `json:"capacity,omitempty"` // requests per second, as this round found it: what an overload multiplies
	Times    float64 `json:"times,omitempty"`    // how many times the capacity an overload is
}

// A Stage is a part of the search for a capacity.
type Stage string

const (
	Saturate Stage = "saturate" // a closed load, to know about where to look
	Seek     Stage = "search"   // for the bracket
	Refine   Stage = "refine"   // a step of a goal's staircase
	Overload Stage = "overload" // half the capacity, a multiple of it, and half again
)
