package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/plan"
	"webdyno/internal/supervise"
)

// tools finds the interpreter and the programs that l needs, and writes down
// what they are.
func (q *Equipment) tools(ctx context.Context, l *launch, v plan.Variant, facts *evidence.Subject) error {
	s := l.subject
	if err := q.python(ctx, l, v, facts); err != nil {
		return err
	}
	for _, name := range s.Needs.Commands {
		path, version, err := q.command(s, name)
		if err != nil {
			return better(err, s.Needs)
		}
		facts.Tools[name] = strings.TrimSpace(path + " " + version)
	}
	return q.node(ctx, l, facts)
}

// python finds the interpreter of a subject that is run by one, or whose modules
// are asked for.
func (q *Equipment) python(ctx context.Context, l *launch, v plan.Variant, facts *evidence.Subject) error {
	s := l.subject
	if !needsPython(s) {
		return nil
	}
	wish, err := q.wish(s, v)
	if err != nil {
		return err
	}
	py, err := q.Finder.PythonLike(ctx, wish)
	if err != nil {
		if wish.Only {
			return hinted(err, fmt.Sprintf("%s -m pip install %s", wish.First[0], strings.Join(s.Needs.Modules, " ")))
		}
		return better(err, s.Needs)
	}
	l.words["python"] = py.Path
	l.pythonPath = wish.Path
	facts.Tools["python"] = py.String()
	return nil
}

func needsPython(s *plan.Subject) bool {
	return mentions(s, "{python}") || len(s.Needs.Modules) > 0 || s.Venv != ""
}

// settle has the subjects that ask for no module run by the interpreter that
// the others get: two that are compared should not differ in that as well.
func (q *Equipment) settle(ctx context.Context, variants []plan.Variant) {
	var wishes []host.PythonWish
	for _, v := range variants {
		if !needsPython(v.Subject) {
			continue
		}
		if w, err := q.wish(v.Subject, v); err == nil {
			wishes = append(wishes, w)
		}
	}
	q.Finder.Settle(ctx, wishes)
}

// wish is what a subject's interpreter has to be, and where it is looked for
// first.
func (q *Equipment) wish(s *plan.Subject, v plan.Variant) (host.PythonWish, error) {
	wish := host.PythonWish{Kind: interpreterKind(v), Modules: s.Needs.Modules}
	folders := q.PythonPath
	if s.Venv != "" {
		folders = append([]string{q.near(s.Venv)}, folders...)
	}
	for i, dir := range folders {
		file := host.VirtualPython(dir)
		if own := i == 0 && s.Venv != ""; own {
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return wish, &host.MissingError{What: "venv " + dir, Reason: "there is no such folder", Hint: "python3 -m venv " + dir}
			}
			wish.Only = file != ""
		}
		switch {
		case file == "":
			wish.Path = append(wish.Path, dir)
		case !wish.Only || i == 0:
			wish.First = append(wish.First, file)
		}
	}
	return wish, nil
}

// hinted replaces the finder's general hint.
func hinted(err error, hint string) error {
	if m := new(host.MissingError); errors.As(err, &m) {
		with := *m
		with.Hint = hint
		return &with
	}
	return err
}

