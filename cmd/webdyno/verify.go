package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"webdyno/internal/report"
	"webdyno/internal/report/html"
)

// verifyRecord tells whether a record is whole and whether the reports in it are
// those that it gives. To draw the conclusions is to read every histogram, whose
// hash stands in the trial's line.
func verifyRecord(out io.Writer, dir string) error {
	rep, detail, err := detailedReportOf(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "evidence: whole, %s\n", count(rep.Method.Trials, "trial"))
	differ := 0
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"report.json", rep.JSON},
		{"report.html", func(w io.Writer) error { return html.Write(w, rep, detail) }},
		{"report.txt", func(w io.Writer) error { return rep.Text(w, report.TextOptions{}) }},
	} {
		said, same, err := verifyReport(filepath.Join(dir, f.name), f.write)
		if err != nil {
			return err
		}
		if !same {
			differ++
		}
		fmt.Fprintf(out, "%s: %s\n", f.name, said)
	}
	if differ > 0 {
		return errors.New("a report is not what this webdyno makes of the record: it has been changed, or another version wrote it")
	}
	return nil
}

// verifyReport compares one report with what the record gives. That it is not
// there is no difference: it can be drawn again.
func verifyReport(file string, write func(io.Writer) error) (said string, same bool, err error) {
	is, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "not there", true, nil
	}
	if err != nil {
		return "", false, err
	}
	var want bytes.Buffer
	if err := write(&want); err != nil {
		return "", false, err
	}
	if bytes.Equal(is, want.Bytes()) {
		return "the same, byte for byte", true, nil
	}
	return "differs", false, nil
}
