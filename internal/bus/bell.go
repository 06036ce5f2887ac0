package bus

import (
	"context"
	"sync"
	"time"
)

// A Bell tells those who wait for events of a channel that there may be some.
// It serves stores that live in this process. The zero Bell is ready for use.
type Bell struct {
	mu      sync.Mutex
	waiting map[string]chan struct{}
}

// Ring wakes all who wait for a channel.
func (b *Bell) Ring(channel string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.waiting[channel]; ok {
		close(c)
		delete(b.waiting, channel)
	}
}

// listen returns what is closed at the next ring for a channel.
func (b *Bell) listen(channel string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]chan struct{}{}
	}
	c, ok := b.waiting[channel]
	if !ok {
		c = make(chan struct{})
		b.waiting[channel] = c
	}
	return c
}

// Read asks for the events of a query, and again whenever the bell rings, until
// there are some or the wait is over. It listens before it asks, so that no
// event falls in between.
func (b *Bell) Read(ctx context.Context, q Query, ask func() ([]Event, error)) ([]Event, error) {
	if q.Wait <= 0 {
		return ask()
	}
	over := time.NewTimer(q.Wait)
	defer over.Stop()
	for {
		rung := b.listen(q.Channel)
		events, err := ask()
		if len(events) > 0 || err != nil {
			return events, err
		}
		select {
		case <-rung:
		case <-over.C:
			return nil, nil
		case <-ctx.Done():
			return nil, nil
		}
	}
}
