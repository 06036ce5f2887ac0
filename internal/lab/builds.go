package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A building is what is made for a variant into a folder of its own, or was made
// already by an earlier run: the folder is kept under a key, which is a hash of
// all that goes into it.
//
//	KEEP/0123456789abcdef/out         what {build} stands for
//	KEEP/0123456789abcdef/build.json  how it was made, and the content of out
//	KEEP/.new-…                       one that is being made
//
// It appears under its key whole, by renaming, or not at all.
type building struct {
	key   string
	steps []string   // for people
	argvs [][]string // with {build} still in them
	env   []string   // likewise
}

// A buildNote is what build.json holds.
type buildNote struct {
	Steps   []string  `json:"steps"`
	Made    time.Time `json:"made"`
	Content string    `json:"content"`
}

const (
	buildOut   = "out"
	buildNotes = "build.json"
	buildNew   = ".new-"

	buildsKept = 90 * 24 * time.Hour // since a run last used it
)

// keep is the folder of kept builds.
func (q *Equipment) keep() string {
	if q.Builds == "" {
		return filepath.Join(q.Scratch, "builds")
	}
	return q.Builds
}

func (q *Equipment) out(key string) string { return filepath.Join(q.keep(), key, buildOut) }

// prepareBuild works out what is built for l, and under which key.
func (q *Equipment) prepareBuild(ctx context.Context, l *launch, v plan.Variant, unknown map[string]string, facts *evidence.Subject) error {
	if len(l.subject.Builds) == 0 {
		return nil
	}
	in, err := q.ingredients(ctx, l, v, unknown, facts)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", in))
	b := &building{key: hex.EncodeToString(sum[:12])}
	l.build, l.words["build"] = b, q.out(b.key)
	return q.fillBuild(l, b, unknown)
}

// ingredients are all that goes into a build of l. They must not depend on where
// this run has unpacked things, or no later one would find it.
func (q *Equipment) ingredients(ctx context.Context, l *launch, v plan.Variant, unknown map[string]string, facts *evidence.Subject) ([]string, error) {
	neutral := l.filled("{port}", unknown)
	neutral["dir"], neutral["build"], neutral["webdyno"] = "{dir}", "{build}", "{webdyno}"
	env, err := q.variables(l, neutral)
	if err != nil {
		return nil, err
	}
	in := append([]string{"webdyno build 1"}, env...)
	levels := v.Values()
	for _, b := range l.subject.Builds {
		in = append(in, "", b.Factor, levels[b.Factor])
		for _, step := range b.Steps {
			argv, err := fill(step, neutral)
			if err != nil {
				return nil, fmt.Errorf("build: %w", err)
			}
			in = append(append(in, ""), argv...)
		}
	}
	modules, err := q.modules(ctx, l, env)
	if err != nil {
		return nil, err
	}
	for _, versions := range []map[string]string{facts.Tools, modules} {
		for _, name := range slices.Sorted(maps.Keys(versions)) {
			in = append(in, name, versions[name])
		}
	}
	if dir := l.command.Dir; dir != q.Scratch {
		content, err := contentOf(dir, sources)
		if err != nil {
			return nil, fmt.Errorf("build: %w: want `in:`, a folder of the subject's own", err)
		}
		in = append(in, content)
	}
	return in, nil
}

// fillBuild lays out the steps; only {build} is left for when they are run.
func (q *Equipment) fillBuild(l *launch, b *building, unknown map[string]string) error {
	words := l.filled("{port}", unknown)
	words["build"] = "{build}"
	var err error
	if b.env, err = q.environment(l, words); err != nil {
		return err
	}
	for _, f := range l.subject.Builds {
		for _, step := range f.Steps {
			argv, err := fill(step, words)
			if err != nil {
				return fmt.Errorf("build: %w", err)
			}
			b.argvs = append(b.argvs, argv)
			b.steps = append(b.steps, strings.Join(argv, " "))
		}
	}
	return nil
}

// kept tells whether there is a build under a key, whole and as it was made. One
// that somebody has changed since is removed.
func (q *Equipment) kept(key string) bool {
	dir := filepath.Join(q.keep(), key)
	text, err := os.ReadFile(filepath.Join(dir, buildNotes))
	if err != nil {
		return false
	}
	var notes buildNote
	err = json.Unmarshal(text, &notes)
	if err == nil {
		var content string
		if content, err = contentOf(filepath.Join(dir, buildOut), everything); err == nil && content == notes.Content {
			now := time.Now()
			_ = os.Chtimes(dir, now, now) // it is in use: see tidy; a cache that is read only is never tidied
			return true
		}
	}
	os.RemoveAll(dir)
	return false
}

// makeBuild carries out the steps of b into a folder that is given its name at the
// end.
func (q *Equipment) makeBuild(ctx context.Context, name string, l *launch, tell func(string)) error {
	b := l.build
	if err := os.MkdirAll(q.keep(), 0o755); err != nil {
		return fmt.Errorf("build: a folder to keep it: %w", err)
	}
	fresh, err := os.MkdirTemp(q.keep(), buildNew)
	if err != nil {
		return fmt.Errorf("build: a folder to keep it: %w", err)
	}
	defer os.RemoveAll(fresh) // gone already, if all went well
	out := filepath.Join(fresh, buildOut)
	if err := errors.Join(os.Chmod(fresh, 0o755), os.Mkdir(out, 0o755)); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	put := func(texts []string) []string {
		all := slices.Clone(texts)
		for i := range all {
			all[i] = strings.ReplaceAll(all[i], "{build}", out)
		}
		return all
	}
	like := l.command
	like.Env = put(b.env)
	for i, argv := range b.argvs {
		tell(fmt.Sprintf("building %s: %s", name, b.steps[i]))
		log := filepath.Join(q.Scratch, fmt.Sprintf("build-%s-%d.log", b.key, i+1))
		if err := q.runStep(ctx, put(argv), like, log); err != nil {
			return fmt.Errorf("build: %s: %w", b.steps[i], err)
		}
	}
	content, err := contentOf(out, everything)
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	notes, err := json.MarshalIndent(buildNote{Steps: b.steps, Made: time.Now().UTC(), Content: content}, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(fresh, buildNotes), append(notes, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(fresh, filepath.Join(q.keep(), b.key))
	}
	if errors.Is(err, fs.ErrExist) && q.kept(b.key) {
		return nil // another webdyno was faster
	}
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

// tidy removes what killed runs were making, and builds that no run has used for
// long.
func (q *Equipment) tidy() {
	entries, _ := os.ReadDir(q.keep())
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() {
			continue
		}
		age := time.Since(info.ModTime())
		unfinished := strings.HasPrefix(e.Name(), buildNew) && age > 2*buildLimit*maxSteps
		if unfinished || age > buildsKept {
			os.RemoveAll(filepath.Join(q.keep(), e.Name()))
		}
	}
}

// maxSteps is more steps than a build may be guessed to have.
const maxSteps = 10
