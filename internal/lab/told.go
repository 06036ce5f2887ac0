package lab

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/supervise"
)

// harmless are the variables whose values a record tells: what every subject
// gets, and what runtimes and servers are adjusted with. Of any other there is only
// the length: a record is handed on, and nobody can list all names that a password
// may go by.
var harmless = []string{
	"PATH", "HOME", "TMPDIR", "PWD", "LANG", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD",
	"HOST", "PORT", "MODE", "WORKERS", "THREADS", "WEB_CONCURRENCY",
	"NODE_PATH", "NODE_ENV", "NODE_OPTIONS", "NODE_NO_WARNINGS",
	"GOMAXPROCS", "GOGC", "GODEBUG", "GOMEMLIMIT", "GOTRACEBACK",
}

// harmlessBeginnings are those of families of such variables.
var harmlessBeginnings = []string{"XDG_", "LC_", "PYTHON", "PYPY", "UV_", "GEVENT_", "MALLOC_", "OMP_"}

// toldOf returns an environment as a record tells it.
func toldOf(env []string) []string {
	told := make([]string, len(env))
	for i, v := range env {
		name, value, _ := strings.Cut(v, "=")
		told[i] = v
		if !isHarmless(name) && value != "" {
			told[i] = fmt.Sprintf("%s=(%d bytes, not told)", name, len(value))
		}
	}
	return told
}

func isHarmless(name string) bool {
	begins := func(with string) bool { return strings.HasPrefix(name, with) }
	return slices.Contains(harmless, name) || slices.ContainsFunc(harmlessBeginnings, begins)
}

// bytesOf returns what an environment takes in memory.
func bytesOf(env []string) int {
	n := 0
	for _, v := range env {
		n += len(v) + 1
	}
	return n
}

// hashProgram tells the program that is started from others of its name.
func (q *Equipment) hashProgram(c supervise.Command, facts *evidence.Subject) {
	if len(c.Argv) == 0 {
		return
	}
	name := c.Argv[0]
	if !filepath.IsAbs(name) {
		name = filepath.Join(c.Dir, name)
	}
	if hash := q.Finder.Hash(name); hash != "" {
		if facts.Content == nil {
			facts.Content = map[string]string{}
		}
		facts.Content["program"] = hash
	}
}
