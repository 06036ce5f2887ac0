package subjects

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A folder that is not embedded would work for us and for nobody else.
func TestEveryFolderIsEmbedded(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "testdata" && !slices.Contains(Folders(), e.Name()) {
			t.Errorf("folder %s is not embedded", e.Name())
		}
	}
}

func TestUnknownFolder(t *testing.T) {
	for _, name := range []string{"", ".", "..", "nonsense", "classifier/", "classifier/classifier.py"} {
		if _, err := Folder(name); err == nil || !strings.Contains(err.Error(), "classifier") {
			t.Errorf("Folder(%q): error %v, want one that names the folders there are", name, err)
		}
		if _, err := Materialize(name, t.TempDir()); err == nil {
			t.Errorf("Materialize(%q): no error", name)
		}
	}
}

// Several webdynos may start at once, and the folder may be there already, torn
// or with what a subject left in it.
func TestMaterialize(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	var wg sync.WaitGroup
	places := make([]string, 8)
	for i := range places {
		wg.Go(func() {
			at, err := Materialize("classifier", dir)
			if err != nil {
				t.Error(err)
			}
			places[i] = at
		})
	}
	wg.Wait()
	if len(slices.Compact(places)) != 1 {
		t.Fatalf("written to %q, want one place", places)
	}
	same(t, places[0])

	built := filepath.Join(places[0], "built.so")
	torn := filepath.Join(places[0], "classifier.py")
	for _, path := range []string{built, torn} {
		if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Materialize("classifier", dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(built); err != nil {
		t.Errorf("what a subject built is gone: %v", err)
	}
	os.Remove(built)
	same(t, places[0])
}

// same checks that dir holds the classifier's files and nothing else.
func same(t *testing.T, dir string) {
	t.Helper()
	folder, err := Folder("classifier")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, os.DirFS(dir)), tree(t, folder); !slices.Equal(got, want) {
		t.Errorf("%s holds %d things, want %d, or others", dir, len(got), len(want))
	}
}

func tree(t *testing.T, f fs.FS) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(f, path)
		all = append(all, path+"\x00"+string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
