package bolt

import (
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"webdyno/internal/bus"
)

// guard calls f and makes an error of a panic. bbolt reads its file as memory
// and trusts what it finds there: a page that is not what it should be ends in
// a panic, one that is not there at all in a fault.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", bus.ErrDamaged, p)
		}
	}()
	return f()
}

// verify makes sure that a file is whole: as long as it says it is, in order
// page for page, ours, and each event as it was written.
func verify(db *bbolt.DB, path string) error {
	return db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: it has %d bytes of %d", bus.ErrDamaged, info.Size(), tx.Size())
		}
		meta := tx.Bucket([]byte(metaBucket))
		if meta == nil {
			return fmt.Errorf("%w: a bbolt file, but not of a bus", bus.ErrDamaged)
		}
		if got := string(meta.Get([]byte(formatKey))); got != format {
			return fmt.Errorf("%w: its format is %q; this webdyno reads %q", bus.ErrDamaged, got, format)
		}
		var first error
		for err := range tx.Check() { // to its end, or bbolt's goroutine would stay
			if first == nil && err != nil {
				first = fmt.Errorf("%w: %w", bus.ErrDamaged, err)
			}
		}
		if first != nil {
			return first
		}
		return verifyEvents(tx)
	})
}

// verifyEvents reads every event.
func verifyEvents(tx *bbolt.Tx) error {
	channels := tx.Bucket([]byte(channelsBucket))
	for _, name := range []string{channelsBucket, lastBucket, keysBucket, expiryBucket} {
		if tx.Bucket([]byte(name)) == nil {
			return fmt.Errorf("%w: it has no %s", bus.ErrDamaged, name)
		}
	}
	return channels.ForEachBucket(func(channel []byte) error {
		return channels.Bucket(channel).ForEach(func(k, v []byte) error {
			_, err := decode(channel, k, v)
			return err
		})
	})
}
