package redis

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"webdyno/internal/bus"
)

// Read answers a query; see [bus.Store].
func (s *Store) Read(ctx context.Context, q bus.Query) ([]bus.Event, error) {
	if q.Wait > 0 {
		return s.wait(ctx, q)
	}
	return s.read(ctx, q, bus.Cutoff(s.now(), s.ttl))
}

// read is one query to Redis: from the marker, or from the oldest live event if
// that is later.
//
// Only a reader that begins among primed events, of a channel in which events
// have expired that nobody has swept yet, may meet expired ones; then what lies
// behind them takes a second query.
func (s *Store) read(ctx context.Context, q bus.Query, cutoff uint64) ([]bus.Event, error) {
	from := "-"
	switch {
	case q.After.MS < cutoff && !q.After.IsPrimed():
		from = bus.Marker{MS: cutoff}.String()
	case q.After != bus.Marker{}:
		from = "(" + q.After.String()
	}
	entries, err := redis.Values(s.do(ctx, "XRANGE", stream(q.Channel), from, "+", "COUNT", q.Limit))
	if err != nil {
		return nil, err
	}
	events, err := live(entries, cutoff)
	expired := len(entries) - len(events)
	if err != nil || expired == 0 || len(entries) < q.Limit {
		return events, err
	}
	q.After, q.Limit = bus.Marker{MS: bus.PrimedBelow}, expired
	rest, err := s.read(ctx, q, cutoff)
	return append(events, rest...), err
}

// live makes events of entries, all but those that have expired.
func live(entries []any, cutoff uint64) ([]bus.Event, error) {
	events := make([]bus.Event, 0, len(entries))
	for _, e := range entries {
		event, err := decode(e)
		if err != nil {
			return nil, err
		}
		if event.Marker.IsPrimed() || event.Marker.MS >= cutoff {
			events = append(events, event)
		}
	}
	return events, nil
}

// decode reads an entry: its ID, and a list of the field e and its value.
func decode(entry any) (bus.Event, error) {
	pair, _ := entry.([]any)
	if len(pair) != 2 {
		return bus.Event{}, fmt.Errorf("%w: an entry is %v", bus.ErrDamaged, entry)
	}
	id, _ := pair[0].([]byte)
	m, err := bus.ParseMarker(string(id))
	if err != nil {
		return bus.Event{}, fmt.Errorf("%w: %w", bus.ErrDamaged, err)
	}
	fields, _ := pair[1].([]any)
	for i := 0; i+1 < len(fields); i += 2 {
		name, _ := fields[i].([]byte)
		text, ok := fields[i+1].([]byte)
		if string(name) == "e" && ok {
			return bus.Event{Marker: m, JSON: text}, nil
		}
	}
	return bus.Event{}, fmt.Errorf("%w: the entry %v has no field e: something else writes to this stream", bus.ErrDamaged, m)
}

// Sweep forgets what has expired; see [bus.Store]. Keys expire in Redis itself.
// A sweep looks at about a hundred keys and goes on where the last one ended.
func (s *Store) Sweep(ctx context.Context, limit int) (int, error) {
	scanned, err := redis.Values(s.do(ctx, "SCAN", s.cursor, "MATCH", "bus:*", "COUNT", 100, "TYPE", "stream"))
	if err != nil {
		return 0, err
	}
	var names []string
	if _, err := redis.Scan(scanned, &s.cursor, &names); err != nil {
		return 0, fmt.Errorf("%w: SCAN yields %q", bus.ErrDamaged, scanned)
	}
	gone := 0
	for _, name := range names {
		if gone >= limit {
			break
		}
		n, err := s.sweep(ctx, name, limit-gone)
		gone += n
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// sweep forgets up to limit expired events of one stream. It looks for them
// backwards, because it is by its XRANGEs that the reads of a bus are counted.
func (s *Store) sweep(ctx context.Context, name string, limit int) (int, error) {
	from := bus.Marker{MS: bus.PrimedBelow}.String()
	to := "(" + bus.Marker{MS: bus.Cutoff(s.now(), s.ttl)}.String()
	entries, err := redis.Values(s.do(ctx, "XREVRANGE", name, to, from, "COUNT", limit))
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	args := []any{name}
	for _, e := range entries {
		event, err := decode(e)
		if err != nil {
			return 0, err
		}
		args = append(args, event.Marker.String())
	}
	return redis.Int(s.do(ctx, "XDEL", args...))
}
