// Package storetest holds every store of the bus against the same promises.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"webdyno/internal/bus"
)

// TTL is how long the stores under test keep events.
const TTL = time.Hour

// limit is how long anything here may take before it counts as hanging.
const limit = 20 * time.Second

// A Clock is one that a test can put forward.
type Clock struct{ ahead atomic.Int64 }

// Now is the time of day, and by how much the clock was put forward.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance puts the clock forward.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// A Kind is a store under test.
type Kind struct {
	// Open opens an empty store that keeps events for [TTL].
	Open func(t *testing.T, clock *Clock) bus.Store
	// KeysByOwnClock is a store whose keys expire by a clock that no test can
	// put forward.
	KeysByOwnClock bool
}

// Run holds a store against the promises of [bus.Store].
func Run(t *testing.T, k Kind) {
	for _, c := range []struct {
		name string
		test func(*testing.T, bus.Store, *Clock)
	}{
		{"order", order}, {"primed", primed}, {"expiry", expiry}, {"expired behind primed", expiredBehindPrimed},
		{"wait", wait}, {"wait ends", waitEnds}, {"keys", keys}, {"one key at once", oneKeyAtOnce}, {"tail", tail}, {"name", name},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := new(Clock)
			s := k.Open(t, clock)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			c.test(t, s, clock)
		})
	}
	if k.KeysByOwnClock {
		return
	}
	t.Run("keys expire", func(t *testing.T) {
		clock := new(Clock)
		s := k.Open(t, clock)
		keysExpire(t, s, clock)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// add posts an event and returns its marker.
func add(t *testing.T, s bus.Store, channel, text, key string) bus.Marker {
	t.Helper()
	m, _ := post(t, s, channel, text, key)
	return m
}

func post(t *testing.T, s bus.Store, channel, text, key string) (bus.Marker, bool) {
	t.Helper()
	m, repeated, err := s.Append(t.Context(), bus.Post{Channel: channel, JSON: []byte(text), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return m, repeated
}

// texts reads a channel and returns the events' texts.
func texts(t *testing.T, s bus.Store, q bus.Query) []string {
	t.Helper()
	events, err := s.Read(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, string(e.JSON))
	}
	return out
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func order(t *testing.T, s bus.Store, _ *Clock) {
	// Texts are kept byte for byte, whatever JSON thinks is the same.
	want := []string{`{"n":0}`, "{ \"n\" : 1 }\n", `{"n":"\u00e9é€"}`, `{"n":3,"n":3.0e0}`, `{"n":4}`}
	var markers []bus.Marker
	for _, text := range want {
		m := add(t, s, "a", text, "")
		if n := len(markers); n > 0 && m.Compare(markers[n-1]) <= 0 {
			t.Fatalf("marker %v after %v", m, markers[n-1])
		}
		markers = append(markers, m)
	}
	add(t, s, "b", `{"other":1}`, "")
	same(t, "all", texts(t, s, bus.Query{Channel: "a", Limit: 10}), want...)
	same(t, "two", texts(t, s, bus.Query{Channel: "a", Limit: 2}), want[:2]...)
	same(t, "the second on", texts(t, s, bus.Query{Channel: "a", After: markers[1], Limit: 10}), want[2:]...)
	same(t, "two from the second on", texts(t, s, bus.Query{Channel: "a", After: markers[1], Limit: 2}), want[2:4]...)
	same(t, "beyond the last", texts(t, s, bus.Query{Channel: "a", After: markers[4], Limit: 2}))
	same(t, "another channel", texts(t, s, bus.Query{Channel: "b", Limit: 10}), `{"other":1}`)
	same(t, "a channel that is not", texts(t, s, bus.Query{Channel: "c", Limit: 10}))
}

func primed(t *testing.T, s bus.Store, clock *Clock) {
	for range 2 { // a second time changes nothing
		if err := s.Prime(t.Context(), bus.PrimedChannels()); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(100 * TTL)
	if _, err := s.Sweep(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	for _, c := range bus.PrimedChannels() {
		events, err := s.Read(t.Context(), bus.Query{Channel: c.Channel, Limit: bus.MaxLimit})
		if err != nil || len(events) != len(c.Events) {
			t.Fatalf("%s: %d events, %v; want %d", c.Channel, len(events), err, len(c.Events))
		}
		for i, e := range events {
			if e.Marker != bus.PrimedMarker(i) || string(e.JSON) != c.Events[i] {
				t.Fatalf("%s, event %d: %v %s, want %s", c.Channel, i, e.Marker, e.JSON, c.Events[i])
			}
		}
	}
	clock.Advance(-100 * TTL)
	ten := bus.Query{Channel: "1k", After: bus.PrimedMarker(7), Limit: 10}
	if got := texts(t, s, ten); len(got) != 2 {
		t.Errorf("%d events beyond the eighth of ten", len(got))
	}
	m := add(t, s, "1k", `{"new":1}`, "")
	if m.Compare(bus.PrimedMarker(9)) <= 0 {
		t.Errorf("marker %v behind primed events", m)
	}
	if got := texts(t, s, ten); len(got) != 3 || got[2] != `{"new":1}` {
		t.Errorf("after a post: %q", got)
	}
}

func expiry(t *testing.T, s bus.Store, clock *Clock) {
	var last bus.Marker
	for i := range 5 {
		last = add(t, s, "a", fmt.Sprintf(`{"n":%d}`, i), "")
	}
	clock.Advance(TTL + time.Minute)
	same(t, "expired", texts(t, s, bus.Query{Channel: "a", Limit: 10}))
	gone, turns := 0, 0
	for gone < 5 && turns < 20 {
		n, err := s.Sweep(t.Context(), 2)
		if err != nil || n > 4 {
			t.Fatalf("swept %d, %v", n, err)
		}
		gone, turns = gone+n, turns+1
	}
	if n, err := s.Sweep(t.Context(), 100); gone != 5 || n != 0 || err != nil {
		t.Errorf("swept %d in all, then %d, %v; want 5, 0", gone, n, err)
	}
	if m := add(t, s, "a", `{"n":5}`, ""); m.Compare(last) <= 0 {
		t.Errorf("marker %v, once all up to %v were forgotten", m, last)
	}
}

func expiredBehindPrimed(t *testing.T, s bus.Store, clock *Clock) {
	if err := s.Prime(t.Context(), []bus.Primed{{Channel: "a", Events: []string{`{"p":0}`, `{"p":1}`}}}); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		add(t, s, "a", fmt.Sprintf(`{"old":%d}`, i), "")
	}
	// Events posted within the last minute expire a minute later than the rest.
	clock.Advance(TTL + time.Minute)
	same(t, "primed are left", texts(t, s, bus.Query{Channel: "a", Limit: 5}), `{"p":0}`, `{"p":1}`)
	same(t, "the second on", texts(t, s, bus.Query{Channel: "a", After: bus.PrimedMarker(0), Limit: 5}), `{"p":1}`)
	same(t, "behind both", texts(t, s, bus.Query{Channel: "a", After: bus.PrimedMarker(1), Limit: 5}))
	if n, err := s.Sweep(t.Context(), 100); n != 8 || err != nil {
		t.Errorf("swept %d, %v; want 8", n, err)
	}
	same(t, "swept", texts(t, s, bus.Query{Channel: "a", Limit: 5}), `{"p":0}`, `{"p":1}`)
}

// An event that comes while a read waits ends the wait.
func wait(t *testing.T, s bus.Store, _ *Clock) {
	m := add(t, s, "a", `{"n":0}`, "")
	same(t, "no need to wait", texts(t, s, bus.Query{Channel: "a", Limit: 1, Wait: limit}), `{"n":0}`)
	found := make(chan []string)
	var began sync.WaitGroup
	for range 3 {
		began.Add(1)
		go func() {
			began.Done()
			found <- texts(t, s, bus.Query{Channel: "a", After: m, Limit: 5, Wait: limit})
		}()
	}
	began.Wait()
	add(t, s, "b", `{"not":"it"}`, "")
	add(t, s, "a", `{"n":1}`, "")
	for range 3 {
		same(t, "waited", <-found, `{"n":1}`)
	}
}

func waitEnds(t *testing.T, s bus.Store, _ *Clock) {
	same(t, "nothing came", texts(t, s, bus.Query{Channel: "a", Limit: 1, Wait: 20 * time.Millisecond}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		events, err := s.Read(ctx, bus.Query{Channel: "a", Limit: 1, Wait: limit})
		if len(events) > 0 {
			err = errors.Join(err, fmt.Errorf("%d events", len(events)))
		}
		done <- err
	}()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func keys(t *testing.T, s bus.Store, _ *Clock) {
	first, repeated := post(t, s, "a", `{"n":0}`, "k")
	if repeated {
		t.Error("the first is repeated")
	}
	for range 3 {
		if m, repeated := post(t, s, "a", `{"n":0}`, "k"); m != first || !repeated {
			t.Errorf("marker %v, repeated %v; want %v, true", m, repeated, first)
		}
	}
	if m, repeated := post(t, s, "a", `{"n":1}`, "l"); m == first || repeated {
		t.Errorf("another key: %v, repeated %v", m, repeated)
	}
	if _, repeated := post(t, s, "b", `{"n":2}`, "k"); repeated {
		t.Error("another channel's key is taken")
	}
	same(t, "a", texts(t, s, bus.Query{Channel: "a", Limit: 10}), `{"n":0}`, `{"n":1}`)
	same(t, "b", texts(t, s, bus.Query{Channel: "b", Limit: 10}), `{"n":2}`)
}

func keysExpire(t *testing.T, s bus.Store, clock *Clock) {
	first := add(t, s, "a", `{"n":0}`, "k")
	clock.Advance(TTL + time.Minute)
	second, repeated := post(t, s, "a", `{"n":1}`, "k")
	if repeated || second.Compare(first) <= 0 {
		t.Errorf("after its time: marker %v, repeated %v; the first was %v", second, repeated, first)
	}
	for range 4 {
		if _, err := s.Sweep(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
	}
	if m, repeated := post(t, s, "a", `{"n":2}`, "k"); m != second || !repeated {
		t.Errorf("swept too much: marker %v, repeated %v; want %v, true", m, repeated, second)
	}
	same(t, "a", texts(t, s, bus.Query{Channel: "a", Limit: 10}), `{"n":1}`)
}

// Many posts with one key at the same moment are one event.
func oneKeyAtOnce(t *testing.T, s bus.Store, _ *Clock) {
	var wg sync.WaitGroup
	var fresh atomic.Int64
	var markers sync.Map
	for i := range 16 {
		wg.Go(func() {
			m, repeated := post(t, s, "a", fmt.Sprintf(`{"n":%d}`, i), "k")
			markers.Store(m, true)
			if !repeated {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	n := 0
	markers.Range(func(any, any) bool { n++; return true })
	if got := texts(t, s, bus.Query{Channel: "a", Limit: 100}); len(got) != 1 || n != 1 || fresh.Load() != 1 {
		t.Errorf("%d events, %d markers, %d not repeated; want 1 of each", len(got), n, fresh.Load())
	}
}

// A reader that goes on from its marker meets every event once and in order,
// while many post.
func tail(t *testing.T, s bus.Store, _ *Clock) {
	const posters, each = 8, 25
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := range each {
				add(t, s, "a", fmt.Sprintf(`{"p":%d,"i":%d}`, p, i), "")
			}
		})
	}
	seen := map[string]bool{}
	q := bus.Query{Channel: "a", Limit: 7, Wait: limit}
	for len(seen) < posters*each {
		events, err := s.Read(t.Context(), q)
		if err != nil || len(events) == 0 {
			t.Fatalf("%d events, %v, with %d of %d seen", len(events), err, len(seen), posters*each)
		}
		for _, e := range events {
			if seen[string(e.JSON)] || e.Marker.Compare(q.After) <= 0 {
				t.Fatalf("met again: %v %s behind %v", e.Marker, e.JSON, q.After)
			}
			seen[string(e.JSON)] = true
			q.After = e.Marker
		}
	}
	wg.Wait()
}

func name(t *testing.T, s bus.Store, _ *Clock) {
	if n, err := s.Name(t.Context()); n == "" || err != nil {
		t.Errorf("name %q, %v", n, err)
	}
}
