package bolt_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"webdyno/internal/bus"
	"webdyno/internal/bus/bolt"
	"webdyno/internal/bus/storetest"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		os.Exit(child(file))
	}
	goleak.VerifyTestMain(m)
}

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Kind{Open: func(t *testing.T, clock *storetest.Clock) bus.Store {
		return open(t, filepath.Join(t.TempDir(), "events.db"), clock)
	}})
}

func open(t *testing.T, path string, clock *storetest.Clock) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, storetest.TTL, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// filled makes a file with events on many pages and returns its path.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.db")
	s := open(t, path, new(storetest.Clock))
	if err := s.Prime(t.Context(), bus.PrimedChannels()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		p := bus.Post{Channel: "a", JSON: []byte(fmt.Sprintf(`{"n":%d,"note":%q}`, i, strings.Repeat("x", 3000))), Key: fmt.Sprint(i)}
		if _, _, err := s.Append(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Markers and keys outlive the process, and the events they belong to.
func TestReopened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	clock := new(storetest.Clock)
	s := open(t, path, clock)
	p := bus.Post{Channel: "a", JSON: []byte(`{"n":0}`), Key: "k"}
	first, _, err := s.Append(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, path, clock)
	if m, repeated, err := s.Append(t.Context(), p); m != first || !repeated || err != nil {
		t.Errorf("%v, %v, %v; want %v repeated", m, repeated, err, first)
	}
	clock.Advance(2 * storetest.TTL)
	if n, err := s.Sweep(t.Context(), 100); n != 2 || err != nil {
		t.Errorf("swept %d, %v; want an event and a key", n, err)
	}
	s.Close()
	clock.Advance(-2 * storetest.TTL) // the clock was set back, too
	s = open(t, path, clock)
	defer s.Close()
	if m, repeated, err := s.Append(t.Context(), p); m.Compare(first) <= 0 || repeated || err != nil {
		t.Errorf("%v, %v, %v; want more than %v", m, repeated, err, first)
	}
}

// A file belongs to one process.
func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	s := open(t, path, new(storetest.Clock))
	defer s.Close()
	if _, err := bolt.Open(path, storetest.TTL, time.Now); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("opened twice: %v", err)
	}
}

// A file that is not whole is refused by name, wherever it was torn.
func TestTornFile(t *testing.T) {
	whole, err := os.ReadFile(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	size := len(whole)
	torn := map[string][]byte{
		"empty":           {},
		"a byte":          whole[:1],
		"half a page":     whole[:2048],
		"the metas alone": whole[:8192],
		"half":            whole[:size/2],
		"zeros":           make([]byte, size),
		"something else":  []byte(strings.Repeat("It is not a store. ", 1000)),
	}
	for page := 2 * 4096; page+4096 <= size; page += 4096 {
		blank := append([]byte(nil), whole...)
		clear(blank[page : page+4096])
		torn[fmt.Sprintf("page %d blank", page/4096)] = blank
	}
	folder := t.TempDir()
	refused := 0
	for _, name := range slices.Sorted(maps.Keys(torn)) {
		content, path := torn[name], filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := bolt.Open(path, storetest.TTL, time.Now)
		if err == nil {
			// Only a page that nothing uses may be blank.
			if !strings.Contains(name, "blank") {
				t.Errorf("%s: opened", name)
			} else if err := reads(t, s); err != nil {
				t.Errorf("%s: opened, then %v", name, err)
			}
			s.Close()
			continue
		}
		refused++
		if !errors.Is(err, bus.ErrDamaged) {
			t.Errorf("%s: %v, want damage", name, err)
		}
	}
	if refused < 20 {
		t.Errorf("%d of %d were refused", refused, len(torn))
	}
}

// reads reads everything there ought to be in a filled file.
func reads(t *testing.T, s *bolt.Store) error {
	for channel, want := range map[string]int{"a": 20, "1k": 10, "64k": 640} {
		events, err := s.Read(t.Context(), bus.Query{Channel: channel, Limit: 1000})
		if err == nil && len(events) != want {
			err = fmt.Errorf("%s: %d events, want %d", channel, len(events), want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A bit that flips in an event is noticed, though bbolt does not.
func TestFlippedBit(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(string(whole), "xxxx")
	whole[at] ^= 1
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := bolt.Open(path, storetest.TTL, time.Now); err == nil {
		defer s.Close()
		// It may have been on a page that is free by now.
		if err := reads(t, s); err != nil {
			t.Error(err)
		}
	} else if !errors.Is(err, bus.ErrDamaged) || !strings.Contains(err.Error(), "not as it was written") {
		t.Errorf("%v, want damage", err)
	}
}
