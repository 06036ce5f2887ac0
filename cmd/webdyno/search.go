package main

import (
	"fmt"
	"io"
)

// listSearch says what a plan that searches for capacities does in each round:
// which trials there will be follows from what they find.
func (b *bench) listSearch(w io.Writer) error {
	c := b.plan.Capacity
	for _, e := range b.prepared.Entries {
		for _, s := range b.settings {
			at := choices(s)
			if at != "" {
				at = " at " + at
			}
			_, err := fmt.Fprintf(w, "%s%s: a search for the bracket of %s in the first round; then in each of %s %s of %v and %s\n",
				e.Name, at, count(len(c.Goals), "goal"), count(b.plan.Rounds.Max, "round"),
				count(len(c.Goals)*c.Steps, "trial"), b.plan.Window, count(len(c.Overload), "overload"))
			if err != nil {
				return err
			}
		}
	}
	return nil
}
