package lab

import (
	"time"

	"webdyno/internal/evidence"
)

// An Event is something that happened while a plan was carried out. The set is
// closed: a screen, a log and a test are type switches over this list.
type Event interface{ event() }

// RoundStarted is sent before the subjects of a round are started.
type RoundStarted struct {
	Round, Of int // Of is the most there may be
	Trials    int // in this round, still to do
}

// ServiceStarting is sent before a service is started.
type ServiceStarting struct{ Name string }

// ServiceFailed is sent when a service could not be brought up, ended, or left
// something behind.
type ServiceFailed struct {
	Name    string
	Failure evidence.Failure
}

// SubjectStarting is sent before a subject is started.
type SubjectStarting struct{ Name string }

// SubjectReady is sent once a subject has answered every request rightly and
// is warm.
type SubjectReady struct {
	Name  string
	Start evidence.Start
}

// SubjectFailed is sent when a subject could not be brought up, died, or left
// something behind.
type SubjectFailed struct {
	Name    string
	Failure evidence.Failure
}

// TrialStarted is sent before the load of a trial begins.
type TrialStarted struct {
	Trial evidence.Trial
	Lasts time.Duration // as planned

	// Used tells how much CPU time the subject's process tree has used so far,
	// for those who look on while the trial lasts; nil where that is not to be
	// had cheaply.
	Used func() (time.Duration, error)
}

// TrialDone is sent once what a trial left behind is safely recorded.
type TrialDone struct{ Measurement *evidence.Measurement }

// ProfileStarted is sent before a subject is started with a profiler.
type ProfileStarted struct {
	Trial evidence.Trial
	Lasts time.Duration // the load, as planned
}

// ProfileDone is sent once a profile is safely recorded, or why there is none.
type ProfileDone struct{ Measurement *evidence.Measurement }

// RoundDone is sent after the last trial of a round, before its subjects are
// stopped.
type RoundDone struct{ Round int }

// Paused is sent when no trial begins because a pause was asked for.
type Paused struct{}

// Resumed is sent when the pause is over.
type Resumed struct{ After time.Duration }

// SubjectSkipped is sent when a subject is taken out of the run by hand.
type SubjectSkipped struct{ Name string }

// StoppedByHand is sent when no further round is begun because somebody asked
// for that.
type StoppedByHand struct{ Rounds int }

// ModeSettled is sent once a look at the idle subjects has settled which of them
// are alive while one is under load.
type ModeSettled struct{ Mode evidence.Mode }

// BlockSpoilt is sent after a block that holds an invalid trial.
type BlockSpoilt struct {
	Round, Block int
	Why          string // of the first such trial, its subject first
	Again        bool   // the block is repeated; else it stays as it is
}

// Forecast is sent after a round: how many there will be, and how long the rest
// takes, by the scatter and the length of those so far.
type Forecast struct {
	Round     int           // of which it was made
	Rounds    int           // there will be
	Left      time.Duration // until the last has ended
	HalfWidth float64       // of the widest interval now, as a share of its centre; 0 where the rounds do not depend on it
	OutOfTime bool          // the budget ends the run before the intervals are narrow
}

// PrecisionReached is sent when the rounds are enough.
type PrecisionReached struct {
	Rounds int
	Until  float64
}

// BudgetSpent is sent when no further round is begun for want of time.
type BudgetSpent struct {
	Round  int // the one not begun
	Budget time.Duration
}

// Finished is sent last, unless the run was cut short.
type Finished struct{}

func (RoundStarted) event()     {}
func (ServiceStarting) event()  {}
func (ServiceFailed) event()    {}
func (SubjectStarting) event()  {}
func (SubjectReady) event()     {}
func (SubjectFailed) event()    {}
func (TrialStarted) event()     {}
func (TrialDone) event()        {}
func (ProfileStarted) event()   {}
func (ProfileDone) event()      {}
func (RoundDone) event()        {}
func (Paused) event()           {}
func (Resumed) event()          {}
func (SubjectSkipped) event()   {}
func (StoppedByHand) event()    {}
func (ModeSettled) event()      {}
func (BlockSpoilt) event()      {}
func (Forecast) event()         {}
func (PrecisionReached) event() {}
func (BudgetSpent) event()      {}
func (Finished) event()         {}
