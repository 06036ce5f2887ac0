package host

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func python3(t *testing.T) string {
	t.Helper()
	file, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine")
	}
	return file
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A module in a folder of its own is found there and only there, and the record
// says from which file it came and in which version.
func TestPythonLooksInFolder(t *testing.T) {
	python3(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cyclone_of_test", "__init__.py"), "__version__ = '1.4'\nprint('noise')\n")
	f := &Finder{Path: os.Getenv("PATH")}
	wish := PythonWish{Kind: "cpython", Modules: []string{"cyclone_of_test"}}

	if _, err := f.PythonLike(t.Context(), wish); !errors.As(err, new(*MissingError)) {
		t.Errorf("found without its folder: %v", err)
	}
	wish.Path = []string{dir}
	py, err := f.PythonLike(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Modules(t.Context(), py.Path, dir, []string{"PYTHONPATH=" + dir}, []string{"cyclone_of_test", "json", "sys", "not_there_at_all"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "1.4, " + filepath.Join(dir, "cyclone_of_test", "__init__.py"); got["cyclone_of_test"] != want {
		t.Errorf("said %q, want %q", got["cyclone_of_test"], want)
	}
	if !strings.HasSuffix(got["sys"], "built in") || !strings.HasPrefix(got["not_there_at_all"], "not imported: ") || !strings.HasSuffix(got["json"], ".py") {
		t.Errorf("said %q", got)
	}
}

// Of a virtual environment, its own python is taken, and no other.
func TestVirtualPython(t *testing.T) {
	python := python3(t)
	env := t.TempDir()
	if got := VirtualPython(env); got != "" {
		t.Errorf("an empty folder has %s", got)
	}
	if out, err := exec.Command(python, "-m", "venv", "--without-pip", env).CombinedOutput(); err != nil {
		t.Skipf("this python makes no virtual environments: %v %s", err, out)
	}
	file := VirtualPython(env)
	if file != filepath.Join(env, "bin", "python") {
		t.Fatalf("it is %q", file)
	}
	f := new(Finder)
	py, err := f.PythonLike(t.Context(), PythonWish{Kind: "cpython", First: []string{file}, Only: true})
	if err != nil || filepath.Dir(py.Path) != filepath.Join(env, "bin") {
		t.Errorf("found %v, error %v", py, err)
	}
	_, err = f.PythonLike(t.Context(), PythonWish{Kind: "pypy", First: []string{file}, Only: true})
	if err == nil || !strings.Contains(err.Error(), "is CPython, and PyPy is asked for") {
		t.Errorf("error %v", err)
	}
}

func TestNodeModules(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "node_modules", "express-of-test", "package.json"), `{"version": "5.1.0", "exports": {"import": "./x.mjs"}}`)
	write(t, filepath.Join(dir, "node_modules", "@scope", "name", "package.json"), `{"version": "1.2.3"}`)
	below := filepath.Join(dir, "app")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	f := new(Finder)
	env := []string{"PATH=/usr/bin:/bin"}
	for _, c := range []struct{ wish, missing string }{
		{"express-of-test", ""}, {"express-of-test@5", ""}, {"express-of-test@5.1.0", ""}, {"@scope/name@1.2", ""}, {"@scope/name", ""},
		{"express-of-test@4", "found 5.1.0"}, {"@scope/name@1.20", "found 1.2.3"}, {"not-there-at-all", "not found from"},
	} {
		got, err := f.NodeModules(t.Context(), node, below, env, []string{c.wish})
		if c.missing == "" && (err != nil || len(got) != 1) {
			t.Errorf("%s: %v, error %v", c.wish, got, err)
		}
		if c.missing != "" && (err == nil || !strings.Contains(err.Error(), c.missing)) {
			t.Errorf("%s: error %v, want %q", c.wish, err, c.missing)
		}
	}
}
