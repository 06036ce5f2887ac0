package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A scratch is a folder of the run's own: unpacked subjects, their home, their
// temporary files. It goes with the run. One whose run was killed is swept away
// by the next: each holds a lock for as long as its run lives.
type scratch struct {
	dir  string
	lock *os.File
}

const (
	scratchPattern = "webdyno-*"
	scratchLock    = ".lock"
)

func newScratch() (*scratch, error) {
	sweep(os.TempDir())
	dir, err := os.MkdirTemp("", scratchPattern)
	if err != nil {
		return nil, fmt.Errorf("a folder for temporary files: %w; TMPDIR names another place", err)
	}
	lock, err := os.Create(filepath.Join(dir, scratchLock))
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return &scratch{dir, lock}, nil
}

// remove ends the scratch. It may be called twice.
func (s *scratch) remove() {
	os.RemoveAll(s.dir)
	s.lock.Close()
}

// sweep removes what killed runs left in tmp: folders of ours whose lock nobody
// holds. One without a lock is being made at this moment, or is not ours.
func sweep(tmp string) {
	left, _ := filepath.Glob(filepath.Join(tmp, scratchPattern))
	for _, dir := range left {
		lock, err := os.OpenFile(filepath.Join(dir, scratchLock), os.O_RDWR|unix.O_NOFOLLOW, 0)
		if err != nil {
			continue
		}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}
