package plan

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"webdyno/internal/unit"
)

// checkFolder complains of a folder that is neither beside the plan nor one of
// those that ship. What lies outside the plan's folder cannot be looked for
// here: whoever starts the subject says so if it is missing.
func (r *reader) checkFolder(name, at string) {
	if name == "" || r.opt.Files == nil || r.opt.Recorded || !r.sound(at) {
		return
	}
	clean, ok := local(name)
	if !ok || isFolder(r.opt.Files, clean) || r.opt.Subjects != nil && isFolder(r.opt.Subjects, clean) {
		return
	}
	want := "want a folder beside the plan"
	if shipped := folders(r.opt.Subjects); len(shipped) > 0 {
		want += ", or one that ships: " + strings.Join(shipped, ", ")
	}
	r.complain(at, want, "in: there is no folder %s", show(name))
}

// local returns a name within the plan's folder as an fs.FS has it.
func local(name string) (string, bool) {
	if path.IsAbs(name) {
		return "", false
	}
	clean := path.Clean(name)
	return clean, fs.ValidPath(clean)
}

func isFolder(f fs.FS, name string) bool {
	info, err := fs.Stat(f, name)
	return err == nil && info.IsDir()
}

func folders(f fs.FS) []string {
	if f == nil {
		return nil
	}
	entries, err := fs.ReadDir(f, ".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// readFile reads the file that a text is the content of.
func (r *reader) readFile(t *Text, at string) {
	if r.opt.Files == nil || r.opt.Recorded {
		return
	}
	clean, ok := local(t.File)
	if !ok {
		r.complain(at, "want a file in the plan's folder, or below it", "file: %s lies outside the plan's folder", show(t.File))
		return
	}
	f, err := r.opt.Files.Open(clean)
	if err != nil {
		r.complain(at, "want a file beside the plan", "file: there is no file %s: %v", show(t.File), reason(err))
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		r.complain(at, "want a file", "file: %s is not a regular file", show(t.File))
		return
	}
	content, err := io.ReadAll(io.LimitReader(f, maxBody+1))
	if err == nil && len(content) > maxBody {
		err = fmt.Errorf("it has more than %s", unit.Bytes(maxBody))
	}
	if err != nil {
		r.complain(at, "want a file that can be read whole", "file: %s: %v", show(t.File), reason(err))
		return
	}
	if t.Content = content; content == nil {
		t.Content = []byte{}
	}
}

// reason is an error of a file without the name, which has been said.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
