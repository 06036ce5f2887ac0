package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An Interpreter is a Python that was found.
type Interpreter struct {
	Path    string // the interpreter itself, not a shim that would choose one
	Kind    string // "cpython" or "pypy"
	Version string // "3.11.2"; of PyPy "7.3.11, Python 3.9.16"
}

// String says what was chosen: "/usr/bin/python3 (CPython 3.11.2)".
func (i Interpreter) String() string {
	return fmt.Sprintf("%s (%s %s)", i.Path, pythonNames[i.Kind], i.Version)
}

var pythonNames = map[string]string{"cpython": "CPython", "pypy": "PyPy"}

// Python returns the interpreter of a kind, "cpython" or "pypy", that has the
// modules: a machine often has several, and the first on PATH is often not the
// one that sees the packages of the system. Candidates are asked in turn to
// import the modules, since a package for another interpreter can be found and
// yet not be loaded. The system's own (/usr/bin) comes first where modules are
// asked for, PATH's first where not.
//
// Without one the error is a [MissingError] that says what each candidate
// lacked. The context's error is returned as it is, and not remembered.
func (f *Finder) Python(ctx context.Context, kind string, modules []string) (Interpreter, error) {
	return f.PythonLike(ctx, PythonWish{Kind: kind, Modules: modules})
}

// A PythonWish says which Python is looked for.
type PythonWish struct {
	Kind    string   // "cpython" or "pypy"
	Modules []string // that it must be able to import
	Path    []string // folders where it looks for them before its own, as PYTHONPATH
	First   []string // files that are asked before all others: the interpreters of virtual environments
	Only    bool     // and no others
}

// PythonLike is [Finder.Python] with everything that can be asked for.
func (f *Finder) PythonLike(ctx context.Context, w PythonWish) (Interpreter, error) {
	if w.Kind != "cpython" && w.Kind != "pypy" {
		return Interpreter{}, fmt.Errorf("python %q: want cpython or pypy", w.Kind)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := fmt.Sprintf("%q %q %q %q %v", w.Kind, w.Modules, w.Path, w.First, w.Only)
	if a, ok := f.pythons[key]; ok {
		return a.value, a.err
	}
	var a answer[Interpreter]
	a.value, a.err = f.python(ctx, w)
	if ctx.Err() != nil {
		return Interpreter{}, ctx.Err()
	}
	if f.pythons == nil {
		f.pythons = map[string]answer[Interpreter]{}
	}
	f.pythons[key] = a
	return a.value, a.err
}

// Settle has wishes without modules, from now on, be granted the interpreter that
// most of those with modules get, of the same kind. A wish that names
// interpreters of its own is not concerned.
func (f *Finder) Settle(ctx context.Context, wishes []PythonWish) {
	votes := map[string]map[string]int{}
	for _, w := range wishes {
		if len(w.Modules) == 0 || w.Only {
			continue
		}
		py, err := f.PythonLike(ctx, w)
		if err != nil {
			continue // it will be told where it is asked for
		}
		if votes[w.Kind] == nil {
			votes[w.Kind] = map[string]int{}
		}
		votes[w.Kind][py.Path]++
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.usual = map[string]string{}
	for kind, paths := range votes {
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			if best := f.usual[kind]; best == "" || paths[path] > paths[best] {
				f.usual[kind] = path
			}
		}
	}
}

func (f *Finder) python(ctx context.Context, w PythonWish) (Interpreter, error) {
	var tried, broken, other []string
	asked := map[string]bool{}
	files := slices.Clone(w.First)
	if usual := f.usual[w.Kind]; usual != "" && len(w.Modules) == 0 && !w.Only {
		files = append(files, usual)
	}
	if !w.Only {
		files = append(files, f.candidates(w.Kind, len(w.Modules) > 0)...)
	}
	for _, file := range files {
		found, err := ask(ctx, file, w)
		if err != nil {
			broken = append(broken, file+": "+err.Error())
			continue
		}
		if found.Kind != w.Kind && w.Only {
			other = append(other, fmt.Sprintf("%s is %s, and %s is asked for", file, pythonNames[found.Kind], pythonNames[w.Kind]))
		}
		if asked[found.Executable] || found.Kind != w.Kind {
			continue // a shim in front of one that was asked already
		}
		asked[found.Executable] = true
		if len(found.Missing) == 0 {
			return Interpreter{Path: found.Executable, Kind: w.Kind, Version: found.Version}, nil
		}
		tried = append(tried, found.Executable+": "+strings.Join(found.Missing, ", "))
	}
	if len(tried) == 0 { // else what could not even answer is beside the point
		tried = slices.Concat(broken, other)
	}
	return Interpreter{}, noPython(w.Kind, w.Modules, tried)
}

// candidates are the files that may be such an interpreter, in the order they
// are asked.
func (f *Finder) candidates(kind string, systemFirst bool) []string {
	name := map[string]string{"cpython": "python3", "pypy": "pypy3"}[kind]
	dirs := f.folders()
	if systemFirst {
		dirs = append([]string{"/usr/bin"}, dirs...)
	}
	var files []string
	seen := map[string]bool{}
	for _, dir := range dirs {
		versions, _ := filepath.Glob(filepath.Join(dir, name+".[0-9]*"))
		slices.Sort(versions)
		for _, file := range append([]string{filepath.Join(dir, name)}, versions...) {
			plain := strings.Trim(strings.TrimPrefix(filepath.Base(file), name), ".0123456789") == ""
			if same := neighbour(file); plain && executable(file) && !seen[same] {
				seen[same] = true
				files = append(files, file)
			}
		}
	}
	return files
}

// neighbour returns the file that a name stands for within its folder:
// python3.11 for a link python3 beside it. A link into another folder stands
// for itself, because that is how a virtual environment is told from the
// interpreter it was made with.
func neighbour(file string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return file
	}
	same := filepath.Join(dir, filepath.Base(file))
	target, err := filepath.EvalSymlinks(same)
	if err == nil && filepath.Dir(target) == dir {
		return target
	}
	return same
}

