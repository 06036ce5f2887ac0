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
}

// TrialDone is sent once what a trial left behind is safely recorded.
type TrialDone struct{ Measurement *evidence.Measurement }

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
func (PrecisionReached) event() {}
func (BudgetSpent) event()      {}
func (Finished) event()         {}
