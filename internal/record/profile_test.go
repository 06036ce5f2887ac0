package record

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
)

// A profile lies below the record's folder under its trial's name, and what its
// line says of it comes back as it was.
func TestAddProfile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "record")
	w := begin(t, dir)
	defer w.Close()
	m := aTrial(0)
	m.Trial.ID, m.Trial.Block, m.Trial.Attribution = "r01-profile-a b", 0, "sampler"
	file, err := w.AddProfile(m.Trial.ID, func(out io.Writer) error {
		_, err := io.WriteString(out, "a profile")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Profile = &evidence.Profile{By: "sampler", File: file, Requests: 7, Span: 8, Processes: 2, Says: []string{"this"}, Unavailable: "that"}
	if err := w.Append(m); err != nil {
		t.Fatal(err)
	}

	if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file))); string(b) != "a profile" || file != "profiles/r01-profile-a%20b.pb.gz" {
		t.Errorf("%s holds %q, %v", file, b, err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Measurements()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.Profile, all[0].Profile); diff != "" || all[0].Trial.Attribution != "sampler" {
		t.Errorf("attribution %q, profile (-want +got):\n%s", all[0].Trial.Attribution, diff)
	}
	if _, err := w.AddProfile(m.Trial.ID, nil); err == nil {
		t.Error("a profile came after its trial's line")
	}
}
