package lab

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// buildLimit bounds one build step.
const buildLimit = 10 * time.Minute

// build carries out the subject's build steps, in its folder and its
// environment, one after the other.
func (q *Equipment) build(ctx context.Context, l *launch, env []string) error {
	for _, step := range l.subject.Build {
		argv, err := fill(step, l.words)
		if err != nil {
			return fmt.Errorf("build: %w", err)
		}
		if err := buildStep(ctx, argv, l.command.Dir, env); err != nil {
			return err
		}
	}
	return nil
}

func buildStep(ctx context.Context, argv []string, dir string, env []string) error {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build: %s: %w: %s", strings.Join(argv, " "), err, lastLine(said.String()))
	}
	return nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
