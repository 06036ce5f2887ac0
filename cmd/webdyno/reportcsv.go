package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"webdyno/internal/report"
)

var reportFormats = []string{"text", "html", "markdown", "csv", "json"}

// formatsOf returns the words that a verb's --format takes: those of its own, or
// the usual ones.
func formatsOf(verb string, usual []string) []string {
	switch verb {
	case "report":
		return reportFormats
	case "compare":
		return changeFormats
	}
	return usual
}

// checkTable complains of a table that is not there, and of one where none is
// written.
func checkTable(table, format, file string) error {
	switch {
	case table == "":
		return nil
	case format != "csv":
		return usageError{errors.New("--table is for --format csv")}
	case !slices.Contains(report.CSVTables(), table):
		return usageError{fmt.Errorf("--table %q: want one of %s", table, strings.Join(report.CSVTables(), ", "))}
	case isFolder(file):
		return usageError{fmt.Errorf("-o %s is a folder, which takes all tables: leave --table out, or name a file", file)}
	}
	return nil
}

// isFolder tells whether -o means a folder: one that is there, or a name that ends
// as folders' do.
func isFolder(name string) bool {
	if name == "" {
		return false
	}
	info, err := os.Stat(name)
	return strings.HasSuffix(name, "/") || err == nil && info.IsDir()
}

// writeTables writes one table, or into a folder all that have a line.
func writeTables(con console, r *report.Report, table, file string) error {
	names := report.CSVTables()
	if !isFolder(file) {
		if table == "" {
			table = names[0]
		}
		return written(con, file, func(out io.Writer) error {
			_, err := r.CSV(out, table)
			return err
		})
	}
	if err := os.MkdirAll(file, 0o755); err != nil {
		return err
	}
	for i, name := range names {
		if lines, err := r.CSV(io.Discard, name); err != nil {
			return err
		} else if lines == 0 && i > 0 {
			continue
		}
		if err := written(con, filepath.Join(file, name+".csv"), func(out io.Writer) error {
			_, err := r.CSV(out, name)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
