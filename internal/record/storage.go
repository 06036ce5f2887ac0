package record

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A storage is the file system as a Writer uses it, rooted at the record's
// folder: what may fail while a run is on. Tests put one in its place that
// fails on purpose.
type storage interface {
	Open(name string, flag int) (file, error)
	Mkdir(name string) error
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes the entries of a folder last: those created, renamed and
	// removed before.
	SyncDir(name string) error
	Close() error
}

// A file is an open file of a storage.
type file interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Truncate(size int64) error
	// Sync makes the content last, and its length.
	Sync() error
	// Lock takes the file for this process, or fails at once.
	Lock() error
}

// errLocked is what Lock says when another process holds the file.
var errLocked = errors.New("another webdyno is writing this record; wait for it to end, or stop it")

// disk is the storage that is one. It stays inside its folder even where a
// link in there points elsewhere.
type disk struct{ root *os.Root }

func openDisk(dir string) (disk, error) {
	root, err := os.OpenRoot(dir)
	return disk{root}, err
}

func (d disk) Open(name string, flag int) (file, error) {
	f, err := d.root.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (d disk) Mkdir(name string) error      { return d.root.Mkdir(name, 0o755) }
func (d disk) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d disk) Remove(name string) error     { return d.root.Remove(name) }
func (d disk) Close() error                 { return d.root.Close() }

func (d disk) SyncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return lasting(f.Sync())
}

// lasting forgives a file system that has no way of syncing a folder: it can do
// no better, and says so with EINVAL.
func lasting(err error) error {
	if errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// diskFile is an *os.File that can be locked and whose Sync leaves out the
// times, which nobody reads.
type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return dataSync(f.File) }

// Lock takes the advisory lock of the open file. The kernel lets go of it when
// the process ends, however it ends, so a crash leaves nothing to clean up; and
// a server started meanwhile does not inherit it, since Go closes files on exec.
func (f diskFile) Lock() error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = conn.Control(func(fd uintptr) {
		locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	if errors.Is(locked, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return errors.Join(err, locked)
}

// makeFolder creates dir with the parents it lacks, and makes their names last.
func makeFolder(dir string) error {
	var made []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range made {
		if err := syncFolder(filepath.Dir(d)); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil // may be entered and written but not opened; its owner must see to it
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return lasting(f.Sync())
}
