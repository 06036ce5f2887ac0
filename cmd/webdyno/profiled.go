package main

import (
	"fmt"
	"io"

	"webdyno/internal/plan"
)

// listProfiles prints the profiles that are taken at the end of round n.
func (b *bench) listProfiles(w io.Writer, n int, done func(trialID string) bool) error {
	if !b.plan.Profiles() || n > b.plan.Profile.Rounds {
		return nil
	}
	for _, e := range b.prepared.Entries {
		with := b.plan.ProfileOf(e.Subject).With
		id := plan.ProfileID(n, e.Variant)
		if with == plan.NoProfiler || done(id) {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\n", id, choices(b.settings[b.plan.ProfiledSetting()])); err != nil {
			return err
		}
	}
	return nil
}
