package record

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
)

func TestCreateMakesParents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "records", "today", "one")
	w := begin(t, dir)
	if w.Dir() != dir {
		t.Errorf("folder %s, want %s", w.Dir(), dir)
	}
	if got := readAll(t, dir); len(got) != 0 {
		t.Errorf("%d measurements in a new record", len(got))
	}
}

func TestCreateRefuses(t *testing.T) {
	tmp := t.TempDir()
	inUse := filepath.Join(tmp, "in-use")
	begin(t, inUse)
	other := filepath.Join(tmp, "other")
	aFile := filepath.Join(other, "file")
	if err := errors.Join(os.Mkdir(other, 0o755), os.WriteFile(aFile, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	setup := someSetup()
	for _, c := range []struct {
		name, dir string
		plan      []byte
		setup     *evidence.Setup
		want      string
	}{
		{"a record", inUse, nil, setup, inUse + " holds a record already|resume it"},
		{"a folder in use", other, nil, setup, other + " is not empty (file is in it)"},
		{"a file", aFile, nil, setup, aFile},
		{"below a file", filepath.Join(aFile, "record"), nil, setup, aFile},
		{"no setup", filepath.Join(tmp, "a"), nil, nil, "host.json: |no setup"},
		{"a plan beyond all measure", filepath.Join(tmp, "b"), make([]byte, maxFile+1), setup, "plan.yaml: 16777217 bytes"},
	} {
		_, err := Create(c.dir, c.plan, c.setup)
		t.Run(c.name, func(t *testing.T) { wantParts(t, err, "create record: |"+c.want) })
	}
	if left := names(contents(t, tmp)); len(left) != 4 {
		t.Errorf("what was refused has left something: %v", left)
	}
}

// A folder that may not be written is found out before the first trial.
func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere; TestEveryOperationFails has the same on a storage of its own")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	_, err := Create(dir, nil, someSetup())
	wantParts(t, err, filepath.Join(dir, "trials.ndjson")+": permission denied")
	_, err = Create(filepath.Join(dir, "below"), nil, someSetup())
	wantParts(t, err, filepath.Join(dir, "below")+": permission denied")

	dir = newRecord(t, aTrial(0))
	if err := os.Chmod(filepath.Join(dir, "trials.ndjson"), 0o444); err != nil {
		t.Fatal(err)
	}
	_, _, err = Resume(dir)
	wantParts(t, err, filepath.Join(dir, "trials.ndjson")+": permission denied")
	if got := readAll(t, dir); len(got) != 1 {
		t.Errorf("%d measurements, want 1: reading needs no more than reading", len(got))
	}
}

// Two processes that write one record would destroy it.
func TestSecondWriterIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "record")
	w := begin(t, dir)
	if err := w.Append(aTrial(0)); err != nil {
		t.Fatal(err)
	}
	_, _, err := Resume(dir)
	wantParts(t, err, "trials.ndjson: another webdyno is writing this record")
	if !errors.Is(err, errLocked) {
		t.Errorf("error %v", err)
	}
	if got := readAll(t, dir); len(got) != 1 {
		t.Errorf("%d measurements, want 1: a record that is being written can be read", len(got))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again, _, err := Resume(dir)
	if err != nil {
		t.Fatalf("after the first writer closed: %v", err)
	}
	if err := again.Append(aTrial(1)); err != nil {
		t.Error(err)
	}
	again.Close()
}

func TestAppendRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "record")
	w := begin(t, dir)
	if err := w.Append(aTrial(0)); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	for _, c := range []struct {
		name   string
		change func(*evidence.Measurement)
		want   string
	}{
		{"a trial twice", func(m *evidence.Measurement) { m.Trial.ID = "r01-b01-go" }, "r01-b01-go: it is recorded already"},
		{"no id", func(m *evidence.Measurement) { m.Trial.ID = "" }, "it has no id"},
		{"what is no number", func(m *evidence.Measurement) { m.Host.Foreign = math.NaN() }, "NaN"},
		{"a line too long", func(m *evidence.Measurement) { m.Failure.Text = strings.Repeat("x", maxLine) }, "16777216 that are read back"},
		{"seconds without end", func(m *evidence.Measurement) { m.Tally.Seconds = make([]evidence.Second, maxSeconds+1) }, "100001 seconds"},
	} {
		m := aTrial(1)
		m.Failure = new(evidence.Failure)
		c.change(m)
		t.Run(c.name, func(t *testing.T) { wantParts(t, w.Append(m), "record trial |"+c.want) })
	}
	if d := cmp.Diff(before, contents(t, dir)); d != "" {
		t.Errorf("what was refused has changed the record: %s", d)
	}
	if err := w.Append(aTrial(1)); err != nil {
		t.Errorf("what was refused has broken the writer: %v", err)
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	wantParts(t, w.Append(aTrial(2)), "the record is closed")
	wantParts(t, w.WriteReport("report.txt", nil), "the record is closed")
}

func TestLogPath(t *testing.T) {
	w := begin(t, filepath.Join(t.TempDir(), "record"))
	path := w.LogPath("r01 ../../go")
	if want := filepath.Join(w.Dir(), "logs", "r01%20..%2F..%2Fgo.log"); path != want {
		t.Errorf("log path %s, want %s", path, want)
	}
	if err := os.WriteFile(path, []byte("listening\n"), 0o644); err != nil {
		t.Error(err)
	}
}

// A report that cannot be finished leaves the one before as it was.
func TestWriteReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "record")
	w := begin(t, dir)
	say := func(s string, err error) func(io.Writer) error {
		return func(out io.Writer) error {
			fmt.Fprint(out, s)
			return err
		}
	}
	if err := w.WriteReport("report.txt", say("faster", nil)); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteReport("report.txt", say("slower", nil)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no such figure")
	err := w.WriteReport("report.txt", say("half a rep", broken))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	files := contents(t, dir)
	want := []string{"host.json", "plan.yaml", "report.txt", "trials.ndjson"}
	if d := cmp.Diff(want, names(files)); d != "" || files["report.txt"] != "slower" {
		t.Errorf("report %q, files %s", files["report.txt"], d)
	}
	for _, name := range []string{"trials.ndjson", "report/x", "report.\n", "../report.txt", ""} {
		wantParts(t, w.WriteReport(name, say("", nil)), "a report is called")
	}
}
