package record

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
)

// golden is a record as the first version wrote it. It is never written anew:
// what was measured then must be readable for good. A later version of the
// format gets a folder of its own beside it.
const golden = "testdata/v1"

func TestGoldenIsRead(t *testing.T) {
	r, err := Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(someSetup(), r.Setup, sameEvidence); d != "" || string(r.Plan) != somePlan {
		t.Errorf("plan %q, setup: -want +got\n%s", r.Plan, d)
	}
	got, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	want := []*evidence.Measurement{aTrial(0), aTrial(1), aFailure()}
	if d := cmp.Diff(want, got, sameEvidence); d != "" {
		t.Errorf("measurements: -want +got\n%s", d)
	}
}

// What is written for the same evidence is still the same, to the byte. Only
// how well the histograms are compressed is left to the Go that does it.
func TestGoldenIsWritten(t *testing.T) {
	want := contents(t, golden)
	got := contents(t, newRecord(t, aTrial(0), aTrial(1), aFailure()))
	if d := cmp.Diff(names(want), names(got)); d != "" {
		t.Errorf("files: -want +got\n%s", d)
	}
	for _, name := range []string{planFile, hostFile} {
		if d := cmp.Diff(want[name], got[name]); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
	wantLines, gotLines := strings.SplitAfter(want[trialsFile], "\n"), strings.SplitAfter(got[trialsFile], "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		if d := cmp.Diff(withoutSum(t, wantLines[i]), withoutSum(t, gotLines[i])); d != "" {
			t.Errorf("line %d: -want +got\n%s", i+1, d)
		}
	}
	if len(wantLines) != len(gotLines) {
		t.Errorf("%d lines, want %d", len(gotLines), len(wantLines))
	}
}

// withoutSum returns a line without what depends on the compression.
func withoutSum(t *testing.T, line string) string {
	t.Helper()
	var l struct {
		Hlog *wireHlogFile `json:"hlog"`
	}
	if line == "" {
		return ""
	}
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(line, `,"hlog":{`)
	if l.Hlog == nil {
		return before
	}
	l.Hlog.Bytes, l.Hlog.SHA256 = 0, ""
	after, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return before + string(after)
}
