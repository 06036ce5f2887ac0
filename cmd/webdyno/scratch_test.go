package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The next run removes what a killed one left, and nothing of one that lives.
func TestSweep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dead, err := newScratch()
	if err != nil {
		t.Fatal(err)
	}
	dead.lock.Close() // as the kernel does when a process ends
	alive, err := newScratch()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.remove()
	other := filepath.Join(os.TempDir(), "webdyno-mine")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}

	sweep(os.TempDir())

	for dir, want := range map[string]bool{dead.dir: false, alive.dir: true, other: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", filepath.Base(dir), err == nil, want)
		}
	}
}
