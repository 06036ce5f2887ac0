package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// Version is the version of the format that is written, and the newest that is
// read.
const Version = 1

// The files and folders of a record.
const (
	planFile   = "plan.yaml"
	hostFile   = "host.json"
	trialsFile = "trials.ndjson"
	hdrFolder  = "hdr"
	logsFolder = "logs"

	profilesFolder = "profiles" // made with the first profile
)

// What a reader takes in at most. A record may come from a stranger, and must
// not cost more memory than a run could have filled honestly.
const (
	maxFile    = 16 << 20 // bytes of plan.yaml and of host.json
	maxLine    = 16 << 20 // bytes of a line of trials.ndjson, the newline included
	maxHlog    = 1 << 30  // bytes of an hlog; it is read line by line
	maxFresh   = 16 << 20 // bytes of lines that are kept read from Open to the first Each
	maxTrials  = 1_000_000
	maxSeconds = 100_000 // of one window: more than a day
)

// A Record is a run's evidence as it lies on disk. It holds the trials' names
// and places; Each and Measurements read the rest.
type Record struct {
	Dir   string
	Plan  []byte // plan.yaml, byte for byte
	Setup *evidence.Setup

	// Torn tells that trials.ndjson ends in a line that was not finished: the
	// run was cut off while it wrote, or is writing at this moment. The line is
	// no part of the record. Resume cuts it.
	Torn bool
	Left int64 // bytes of that line that are there

	lines []line
	done  map[string]int // by trial: its line, from 1
	whole int64          // bytes of trials.ndjson that are whole lines

	mu sync.Mutex

	// fresh are the measurements of the first lines as Open has read them, without
	// histograms: to read their JSON again would take a third of the time. Each goes
	// to whom asks first, and nil is left.
	fresh []*evidence.Measurement
}

// Open reads the record in the folder dir: the plan, the setup, and which
// trials there are. It takes no lock, so a run that is still writing can be
// looked at; what it appends later is not seen. Errors name the file, and the
// line where there is one.
func Open(dir string) (*Record, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	defer root.Close()
	r := &Record{Dir: dir}
	if err := r.readHead(root); err != nil {
		return nil, err
	}
	f, err := root.Open(trialsFile)
	if err != nil {
		return nil, r.fault(trialsFile, noRecord(err))
	}
	defer f.Close()
	return r, r.readLines(f)
}

// readHead reads the plan and the setup.
func (r *Record) readHead(root *os.Root) error {
	var err error
	if r.Plan, err = readFile(root, planFile); err != nil {
		return r.fault(planFile, noRecord(err))
	}
	host, err := readFile(root, hostFile)
	if err != nil {
		return r.fault(hostFile, noRecord(err))
	}
	if r.Setup, err = decodeSetup(host); err != nil {
		return r.fault(hostFile, err)
	}
	return nil
}

// noRecord explains a file that is not there.
func noRecord(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the folder is no record, or was left before its first trial", bare(err))
	}
	return err
}

func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("larger than the %d bytes that are read", maxFile)
	}
	return b, err
}

// Trials returns the trials of the record, in the order they were appended.
func (r *Record) Trials() []evidence.Trial {
	trials := make([]evidence.Trial, len(r.lines))
	for i, l := range r.lines {
		trials[i] = l.trial
	}
	return trials
}

// Done tells whether the record holds the trial with that id, carried out to
// its end: how it went does not matter, but one that was abandoned is not done.
func (r *Record) Done(trial string) bool {
	n := r.done[trial]
	return n > 0 && r.lines[n-1].whole
}

// Each reads the measurements one after the other, in the order they were
// appended, and hands each to f with all its histograms in place. A
// measurement belongs to f; of those before, nothing is kept here, which makes
// Each the way to go through a long record. It ends at the first error, its
// own or f's.
func (r *Record) Each(f func(*evidence.Measurement) error) error {
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return fmt.Errorf("open record: %w", err)
	}
	defer root.Close()
	trials, err := root.Open(trialsFile)
	if err != nil {
		return r.fault(trialsFile, err)
	}
	defer trials.Close()
	return r.inOrder(&source{root, trials, newEmpty()}, f)
}

// Measurements returns all measurements, in the order they were appended. They
// take some 100 to 400 KB each; see Each for records of many trials.
func (r *Record) Measurements() ([]*evidence.Measurement, error) {
	var all []*evidence.Measurement
	err := r.Each(func(m *evidence.Measurement) error {
		all = append(all, m)
		return nil
	})
	return all, err
}

// A source is what measurements are restored from.
type source struct {
	root   *os.Root
	trials io.ReaderAt
	empty  *empty
}

// read restores the n-th measurement; d is nobody else's meanwhile.
func (r *Record) read(in *source, n int, d *latency.Decoder) (*evidence.Measurement, error) {
	m, err := r.bareMeasurement(in, n)
	if err != nil {
		return nil, r.faultAt(n+1, err)
	}
	if m.Tally == nil {
		return m, nil
	}
	in.empty.fill(m.Tally)
	hlog := r.lines[n].hlog
	if hlog == nil {
		return m, nil
	}
	if err := checkHlogName(hlog); err != nil {
		return nil, r.faultAt(n+1, err)
	}
	if err := readHlogFile(in.root, hlog, m.Tally, d); err != nil {
		return nil, r.fault(hlog.File, err)
	}
	return m, nil
}

// bareMeasurement returns what the n-th line holds: all but the histograms.
func (r *Record) bareMeasurement(in *source, n int) (*evidence.Measurement, error) {
	if m := r.takeFresh(n); m != nil {
		return m, nil
	}
	b := make([]byte, r.lines[n].bytes)
	if _, err := in.trials.ReadAt(b, r.lines[n].offset); err != nil {
		return nil, err
	}
	l, err := decodeLine(b)
	if err != nil {
		return nil, err
	}
	return l.measurement()
}

func (r *Record) takeFresh(n int) *evidence.Measurement {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n >= len(r.fresh) {
		return nil
	}
	m := r.fresh[n]
	r.fresh[n] = nil
	return m
}

// checkHlogName refuses what no writer of ours says about an hlog.
func checkHlogName(h *wireHlogFile) error {
	name, ok := strings.CutPrefix(h.File, hdrFolder+"/")
	if !ok || name != path.Base(name) || !filepath.IsLocal(name) {
		return fmt.Errorf("hlog %q does not lie in %s", h.File, hdrFolder)
	}
	if h.Bytes < 0 || h.Bytes > maxHlog {
		return fmt.Errorf("hlog of %d bytes; at most %d are read", h.Bytes, maxHlog)
	}
	return nil
}

func readHlogFile(root *os.Root, says *wireHlogFile, t *evidence.Tally, d *latency.Decoder) error {
	f, err := root.Open(filepath.FromSlash(says.File))
	if err != nil {
		return err
	}
	defer f.Close()
	return readHlog(f, says, t, d)
}

// fault says which file of the record err is about.
func (r *Record) fault(name string, err error) error {
	return fmt.Errorf("%s: %w", filepath.Join(r.Dir, filepath.FromSlash(name)), bare(err))
}

// faultAt says which line of trials.ndjson err is about, from 1.
func (r *Record) faultAt(n int, err error) error {
	return fmt.Errorf("%s:%d: %w", filepath.Join(r.Dir, trialsFile), n, bare(err))
}

// bare takes from an error of package os the name that is put in front of it
// here, whole.
func bare(err error) error {
	//nolint:errorlint // only where err is the very one: a wrapping one says more
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}
