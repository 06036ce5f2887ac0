// Package subjects is the servers under test that ship with webdyno: a folder
// for each system or study, a file for each implementation. They are embedded
// in the binary, and written to a directory when they are to be run.
//
// Only sources are here; what they need (an interpreter, its modules) is the
// machine's.
package subjects

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Each folder is named, because a pattern would also take what running a
// subject in place leaves behind.
//
//go:embed classifier payload tornado_http
//go:embed bus/README.md bus/*.py bus/*.js bus/*.json
//go:embed hello/README.md hello/*.py hello/*.js hello/*.json hello/*.sh hello/*.conf
var files embed.FS

// Files returns all folders, each under its name.
func Files() fs.FS { return files }

// Folders returns the folders' names, sorted.
func Folders() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // it is in the binary
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Folder returns the files of the folder called name.
func Folder(name string) (fs.FS, error) {
	for _, f := range Folders() {
		if f == name {
			return fs.Sub(files, name)
		}
	}
	return nil, fmt.Errorf("no folder of subjects is called %q: want one of %s, or a path",
		name, strings.Join(Folders(), ", "))
}

// Materialize writes the folder called name below dir, which need not exist,
// and returns where: dir/NAME-HASH, the hash being that of the folder's content.
//
// Files that are there as they should be are left alone and others are put in
// their place whole, so that it may be called again, and by several at once,
// while a subject runs from the folder. What else lies there is not touched: a
// subject may keep what it builds. Files that begin with #! may be executed.
func Materialize(name, dir string) (string, error) {
	folder, err := Folder(name)
	if err != nil {
		return "", err
	}
	hash, err := contentHash(folder)
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, name+"-"+hash)
	err = fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		at := filepath.Join(to, filepath.FromSlash(path))
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(at, 0o755)
		}
		content, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		return put(at, content)
	})
	if err != nil {
		return "", fmt.Errorf("write the subjects of %s: %w", name, err)
	}
	return to, nil
}

// contentHash tells folders of different content apart: twelve hexadecimal
// digits of a SHA-256 over the names and contents of all files.
func contentHash(folder fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, path)
		fmt.Fprintf(h, "%s\n%d\n%s", path, len(content), content)
		return err
	})
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), err
}

// put makes the file at path hold content, in one step.
func put(path string, content []byte) error {
	mode := fs.FileMode(0o644)
	if bytes.HasPrefix(content, []byte("#!")) {
		mode = 0o755
	}
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, content) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
