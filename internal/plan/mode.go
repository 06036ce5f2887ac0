package plan

// A Mode says which subjects are alive while one of them is under load.
type Mode string

const (
	// AutoMode is Resident, unless a look at the idle subjects shows one that uses
	// CPU: then Frozen, and where they cannot be frozen, Exclusive.
	AutoMode Mode = "auto"
	// Resident: all of them, from the start of a round to its end.
	Resident Mode = "resident"
	// Frozen: all of them, and all but one are stopped in their tracks.
	Frozen Mode = "frozen"
	// Exclusive: that one alone, started and warmed for each trial.
	Exclusive Mode = "exclusive"
)
