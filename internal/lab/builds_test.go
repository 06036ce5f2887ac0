package lab

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/plan"
)

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Two folders have the same content exactly if all names, bytes and rights to
// execute are the same; what is no source does not count among sources.
func TestContentOf(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.py"), "one")
	put(t, filepath.Join(dir, "sub", "b.py"), "two")
	sum := func(take func(string) bool) string {
		s, err := contentOf(dir, take)
		if err != nil || !strings.HasPrefix(s, "sha256:") || len(s) != len("sha256:")+16 {
			t.Fatalf("content %q, error %v", s, err)
		}
		return s
	}
	first, all := sum(sources), sum(everything)

	for _, name := range []string{".git/HEAD", "__pycache__/a.pyc", "sub/b.pyc", "node_modules/x/index.js", "webdyno-records/r/plan.yaml"} {
		put(t, filepath.Join(dir, name), "noise")
	}
	if sum(sources) != first {
		t.Error("what is no source counts among sources")
	}
	if sum(everything) == all {
		t.Error("more files are the same content")
	}

	seen := map[string]string{first: "as it was"}
	change := func(what string, do func() error) {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		s := sum(sources)
		if before, twice := seen[s]; twice {
			t.Errorf("%s: the same content as %s", what, before)
		}
		seen[s] = what
	}
	change("other bytes", func() error { return os.WriteFile(filepath.Join(dir, "a.py"), []byte("One"), 0o644) })
	change("executable", func() error { return os.Chmod(filepath.Join(dir, "a.py"), 0o755) })
	change("renamed", func() error { return os.Rename(filepath.Join(dir, "a.py"), filepath.Join(dir, "c.py")) })
	change("moved", func() error { return os.Rename(filepath.Join(dir, "c.py"), filepath.Join(dir, "sub", "c.py")) })
	change("a link", func() error { return os.Symlink("sub/c.py", filepath.Join(dir, "l")) })
	change("an empty folder", func() error { return os.Mkdir(filepath.Join(dir, "empty"), 0o755) })
}

// A subject's own PYTHONPATH stands before the folders that the user names.
func TestVariables(t *testing.T) {
	q := &Equipment{Scratch: "/scratch"}
	l := &launch{
		subject:    &plan.Subject{Env: []plan.Var{{Name: "A", Value: "{x}"}, {Name: "PYTHONPATH", Value: "{build}"}}},
		pythonPath: []string{"/venv", "/modules"},
	}
	got, err := q.variables(l, map[string]string{"x": "1", "build": "/built"})
	if want := []string{"A=1", "PYTHONPATH=/built:/venv:/modules"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("variables %q, error %v, want %q", got, err, want)
	}
}

// A service has the subjects' CPUs unless it is to have its own and there are
// some left.
func TestServiceCPUs(t *testing.T) {
	q := &Equipment{CPUs: evidence.CPUs{Engine: []int{3}, Subjects: []int{0, 1, 2}}, Machine: []int{0, 1, 2, 3}}
	p := &plan.Plan{CPUs: plan.CPUs{N: 1}, Subjects: []plan.Subject{{Name: "a"}}}
	taken := q.widest(p)
	for _, c := range []struct {
		wants  plan.CPUs
		cpus   []int
		shared bool
	}{
		{plan.CPUs{}, []int{0}, true},
		{plan.CPUs{N: 1}, []int{1}, false},
		{plan.CPUs{N: 2}, []int{0}, true}, // only one is left
		{plan.CPUs{N: 1}, []int{2}, false},
		{plan.CPUs{N: 1}, []int{0}, true},
		{plan.CPUs{All: true}, []int{0, 1, 2, 3}, true},
	} {
		cpus, shared := q.serviceCPUs(&plan.Service{Subject: plan.Subject{CPUs: c.wants}}, p, &taken)
		if !slices.Equal(cpus, c.cpus) || shared != c.shared {
			t.Errorf("wants %v: given %v, shared %v; want %v, %v", c.wants, cpus, shared, c.cpus, c.shared)
		}
	}
}

