package lab

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"webdyno/internal/supervise"
)

// buildLimit bounds one build step.
const buildLimit = 10 * time.Minute

// Build carries out the build steps of every variant that can run here. One
// that cannot be built is skipped from then on, with the step and its last
// words as the reason.
func (q *Equipment) Build(ctx context.Context, p *Prepared, tell func(string)) error {
	var built []Entry
	for _, e := range p.Entries {
		err := q.build(ctx, e, p.launches[e.Index], tell)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			p.Subjects[e.Index].Skipped = err.Error()
			continue
		}
		built = append(built, e)
	}
	p.Entries = built
	return nil
}

// build carries out the steps of one variant, in its folder and its
// environment, one after the other.
func (q *Equipment) build(ctx context.Context, e Entry, l *launch, tell func(string)) error {
	if l.subject == nil {
		return nil
	}
	for i, step := range l.subject.Build {
		argv, err := fill(step, l.words)
		if err != nil {
			return fmt.Errorf("build: %w", err)
		}
		tell(fmt.Sprintf("building %s: %s", e.Name, strings.Join(argv, " ")))
		log := filepath.Join(q.Scratch, fmt.Sprintf("build-%s-%d.log", e.Name, i+1))
		if err := q.buildStep(ctx, argv, l.command, log); err != nil {
			return fmt.Errorf("build: %s: %w", strings.Join(argv, " "), err)
		}
	}
	return nil
}

// buildStep runs one step under a keeper, like a subject, so that nothing of it
// is left whatever it starts and however it ends.
func (q *Equipment) buildStep(ctx context.Context, argv []string, like supervise.Command, log string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, buildLimit, fmt.Errorf("not done within %v", buildLimit))
	defer cancel()
	p, err := q.Supervisor.Start(ctx, supervise.Command{Argv: argv, Dir: like.Dir, Env: like.Env, Log: log})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		err = buildOutcome(p)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if _, stopErr := p.Stop(); stopErr != nil {
		return stopErr
	}
	return err
}

// buildOutcome is nil for a step that exited with status 0.
func buildOutcome(p *supervise.Process) error {
	exit := p.Exit()
	if exit.Status == 0 && exit.Signal == 0 {
		return nil
	}
	if last := p.LastLines(1); len(last) > 0 {
		return fmt.Errorf("%v: %s", exit, last[0])
	}
	return fmt.Errorf("%v", exit)
}
