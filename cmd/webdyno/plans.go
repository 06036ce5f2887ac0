package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"webdyno/internal/plan"
	"webdyno/plans"
)

func plansCommand(con console) *cobra.Command {
	schema := false
	cmd := &cobra.Command{
		Use:   "plans [NAME]",
		Short: "List the plans that ship, or print one to copy and edit",
		Example: `  webdyno plans
  webdyno plans handler-work > mine.yaml
  webdyno plans --schema > plan.schema.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || schema && len(args) > 0 {
				return usageError{errors.New("plans wants at most one name")}
			}
			return nil
		},
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case schema:
				_, err := con.out.Write(plan.Schema())
				return err
			case len(args) == 0:
				return listPlans(con)
			}
			src, err := shippedPlan(args[0])
			if err != nil {
				return err
			}
			_, err = con.out.Write(src.text)
			return err
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of plans, for editors")
	return cmd
}

func listPlans(con console) error {
	w := tabwriter.NewWriter(con.out, 0, 0, 3, ' ', 0)
	for _, name := range plans.Names() {
		src, err := shippedPlan(name)
		if err != nil {
			return err
		}
		p, err := src.read(runFlags{})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\tabout %s\n", name, p.Title, about(p.Estimate(len(p.Variants()), p.JITs())))
	}
	return w.Flush()
}
