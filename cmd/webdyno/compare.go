package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// errWorse ends a verb that did its work and found that a subject got worse.
var errWorse = errors.New("a subject got worse by more than its margin")

// compareFlags are the choices of compare, as typed.
type compareFlags struct {
	margins, only, metrics, as []string
	format, file               string
}

var changeFormats = []string{"text", "json", "markdown", "junit"}

func compareCommand(con console) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Compare two records: what got faster or slower",
		Long: `Compares the figures of two records, folders that "webdyno run" wrote, and says
what got faster or slower, by how much, and whether that is more than a margin.
Exit status 3 says that something did get worse by more than its margin.

Two records were measured at different times: what the machine did in between is
in the difference. Where the old build can still be started, have both measured
in the same rounds instead:
  webdyno run PLAN --old FOLDER
The record of such a run, given alone, is compared pair by pair.

What decides is the plan's metric (compare:), the share of failed requests, and
every metric that has a margin of its own; --metric names others instead.`,
		Example: `  webdyno compare webdyno-records/monday webdyno-records/tuesday
  webdyno compare old new --margin 3% --margin response_p99=10%
  webdyno compare old new --format markdown -o comment.md
  webdyno compare record --as tornado=uvloop`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 && len(args) != 2 {
				return usageError{errors.New("compare wants two records, the old one first; or one in which old and new builds were measured")}
			}
			return nil
		},
		ValidArgsFunction: completeFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			c, err := changesOf(args, o)
			if err != nil {
				return err
			}
			write := func(out io.Writer) error { return writeChanges(out, c, f.format) }
			if err := written(con, f.file, write); err != nil {
				return err
			}
			return verdictOf(c)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringArrayVar(&f.margins, "margin", nil, "how much worse is too much: `2%` for all metrics, or throughput=3%; repeatable (the new plan's, or 2%)")
	fs.StringArrayVar(&f.metrics, "metric", nil, "have this `METRIC` decide, and no other; repeatable")
	fs.StringArrayVar(&f.only, "only", nil, "compare this `SUBJECT` alone, or a variant such as mine[python=pypy]; repeatable")
	fs.StringArrayVar(&f.as, "as", nil, "set a subject of the old record against one of another name: `OLD=NEW`; repeatable")
	fs.StringVar(&f.format, "format", "text", "text, json, markdown or junit")
	fs.StringVarP(&f.file, "output", "o", "", "write it to `FILE`")
	return cmd
}

// options reads what was typed.
func (f *compareFlags) options() (report.ChangeOptions, error) {
	o := report.ChangeOptions{Only: f.only}
	if !slices.Contains(changeFormats, f.format) {
		return o, usageError{fmt.Errorf("--format %q: want %s", f.format, strings.Join(changeFormats, ", "))}
	}
	var err error
	if o.Margins, err = plan.ParseMargins(f.margins); err != nil {
		return o, usageError{fmt.Errorf("--margin %w", err)}
	}
	for _, text := range f.as {
		old, fresh, found := cutRename(text)
		if !found {
			return o, usageError{fmt.Errorf("--as %q: want OLD=NEW, two names of subjects", text)}
		}
		o.As = append(o.As, report.Rename{Old: old, New: fresh})
	}
	for _, m := range f.metrics {
		o.Metrics = append(o.Metrics, plan.Metric(m))
	}
	return o, nil
}

// cutRename splits OLD=NEW at the first "=" outside of brackets: variants have
// their own.
func cutRename(s string) (old, fresh string, found bool) {
	depth := 0
	for i, r := range s {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == '=' && depth == 0:
			return s[:i], s[i+1:], i > 0 && i+1 < len(s)
		}
	}
	return "", "", false
}

// changesOf compares the records of these folders: two, or one with itself.
func changesOf(dirs []string, o report.ChangeOptions) (*report.Changes, error) {
	fresh, err := inputOf(dirs[len(dirs)-1])
	if err != nil {
		return nil, err
	}
	if err := knownMetrics(fresh.Plan, o); err != nil {
		return nil, err
	}
	o.NewName = dirs[len(dirs)-1]
	if len(dirs) == 1 || sameFolder(dirs[0], dirs[1]) {
		if len(o.As) == 0 && !hasOldBuilds(fresh.Plan) {
			return nil, hinted{
				usageError{fmt.Errorf("%s holds no old build beside a new one: compare wants two records, the old one first", o.NewName)},
				"to set two of its subjects against each other: --as OLD=NEW",
			}
		}
		return report.CompareBuilds(fresh, o)
	}
	old, err := inputOf(dirs[0])
	if err != nil {
		return nil, err
	}
	o.OldName = dirs[0]
	return report.Compare(old, fresh, o)
}

// knownMetrics returns an error unless every metric that was named is one.
func knownMetrics(p *plan.Plan, o report.ChangeOptions) error {
	for _, m := range o.Margins.Named {
		if err := p.CheckMetric(m.Metric); err != nil {
			return usageError{fmt.Errorf("--margin: %w", err)}
		}
	}
	for _, m := range o.Metrics {
		if err := p.CheckMetric(m); err != nil {
			return usageError{fmt.Errorf("--metric: %w", err)}
		}
	}
	return nil
}

func hasOldBuilds(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Subjects, func(s plan.Subject) bool { return s.OldOf != "" })
}

func sameFolder(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

func writeChanges(out io.Writer, c *report.Changes, format string) error {
	switch format {
	case "json":
		return c.JSON(out)
	case "markdown":
		return c.Markdown(out)
	case "junit":
		return c.JUnit(out)
	}
	return c.Text(out, report.TextOptions{Width: widthOf(out)})
}

// verdictOf is the exit status of a comparison, as an error. One in which nothing
// could be compared did not do its work, and must not let anything pass.
func verdictOf(c *report.Changes) error {
	switch {
	case c.Worse:
		return errWorse
	case !c.Held():
		return errors.New("nothing that decides could be compared: the two have no subject, setting and metric in common")
	}
	return nil
}
