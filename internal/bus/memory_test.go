package bus_test

import (
	"errors"
	"testing"

	"webdyno/internal/bus"
	"webdyno/internal/bus/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, storetest.Kind{Open: func(_ *testing.T, clock *storetest.Clock) bus.Store {
		return bus.NewMemory(storetest.TTL, 1<<20, clock.Now)
	}})
}

// Memory that is full refuses events, until some have expired.
func TestMemoryIsBounded(t *testing.T) {
	clock := new(storetest.Clock)
	s := bus.NewMemory(storetest.TTL, 10_000, clock.Now)
	p := bus.Post{Channel: "a", JSON: []byte(`{"note":"` + string(make([]byte, 900)) + `"}`), Key: ""}
	fill := func() (n int, err error) {
		for ; err == nil && n < 100; n++ {
			_, _, err = s.Append(t.Context(), p)
		}
		return n - 1, err
	}
	n, err := fill()
	if !errors.Is(err, bus.ErrFull) || n < 8 || n > 10 {
		t.Fatalf("%d events, then %v", n, err)
	}
	clock.Advance(2 * storetest.TTL)
	if _, err := s.Sweep(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	if again, err := fill(); again != n || !errors.Is(err, bus.ErrFull) {
		t.Errorf("%d events once all had expired, then %v; before, %d", again, err, n)
	}
}
