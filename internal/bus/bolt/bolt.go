// Package bolt keeps the bus's events in one file, in this process, with bbolt.
//
// A post is acknowledged when it is on the disk: each commit is synced. One
// goroutine commits, and takes all posts that came during the last commit into
// the next, so that a sync is shared by as many as wait for one, and nobody
// waits for company. The file belongs to one process at a time.
//
// In the file, a bucket per channel holds its events by their markers, sixteen
// bytes in the order of the numbers; each event carries a checksum of its own,
// because bbolt has none for what it stores. Beside them stand the last marker
// of each channel, which outlives the events, and the idempotency keys.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"webdyno/internal/bus"
)

// format is what a file says that this package can read.
const format = "webdyno bus 1"

// The buckets of a file, and the one key of the first.
const (
	metaBucket     = "meta"
	channelsBucket = "channels" // channel → marker → event
	lastBucket     = "last"     // channel → the last marker ever given
	keysBucket     = "keys"     // channel, 0, key → marker, when it expires
	expiryBucket   = "expiry"   // when it expires, channel, 0, key → nothing
	formatKey      = "format"
)

// A Store is the bus's events in a file.
type Store struct {
	path string
	db   *bbolt.DB
	ttl  time.Duration
	now  func() time.Time
	bell bus.Bell

	posts     chan *pending
	closing   chan struct{}
	once      sync.Once
	committer sync.WaitGroup
	swept     []byte // the channel that the last sweep ended at; sweeps do not overlap
}

// Open opens the file at path, or makes it if there is none. It refuses a file
// that another process has open, one that is no store, and one that is not
// whole; the last two with [bus.ErrDamaged].
//
// It reads the whole file, to be sure: about a second per gigabyte.
func Open(path string, ttl time.Duration, clock func() time.Time) (*Store, error) {
	err := ensure(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db, err := open(path)
	if err == nil {
		if err = guard(func() error { return verify(db, path) }); err != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &Store{
		path: path, db: db, ttl: ttl, now: clock,
		posts: make(chan *pending, batchSize), closing: make(chan struct{}),
	}
	s.committer.Go(s.commit)
	return s, nil
}

// lockWait is how long to wait for another process to let go of the file, such
// as one that is just ending.
const lockWait = time.Second

// open opens a file. If bbolt panics over it, what it had mapped stays, and the
// lock with it, until the process ends.
func open(path string) (*bbolt.DB, error) {
	var db *bbolt.DB
	err := guard(func() (err error) {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
		return err
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, errors.New("another process has it open: a file serves one bus at a time")
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", bus.ErrDamaged, err)
	}
	return db, err
}

// ensure makes the file if there is none. It is made whole under another name
// first, so that a crash in between leaves none rather than half of one.
func ensure(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Size() == 0:
		return fmt.Errorf("%w: the file is empty; if nothing is missed, remove it", bus.ErrDamaged)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	draft := fmt.Sprintf("%s.new-%d", path, os.Getpid())
	db, err := open(draft)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{channelsBucket, lastBucket, keysBucket, expiryBucket, metaBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(metaBucket)).Put([]byte(formatKey), []byte(format))
	})
	if err = errors.Join(err, db.Close()); err == nil {
		// Link, unlike a rename, never puts an empty store in place of one that
		// another process has made meanwhile.
		if err = os.Link(draft, path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(draft), syncFolder(filepath.Dir(path)))
}

// syncFolder makes a new name in a folder as lasting as the file it names.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Name says what the store is; see [bus.Store].
func (s *Store) Name(context.Context) (string, error) {
	return "bbolt file " + filepath.Base(s.path) + ", synced at every commit", nil
}

// Close ends the committing, after the posts that wait, and closes the file;
// see [bus.Store].
func (s *Store) Close() error {
	s.once.Do(func() { close(s.closing) })
	s.committer.Wait()
	return s.db.Close()
}
