package record

import (
	"os"
	"path/filepath"
	"testing"
)

// A record may come from a stranger: what it calls a profile is read only if it is
// one of the record's own.
func TestReadProfile(t *testing.T) {
	dir := t.TempDir()
	r := &Record{Dir: filepath.Join(dir, "rec")}
	for name, text := range map[string]string{"secret": "no", "rec/plan.yaml": "no", "rec/profiles/a.pb.gz": "yes"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../../secret", filepath.Join(r.Dir, "profiles/link")); err != nil {
		t.Skip(err)
	}
	if got, err := r.ReadProfile("profiles/a.pb.gz"); string(got) != "yes" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{"plan.yaml", "profiles/../plan.yaml", "profiles/..", "../secret", "profiles/link", "/etc/passwd", "profiles/b", "profiles/", ""} {
		if got, err := r.ReadProfile(name); err == nil {
			t.Errorf("%q was read: %q", name, got)
		}
	}
}
