package bolt

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"go.etcd.io/bbolt"

	"webdyno/internal/bus"
)

// batchSize is how many posts one commit takes at most: beyond that the last
// one's work adds more to the first one's wait than the shared sync saves.
const batchSize = 1024

// A pending post waits for its commit.
type pending struct {
	post     bus.Post
	marker   bus.Marker
	repeated bool
	done     chan error // capacity 1
}

var errClosed = errors.New("the store is closed")

// Append adds an event; see [bus.Store]. When it returns, the event is on the
// disk. If ctx is done first the event may still get there.
func (s *Store) Append(ctx context.Context, p bus.Post) (bus.Marker, bool, error) {
	one := &pending{post: p, done: make(chan error, 1)}
	select {
	case s.posts <- one:
	case <-s.closing:
		return bus.Marker{}, false, errClosed
	case <-ctx.Done():
		return bus.Marker{}, false, ctx.Err()
	}
	select {
	case err := <-one.done:
		return one.marker, one.repeated, err
	case <-ctx.Done():
		return bus.Marker{}, false, ctx.Err()
	}
}

// commit commits posts, all that wait at a time, until the store is closed and
// none waits any more.
func (s *Store) commit() {
	for {
		select {
		case first := <-s.posts:
			s.commitBatch(s.gather(first))
		case <-s.closing:
			select {
			case first := <-s.posts:
				s.commitBatch(s.gather(first))
			default:
				return
			}
		}
	}
}

// gather returns a post and those that wait behind it.
func (s *Store) gather(first *pending) []*pending {
	batch := []*pending{first}
	for len(batch) < batchSize {
		select {
		case next := <-s.posts:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commitBatch writes posts in one transaction: all or none.
func (s *Store) commitBatch(batch []*pending) {
	err := s.update(func(tx *bbolt.Tx) error {
		now := uint64(s.now().UnixMilli())
		for _, p := range batch {
			if err := s.write(tx, p, now); err != nil {
				return err
			}
		}
		return nil
	})
	for _, p := range batch {
		p.done <- err
		if err == nil && !p.repeated {
			s.bell.Ring(p.post.Channel)
		}
	}
}

// update is bbolt's Update, with damage made an error.
func (s *Store) update(f func(*bbolt.Tx) error) error {
	err := guard(func() error { return s.db.Update(f) })
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", bus.ErrFull, err)
	}
	return err
}

// write puts one post into a transaction.
func (s *Store) write(tx *bbolt.Tx, p *pending, now uint64) error {
	channel := []byte(p.post.Channel)
	if p.post.Key != "" {
		m, expires, ok := decodeKeyed(tx.Bucket([]byte(keysBucket)).Get(keyName(p.post.Channel, p.post.Key)))
		if ok && expires > now {
			p.marker, p.repeated = m, true
			return nil
		}
	}
	events, err := tx.Bucket([]byte(channelsBucket)).CreateBucketIfNotExists(channel)
	if err != nil {
		return err
	}
	events.FillPercent = 0.95 // events come in order: a page that is full stays as it is
	last := tx.Bucket([]byte(lastBucket))
	var m bus.Marker
	if b := last.Get(channel); len(b) == markerSize {
		m = decodeMarker(b)
	}
	p.marker = m.After(now)
	key := encodeMarker(p.marker)
	if err := events.Put(key, encode(channel, key, p.post.JSON)); err != nil {
		return err
	}
	if err := last.Put(channel, key); err != nil {
		return err
	}
	if p.post.Key == "" {
		return nil
	}
	return s.keep(tx, p, now+uint64(s.ttl.Milliseconds()))
}

// keep remembers a post's key until it expires.
func (s *Store) keep(tx *bbolt.Tx, p *pending, expires uint64) error {
	name := keyName(p.post.Channel, p.post.Key)
	if err := tx.Bucket([]byte(keysBucket)).Put(name, encodeKeyed(p.marker, expires)); err != nil {
		return err
	}
	return tx.Bucket([]byte(expiryBucket)).Put(expiryName(expires, name), nil)
}

// Prime replaces the contents of the given channels; see [bus.Store].
func (s *Store) Prime(_ context.Context, primed []bus.Primed) error {
	err := s.update(func(tx *bbolt.Tx) error {
		for _, c := range primed {
			if err := prime(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range primed {
		s.bell.Ring(c.Channel)
	}
	return err
}

func prime(tx *bbolt.Tx, c bus.Primed) error {
	channel, channels := []byte(c.Channel), tx.Bucket([]byte(channelsBucket))
	if channels.Bucket(channel) != nil {
		if err := channels.DeleteBucket(channel); err != nil {
			return err
		}
	}
	events, err := channels.CreateBucket(channel)
	if err != nil {
		return err
	}
	for i, text := range c.Events {
		key := encodeMarker(bus.PrimedMarker(i))
		if err := events.Put(key, encode(channel, key, []byte(text))); err != nil {
			return err
		}
	}
	return nil
}
