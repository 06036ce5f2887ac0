package store

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"time"
)

// A database is the keys and what they stand for. There is one, and one lock:
// what is done under it takes microseconds, as in Redis, which does everything
// in one thread.
type database struct {
	now func() time.Time

	mu      sync.RWMutex
	values  map[string]*value
	expires map[string]time.Time // of the keys that do
	used    int64                // bytes that values take, about
	limit   int64                // that they may
	writes  int                  // since expired keys were last looked for
	waiters map[string]map[*waiter]bool
}

// A value is a stream or a text.
type value struct {
	stream *stream
	text   []byte
}

func (v *value) kind() string {
	if v.stream != nil {
		return "stream"
	}
	return "string"
}

func (v *value) size(key string) int64 {
	n := int64(len(key)+len(v.text)) + perKey
	if v.stream != nil {
		n += v.stream.size()
	}
	return n
}

// A waiter is told that a key it waits for has got an entry.
type waiter struct{ rung chan struct{} }

func newDatabase(limit int64, now func() time.Time) *database {
	return &database{
		now: now, limit: limit,
		values: map[string]*value{}, expires: map[string]time.Time{}, waiters: map[string]map[*waiter]bool{},
	}
}

// find returns the value of a key that has not expired. The caller has the
// lock, for reading at least.
func (d *database) find(key []byte) *value {
	v := d.values[string(key)]
	if v == nil {
		return nil
	}
	if at, ok := d.expires[string(key)]; ok && !d.now().Before(at) {
		return nil
	}
	return v
}

// stream returns the stream of a key, nil if there is no such key.
func (d *database) stream(key []byte) (*stream, error) {
	v := d.find(key)
	switch {
	case v == nil:
		return nil, nil
	case v.stream == nil:
		return nil, errType
	}
	return v.stream, nil
}

// put sets a key, and forgets what it stood for and when that would have
// expired.
func (d *database) put(key []byte, v *value) {
	d.drop(string(key))
	d.values[string(key)] = v
	d.used += v.size(string(key))
}

func (d *database) drop(key string) bool {
	v, ok := d.values[key]
	if ok {
		d.used -= v.size(key)
		delete(d.values, key)
		delete(d.expires, key)
	}
	return ok
}

// room tells whether there is any for n more bytes, and now and then looks for
// expired keys, a few at a time.
func (d *database) room(n int64) bool {
	const every, few = 16, 64
	if d.writes++; d.writes%every == 0 || d.used+n > d.limit {
		d.sweep(few)
	}
	return d.used+n <= d.limit
}

// sweep drops those of some keys, drawn by chance, that have expired.
func (d *database) sweep(few int) {
	now := d.now()
	for key, at := range d.expires { // in an order that Go makes up each time
		if !now.Before(at) {
			d.drop(key)
		}
		if few--; few == 0 {
			return
		}
	}
}

// keys returns the keys that have not expired, in order.
func (d *database) keys() []string {
	keys := slices.Collect(maps.Keys(d.values))
	keys = slices.DeleteFunc(keys, func(k string) bool { return d.find([]byte(k)) == nil })
	slices.Sort(keys)
	return keys
}

func (d *database) flush() {
	d.values, d.expires, d.used = map[string]*value{}, map[string]time.Time{}, 0
}

// ring wakes those who wait for a key.
func (d *database) ring(key []byte) {
	for w := range d.waiters[string(key)] {
		select {
		case w.rung <- struct{}{}:
		default: // it has been told, and not looked yet
		}
	}
}

func (d *database) enlist(w *waiter, keys [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		if d.waiters[string(k)] == nil {
			d.waiters[string(k)] = map[*waiter]bool{}
		}
		d.waiters[string(k)][w] = true
	}
}

func (d *database) dismiss(w *waiter, keys [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		delete(d.waiters[string(k)], w)
		if len(d.waiters[string(k)]) == 0 {
			delete(d.waiters, string(k))
		}
	}
}

// cloneAll copies arguments, which belong to the reader of the connection.
func cloneAll(args [][]byte) [][]byte {
	out := make([][]byte, len(args))
	for i, a := range args {
		out[i] = bytes.Clone(a)
	}
	return out
}
