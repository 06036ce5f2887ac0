package host

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// Kernel holds the kernel's settings against those that a plan wants. It returns
// what each of them is, as facts by "sysctl." and its name, and a note for each
// that differs or is not to be seen. It sets none: settings are the machine's,
// and outlive the run.
func Kernel(root fs.FS, want []plan.Var) (facts map[string]string, notes []evidence.Note) {
	facts = map[string]string{}
	for _, v := range want {
		is, err := sysctl(root, v.Name)
		say := func(format string, args ...any) {
			notes = append(notes, evidence.Note{Kind: "kernel-differs", Grade: evidence.B,
				Text: "the plan wants " + v.Name + " = " + v.Value + ", " + fmt.Sprintf(format, args...)})
		}
		switch {
		case err != nil:
			is = Unavailable
			say("which this kernel does not show")
		case is != v.Value:
			say("and it is %s; sudo sysctl -w '%s=%s' would set it", is, v.Name, v.Value)
		}
		facts["sysctl."+v.Name] = is
	}
	return facts, notes
}

// sysctl returns a setting with single spaces between its parts.
func sysctl(root fs.FS, name string) (string, error) {
	below, ok := plan.SysctlPath(name)
	if !ok {
		return "", fs.ErrInvalid
	}
	b, err := fs.ReadFile(root, path.Join("proc/sys", below))
	return strings.Join(strings.Fields(string(b)), " "), err
}
