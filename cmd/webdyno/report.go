package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"webdyno/internal/report"
)

func reportCommand(con console) *cobra.Command {
	format := "text"
	var overlays []string
	cmd := &cobra.Command{
		Use:   "report RECORD",
		Short: "Draw conclusions from a record again",
		Long: `Reads a record, the folder that "webdyno run" wrote, and draws the conclusions
again. The same record gives the same report on every machine.

--overlay FILE lays curves from elsewhere beside those over the offered rate: a
table of autobench's, or arrays of points as Flot takes them, in JavaScript or
JSON. They are marked as what they are: of another machine and another method.
Where a file does not say what its curves show, write --overlay throughput=FILE
(or response=, errors=, stdev=).`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("report wants one record: the folder that \"webdyno run\" wrote")}
			}
			return nil
		},
		ValidArgsFunction: completeFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usageError{fmt.Errorf("--format %q: want text or json", format)}
			}
			if format == "json" && len(overlays) > 0 {
				return usageError{errors.New("--overlay is for the text: report.json is made of the record alone")}
			}
			beside, err := overlaysOf(overlays)
			if err != nil {
				return err
			}
			rep, err := reportOf(args[0])
			if err != nil {
				return err
			}
			if len(beside) > 0 && !rep.HasRates() {
				return fmt.Errorf("--overlay: no factor of %s sets the rate of an open load: there are no curves to lay others beside", args[0])
			}
			if format == "json" {
				return rep.JSON(con.out)
			}
			return rep.Text(con.out, report.TextOptions{Width: widthOf(con.out), Overlays: beside})
		},
	}
	cmd.Flags().StringArrayVar(&overlays, "overlay", nil, "`FILE` of curves from elsewhere, shown beside; repeatable")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}
