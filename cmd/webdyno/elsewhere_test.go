package main

import (
	"bytes"
	"strings"
	"testing"
)

// A verb that starts subjects says on another system, in one line, what it
// needs; its arguments do not matter.
func TestVerbsThatNeedLinuxSaySo(t *testing.T) {
	var out, errs bytes.Buffer
	con := console{nil, &out, &errs}
	for _, args := range [][]string{{}, {"handler-work"}, {"a", "b"}} {
		errs.Reset()
		cmd := startsSubjectsOn("darwin", runCommand(con))
		cmd.SetArgs(args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		if got := status(con, cmd.Execute()); got != statusFailed {
			t.Errorf("run %q: exit status %d, want %d", args, got, statusFailed)
		}
		if s := errs.String(); !strings.Contains(s, "starting subjects needs Linux") || strings.Count(s, "\n") != 1 {
			t.Errorf("run %q: %q", args, s)
		}
	}
	if out.Len() > 0 {
		t.Errorf("said %q", out.String())
	}
}
