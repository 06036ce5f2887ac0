package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// AddProfile writes a profile that belongs to a trial, and returns the file's
// name below the record's folder. It is on disk to stay when AddProfile returns,
// and so comes before the trial's line. A file that a crash left there has no
// line, and is overwritten.
func (w *Writer) AddProfile(trial string, write func(io.Writer) error) (file string, err error) {
	switch {
	case w.broken != nil:
		return "", w.broken
	case trial == "":
		return "", errors.New("record profile: its trial has no id")
	case w.done[trial]:
		return "", fmt.Errorf("record profile: trial %s is recorded already", trial)
	}
	if err := w.store.Mkdir(profilesFolder); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("record profile: %w", w.fault(profilesFolder, err))
	}
	name := path.Join(profilesFolder, safeName(trial)+".pb.gz")
	err = w.writeFile(name, func(out io.Writer) (int64, error) { return 0, write(out) })
	if err == nil {
		if err = w.store.SyncDir(profilesFolder); err != nil {
			err = w.fault(profilesFolder, err)
		} else if err = w.store.SyncDir("."); err != nil {
			err = w.fault(".", err)
		}
	}
	if err != nil {
		w.store.Remove(name)
		return "", fmt.Errorf("record profile: %w", err)
	}
	return name, nil
}
