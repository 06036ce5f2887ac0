package main

import (
	"errors"
	"fmt"

	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// errItself ends an A/A run in which a subject was told from itself.
var errItself = errors.New("a subject differs from itself: the report says by how much")

// checkAA complains of what an A/A run cannot be asked besides.
func (f *runFlags) checkAA() error {
	switch {
	case !f.aa:
	case f.resume != "":
		return usageError{errors.New("--resume goes on as the record's plan says, A/A or not: leave --aa out")}
	case f.against != "" || f.old != "":
		return usageError{errors.New("--aa measures every subject against itself as it is: leave --against and --old out")}
	}
	return nil
}

// redesign changes a plan as the command line has it: how long it may take, and
// whether its subjects are compared with each other or with themselves.
func (f *runFlags) redesign(p *plan.Plan) error {
	if f.budget != "" {
		d, err := unit.ParseDuration(f.budget)
		if err != nil || d < 0 {
			return usageError{fmt.Errorf("--budget %q: want a time such as 20m or 90s, or 0 for no limit", f.budget)}
		}
		p.Budget = d
	}
	if f.profile != "" {
		with, ok := plan.ParseProfiler(f.profile)
		if !ok {
			return usageError{fmt.Errorf("--profile=%s: want one of %s", f.profile, plan.ProfilerNames())}
		}
		if p.Searches() && with != plan.NoProfiler {
			return usageError{errors.New("--profile: a search for capacities has no setting whose load is known beforehand")}
		}
		p.TakeProfiles(with)
	}
	if f.aa {
		p.AgainstItself()
	}
	return nil
}
