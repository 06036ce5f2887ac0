package serve

import "time"

// Books is what truth has counted since it started or was last restarted; it
// answers with them, as JSON, to /stats and /restart, which are not counted
// themselves. Requests = Answered + Unanswered + Waiting.
type Books struct {
	Requests   uint64 `json:"requests"`   // that came in whole
	Queued     uint64 `json:"queued"`     // of those, that the queue served
	Answered   uint64 `json:"answered"`   // whole answers written
	Unanswered uint64 `json:"unanswered"` // cut, dropped, silent; or the connection was gone when the moment came
	Waiting    uint64 `json:"waiting"`    // whose moment has not come

	Connections uint64 `json:"connections"` // accepted
	Open        uint64 `json:"open"`        // now
	Malformed   uint64 `json:"malformed"`   // connections ended because their bytes could not be served

	Clock time.Duration `json:"clock_ns"` // since the start or restart: what stalls go by
	Late  Late          `json:"late_ns"`
	Queue Queue         `json:"queue"` // as it was asked for
}

// Late is how long after its moment the server began to write each of the
// queue's answers: its own error.
type Late struct {
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
}
