package evidence

// A Mode is which subjects were alive while one of them was under load, and why.
type Mode struct {
	Name string `json:"name"` // "resident", "frozen" or "exclusive"
	Why  string `json:"why"`  // in words: as the plan says, or what a look at the idle subjects found

	// Idle is what that look found, in the order of the plan; empty where there
	// was none.
	Idle []IdleUse `json:"idle,omitempty"`
}

// IdleUse is what a subject used that was up and asked for nothing.
type IdleUse struct {
	Subject string            `json:"subject"`
	Variant map[string]string `json:"variant,omitempty"`
	Share   float64           `json:"share"` // of one CPU: 0.005 is half a percent of it
}