// near returns a path as seen from the plan's folder.
func (q *Equipment) near(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(q.PlanDir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// command finds a program: in the subject's virtual environment, then in those
// of the run, then where programs are.
func (q *Equipment) command(s *plan.Subject, name string) (path, version string, err error) {
	dirs := q.PythonPath
	if s.Venv != "" {
		dirs = append([]string{q.near(s.Venv)}, dirs...)
	}
	for _, dir := range dirs {
		file := filepath.Join(dir, "bin", name)
		if path, version, err := q.Finder.Command(file); err == nil && !strings.ContainsRune(name, '/') {
			return path, version, nil
		}
	}
	return q.Finder.Command(name)
}

// node makes sure that node finds the subject's packages.
func (q *Equipment) node(ctx context.Context, l *launch, facts *evidence.Subject) error {
	wanted := l.subject.Needs.Npm
	if len(wanted) == 0 {
		return nil
	}
	node, version, err := q.Finder.Command("node")
	if err != nil {
		return better(err, l.subject.Needs)
	}
	facts.Tools["node"] = strings.TrimSpace(node + " " + version)
	env := supervise.CleanEnv(q.Scratch, q.nodePath(l))
	found, err := q.Finder.NodeModules(ctx, node, l.command.Dir, env, wanted)
	if err != nil {
		return hinted(err, q.npmHint(l, wanted))
	}
	facts.Modules = maps.Clone(found)
	return nil
}

// nodePath is how a subject that ships finds packages: its folder is unpacked
// anew each time, and has none.
func (q *Equipment) nodePath(l *launch) []string {
	if len(l.subject.Needs.Npm) == 0 || q.NodeModules == "" || !q.unpacked(l.command.Dir) {
		return nil
	}
	return []string{"NODE_PATH=" + filepath.Join(q.packages(l), "node_modules")}
}

// packages is the folder that npm puts the packages of a subject that ships into:
// one for each folder of subjects, since each has a lock of its own.
func (q *Equipment) packages(l *launch) string { return filepath.Join(q.NodeModules, l.subject.In) }

// unpacked tells whether a folder is one that goes with the run.
func (q *Equipment) unpacked(dir string) bool { return within(q.Scratch, dir) }

func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// npmHint is the command that brings the packages: the locked ones where there
// is a lock.
func (q *Equipment) npmHint(l *launch, wanted []string) string {
	for _, dir := range []string{l.command.Dir, q.PlanDir} {
		if dir == "" || q.unpacked(dir) {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "package-lock.json")); err == nil {
			return "npm ci --prefix " + dir
		}
	}
	dir := l.command.Dir
	if q.unpacked(dir) && q.NodeModules != "" {
		dir = q.packages(l)
	}
	return fmt.Sprintf("npm install --prefix %s %s", dir, strings.Join(wanted, " "))
}

// better replaces the finder's general hint by the plan's own, or by the packages
// that it names.
func better(err error, n plan.Needs) error {
	if n.Hint != "" {
		return hinted(err, n.Hint)
	}
	if len(n.Debian) == 0 {
		return err
	}
	return hinted(err, "apt-get install -y --no-install-recommends "+strings.Join(n.Debian, " "))
}

// interpreterKind is the variant's own choice, where it has one.
func interpreterKind(v plan.Variant) string {
	for _, c := range v.Choice {
		if c.Factor == "python" {
			return c.Level.String()
		}
	}
	return "cpython"
}

// mentions tells whether a word stands anywhere in what starts, builds or primes
// s.
func mentions(s *plan.Subject, word string) bool {
	texts := slices.Concat(slices.Concat(s.Build...), s.Start, s.Args, s.Measure, []string{s.Shell})
	for _, b := range s.Builds {
		texts = slices.Concat(texts, slices.Concat(b.Steps...))
	}
	for _, v := range s.Env {
		texts = append(texts, v.Value)
	}
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, word) })
}

// variables are the environment of l beside the clean one. A PYTHONPATH of the
// subject's own comes first: what was built for it must hide what it was built
// from.
func (q *Equipment) variables(l *launch, words map[string]string) ([]string, error) {
	all := q.nodePath(l)
	path := l.pythonPath
	for _, v := range l.subject.Env {
		value, err := plan.Substitute(v.Value, words)
		if err != nil {
			return nil, fmt.Errorf("env %s: %w", v.Name, err)
		}
		if v.Name == "PYTHONPATH" {
			path = append([]string{value}, path...)
			continue
		}
		all = append(all, v.Name+"="+value)
	}
	if len(path) > 0 {
		all = append(all, "PYTHONPATH="+strings.Join(path, string(filepath.ListSeparator)))
	}
	return all, nil
}
