package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"webdyno/internal/unit"
)

// What a folder may hold at most for its content to be hashed.
const (
	maxContentFiles = 20_000
	maxContentBytes = 512 << 20
)

// sources leaves out what is in a folder of source text without being any:
// hidden files, what interpreters cache, packages that a lock file names, and our
// own records.
func sources(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".pyc") &&
		!slices.Contains([]string{"__pycache__", "node_modules", "webdyno-records"}, name)
}

// everything leaves out what an interpreter may add by itself.
func everything(name string) bool { return name != "__pycache__" }

// contentOf returns a hash of all names and bytes in a folder, as far as take
// has their names: "sha256:" and 16 hexadecimal digits. Symbolic links count as
// where they point, and are not followed.
func contentOf(dir string, take func(name string) bool) (string, error) {
	all := sha256.New()
	files, left := 0, int64(maxContentBytes)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != dir && !take(e.Name()) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if files++; files > maxContentFiles {
			return fmt.Errorf("%s has more than %s files", dir, unit.Count(maxContentFiles))
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return addContent(all, dir, path, name, e, &left)
	})
	if err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(all.Sum(nil)[:8]), nil
}

// addContent adds one file, with its length before its bytes, so that no two
// folders look alike.
func addContent(all io.Writer, dir, path, name string, e fs.DirEntry, left *int64) error {
	switch {
	case e.IsDir():
		fmt.Fprintf(all, "folder %q\n", name)
	case e.Type()&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(all, "link %q %q\n", name, to)
	case e.Type().IsRegular():
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if *left -= info.Size(); *left < 0 {
			return fmt.Errorf("%s has more than %s", dir, unit.Bytes(maxContentBytes))
		}
		fmt.Fprintf(all, "file %q %v %d\n", name, info.Mode()&0o100 != 0, info.Size())
		_, err = io.Copy(all, io.LimitReader(f, info.Size()))
		return err
	}
	return nil
}
