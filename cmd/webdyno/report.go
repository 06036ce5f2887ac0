package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"webdyno/internal/report"
)

func reportCommand(con console) *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use:   "report RECORD",
		Short: "Draw conclusions from a record again",
		Long: `Reads a record, the folder that "webdyno run" wrote, and draws the conclusions
again. The same record gives the same report on every machine.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("report wants one record: the folder that \"webdyno run\" wrote")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usageError{fmt.Errorf("--format %q: want text or json", format)}
			}
			rep, err := reportOf(args[0])
			if err != nil {
				return err
			}
			if format == "json" {
				return rep.JSON(con.out)
			}
			return rep.Text(con.out, report.TextOptions{Width: widthOf(con.out)})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}