// found is what an interpreter says of itself.
type found struct {
	Kind       string   `json:"kind"`
	Version    string   `json:"version"`
	Executable string   `json:"executable"`
	Missing    []string `json:"missing"` // "uvloop (No module named 'uvloop')"
}

// question is the program that makes an interpreter say it. The answer is on a
// line of its own behind a word, since modules may print when imported.
const question = `
import importlib, json, platform, sys
missing = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as e:
        missing.append("%s (%s)" % (name, str(e).split("\n")[0][:200] or type(e).__name__))
version = platform.python_version()
pypy = getattr(sys, "pypy_version_info", None)
if pypy:
    version = "%d.%d.%d, Python %s" % (pypy[0], pypy[1], pypy[2], version)
print("\nanswer " + json.dumps({"kind": sys.implementation.name, "version": version,
      "executable": sys.executable, "missing": missing}))
`

// ask asks the interpreter in file for itself and whether it can import the
// modules. It may take 10 s.
func ask(ctx context.Context, file string, w PythonWish) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	argv := append([]string{file, "-c", question}, w.Modules...)
	env := pythonEnv(os.Environ())
	if len(w.Path) > 0 {
		env = append(env, "PYTHONPATH="+strings.Join(w.Path, string(filepath.ListSeparator)))
	}
	out, err := output(ctx, "/", env, argv...)
	_, text, ok := strings.Cut(out, "\nanswer ")
	if !ok {
		return found{}, unanswered(err, out)
	}
	var f found
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&f); err != nil {
		return found{}, fmt.Errorf("gave an answer that makes no sense: %w", err)
	}
	if !filepath.IsAbs(f.Executable) {
		f.Executable = file
	}
	return f, nil
}

// unanswered says why an interpreter gave no answer: how it ended, and the
// last line it printed.
func unanswered(err error, out string) error {
	if err == nil {
		err = errors.New("gave no answer")
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return fmt.Errorf("%w: %s", err, last[:min(len(last), 200)])
	}
	return err
}

// pythonEnv is env without what would make an interpreter find modules here
// that a server with a clean environment will not find, and with what keeps it
// from writing. Variables that shims need stay.
func pythonEnv(env []string) []string {
	kept := []string{"PYTHONDONTWRITEBYTECODE=1"}
	for _, v := range env {
		if !strings.HasPrefix(v, "PYTHON") {
			kept = append(kept, v)
		}
	}
	return kept
}

func noPython(kind string, modules, tried []string) error {
	name := map[string]string{"cpython": "python3", "pypy": "pypy3"}[kind]
	e := &MissingError{What: name, Reason: "not found on this machine", Hint: "apt-get install -y " + name}
	if len(modules) > 0 {
		e.What += " with " + strings.Join(modules, ", ")
	}
	if len(tried) == 0 {
		return e
	}
	e.Reason = strings.Join(tried, "; ")
	e.Hint = ""
	if len(modules) > 0 {
		e.Hint = "apt-get install -y " + strings.Join(modulePackages(modules), " ")
	}
	return e
}

// modulePackages returns the Debian packages that bring Python modules. Most
// are called after their module.
func modulePackages(modules []string) []string {
	odd := map[string]string{
		"gunicorn": "gunicorn", "uvicorn": "uvicorn", "Cython": "cython3",
		"bson": "python3-bson", "zope.interface": "python3-zope.interface",
	}
	var packages []string
	for _, m := range modules {
		name, ok := odd[m]
		if !ok {
			top, _, _ := strings.Cut(m, ".")
			name = "python3-" + strings.ReplaceAll(strings.ToLower(top), "_", "-")
		}
		if !slices.Contains(packages, name) {
			packages = append(packages, name)
		}
	}
	return packages
}

// commandPackage returns the Debian package that brings a program, "" if it is
// not one we know.
func commandPackage(name string) string {
	switch name {
	case "nginx":
		return "nginx-light"
	case "node":
		return "nodejs"
	case "nghttpd":
		return "nghttp2-server"
	case "h2load":
		return "nghttp2-client"
	case "uwsgi":
		return "uwsgi-core uwsgi-plugin-python3"
	case "ab":
		return "apache2-utils"
	case "twist3":
		return "python3-twisted"
	case "perf":
		return "linux-perf"
	case "waitress-serve":
		return "python3-waitress"
	case "hypercorn":
		return "python3-hypercorn"
	case "go":
		return "golang-go"
	case "apache2", "h2o", "caddy", "haproxy", "lighttpd", "wrk", "siege", "httperf", "hey", "hyperfine",
		"cython3", "pypy3", "python3", "gunicorn", "uvicorn", "gcc", "bpftrace":
		return name
	}
	return ""
}
