package bus

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory is a store in this process: fast, and gone with it. It is what the bus
// costs without a store and a driver.
type Memory struct {
	ttl  time.Duration
	room int64 // bytes it may still take
	now  func() time.Time
	bell Bell

	mu       sync.RWMutex
	channels map[string]*memChannel
	keys     map[channelKey]keyed
	due      []channelKey // keys in the order in which they expire
}

// A memChannel is the events of one channel, in order. The primed ones, if any,
// come first.
type memChannel struct {
	events []Event
	last   Marker // of the last event ever, expired or not
}

// A channelKey is an idempotency key within its channel.
type channelKey struct{ channel, key string }

// keyed is what a post with a key has yielded.
type keyed struct {
	marker  Marker
	expires uint64 // milliseconds since 1970
}

// perEvent is what an event is taken to cost beside its text.
const perEvent = 64

// NewMemory makes a store that keeps events for ttl and takes up to about room
// bytes. The clock tells the time of day.
func NewMemory(ttl time.Duration, room int64, clock func() time.Time) *Memory {
	return &Memory{
		ttl: ttl, room: room, now: clock,
		channels: map[string]*memChannel{}, keys: map[channelKey]keyed{},
	}
}

// Append adds an event; see [Store].
func (s *Memory) Append(_ context.Context, p Post) (Marker, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := milliseconds(s.now())
	k := channelKey{p.Channel, p.Key}
	if old, ok := s.keys[k]; ok && p.Key != "" && old.expires > now {
		return old.marker, true, nil
	}
	cost := int64(len(p.JSON) + len(p.Key) + perEvent)
	if cost > s.room {
		return Marker{}, false, fmt.Errorf("%w: it may hold no more in memory until events expire", ErrFull)
	}
	s.room -= cost
	c := s.channels[p.Channel]
	if c == nil {
		c = new(memChannel)
		s.channels[p.Channel] = c
	}
	c.last = c.last.After(now)
	c.events = append(c.events, Event{c.last, p.JSON})
	if p.Key != "" {
		s.keys[k] = keyed{c.last, now + uint64(s.ttl.Milliseconds())}
		s.due = append(s.due, k)
	}
	s.bell.Ring(p.Channel)
	return c.last, false, nil
}

// Read answers a query; see [Store].
func (s *Memory) Read(ctx context.Context, q Query) ([]Event, error) {
	return s.bell.Read(ctx, q, func() ([]Event, error) { return s.read(q), nil })
}

func (s *Memory) read(q Query) []Event {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.channels[q.Channel]
	if c == nil {
		return nil
	}
	from, _ := c.beyond(q.After)
	primed, _ := c.at(Marker{MS: PrimedBelow})
	live, _ := c.at(Marker{MS: Cutoff(s.now(), s.ttl)})
	var out []Event
	if from < primed {
		out = append(out, c.events[from:min(primed, from+q.Limit)]...)
	}
	if from = max(from, live, primed); len(out) < q.Limit {
		out = append(out, c.events[from:min(len(c.events), from+q.Limit-len(out))]...)
	}
	return out
}

// at returns the index of the first event with at least marker m.
func (c *memChannel) at(m Marker) (int, bool) {
	return slices.BinarySearchFunc(c.events, m, func(e Event, m Marker) int { return e.Marker.Compare(m) })
}

// beyond returns the index of the first event beyond m.
func (c *memChannel) beyond(m Marker) (int, bool) {
	i, found := c.at(m)
	if found {
		i++
	}
	return i, found
}

// Prime replaces the contents of the given channels; see [Store].
func (s *Memory) Prime(_ context.Context, channels []Primed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range channels {
		c := new(memChannel)
		for i, text := range p.Events {
			c.last = PrimedMarker(i)
			c.events = append(c.events, Event{c.last, []byte(text)})
		}
		s.channels[p.Channel] = c
		s.bell.Ring(p.Channel)
	}
	return nil
}

// Sweep forgets what has expired; see [Store].
func (s *Memory) Sweep(_ context.Context, limit int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cutoff := Marker{MS: Cutoff(s.now(), s.ttl)}
	gone := 0
	for _, c := range s.channels {
		primed, _ := c.at(Marker{MS: PrimedBelow})
		live, _ := c.at(cutoff)
		if live = min(live, primed+limit-gone); live <= primed {
			continue
		}
		for _, e := range c.events[primed:live] {
			s.room += int64(len(e.JSON) + perEvent)
		}
		gone += live - primed
		c.events = slices.Delete(c.events, primed, live)
	}
	return gone + s.sweepKeys(limit), nil
}

// sweepKeys forgets up to limit keys that have expired. The caller has the lock.
func (s *Memory) sweepKeys(limit int) int {
	now, n := milliseconds(s.now()), 0
	for n < min(limit, len(s.due)) {
		k := s.due[n]
		if s.keys[k].expires > now {
			break
		}
		delete(s.keys, k)
		s.room += int64(len(k.key))
		n++
	}
	s.due = slices.Delete(s.due, 0, n)
	return n
}

// Name says what the store is; see [Store].
func (s *Memory) Name(context.Context) (string, error) { return "memory of the bus itself", nil }

// Close does nothing: there is nothing to let go of.
func (s *Memory) Close() error { return nil }

// Cutoff is the MS of the oldest marker that has not expired at now. It is
// never among those of primed events.
func Cutoff(now time.Time, ttl time.Duration) uint64 {
	return max(milliseconds(now.Add(-ttl)), PrimedBelow)
}

func milliseconds(t time.Time) uint64 { return uint64(max(t.UnixMilli(), 0)) }
