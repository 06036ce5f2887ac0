package record

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
)

// faulty is a real folder whose file operations fail on command. It does not
// wait for the disk: what is tested here is the order of things and not the
// disk's own promises.
type faulty struct {
	storage
	calls int // operations so far
	fails func(call int, what string) error
	room  int // bytes that can still be written; less than 0 for no end
	log   []string
}

// onDisk returns a storage in dir in which nothing fails so far.
func onDisk(t testing.TB, dir string) *faulty {
	t.Helper()
	d, err := openDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &faulty{storage: d, room: -1, fails: func(int, string) error { return nil }}
}

func (s *faulty) call(what string) error {
	s.calls++
	s.log = append(s.log, what)
	return s.fails(s.calls, what)
}

func (s *faulty) Open(name string, flag int) (file, error) {
	if err := s.call("open " + name); err != nil {
		return nil, err
	}
	f, err := s.storage.Open(name, flag)
	return &faultyFile{f, name, s}, err
}

func (s *faulty) Mkdir(name string) error {
	if err := s.call("mkdir " + name); err != nil {
		return err
	}
	return s.storage.Mkdir(name)
}

func (s *faulty) Rename(from, to string) error {
	if err := s.call("rename " + from + " " + to); err != nil {
		return err
	}
	return s.storage.Rename(from, to)
}

func (s *faulty) SyncDir(name string) error { return s.call("sync " + name) }

type faultyFile struct {
	file
	name string
	s    *faulty
}

func (f *faultyFile) Lock() error {
	if err := f.s.call("lock " + f.name); err != nil {
		return err
	}
	return f.file.Lock()
}

func (f *faultyFile) Sync() error { return f.s.call("sync " + f.name) }

func (f *faultyFile) Truncate(size int64) error {
	if err := f.s.call("truncate " + f.name); err != nil {
		return err
	}
	return f.file.Truncate(size)
}

// Write writes what there is room for. An operation that fails writes half.
func (f *faultyFile) Write(b []byte) (int, error) {
	if err := f.s.call("write " + f.name); err != nil {
		n, _ := f.file.Write(b[:len(b)/2])
		return n, err
	}
	if f.s.room < 0 || len(b) <= f.s.room {
		f.s.room -= min(len(b), max(f.s.room, 0))
		return f.file.Write(b)
	}
	n, _ := f.file.Write(b[:f.s.room])
	f.s.room = 0
	return n, syscall.ENOSPC
}

// carryOut writes a record of two trials and a report, the way a run does, and
// returns the trials it was told are on disk, and the first error.
func carryOut(dir string, s *faulty) (kept []string, err error) {
	host, err := encodeSetup(someSetup())
	if err != nil {
		return nil, err
	}
	w, err := create(dir, s, []byte(somePlan), host)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	for _, m := range []*evidence.Measurement{smallTrial(1), smallTrial(2)} {
		if failed := w.Append(m); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		kept = append(kept, m.Trial.ID)
	}
	return kept, errors.Join(err, w.WriteReport("report.txt", wholeReport))
}

// smallTrial is quick to write.
func smallTrial(n int) *evidence.Measurement {
	t := evidence.NewTally()
	t.Outcomes[evidence.Answered] = 1
	t.Response.Record(int64(n) * 1000)
	return &evidence.Measurement{Trial: evidence.Trial{ID: fmt.Sprintf("r01-b%02d-go", n), Round: 1, Block: n, Subject: "go"}, Began: began, Tally: t}
}

// Every operation of a run fails once, in turn: the error names a file of the
// record, what was said to be on disk is there and readable, and nothing else
// is taken for a trial.
func TestEveryOperationFails(t *testing.T) {
	healthy := onDisk(t, t.TempDir())
	if _, err := carryOut(t.TempDir(), healthy); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= healthy.calls; n++ {
		dir := t.TempDir()
		s := onDisk(t, dir)
		s.fails = func(call int, _ string) error {
			if call == n {
				return syscall.EIO
			}
			return nil
		}
		kept, err := carryOut(dir, s)
		wantParts(t, err, dir+"|"+syscall.EIO.Error())
		wantKept(t, dir, healthy.log[n-1], kept, 0)
	}
}

// A disk that is gone does not even let the torn line be cut. A line that was
// written whole, and only not synced, may then be there though Append did not
// say so; half a line may not.
func TestDiskGone(t *testing.T) {
	healthy := onDisk(t, t.TempDir())
	if _, err := carryOut(t.TempDir(), healthy); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= healthy.calls; n++ {
		dir := t.TempDir()
		s := onDisk(t, dir)
		s.fails = func(call int, _ string) error {
			if call >= n {
				return syscall.EIO
			}
			return nil
		}
		kept, err := carryOut(dir, s)
		wantParts(t, err, dir+"|"+syscall.EIO.Error())
		wantKept(t, dir, "all from "+healthy.log[n-1], kept, 1)
	}
}

