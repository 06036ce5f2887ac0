package bolt

import (
	"bytes"
	"context"
	"encoding/binary"

	"go.etcd.io/bbolt"

	"webdyno/internal/bus"
)

// sweepChannels is how many channels a sweep looks into: one look is one search
// in a tree.
const sweepChannels = 1000

// A place is an event, or a key and its expiry, that is to be forgotten.
type place struct {
	channel, key []byte
}

// Sweep forgets what has expired; see [bus.Store]. It looks first and writes
// only if it found something, because every commit is a sync. Pages that become
// free are used again; the file does not shrink.
func (s *Store) Sweep(_ context.Context, limit int) (int, error) {
	var events, keys []place
	err := guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			events = s.expiredEvents(tx, limit)
			keys = s.expiredKeys(tx, limit)
			return nil
		})
	})
	if err != nil || len(events)+len(keys) == 0 {
		return 0, err
	}
	err = s.update(func(tx *bbolt.Tx) error { return forget(tx, events, keys) })
	if err != nil {
		return 0, err
	}
	return len(events) + len(keys), nil
}

// expiredEvents finds events to forget, from the channel on at which the last
// sweep ended.
func (s *Store) expiredEvents(tx *bbolt.Tx, limit int) []place {
	channels := tx.Bucket([]byte(channelsBucket))
	first := encodeMarker(bus.Marker{MS: bus.PrimedBelow})
	end := encodeMarker(bus.Marker{MS: bus.Cutoff(s.now(), s.ttl)})
	var found []place
	c := channels.Cursor()
	name, _ := c.Seek(s.swept)
	for looked := 0; name != nil && looked < sweepChannels; looked++ {
		in := channels.Bucket(name).Cursor()
		for k, _ := in.Seek(first); k != nil && bytes.Compare(k, end) < 0; k, _ = in.Next() {
			if len(found) == limit {
				s.swept = bytes.Clone(name)
				return found
			}
			found = append(found, place{bytes.Clone(name), bytes.Clone(k)})
		}
		name, _ = c.Next()
	}
	s.swept = bytes.Clone(name) // nil at the end: from the beginning next time
	return found
}

// expiredKeys finds idempotency keys to forget.
func (s *Store) expiredKeys(tx *bbolt.Tx, limit int) []place {
	now := binary.BigEndian.AppendUint64(nil, uint64(s.now().UnixMilli())+1)
	var found []place
	c := tx.Bucket([]byte(expiryBucket)).Cursor()
	for k, _ := c.First(); k != nil && bytes.Compare(k, now) < 0 && len(found) < limit; k, _ = c.Next() {
		found = append(found, place{key: bytes.Clone(k)})
	}
	return found
}

func forget(tx *bbolt.Tx, events, keys []place) error {
	channels := tx.Bucket([]byte(channelsBucket))
	for _, e := range events {
		bucket := channels.Bucket(e.channel)
		if bucket == nil {
			continue // primed anew meanwhile
		}
		if err := bucket.Delete(e.key); err != nil {
			return err
		}
	}
	byName, byExpiry := tx.Bucket([]byte(keysBucket)), tx.Bucket([]byte(expiryBucket))
	for _, k := range keys {
		expires, name := binary.BigEndian.Uint64(k.key), k.key[8:]
		// The name may have been used again, and live longer.
		if _, at, ok := decodeKeyed(byName.Get(name)); ok && at <= expires {
			if err := byName.Delete(name); err != nil {
				return err
			}
		}
		if err := byExpiry.Delete(k.key); err != nil {
			return err
		}
	}
	return nil
}
