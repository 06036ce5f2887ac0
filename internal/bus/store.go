package bus

import (
	"context"
	"errors"
	"time"
)

// An Event is one message of a channel, as it is stored.
type Event struct {
	Marker Marker
	JSON   []byte // one JSON object, byte for byte as it was posted
}

// A Query asks for the events of a channel.
type Query struct {
	Channel string
	After   Marker        // events beyond this one
	Limit   int           // at most so many
	Wait    time.Duration // for an event to come, if there is none; 0 is not at all
}

// A Post is an event to be appended.
type Post struct {
	Channel string
	JSON    []byte

	// Key makes the post idempotent: a second one with the same channel and key,
	// within the time to live, appends nothing and yields the first one's
	// marker. The empty key asks for no such thing.
	Key string
}

// A Store keeps the events of all channels. It may be used by many goroutines
// at once.
//
// Within a channel, markers grow in the order in which events become visible: a
// reader that has seen a marker will never be shown a smaller one afterwards.
type Store interface {
	// Append adds an event at the end of its channel. When it returns without
	// an error the event is as safe as the store makes things. Repeated tells
	// that an earlier post had the same key; the marker is that one's.
	Append(ctx context.Context, p Post) (m Marker, repeated bool, err error)

	// Read returns the live events that a query asks for, oldest first. It
	// waits at most as long as the query says or ctx allows; that ctx was done
	// while it waited is no error, and yields no events.
	Read(ctx context.Context, q Query) ([]Event, error)

	// Prime replaces the contents of the given channels.
	Prime(ctx context.Context, channels []Primed) error

	// Sweep forgets some of what has expired, at most limit events and as many
	// keys, and returns how many of both together it forgot.
	Sweep(ctx context.Context, limit int) (int, error)

	// Name says what the store is, as it reports itself.
	Name(ctx context.Context) (string, error)

	// Close lets go of what the store holds. Nothing may be under way.
	Close() error
}

// What a store refuses, whoever asks.
var (
	// ErrFull is a store that has no room for another event.
	ErrFull = errors.New("the store is full")
	// ErrBusy is a store that more readers wait at than it can serve.
	ErrBusy = errors.New("too many are waiting for events")
	// ErrDamaged is a store whose contents are not what was written.
	ErrDamaged = errors.New("the store is damaged")
)