// keyOf prepares a subject with a build and returns its key.
func keyOf(t *testing.T, q *Equipment, s plan.Subject, tools map[string]string, level string) string {
	t.Helper()
	v := plan.Variant{Subject: &s, Choice: []plan.Choice{{Factor: "level", Level: plan.TextLevel(level)}}}
	dir, err := q.folder(&s)
	if err != nil {
		t.Fatal(err)
	}
	l := &launch{subject: &s, scheme: "http", words: map[string]string{"host": "127.0.0.1", "dir": dir, "cpus": "1", "webdyno": "/bin/webdyno"}}
	maps.Copy(l.words, v.Values())
	l.command.Dir = dir
	if err := q.prepareBuild(t.Context(), l, v, nil, &evidence.Subject{Tools: tools}); err != nil {
		t.Fatal(err)
	}
	if l.words["build"] != q.out(l.build.key) {
		t.Errorf("{build} is %s", l.words["build"])
	}
	return l.build.key
}

// All that goes into a build is in its key, and where the run unpacks things is
// not.
func TestBuildKey(t *testing.T) {
	plans := t.TempDir()
	put(t, filepath.Join(plans, "app", "source"), "one")
	equipment := func() *Equipment {
		return &Equipment{Finder: new(host.Finder), Scratch: t.TempDir(), Builds: "/keep", PlanDir: plans}
	}
	base := plan.Subject{Name: "a", In: "app", Builds: []plan.FactorBuild{{Factor: "level", Steps: [][]string{{"make", "{dir}", "{level}", "{build}"}}}}}
	tools := map[string]string{"make": "/usr/bin/make GNU Make 4.3"}
	key := keyOf(t, equipment(), base, tools, "x")
	if again := keyOf(t, equipment(), base, tools, "x"); again != key {
		t.Errorf("the keys %s and %s differ by the run's scratch", key, again)
	}

	seen := []string{key}
	differs := func(what, key string) {
		t.Helper()
		if slices.Contains(seen, key) {
			t.Errorf("%s does not change the key", what)
		}
		seen = append(seen, key)
	}
	differs("the level", keyOf(t, equipment(), base, tools, "y"))
	differs("a tool's version", keyOf(t, equipment(), base, map[string]string{"make": "/usr/bin/make GNU Make 4.4"}, "x"))
	other := base
	other.Env = []plan.Var{{Name: "CFLAGS", Value: "-O3"}}
	differs("a variable", keyOf(t, equipment(), other, tools, "x"))
	other = base
	other.Builds = []plan.FactorBuild{{Factor: "level", Steps: [][]string{{"make", "{dir} {level}", "{build}"}}}}
	differs("the command", keyOf(t, equipment(), other, tools, "x"))
	put(t, filepath.Join(plans, "app", "source"), "two")
	differs("the source", keyOf(t, equipment(), base, tools, "x"))
}

// What killed runs left is removed, and so is what nobody has used for long.
func TestTidy(t *testing.T) {
	q := &Equipment{Builds: t.TempDir()}
	for name, age := range map[string]time.Duration{
		"0123": time.Hour, "4567": buildsKept + time.Hour, buildNew + "1": time.Minute, buildNew + "2": 24 * time.Hour,
	} {
		dir := filepath.Join(q.Builds, name)
		put(t, filepath.Join(dir, "f"), "x")
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
	}
	q.tidy()
	entries, _ := os.ReadDir(q.Builds)
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{buildNew + "1", "0123"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}

// The hint is npm ci where there is a lock.
func TestNpmHint(t *testing.T) {
	plans := t.TempDir()
	q := &Equipment{Scratch: t.TempDir(), PlanDir: plans}
	l := &launch{subject: &plan.Subject{}}
	l.command.Dir = filepath.Join(plans, "app")
	wanted := []string{"express@5"}
	if got, want := q.npmHint(l, wanted), "npm install --prefix "+l.command.Dir+" express@5"; got != want {
		t.Errorf("hint %q, want %q", got, want)
	}
	put(t, filepath.Join(plans, "package-lock.json"), "{}")
	if got, want := q.npmHint(l, wanted), "npm ci --prefix "+plans; got != want {
		t.Errorf("hint %q, want %q", got, want)
	}
}
