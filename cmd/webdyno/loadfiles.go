package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"webdyno/internal/report"
)

// A resultFile is a file that a load leaves beside its result. It is opened
// before the load starts, so that a path that does not do is known in the first
// second, and filled afterwards: under another name at first, so that a reader
// finds the whole or what was there before.
type resultFile struct {
	flag, name string // as asked for
	write      func(*report.LoadResult, io.Writer) error

	file   *os.File
	target string // what file is renamed to; empty where it is written in place
	unborn string // file's name until then; stays
}

// A resultFiles is all of them.
type resultFiles []*resultFile

// results reads in what form results are wanted, and where.
func (f *loadFlags) results(c *complaints, l *loadJob) {
	if !slices.Contains([]string{"text", "json", "wrk", "bench"}, f.output) {
		c.say("--output %q: want text, json, wrk or bench", f.output)
	}
	if f.progress && f.quiet {
		c.say("--progress and --quiet: want one of them")
	}
	l.files.add(c, "--hgrm", f.hgrm, (*report.LoadResult).Hgrm)
	l.files.add(c, "--hlog", f.hlog, (*report.LoadResult).Hlog)
	l.files.add(c, "--csv", f.perSec, (*report.LoadResult).CSV)
}

// add takes in a flag, if it was given.
func (fs *resultFiles) add(c *complaints, flag, name string, write func(*report.LoadResult, io.Writer) error) {
	if name == "" {
		return
	}
	if name == "-" {
		c.say("%s -: want a file; standard output is for the result", flag)
	}
	for _, other := range *fs {
		if filepath.Clean(other.name) == filepath.Clean(name) && isOrWillBeRegular(name) {
			c.say("%s and %s: both want %s", other.flag, flag, name)
		}
	}
	*fs = append(*fs, &resultFile{flag: flag, name: name, write: write})
}

func isOrWillBeRegular(name string) bool {
	info, err := os.Stat(name)
	return err != nil || info.Mode().IsRegular()
}

// open opens all files; result is where the result itself goes. What it opened
// before one failed is the caller's to discard.
func (fs resultFiles) open(result io.Writer) error {
	for _, f := range fs {
		if err := f.open(result); err != nil {
			err = fmt.Errorf("%s %s: %w", f.flag, f.name, bare(err))
			if isOfThePath(err) {
				return usageError{err}
			}
			return err
		}
	}
	return nil
}

// bare drops the path that an error of the os package repeats.
func bare(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// isOfThePath tells whether another path would have done.
func isOfThePath(err error) bool {
	for _, e := range []error{errIsResult, errUnread, fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.EISDIR, syscall.EROFS,
		syscall.ENAMETOOLONG, syscall.ELOOP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (f *resultFile) open(result io.Writer) error {
	target := f.name
	// A link is followed: to rename over it would leave what it points to as it was.
	if real, err := filepath.EvalSymlinks(target); err == nil {
		target = real
	}
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return syscall.EISDIR
	case err == nil && !info.Mode().IsRegular():
		// A pipe or a device. Nobody at the other end is an error and not a wait.
		f.file, err = os.OpenFile(target, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, syscall.ENXIO) {
			return errUnread
		}
		return err
	case err == nil && isFile(result, info):
		return errIsResult
	case err == nil && unix.Access(target, unix.W_OK) != nil:
		return syscall.EACCES // to rename over it would go round what its owner meant
	}
	folder, base := filepath.Split(target)
	f.unborn = folder + "." + base + ".webdyno-" + strconv.Itoa(os.Getpid())
	f.file, err = os.OpenFile(f.unborn, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	f.target = target
	return err
}

var (
	errIsResult = errors.New("standard output goes there, and the result with it: want another file")
	errUnread   = errors.New("nobody reads from this pipe: start its reader first")
)

// isFile tells whether w is the file of which info is.
func isFile(w io.Writer, info fs.FileInfo) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	own, err := f.Stat()
	return err == nil && os.SameFile(own, info)
}

// fill writes the files and puts them in their places. One that fails does not
// keep the others from being written.
func (fs resultFiles) fill(r *report.LoadResult) error {
	var errs []error
	for _, f := range fs {
		if err := f.fill(r); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", f.flag, f.name, bare(err)))
		}
	}
	return errors.Join(errs...)
}

func (f *resultFile) fill(r *report.LoadResult) error {
	file := f.file
	err := f.write(r, file)
	if err == nil && f.target != "" {
		err = file.Sync() // the name must not outlive a crash that the bytes did not
	}
	if e := file.Close(); err == nil {
		err = e
	}
	f.file = nil
	if f.target == "" {
		return err
	}
	if err == nil {
		err = os.Rename(file.Name(), f.target)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// forsake removes what is not in its place yet, beside whoever is about to put
// it there: it is for a process that ends at once.
func (fs resultFiles) forsake() {
	for _, f := range fs {
		if f.unborn != "" {
			os.Remove(f.unborn)
		}
	}
}

// discard removes what was opened and not filled.
func (fs resultFiles) discard() {
	for _, f := range fs {
		if f.file == nil {
			continue
		}
		f.file.Close()
		if f.target != "" {
			os.Remove(f.file.Name())
		}
		f.file = nil
	}
}
