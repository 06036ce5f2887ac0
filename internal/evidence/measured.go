package evidence

import "time"

// Measured is what a command that measures itself printed in one trial, in the
// order printed. There is at least one value, and none is below zero.
type Measured struct {
	Metric string        `json:"metric"`         // what it measures: "loop"
	Unit   string        `json:"unit,omitempty"` // of the values: "s"
	Better string        `json:"better"`         // "lower" or "higher"
	Values []float64     `json:"values"`         // the trial's figure is their median
	Lasted time.Duration `json:"lasted_ns"`      // from exec to its end
}

// Idle counts the connections that were held open and silent during a trial,
// beside those of the load.
type Idle struct {
	Asked  uint64 `json:"asked"`  // as the load has it
	Opened uint64 `json:"opened"` // before the first request
	Ended  uint64 `json:"ended"`  // of these: by the server, before the last outcome
}
