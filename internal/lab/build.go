package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/supervise"
)

// buildLimit bounds one build step.
const buildLimit = 10 * time.Minute

// A BuildError is a step that did not do its work.
type BuildError struct {
	Err  error
	Last []string // the last lines it printed
}

func (e *BuildError) Error() string {
	if len(e.Last) == 0 {
		return e.Err.Error()
	}
	return e.Err.Error() + ": " + e.Last[len(e.Last)-1]
}

func (e *BuildError) Unwrap() error { return e.Err }

// Build carries out the build steps of every variant that can run here, and
// writes down what is then under test. A variant that cannot be built is skipped
// from then on, with the step and its last words as the reason.
func (q *Equipment) Build(ctx context.Context, p *Prepared, tell func(string)) error {
	q.tidy()
	failed := map[string]error{} // by key: what failed for one variant fails for all
	var built []Entry
	for _, e := range p.Entries {
		l, facts := p.launches[e.Index], &p.Subjects[e.Index]
		err := q.build(ctx, e, l, failed, tell)
		if err == nil {
			err = q.identify(ctx, l, true, facts)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			facts.Skipped = err.Error()
			if b := new(BuildError); errors.As(err, &b) {
				facts.Last = b.Last
			}
			continue
		}
		built = append(built, e)
	}
	p.Entries = built
	for i := range p.Services {
		if h := p.helpers[p.Services[i].Name]; h.launch != nil && h.url == nil {
			if err := q.identify(ctx, h.launch, h.service.In != "", &p.Services[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// build carries out the steps of one variant, in its folder and its
// environment, one after the other.
func (q *Equipment) build(ctx context.Context, e Entry, l *launch, failed map[string]error, tell func(string)) error {
	if b := l.build; b != nil {
		if failed[b.key] == nil && !q.kept(b.key) {
			failed[b.key] = q.makeBuild(ctx, e.Name, l, tell)
		}
		return failed[b.key]
	}
	for i, step := range l.subject.Build {
		argv, err := fill(step, l.words)
		if err != nil {
			return fmt.Errorf("build: %w", err)
		}
		tell(fmt.Sprintf("building %s: %s", e.Name, strings.Join(argv, " ")))
		log := filepath.Join(q.Scratch, fmt.Sprintf("build-%d-%d.log", e.Index, i+1))
		if err := q.runStep(ctx, argv, l.command, log); err != nil {
			return fmt.Errorf("build: %s: %w", strings.Join(argv, " "), err)
		}
	}
	return nil
}

// Pending returns what Build would carry out now, a line for each step, and what
// it would find.
func (q *Equipment) Pending(p *Prepared) []string {
	var all []string
	seen := map[string]bool{}
	for _, e := range p.Entries {
		l := p.launches[e.Index]
		if b := l.build; b != nil {
			switch {
			case seen[b.key]:
			case q.kept(b.key):
				all = append(all, "has been built for "+e.Name+": "+q.out(b.key))
			default:
				for _, step := range b.steps {
					all = append(all, "would build "+e.Name+": "+step)
				}
			}
			seen[b.key] = true
			continue
		}
		for _, step := range l.subject.Build {
			if argv, err := fill(step, l.words); err == nil {
				all = append(all, "would build "+e.Name+": "+strings.Join(argv, " "))
			}
		}
	}
	return all
}

// identify writes down which code is under test: what lies in the folders of the
// subject and of what was built for it, and which modules its interpreter
// imports with all that in place. The folder is left out unless it is its own: a
// service without one starts beside the plan, whose files are not its code.
func (q *Equipment) identify(ctx context.Context, l *launch, own bool, facts *evidence.Subject) error {
	s := l.subject
	if s.URL != "" {
		return nil
	}
	content := map[string]string{}
	// A plan's own folder may be anything, a whole home even: then it is left out.
	if dir := l.command.Dir; s.Serve == "" && dir != q.Scratch && own {
		if sum, err := contentOf(dir, sources); err == nil {
			content["folder"] = sum
		}
	}
	if l.build != nil {
		sum, err := contentOf(q.out(l.build.key), everything)
		if err != nil {
			return fmt.Errorf("build: %w", err)
		}
		content["build"] = sum
	}
	if facts.Content == nil {
		facts.Content = map[string]string{}
	}
	maps.Copy(facts.Content, content)
	modules, err := q.modules(ctx, l, l.command.Env)
	if err != nil {
		return err
	}
	if facts.Modules == nil {
		facts.Modules = map[string]string{}
	}
	maps.Copy(facts.Modules, modules)
	return nil
}

// modules asks the subject's interpreter for the modules it needs, in its folder
// and with env.
func (q *Equipment) modules(ctx context.Context, l *launch, env []string) (map[string]string, error) {
	python := l.words["python"]
	if python == "" {
		return nil, nil
	}
	full := supervise.CleanEnv(q.Scratch, env)
	return q.Finder.Modules(ctx, python, l.command.Dir, full, l.subject.Needs.Modules)
}

// environment is all of what l is given, with the words filled in.
func (q *Equipment) environment(l *launch, words map[string]string) ([]string, error) {
	extra, err := q.variables(l, words)
	if err != nil {
		return nil, err
	}
	return supervise.CleanEnv(q.Scratch, extra), nil
}

// runStep runs a command to its end under a keeper, like a subject, so that
// nothing of it is left whatever it starts and however it ends.
func (q *Equipment) runStep(ctx context.Context, argv []string, like supervise.Command, log string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, buildLimit, fmt.Errorf("not done within %v", buildLimit))
	defer cancel()
	p, err := q.Supervisor.Start(ctx, supervise.Command{Argv: argv, Dir: like.Dir, Env: like.Env, Log: log})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		err = stepOutcome(p)
	case <-ctx.Done():
		err = &BuildError{Err: context.Cause(ctx), Last: p.LastLines(lastLines)}
	}
	if _, stopErr := p.Stop(); stopErr != nil {
		return stopErr
	}
	return err
}

// stepOutcome is nil for a step that exited with status 0.
func stepOutcome(p *supervise.Process) error {
	exit := p.Exit()
	if exit.Status == 0 && exit.Signal == 0 && exit.Lost == "" {
		return nil
	}
	return &BuildError{Err: fmt.Errorf("%v", exit), Last: p.LastLines(lastLines)}
}

// placeholders are the words of a plan's services as they are shown where their
// values are not known yet.
func placeholders(p *plan.Plan) map[string]string {
	words := map[string]string{}
	for i := range p.Services {
		for name := range p.Services[i].Words("") {
			words[name] = "{" + name + "}"
		}
	}
	return words
}
