package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"webdyno/plans"
)

func subjectsCommand(con console) *cobra.Command {
	install := ""
	cmd := &cobra.Command{
		Use:   "subjects [PLAN]",
		Short: "What this machine can run, what not, and what would mend it",
		Long: `Lists the subjects of a plan, or of every plan that ships: which of them this
machine can run and with which interpreter, which it cannot and why, and the one
command that would mend it.

With --install PLAN it prints the commands that install what all subjects of the
plan need and this machine lacks, and nothing else.`,
		Example: `  webdyno subjects
  webdyno subjects --install wsgi-survey`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && install != "" {
				return usageError{errors.New("subjects wants at most one plan")}
			}
			return nil
		},
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if install != "" {
				return printInstall(cmd, con, install)
			}
			names := args
			if len(names) == 0 {
				names = plans.Names()
			}
			return listSubjects(cmd, con, names)
		},
	}
	cmd.Flags().StringVar(&install, "install", "", "print the commands that install what the subjects of `PLAN` need")
	return cmd
}

func listSubjects(cmd *cobra.Command, con console, names []string) error {
	w := tabwriter.NewWriter(con.out, 0, 0, 2, ' ', 0)
	var packages []string
	fmt.Fprintln(w, "PLAN\tSUBJECT\tRUNS\tWITH, OR WHY NOT")
	for _, name := range names {
		src, err := openPlan(name)
		if err != nil {
			return err
		}
		p, err := src.read(runFlags{})
		if err != nil {
			return err
		}
		p.Take = nil // those too that only a preset takes
		b, err := newBench(cmd.Context(), p, src.dir, nil)
		if err != nil {
			return err
		}
		for i, s := range b.prepared.Subjects {
			runs, why := "yes", with(s.Tools, s.Command)
			if s.Skipped != "" {
				runs, why = "no", s.Skipped
				packages = append(packages, p.Variants()[i].Subject.Needs.Debian...)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name, p.Variants()[i].Name(), runs, why)
		}
		b.close()
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(packages) > 0 {
		slices.Sort(packages)
		fmt.Fprintf(con.out, "\nTo mend that: apt-get install -y --no-install-recommends %s\n", strings.Join(slices.Compact(packages), " "))
	}
	return nil
}

// with says what a subject runs on: its tools, or its program.
func with(tools map[string]string, command []string) string {
	var out []string
	for _, t := range tools {
		out = append(out, t)
	}
	slices.Sort(out)
	if len(out) == 0 && len(command) > 0 {
		return command[0]
	}
	return strings.Join(out, ", ")
}
