package calibrate

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"webdyno/internal/host"
)

// kept is where the last calibration is, below the user's cache folder.
const kept = "webdyno/calibration.json"

// Keep keeps r for [Last] in the user's cache folder, and returns the file. It
// is there whole or not at all. Whoever has a home that cannot be written to
// gets an error, and should not make much of it.
func Keep(r *Report) (file string, err error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("keep calibration: %w", err)
	}
	return keepIn(dir, r)
}

func keepIn(dir string, r *Report) (string, error) {
	file := filepath.Join(dir, kept)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", fmt.Errorf("keep calibration: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".calibration-")
	if err != nil {
		return "", fmt.Errorf("keep calibration: %w", err)
	}
	defer os.Remove(f.Name()) // gone already, if all went well
	err = r.JSON(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return "", fmt.Errorf("keep calibration: %w", err)
	}
	return file, nil
}

// Last returns the calibration that was last kept for this machine: one of the
// same model, CPUs, memory and kernel, whose boot may be another one
// ([Report.Host]). Of none, of another machine's and of one that cannot be read
// it says false.
func Last() (*Report, bool) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, false
	}
	return lastIn(dir, identity(host.Facts(os.DirFS("/"))))
}

func lastIn(dir string, here Host) (*Report, bool) {
	b, err := os.ReadFile(filepath.Join(dir, kept))
	if err != nil {
		return nil, false
	}
	r, err := parse(b)
	if err != nil || r.Host.Machine != here.Machine {
		return nil, false
	}
	return r, true
}

// parse reads a report as JSON wrote it.
func parse(b []byte) (*Report, error) {
	r := new(Report)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	if r.Version != 1 {
		return nil, fmt.Errorf("calibration of version %d: want 1", r.Version)
	}
	return r, nil
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
