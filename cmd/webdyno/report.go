package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"webdyno/internal/record"
	"webdyno/internal/report"
	"webdyno/internal/report/html"
)

func reportCommand(con console) *cobra.Command {
	format, file, table := "text", "", ""
	var overlays []string
	all, verify := false, false
	cmd := &cobra.Command{
		Use:   "report RECORD",
		Short: "Draw conclusions from a record again",
		Long: `Reads a record, the folder that "webdyno run" wrote, and draws the conclusions
again. The same record gives the same report on every machine.

--overlay FILE lays what others measured beside the report: curves over the
offered rate, as a table of autobench's or arrays of points as Flot takes them, in
JavaScript or JSON; the summary of a load, as wrk prints it and as oha, vegeta and
k6 write it in JSON; or another record, by its folder. They are marked as what they
are: of another machine and another method, and not comparable by design. Where a
file does not say what its curves show, write --overlay throughput=FILE (or
response=, errors=, stdev=).

--format html is one page with pictures that needs nothing else, no network
either; --format json is report.json; --format markdown is for a pull request.

--verify draws all conclusions, which reads every file of the evidence and holds the
histograms against the hashes in trials.ndjson, and compares the reports that lie in
the record with what comes out, byte for byte. Exit status 1: they differ, or the
record is not whole.

--format csv writes one table, every figure with its interval; --table NAME another
(comparisons, claims, fits, rounds, …). With -o and a folder it writes them all, a
file each; one that is not there yet is named with a / at its end. Their columns are
called as in report.json: docs/format.md.`,
		Example: `  webdyno report webdyno-records/monday
  webdyno report webdyno-records/monday --format markdown -o comment.md
  webdyno report webdyno-records/monday --format csv --table rounds > rounds.csv
  webdyno report webdyno-records/monday --format csv -o tables/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("report wants one record: the folder that \"webdyno run\" wrote")}
			}
			return nil
		},
		ValidArgsFunction: completeFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(reportFormats, format) {
				return usageError{fmt.Errorf("--format %q: want %s", format, strings.Join(reportFormats, ", "))}
			}
			if err := checkTable(table, format, file); err != nil {
				return err
			}
			if format != "text" && format != "html" && len(overlays) > 0 {
				return usageError{fmt.Errorf("--overlay is for text and html: what --format %s writes is made of the record alone", format)}
			}
			if verify {
				return verifyRecord(con.out, args[0])
			}
			beside, err := overlaysOf(overlays)
			if err != nil {
				return err
			}
			rep, detail, err := reportFor(con, format, args[0])
			if err != nil {
				return err
			}
			if hasCurves(beside) && !rep.HasRates() {
				return fmt.Errorf("--overlay: no factor of %s sets the rate of an open load: there are no curves to lay others beside", args[0])
			}
			if format == "csv" {
				return writeTables(con, rep, table, file)
			}
			return written(con, file, func(out io.Writer) error {
				switch format {
				case "markdown":
					return rep.Markdown(out)
				case "json":
					return rep.JSON(out)
				case "html":
					detail.Lay(beside)
					return html.Write(out, rep, detail)
				}
				return rep.Text(out, report.TextOptions{Width: widthOf(out), Overlays: beside, All: all})
			})
		},
	}
	cmd.Flags().StringArrayVar(&overlays, "overlay", nil, "`FILE` of curves or a summary from elsewhere, or another record, shown beside; repeatable")
	cmd.Flags().StringVar(&format, "format", "text", strings.Join(reportFormats, ", "))
	cmd.Flags().StringVar(&table, "table", "", "of csv: the `TABLE` to write ("+report.CSVTables()[0]+")")
	cmd.Flags().BoolVar(&all, "all", false, "of text: tables with every level of a factor, however many there are")
	cmd.Flags().BoolVar(&verify, "verify", false, "whether the record is whole, unchanged, and what its own reports are made of")
	cmd.Flags().StringVarP(&file, "output", "o", "", "write it to `FILE`; tables of csv into a folder")
	return cmd
}

// reportFor draws the conclusions, and for a page what its pictures need.
func reportFor(con console, format, dir string) (*report.Report, *report.Detail, error) {
	rec, err := record.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	warnIfTorn(con.err, rec)
	in, err := inputFrom(rec)
	if err != nil {
		return nil, nil, err
	}
	if format == "html" {
		return report.Detailed(in)
	}
	rep, err := report.Build(in)
	return rep, nil, err
}

// written has write write to a file, whole or not at all, or to standard output
// where no file is named.
func written(con console, file string, write func(io.Writer) error) error {
	if file == "" {
		return write(con.out)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
