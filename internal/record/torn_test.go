package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
)

// Wherever a crash cut the last line, the trials before it are there, the half
// line is not taken for a trial, and the run goes on as if nothing had been
// written of it.
func TestTornLine(t *testing.T) {
	whole := contents(t, newRecord(t, aTrial(0), aFailure()))
	trials := whole["trials.ndjson"]
	first := strings.Index(trials, "\n") + 1
	tear := func(tail string) {
		t.Helper()
		whole["trials.ndjson"] = trials[:first] + tail
		wantMended(t, layDown(t, whole), tail != "", trials)
	}
	for at := first; at < len(trials); at++ {
		tear(trials[first:at])
	}
	// What file systems leave after a power cut: the length that was meant, and
	// zeros where the content did not get to the disk.
	line := trials[first:]
	tear(strings.Repeat("\x00", len(line)))
	tear(line[:128] + strings.Repeat("\x00", len(line)-128))
	tear(line[:128] + strings.Repeat("\x00", 128) + line[256:])
	tear(strings.Repeat("\x00", 128) + line[128:])
}

// wantMended resumes the record in dir, which holds one trial, adds the other
// and compares trials.ndjson with what it would be had nothing happened.
func wantMended(t *testing.T, dir string, torn bool, trials string) {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Torn != torn || len(r.Trials()) != 1 {
		t.Fatalf("%d trials, torn %v; want 1, torn %v", len(r.Trials()), r.Torn, torn)
	}
	w, r, err := resume(dir, onDisk(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if r.Torn != torn || !r.Done("r01-b01-go") || r.Done("r02-b01-pypy") {
		t.Fatalf("resumed with %v, torn %v", ids(r), r.Torn)
	}
	if err := w.Append(aFailure()); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir)["trials.ndjson"]; got != trials {
		t.Fatalf("resumed, trials.ndjson is\n%s\nwant\n%s", got, trials)
	}
}

// A crash after the histograms and before the line leaves a file that nothing
// speaks of. The trial is not done, and doing it again replaces the file.
func TestCrashBetweenHistogramsAndLine(t *testing.T) {
	files := contents(t, newRecord(t, aTrial(0)))
	files["hdr/r01-b02-go.hlog"] = strings.Repeat("half a histogram ", 10_000)
	files["report.json.new"] = "half a report"
	dir := layDown(t, files)

	w, r, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if r.Done("r01-b02-go") || r.Torn {
		t.Errorf("resumed with %v, torn %v; want the first trial only", ids(r), r.Torn)
	}
	if err := w.Append(aTrial(1)); err != nil {
		t.Fatal(err)
	}
	want := []*evidence.Measurement{aTrial(0), aTrial(1)}
	if d := cmp.Diff(want, readAll(t, dir), sameEvidence); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// A damaged line that is not the last was whole once. It is not cut: whoever
// keeps the record decides.
func TestDamagedLineIsNotCut(t *testing.T) {
	files := contents(t, newRecord(t, aTrial(0), aTrial(1)))
	files["trials.ndjson"] = "\x00" + files["trials.ndjson"][1:]
	dir := layDown(t, files)
	_, _, err := Resume(dir)
	wantParts(t, err, "trials.ndjson:1: ")
	if got := contents(t, dir)["trials.ndjson"]; got != files["trials.ndjson"] {
		t.Error("the file was changed")
	}
}

// To go on with a record that has lost histograms would waste hours.
func TestResumeMissesHistograms(t *testing.T) {
	const hlog = "hdr/r01-b01-go.hlog"
	dir := newRecord(t, aTrial(0))
	if err := os.Truncate(filepath.Join(dir, hlog), 10); err != nil {
		t.Fatal(err)
	}
	_, _, err := Resume(dir)
	wantParts(t, err, hlog+": 10 bytes|line 1 of trials.ndjson")
	if err := os.Remove(filepath.Join(dir, hlog)); err != nil {
		t.Fatal(err)
	}
	_, _, err = Resume(dir)
	wantParts(t, err, hlog+": |no such file")
}

func TestResumeWhatIsNoRecord(t *testing.T) {
	_, _, err := Resume(filepath.Join(t.TempDir(), "absent"))
	wantParts(t, err, "resume record: |absent|no such file")
	_, _, err = Resume(t.TempDir())
	wantParts(t, err, "trials.ndjson: no such file|the folder is no record")
}
