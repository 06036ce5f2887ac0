package store

import (
	"os"
	"sync"
	"time"
)

var errDeadline = os.ErrDeadlineExceeded

// An outbox holds answers back until they are due, and sends them in order. It
// has a goroutine of its own, which sleeps until then.
//
// Its precision is that of Go's timers: an answer leaves when it is due or
// later, by some tens of microseconds on a machine that is not busy.
type outbox struct {
	queue chan held
	write func([]byte) error
	ended sync.WaitGroup
}

// held is one answer.
type held struct {
	bytes []byte
	due   time.Time
}

// outboxRoom is how many answers a connection may have coming; one that asks
// for more without reading has to wait.
const outboxRoom = 1024

func newOutbox(write func([]byte) error) *outbox {
	o := &outbox{queue: make(chan held, outboxRoom), write: write}
	o.ended.Go(o.run)
	return o
}

func (o *outbox) put(b []byte, due time.Time) { o.queue <- held{b, due} }

// end waits until all that was put in has been sent, or cannot be.
func (o *outbox) end() {
	close(o.queue)
	o.ended.Wait()
}

func (o *outbox) run() {
	var failed bool
	for h := range o.queue {
		if failed {
			continue
		}
		time.Sleep(time.Until(h.due))
		failed = o.write(h.bytes) != nil
	}
}
