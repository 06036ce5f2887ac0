package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"webdyno/internal/calibrate"
	"webdyno/internal/host"
	"webdyno/internal/supervise"
)

func calibrateCommand(con console) *cobra.Command {
	var output string
	var quick bool
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "Find out how far this machine and this tool can be trusted",
		Long: `Loads servers whose answers are known and says what can be measured on this
machine, now, to what accuracy, and what to change to do better. It takes under
a minute, and is best done while nothing else runs.

The result is kept, and quoted by the runs that follow.

Exit status: 0 done, whatever was found; 1 it could not be done, or webdyno
itself is wrong: counts differ from the server's.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("calibrate takes no %q: it has servers of its own", args[0])}
			}
			if output != "text" && output != "json" {
				return usageError{fmt.Errorf("--output %q: want text or json", output)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCalibrate(cmd.Context(), con, quick, output == "json")
		},
	}
	cmd.Flags().BoolVar(&quick, "quick", false, "less of everything: under 20 seconds")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

func runCalibrate(ctx context.Context, con console, quick, asJSON bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	root := os.DirFS("/")
	topology, err := host.ReadTopology(root)
	if err != nil {
		return err
	}
	r, err := calibrate.Run(ctx, calibrate.Config{
		Webdyno:    self,
		Supervisor: &supervise.Supervisor{Keeper: []string{self, hiddenKeeper}, Exec: []string{self, hiddenExec}, Subreaper: true},
		CPUs:       host.Assign(topology, 1, false),
		Root:       root,
		Build:      build(),
		Quick:      quick,
		Tell: func(step string) {
			if isTerminal(con.err) {
				fmt.Fprintf(con.err, "calibrate: %s …\n", step)
			}
		},
	})
	if err != nil {
		return err
	}
	if file, err := calibrate.Keep(r); err != nil {
		fmt.Fprintf(con.err, "%s: the result is not kept: %v\n", programName, err)
	} else if isTerminal(con.err) {
		fmt.Fprintf(con.err, "%s: kept in %s\n", programName, file)
	}
	if asJSON {
		err = r.JSON(con.out)
	} else {
		err = r.Text(con.out, widthOf(con.out))
	}
	if err == nil && len(r.Broken()) > 0 {
		err = errors.New("what must agree on any machine did not: this webdyno is not to be trusted")
	}
	return err
}