// The disk is full after so many bytes. TestAppendAfterFullDisk tries every number
// of them for the part that Append writes.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if _, err := carryOut(dir, onDisk(t, dir)); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, content := range contents(t, dir) {
		total += len(content)
	}
	for room := 0; room < total; room += 23 {
		dir := t.TempDir()
		s := onDisk(t, dir)
		s.room = room
		kept, err := carryOut(dir, s)
		wantParts(t, err, dir+"|"+syscall.ENOSPC.Error())
		wantKept(t, dir, fmt.Sprintf("%d bytes of room", room), kept, 0)
	}
}

// wantKept reads the record in dir, or what there is of it, and compares its
// trials with those that were said to be kept; up to more others may follow.
func wantKept(t *testing.T, dir, when string, kept []string, more int) {
	t.Helper()
	files := contents(t, dir)
	if report, ok := files["report.txt"]; ok && report != "whole\n" {
		t.Errorf("%s: the report is %q", when, report)
	}
	if _, ok := files["host.json"]; !ok && len(kept) == 0 {
		return // it was never begun
	}
	r, err := Open(dir)
	if err != nil {
		if len(kept) > 0 {
			t.Errorf("%s: %v", when, err)
		}
		return
	}
	found := ids(r)
	if len(found) > len(kept)+more || !slices.Equal(kept, found[:min(len(kept), len(found))]) {
		t.Errorf("%s: the record holds %v, and was said to hold %v", when, found, kept)
	}
	if _, err := r.Measurements(); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}

// After a full disk has been given room, the same Writer goes on.
func TestAppendAfterFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := onDisk(t, dir)
	host, _ := encodeSetup(someSetup())
	w, err := create(dir, s, nil, host)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	total := bytesOf(t, smallTrial(1))
	for room := range total {
		s.room = room
		wantParts(t, w.Append(smallTrial(1)), "record trial r01-b01-go|"+dir+"|"+syscall.ENOSPC.Error())
		if left := contents(t, dir)["trials.ndjson"]; left != "" {
			t.Fatalf("%d bytes of room leave half a line: %s", room, left)
		}
	}
	s.room = -1
	if err := w.Append(smallTrial(1)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]*evidence.Measurement{smallTrial(1)}, readAll(t, dir), sameEvidence); d != "" {
		t.Error(d)
	}
}

// Once a torn line could not be cut, another line must not be put behind it:
// the two would read as one that is damaged, and not as torn.
func TestNothingIsAddedBehindATornLine(t *testing.T) {
	dir := t.TempDir()
	s := onDisk(t, dir)
	host, _ := encodeSetup(someSetup())
	w, err := create(dir, s, nil, host)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Append(smallTrial(1)); err != nil {
		t.Fatal(err)
	}
	s.fails = func(_ int, what string) error {
		if what == "write trials.ndjson" || what == "truncate trials.ndjson" {
			return syscall.EIO
		}
		return nil
	}
	wantParts(t, w.Append(smallTrial(2)), "trials.ndjson: |cut its torn line|--resume")
	s.fails = func(int, string) error { return nil }
	wantParts(t, w.Append(smallTrial(2)), "trials.ndjson: |cut its torn line|--resume")
	w.Close()

	again, r, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !r.Torn || len(r.Trials()) != 1 {
		t.Errorf("%d trials, torn %v; want 1 and a torn line", len(r.Trials()), r.Torn)
	}
	if err := again.Append(smallTrial(2)); err != nil {
		t.Error(err)
	}
}

// A trial's histograms are on disk, name and all, before its line is begun; the
// line is one write.
func TestOrderOfWriting(t *testing.T) {
	dir := t.TempDir()
	s := onDisk(t, dir)
	if _, err := carryOut(dir, s); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"open trials.ndjson", "lock trials.ndjson", "mkdir hdr", "mkdir logs",
		"open plan.yaml", "write plan.yaml", "sync plan.yaml",
		"open host.json", "write host.json", "sync host.json", "sync .",
	}
	for _, trial := range []string{"r01-b01-go", "r01-b02-go"} {
		hlog := filepath.ToSlash(filepath.Join("hdr", trial+".hlog"))
		want = append(want, "open "+hlog, "write "+hlog, "sync "+hlog, "sync hdr",
			"write trials.ndjson", "sync trials.ndjson")
	}
	want = append(want, "open report.txt.new", "write report.txt.new", "sync report.txt.new",
		"rename report.txt.new report.txt", "sync .")
	if d := cmp.Diff(want, s.log); d != "" {
		t.Errorf("-want +got\n%s", strings.TrimSpace(d))
	}
}

func wholeReport(out io.Writer) error {
	_, err := io.WriteString(out, "whole\n")
	return err
}

// bytesOf returns how many bytes Append writes for m.
func bytesOf(t *testing.T, m *evidence.Measurement) int {
	t.Helper()
	files := contents(t, newRecord(t, m))
	return len(files["trials.ndjson"]) + len(files["hdr/"+m.Trial.ID+".hlog"])
}
