package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"webdyno/internal/record"
	"webdyno/internal/report"
	"webdyno/internal/report/html"
)

// verifyRecord tells whether a record is whole and whether the reports in it are
// those that it gives. To draw the conclusions is to read every histogram, whose
// hash stands in the trial's line.
func verifyRecord(out io.Writer, dir string) error {
	rec, err := record.Open(dir)
	if err != nil {
		return err
	}
	in, err := inputFrom(rec)
	if err != nil {
		return err
	}
	rep, detail, err := report.Detailed(in)
	if err != nil {
		return err
	}
	if rec.Torn {
		fmt.Fprintf(out, "evidence: its last line is torn (%s); %s\n", count(int(rec.Left), "byte"), areWhole(len(rec.Trials())))
	} else {
		fmt.Fprintf(out, "evidence: whole, %s\n", count(rep.Method.Trials, "trial"))
	}
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
		return errors.Join(tornError(rec), errors.New("a report is not what this webdyno makes of the record: it has been changed, or another version wrote it"))
	}
	return tornError(rec)
}

// tornError says that a record has lost its last line; nil if it has not.
func tornError(rec *record.Record) error {
	if !rec.Torn {
		return nil
	}
	return fmt.Errorf("%s: the record is not whole: what was measured last is lost, unless a run is writing it now; webdyno run --resume %s measures it again",
		filepath.Join(rec.Dir, "trials.ndjson"), rec.Dir)
}

// warnIfTorn tells whoever reads a report that a trial is missing from it.
func warnIfTorn(out io.Writer, rec *record.Record) {
	if rec.Torn {
		fmt.Fprintf(out, "webdyno: %s: its last line is torn (%s) and left out; %s\n",
			filepath.Join(rec.Dir, "trials.ndjson"), count(int(rec.Left), "byte"), areWhole(len(rec.Trials())))
	}
}

func areWhole(trials int) string {
	if trials == 1 {
		return "1 trial is whole"
	}
	return count(trials, "trial") + " are whole"
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
