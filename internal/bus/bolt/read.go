package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"webdyno/internal/bus"
)

// Read answers a query; see [bus.Store].
func (s *Store) Read(ctx context.Context, q bus.Query) ([]bus.Event, error) {
	return s.bell.Read(ctx, q, func() ([]bus.Event, error) { return s.read(q) })
}

// read is one transaction: a walk over the primed events beyond the marker,
// then over the live ones.
func (s *Store) read(q bus.Query) (found []bus.Event, err error) {
	err = guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			events := tx.Bucket([]byte(channelsBucket)).Bucket([]byte(q.Channel))
			if events == nil {
				return nil
			}
			found, err = s.walk(events.Cursor(), q)
			return err
		})
	})
	return found, err
}

func (s *Store) walk(c *bbolt.Cursor, q bus.Query) ([]bus.Event, error) {
	var found []bus.Event
	oldest := bus.Marker{MS: bus.Cutoff(s.now(), s.ttl)}
	from := encodeMarker(q.After)
	k, v := c.Seek(from)
	if k != nil && string(k) == string(from) {
		k, v = c.Next()
	}
	for k != nil && len(found) < q.Limit {
		e, err := decode([]byte(q.Channel), k, v)
		if err != nil {
			return nil, err
		}
		if !e.Marker.IsPrimed() && e.Marker.Compare(oldest) < 0 {
			k, v = c.Seek(encodeMarker(oldest)) // over all that have expired at once
			continue
		}
		found = append(found, e)
		k, v = c.Next()
	}
	return found, nil
}
