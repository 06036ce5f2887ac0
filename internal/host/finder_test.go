package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// bin makes a folder of programs, each a shell script.
func bin(t *testing.T, scripts map[string]string) string {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh to play the programs")
	}
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// python plays an interpreter that lacks modules.
func python(kind, version, executable string, missing ...string) string {
	quoted := make([]string, len(missing))
	for i, m := range missing {
		quoted[i] = fmt.Sprintf("%q", m)
	}
	return fmt.Sprintf("echo chatter; echo x >> \"$0.asked\"\necho 'answer {\"kind\":\"%s\",\"version\":\"%s\",\"executable\":\"%s\",\"missing\":[%s]}'\n",
		kind, version, executable, strings.Join(quoted, ","))
}

// The kind "pypy" and a version that no real machine has keep the machine's
// own interpreters out of these tests.
func TestPython(t *testing.T) {
	lacks := bin(t, map[string]string{"pypy3": python("pypy", "9.0.0", "/a/pypy3", "uvloop (No module named 'uvloop')")})
	shim := bin(t, map[string]string{"pypy3": python("pypy", "9.0.0", "/a/pypy3", "uvloop (No module named 'uvloop')")})
	broken := bin(t, map[string]string{"pypy3": "echo it is broken >&2; exit 3\n"})
	other := bin(t, map[string]string{"pypy3": python("cpython", "3.99.0", "/b/python3")})
	has := bin(t, map[string]string{
		"pypy3.99":        python("pypy", "9.9.9", "/c/pypy3.99"),
		"pypy3.99-config": python("pypy", "0", "/c/config"),
	})
	f := &Finder{Path: strings.Join([]string{lacks, shim, broken, other, has}, ":")}
	got, err := f.Python(t.Context(), "pypy", []string{"uvloop"})
	if want := (Interpreter{"/c/pypy3.99", "pypy", "9.9.9"}); err != nil || got != want {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
	if want := "/c/pypy3.99 (PyPy 9.9.9)"; got.String() != want {
		t.Errorf("shown as %q, want %q", got, want)
	}
	f.Python(t.Context(), "pypy", []string{"uvloop"})
	if b, _ := os.ReadFile(filepath.Join(lacks, "pypy3.asked")); string(b) != "x\n" {
		t.Errorf("asked %d times, want once", len(b)/2)
	}
}

// A subject that asks for no module is run by the interpreter that most of the
// others get, wherever that is found.
func TestSettle(t *testing.T) {
	bare := bin(t, map[string]string{"pypy3": "case \"$*\" in *uvloop*)\n" + python("pypy", "9.0.0", "/a/pypy3", "uvloop") +
		";; *)\n" + python("pypy", "9.0.0", "/a/pypy3") + ";; esac\n"})
	full := bin(t, map[string]string{"pypy3": python("pypy", "9.9.9", filepath.Join(t.TempDir(), "gone"))})
	own := filepath.Join(full, "pypy3")
	if err := os.WriteFile(own, []byte("#!/bin/sh\n"+python("pypy", "9.9.9", own)), 0o755); err != nil {
		t.Fatal(err)
	}
	f := &Finder{Path: bare + ":" + full}
	plain := PythonWish{Kind: "pypy"}
	if got, err := f.PythonLike(t.Context(), plain); err != nil || got.Path != "/a/pypy3" {
		t.Fatalf("before: %v, %v; want /a/pypy3", got, err)
	}
	f = &Finder{Path: bare + ":" + full}
	f.Settle(t.Context(), []PythonWish{plain, {Kind: "pypy", Modules: []string{"uvloop"}}})
	if got, err := f.PythonLike(t.Context(), plain); err != nil || got.Path != own {
		t.Errorf("after: %v, %v; want %s", got, err, own)
	}
}

func TestPythonMissing(t *testing.T) {
	lacks := bin(t, map[string]string{"pypy3": python("pypy", "9.0.0", "/a/pypy3", "no_such_module (No module named 'no_such_module')")})
	f := &Finder{Path: lacks}
	_, err := f.Python(t.Context(), "pypy", []string{"no_such_module", "uvicorn"})
	var missing *MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("error %v; want what is missing", err)
	}
	if want := "apt-get install -y python3-no-such-module uvicorn"; missing.Hint != want {
		t.Errorf("hint %q, want %q", missing.Hint, want)
	}
	if want := "pypy3 with no_such_module, uvicorn: "; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "/a/pypy3: no_such_module (No module named") {
		t.Errorf("error %q", err)
	}
	if _, err := f.Python(t.Context(), "jython", nil); err == nil {
		t.Error("found a jython")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Python(ctx, "pypy", []string{"something"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want that it was cancelled", err)
	}
}

func TestCommand(t *testing.T) {
	dir := bin(t, map[string]string{"dyno-server": "echo; echo dyno-server/1.2.3\n", "dyno-quiet": "exit 1\n"})
	if err := os.WriteFile(filepath.Join(dir, "dyno-data"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f := &Finder{Path: dir}
	path, version, err := f.Command("dyno-server")
	if err != nil || path != filepath.Join(dir, "dyno-server") || version != "dyno-server/1.2.3" {
		t.Errorf("got %q, %q, %v", path, version, err)
	}
	if _, version, err := f.Command("dyno-quiet"); err != nil || version != "" {
		t.Errorf("got version %q, %v; want none", version, err)
	}
	if _, _, err := f.Command("dyno-data"); !errors.As(err, new(*MissingError)) {
		t.Errorf("error %v; want that it is missing", err)
	}
	var missing *MissingError
	if _, _, err := f.Command("/no/such/nginx"); !errors.As(err, &missing) || missing.Hint != "apt-get install -y nginx-light" {
		t.Errorf("error %#v; want a hint", missing)
	}
}

func TestModulePackages(t *testing.T) {
	got := modulePackages([]string{"uvloop", "httptools", "twisted.web", "twisted.internet", "Cython"})
	want := []string{"python3-uvloop", "python3-httptools", "python3-twisted", "cython3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The real thing, where there is one.
func TestSystemPython(t *testing.T) {
	f := &Finder{Path: os.Getenv("PATH")}
	got, err := f.Python(t.Context(), "cpython", []string{"json"})
	if err != nil {
		t.Skip(err)
	}
	if !filepath.IsAbs(got.Path) || got.Kind != "cpython" || !strings.HasPrefix(got.Version, "3.") {
		t.Errorf("got %+v", got)
	}
	t.Log(got)
	_, err = f.Python(t.Context(), "cpython", []string{"no_such_module_anywhere"})
	t.Log(err)
	if !errors.As(err, new(*MissingError)) {
		t.Errorf("error %v; want that it is missing", err)
	}
}
