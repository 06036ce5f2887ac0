package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"webdyno/internal/evidence"
)

// A Writer adds to a record. It holds the record's lock from Create or Resume
// until Close. It is not safe for concurrent use, LogPath excepted.
type Writer struct {
	dir    string
	store  storage
	trials file            // trials.ndjson
	end    int64           // where its next line begins
	done   map[string]bool // trials that have a line
	broken error           // why nothing can be appended any more
}

// errClosed is what a Writer says after Close.
var errClosed = errors.New("the record is closed")

// Create begins a record in the folder dir, which must be empty or not exist;
// parents it lacks are made. It writes the plan and the setup, and makes sure
// that the trials can be written: what would keep a record from being kept is
// found out before the first of them.
func Create(dir string, planYAML []byte, setup *evidence.Setup) (*Writer, error) {
	if setup == nil {
		return nil, fmt.Errorf("create record: %s: there is no setup", hostFile)
	}
	host, err := encodeSetup(setup)
	if err != nil {
		return nil, fmt.Errorf("create record: %s: %w", hostFile, err)
	}
	if len(planYAML) > maxFile {
		return nil, fmt.Errorf("create record: %s: %d bytes, more than the %d that are read back", planFile, len(planYAML), maxFile)
	}
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	if err := wantEmpty(dir); err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	store, err := openDisk(dir)
	if err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	return create(dir, store, planYAML, host)
}

// wantEmpty refuses a folder that holds anything.
func wantEmpty(dir string) error {
	inside, err := os.ReadDir(dir)
	if err != nil || len(inside) == 0 {
		return err
	}
	for _, e := range inside {
		if e.Name() == trialsFile {
			return fmt.Errorf("%s holds a record already: resume it, or choose another folder", dir)
		}
	}
	return fmt.Errorf("%s is not empty (%s is in it): choose another folder", dir, inside[0].Name())
}

// create lays out the folder. If it cannot, it removes what it made, so that the
// same folder can be tried again.
func create(dir string, store storage, plan, host []byte) (*Writer, error) {
	w := &Writer{dir: dir, store: store, done: map[string]bool{}}
	var made []string
	err := w.layOut(plan, host, &made)
	if err == nil {
		return w, nil
	}
	for i := len(made) - 1; i >= 0; i-- {
		store.Remove(made[i])
	}
	w.release()
	return nil, fmt.Errorf("create record: %w", err)
}

// layOut makes the record's files and folders and notes in made what it made.
// trials.ndjson comes first: whoever makes and locks it owns the folder, which
// settles between two that found it empty.
func (w *Writer) layOut(plan, host []byte, made *[]string) error {
	var err error
	w.trials, err = w.store.Open(trialsFile, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return w.fault(trialsFile, err)
	}
	*made = append(*made, trialsFile)
	if err := w.trials.Lock(); err != nil {
		return w.fault(trialsFile, err)
	}
	for _, folder := range []string{hdrFolder, logsFolder} {
		if err := w.store.Mkdir(folder); err != nil {
			return w.fault(folder, err)
		}
		*made = append(*made, folder)
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{planFile, plan}, {hostFile, host}} {
		*made = append(*made, f.name)
		if err := w.writeFile(f.name, bytes.NewReader(f.content).WriteTo); err != nil {
			return err
		}
	}
	if err := w.store.SyncDir("."); err != nil {
		return w.fault(".", err)
	}
	return nil
}

// Resume takes up a record that was left unfinished, and tells what is in it.
// It takes the lock, cuts a torn last line, and makes sure that the histograms
// of every trial are there: to add to a record that has lost some would waste
// the time. Trials that are Done need not be repeated.
func Resume(dir string) (*Writer, *Record, error) {
	store, err := openDisk(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("resume record: %w", err)
	}
	return resume(dir, store)
}

func resume(dir string, store storage) (*Writer, *Record, error) {
	w := &Writer{dir: dir, store: store, done: map[string]bool{}}
	r, err := w.takeUp()
	if err != nil {
		w.release()
		return nil, nil, fmt.Errorf("resume record: %w", err)
	}
	return w, r, nil
}

// takeUp locks the record before it looks at it: what is read must not change.
func (w *Writer) takeUp() (*Record, error) {
	var err error
	w.trials, err = w.store.Open(trialsFile, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, w.fault(trialsFile, noRecord(err))
	}
	if err := w.trials.Lock(); err != nil {
		return nil, w.fault(trialsFile, err)
	}
	r, err := Open(w.dir)
	if err != nil {
		return nil, err
	}
	if err := w.checkHlogs(r); err != nil {
		return nil, err
	}
	for _, folder := range []string{hdrFolder, logsFolder} {
		if err := w.store.Mkdir(folder); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, w.fault(folder, err)
		}
	}
	for _, l := range r.lines {
		w.done[l.trial.ID] = true
	}
	w.end = r.whole
	return r, w.cut()
}

// checkHlogs makes sure that every hlog is there, and as long as it was. Its
// content is checked when it is read.
func (w *Writer) checkHlogs(r *Record) error {
	for n, l := range r.lines {
		if l.hlog == nil {
			continue
		}
		if err := checkHlogName(l.hlog); err != nil {
			return r.faultAt(n+1, err)
		}
		info, err := os.Stat(filepath.Join(r.Dir, filepath.FromSlash(l.hlog.File)))
		if err != nil {
			return r.fault(l.hlog.File, err)
		}
		if info.Size() != l.hlog.Bytes {
			return r.fault(l.hlog.File, fmt.Errorf("%d bytes, and line %d of %s says %d", info.Size(), n+1, trialsFile, l.hlog.Bytes))
		}
	}
	return nil
}

