package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A virtual environment is a folder with a Python of its own: VirtualPython
// returns its file, or "" if the folder is none.
func VirtualPython(dir string) string {
	for _, name := range []string{"python", "python3", "pypy3"} {
		if file := filepath.Join(dir, "bin", name); executable(file) {
			return file
		}
	}
	return ""
}

// moduleQuestion is the program that makes an interpreter say which versions of
// modules it imports, and from which files: what is on record must be what the
// subject imports, and not what a package manager believes.
const moduleQuestion = `
import importlib, json, sys
try:
    from importlib import metadata
except ImportError:
    metadata = None
def version(name, module):
    top = name.split(".")[0]
    for n in (name, top):
        try:
            return metadata.version(n)
        except Exception:
            pass
    for m in (module, sys.modules.get(top)):
        for a in ("__version__", "version"):
            v = getattr(m, a, None)
            if isinstance(v, str):
                return v
    return ""
found = {}
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
        found[name] = [version(name, module), getattr(module, "__file__", None) or "built in"]
    except BaseException as e:
        found[name] = ["", "not imported: " + (str(e).split("\n")[0][:200] or type(e).__name__)]
print("\nanswer " + json.dumps(found))
`

// Modules asks the interpreter in a file, in the folder and with the environment
// that a subject has, for modules: it returns "0.17.0, /usr/lib/…/__init__.py"
// by name. One that it cannot import says so in the place of its file.
func (f *Finder) Modules(ctx context.Context, python, dir string, env, modules []string) (map[string]string, error) {
	if len(modules) == 0 {
		return nil, nil
	}
	key := fmt.Sprintf("%q", slices.Concat([]string{python, dir}, env, []string{""}, modules))
	return f.once(ctx, key, func(ctx context.Context) (map[string]string, error) {
		argv := append([]string{python, "-c", moduleQuestion}, modules...)
		out, err := output(ctx, dir, env, argv...)
		answers, err := decodeAnswer[map[string][2]string](out, err)
		if err != nil {
			return nil, fmt.Errorf("ask %s for its modules: %w", python, err)
		}
		said := map[string]string{}
		for name, a := range answers {
			said[name] = strings.TrimPrefix(a[0]+", "+a[1], ", ")
		}
		return said, nil
	})
}

// nodeQuestion makes node say where it finds packages and in which versions. It
// looks where require looks, and does not load them: a package of modules that
// only import can load is found as well.
const nodeQuestion = `
const fs = require("fs"), path = require("path"), found = {};
for (const name of process.argv.slice(1)) {
  for (const dir of require.resolve.paths(name) || []) {
    try {
      const file = path.join(dir, name, "package.json");
      found[name] = [String(JSON.parse(fs.readFileSync(file, "utf8")).version || ""), path.dirname(file)];
      break;
    } catch (e) {}
  }
}
console.log("\nanswer " + JSON.stringify(found));
`

// NodeModules asks node, in the folder and with the environment that a subject
// has, for packages as npm names them, "express" or "express@5", where the
// version may be as much of one as matters. It returns "5.1.0, /srv/…/express" by
// name. Those that node does not find, or not in that version, are the error, a
// [MissingError] without a hint.
func (f *Finder) NodeModules(ctx context.Context, node, dir string, env, packages []string) (map[string]string, error) {
	var names []string
	for _, p := range packages {
		name, _ := packageAndVersion(p)
		names = append(names, name)
	}
	key := fmt.Sprintf("%q", slices.Concat([]string{node, dir}, env, []string{""}, names))
	answers, err := f.once(ctx, key, func(ctx context.Context) (map[string]string, error) {
		out, err := output(ctx, dir, env, append([]string{node, "-e", nodeQuestion, "--"}, names...)...)
		found, err := decodeAnswer[map[string][2]string](out, err)
		if err != nil {
			return nil, fmt.Errorf("ask %s for its packages: %w", node, err)
		}
		said := map[string]string{}
		for name, a := range found {
			said[name] = a[0] + ", " + a[1]
		}
		return said, nil
	})
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, p := range packages {
		name, want := packageAndVersion(p)
		has, ok := answers[name]
		version, _, _ := strings.Cut(has, ",")
		switch {
		case !ok:
			missing = append(missing, name+" (not found from "+dir+")")
		case want != "" && version != want && !strings.HasPrefix(version, want+"."):
			missing = append(missing, p+" (found "+version+")")
		}
	}
	if len(missing) > 0 {
		return nil, &MissingError{What: "node with " + strings.Join(packages, ", "), Reason: strings.Join(missing, "; ")}
	}
	return maps.Clone(answers), nil
}

// packageAndVersion parts "express@5", and "@scope/name@1.2".
func packageAndVersion(s string) (name, version string) {
	if i := strings.LastIndexByte(s, '@'); i > 0 {
		return s[:i], strings.TrimLeft(s[i+1:], "v=^~")
	}
	return s, ""
}

// once asks what has not been asked before. It may take 20 s; ctx's error is
// returned as it is, and not remembered.
func (f *Finder) once(ctx context.Context, key string, ask func(context.Context) (map[string]string, error)) (map[string]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, ok := f.versions[key]; ok {
		return a.value, a.err
	}
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var a answer[map[string]string]
	a.value, a.err = ask(limited)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if f.versions == nil {
		f.versions = map[string]answer[map[string]string]{}
	}
	f.versions[key] = a
	return a.value, a.err
}

// decodeAnswer reads what stands behind the word "answer" on a line of its own.
func decodeAnswer[T any](out string, failed error) (T, error) {
	var v T
	_, text, ok := strings.Cut(out, "\nanswer ")
	if !ok {
		return v, unanswered(failed, out)
	}
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&v); err != nil {
		return v, errors.New("gave an answer that makes no sense: " + err.Error())
	}
	return v, nil
}
