package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"webdyno/internal/sys"
)

// ExecMain is the main function of the second stage, which cmd runs under the
// hidden verb "exec": it takes an order from descriptor 3, becomes what the
// order describes, and executes the server. It returns, with an exit status,
// only if it could not; why is told through descriptor 4.
func ExecMain() int {
	runtime.LockOSThread()
	report := agreed(reportFD, "report")
	var o order
	err := json.NewDecoder(agreed(orderFD, "order")).Decode(&o)
	if err != nil {
		err = fmt.Errorf("second stage: %w", err)
	} else {
		err = become(o, report)
	}
	r := refused{Text: err.Error()}
	var limit *CannotLimitError
	if errors.As(err, &limit) {
		r = refused{Text: limit.Reason, Limit: limit.What}
	}
	send(report, stageReport{Refused: &r})
	return 127
}

// A stageReport is what the second stage tells the keeper: At just before
// exec, and Refused if it did not come to that, or if exec failed.
type stageReport struct {
	At      int64    `json:"at,omitempty"`
	Refused *refused `json:"refused,omitempty"`
}

func become(o order, report io.Writer) error {
	if err := sys.DieWithParent(o.Keeper); err != nil {
		return err
	}
	if o.Group != nil {
		if err := o.Group.Add(0); err != nil {
			return err
		}
	}
	if len(o.CPUs) > 0 {
		if err := sys.SetProcessAffinity(o.CPUs); err != nil {
			return err
		}
	}
	if o.Files > 0 {
		if err := sys.LimitFiles(o.Files); err != nil {
			return &CannotLimitError{What: "files", Reason: err.Error()}
		}
	}
	if o.Dir != "" {
		if err := os.Chdir(o.Dir); err != nil {
			return err
		}
	}
	program, err := find(o.Argv[0], o.Env)
	if err != nil {
		return err
	}
	if err := sys.CloseOnExecFrom(3); err != nil {
		return err
	}
	if err := sys.DefaultSignals(); err != nil {
		return err
	}
	send(report, stageReport{At: sys.SystemMonotonic()})
	return explain(program, syscall.Exec(program, o.Argv, o.Env))
}

// find returns the file that name means to the server: a path as it stands,
// anything else looked for in the PATH of the server's own environment.
func find(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	var path string
	for _, v := range env {
		if rest, ok := strings.CutPrefix(v, "PATH="); ok {
			path = rest
		}
	}
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("no such program in PATH (%s)", path)
}

// explain says what an exec's error means. The kernel's "no such file" may
// speak of the interpreter that a script's first line names.
func explain(program string, err error) error {
	if !errors.Is(err, syscall.ENOENT) {
		return fmt.Errorf("execute %s: %w", program, err)
	}
	f, openErr := os.Open(program)
	if openErr != nil {
		return fmt.Errorf("execute %s: %w", program, err)
	}
	defer f.Close()
	head := make([]byte, 200)
	n, _ := f.Read(head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	if interpreter, ok := strings.CutPrefix(line, "#!"); ok {
		return fmt.Errorf("execute %s: its interpreter %q is missing", program, strings.TrimSpace(interpreter))
	}
	return fmt.Errorf("execute %s: the loader it names is missing", program)
}
