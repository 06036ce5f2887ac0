package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// startsSubjects marks a verb that starts servers, which only Linux lets
// webdyno do so that it can vouch for them. Elsewhere the verb says so, whatever
// its arguments, and fails.
func startsSubjects(cmd *cobra.Command) *cobra.Command {
	return startsSubjectsOn(runtime.GOOS, cmd)
}

func startsSubjectsOn(system string, cmd *cobra.Command) *cobra.Command {
	if system == "linux" {
		return cmd
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(*cobra.Command, []string) error {
		return fmt.Errorf("%s: starting subjects needs Linux: its control groups, process accounts and listener tables; "+
			"load, report, plans, serve hello and serve classifier work on %s too", cmd.Name(), system)
	}
	return cmd
}
