package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"webdyno/internal/profile"
)

// A Capture is a profiler that is set on one start of a server.
type Capture interface {
	// Env is what the server has to be started with, beside its own environment.
	Env() []string
	// Begin turns the profiler on; when it returns nil, it is on. The server is up,
	// and nobody asks it for anything. pids returns its processes.
	Begin(ctx context.Context, pids func() ([]int, error)) error
	// End turns it off. It follows every Begin that returned nil.
	End(ctx context.Context) error
	// Read returns the profile, after the server was stopped.
	Read() (*Taken, error)
	// Close clears away what the capture needed. It may be called at any time.
	Close() error
}

// Taken is what a Capture took.
type Taken struct {
	*profile.Profile
	Processes int // whose profiles were added up; 0: not known
}

// A Way is how a profile is taken.
type Way string

const (
	CProfile Way = "cprofile" // cProfile, of CPython
	PyPy     Way = "pypy"     // the same of PyPy, which has its own
	Sampler  Way = "sampler"  // ours, of either
	V8       Way = "v8"
	Pprof    Way = "pprof"
	Perf     Way = "perf"
	Itself   Way = "itself" // a file that the server writes
)

// errNothing is what came of a profiler that saw nothing.
var errNothing = errors.New("it wrote an empty profile: nothing was under way while it was on")

// readFiles reads profiles and adds them up.
func readFiles(names []string) (*Taken, error) {
	var all []*profile.Profile
	for _, name := range names {
		p, err := readFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	switch len(all) {
	case 0:
		return nil, errNothing
	case 1:
		return &Taken{all[0], 1}, nil
	}
	sum, err := profile.Merge(all)
	if err != nil {
		return nil, err
	}
	return &Taken{sum, len(all)}, nil
}

// mostBytes is how large a file is read; a profile may be compressed and larger.
const mostBytes = 256 << 20

func readFile(name string) (*profile.Profile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > mostBytes {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, mostBytes>>20)
	}
	return profile.Read(b)
}

// A Written is a file that a server writes its profile to by the time it has
// ended.
type Written struct{ File string }

// Env is empty: the file's name stands in what starts the server.
func (w Written) Env() []string { return nil }

// Begin does nothing: the server decides what it profiles.
func (w Written) Begin(context.Context, func() ([]int, error)) error { return nil }

// End does nothing.
func (w Written) End(context.Context) error { return nil }

// Read reads the file.
func (w Written) Read() (*Taken, error) {
	p, err := readFile(w.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("it has not written the file that {profile} stands for: it has to by the time it has ended, also when it is ended by its stop signal")
	}
	if err != nil {
		return nil, fmt.Errorf("the file that {profile} stands for: %w", err)
	}
	return &Taken{p, 0}, nil
}

// Close removes the file.
func (w Written) Close() error {
	if err := os.Remove(w.File); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