// Dir returns the record's folder.
func (w *Writer) Dir() string { return w.dir }

// LogPath returns where what a subject says is to be written: a file under
// logs, whose name is made safe. Different names give different files. The
// file is not created, and not synced: a failure's last lines are in the
// measurement itself.
func (w *Writer) LogPath(name string) string {
	return filepath.Join(w.dir, logsFolder, safeName(name)+".log")
}

// Append adds a measurement. When it returns nil, the measurement is on disk to
// stay. When it returns an error, which names the file, the record is as it was
// before, and Append may be tried again unless that error says otherwise.
func (w *Writer) Append(m *evidence.Measurement) error {
	if err := w.append(m); err != nil {
		return fmt.Errorf("record trial %s: %w", m.Trial.ID, err)
	}
	w.done[m.Trial.ID] = true
	return nil
}

func (w *Writer) append(m *evidence.Measurement) error {
	switch {
	case w.broken != nil:
		return w.broken
	case m.Trial.ID == "":
		return errors.New("it has no id")
	case w.done[m.Trial.ID]:
		return errors.New("it is recorded already")
	}
	l := lineOf(m)
	if err := l.check(); err != nil {
		return err // before anything is written for it
	}
	if err := w.addHlog(l, m); err != nil {
		return err
	}
	b, err := l.encode()
	if err != nil {
		return err
	}
	return w.addLine(b)
}

// addHlog writes the histograms of m, makes them last, and notes them in l. A
// file that a crash left there has no line, and is overwritten.
func (w *Writer) addHlog(l *wireLine, m *evidence.Measurement) error {
	if m.Tally == nil {
		return nil
	}
	name := path.Join(hdrFolder, safeName(m.Trial.ID)+".hlog")
	err := w.writeFile(name, func(out io.Writer) (int64, error) {
		var err error
		l.Hlog, err = writeHlog(out, m)
		return 0, err
	})
	if err != nil {
		w.store.Remove(name) // makes room; no line speaks of it
		return err
	}
	l.Hlog.File = name
	if err := w.store.SyncDir(hdrFolder); err != nil {
		return w.fault(hdrFolder, err)
	}
	return nil
}

// addLine writes a line in one write and makes it last. If that fails, whatever
// part of it got out is cut off again.
func (w *Writer) addLine(b []byte) error {
	n, err := w.trials.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = w.trials.Sync()
	}
	if err == nil {
		w.end += int64(n)
		return nil
	}
	err = w.fault(trialsFile, err)
	if cut := w.cut(); cut != nil {
		w.broken = fmt.Errorf("%w; and %w: nothing more is added to this record, --resume will mend it", err, cut)
		return w.broken
	}
	return err
}

// cut ends trials.ndjson after its last whole line, and makes that last.
func (w *Writer) cut() error {
	if err := w.trials.Truncate(w.end); err != nil {
		return fmt.Errorf("cut its torn line: %w", w.fault(trialsFile, err))
	}
	if err := w.trials.Sync(); err != nil {
		return fmt.Errorf("cut its torn line: %w", w.fault(trialsFile, err))
	}
	return nil
}

// writeFile creates or replaces a file with what write puts into it, and makes
// the content last. Its name lasts once its folder has been synced.
func (w *Writer) writeFile(name string, write func(io.Writer) (int64, error)) error {
	f, err := w.store.Open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return w.fault(name, err)
	}
	out := bufio.NewWriterSize(f, 64<<10)
	_, err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return w.fault(name, err)
	}
	return nil
}

// WriteReport writes a report into the record's folder: "report.json" and the
// like. It replaces one of that name as a whole or not at all, since a reader
// may be looking; if render fails, nothing is changed.
func (w *Writer) WriteReport(name string, render func(io.Writer) error) error {
	if w.store == nil {
		return fmt.Errorf("write %s: %w", name, errClosed)
	}
	if !strings.HasPrefix(name, "report.") || name != safeName(name) {
		return fmt.Errorf("write %q: a report is called report.json, report.txt and so on", name)
	}
	temporary := name + ".new"
	err := w.writeFile(temporary, func(out io.Writer) (int64, error) { return 0, render(out) })
	if err == nil {
		if err = w.store.Rename(temporary, name); err != nil {
			err = w.fault(name, err)
		}
	}
	if err != nil {
		w.store.Remove(temporary)
		return err
	}
	if err := w.store.SyncDir("."); err != nil {
		return w.fault(".", err)
	}
	return nil
}

// Close lets go of the record. What was appended is on disk already.
func (w *Writer) Close() error {
	if w.store == nil {
		return nil
	}
	w.broken = errClosed
	return w.release()
}

// release closes what is open, and with it gives up the lock.
func (w *Writer) release() error {
	var err error
	if w.trials != nil {
		err = w.trials.Close()
	}
	err = errors.Join(err, w.store.Close())
	w.trials, w.store = nil, nil
	return err
}

// fault says which file of the record err is about.
func (w *Writer) fault(name string, err error) error {
	return fmt.Errorf("%s: %w", filepath.Join(w.dir, filepath.FromSlash(name)), bare(err))
}
