package engine

import (
	"time"

	"webdyno/internal/httpwire"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// A request is one that has fallen due and has a slot.
type request struct {
	place node[request] // among those that have no outcome yet, in order of due
	slot  *slot

	due, ready, sent mono.Time
	connect          time.Duration // the part of wait spent connecting

	in, out int64 // bytes of the answer, and of the request each time it was sent
	number  int64 // among all of the job, for its blanks
	turn    int32 // where its bytes are in the reel
	counted bool  // it belongs to the window
	handed  bool  // to the driver
	stamped bool  // sent is known
	again   bool  // it was replaced after its connection was found stale
}

// state is where a slot stands; doc.go draws it.
type state uint8

const (
	empty state = iota
	dialing
	open
	resting
)

// A slot is the place of one connection in use, and of the requests on it.
type slot struct {
	state state
	conn  *conn // while dialing or open

	// place is in one queue at most: the loop's available while open with room
	// for a request, its dialing, or one of its resting.
	place node[slot]

	began  mono.Time     // when the present dial began,
	late   time.Duration // after it should have: on demand, when a request was due
	until  mono.Time     // when a rest ends
	opened mono.Time     // when the connection was made
	since  mono.Time     // since when it had room for a request

	asked, answered int  // requests and answers of this connection
	failures        int  // connects in a row that did not lead to an answer
	tried           bool // it was dialed before
	first           bool // this dial is the slot's first
	tied            bool // this dial is for a request of the slot's own

	thinker *load.Thinker // nil: nobody thinks
	next    mono.Time     // when its next request falls due, while
	thinks  bool          // somebody does

	// ring holds the requests that have no outcome yet, oldest first. The first
	// out of them are with the driver; the rest wait for the connection.
	ring []request
	head int
	n    int
	out  int

	sheets *sheets // nil: no request has blanks

	reading bool // an answer has begun
	known   bool // it is the same as one before, and parser and look know nothing of it
	parser  httpwire.Parser
	look    look
}

// oldest returns the oldest request of the slot, which must have one.
func (s *slot) oldest() *request { return &s.ring[s.head] }

// at returns the request that i older ones stand before.
func (s *slot) at(i int) *request { return &s.ring[s.index(i)] }

// index returns the place in the ring of the request that i older ones stand
// before.
func (s *slot) index(i int) int {
	if i += s.head; i >= len(s.ring) {
		i -= len(s.ring)
	}
	return i
}

// add returns a fresh request at the end of the ring, which must have room.
func (s *slot) add() *request {
	r := s.at(s.n)
	s.n++
	// Slot and place are the ring's, set once; ready and sent get their values
	// before anybody looks.
	r.connect, r.in, r.out = 0, 0, 0
	r.handed, r.stamped, r.again = false, false, false
	return r
}

// pop takes the oldest request out of the ring.
func (s *slot) pop() {
	if s.oldest().handed {
		s.out--
	}
	s.n--
	if s.head++; s.head == len(s.ring) {
		s.head = 0
	}
}

// A conn is a connection, in a slot or on its way out.
type conn struct {
	id    int32
	life  uint32     // how many connections bore this number before
	slot  *slot      // nil once it has left
	until mono.Time  // if it has left: when we end it ourselves
	place node[conn] // among those that have left
}

// restAfter returns how long a slot rests after so many failed connects in a
// row, the last one included: 10 ms, doubling to a second.
func restAfter(failures int) time.Duration {
	if failures >= restLevels {
		return time.Second
	}
	return 10 * time.Millisecond << (failures - 1)
}

// restLevels is how many different rests there are: 10, 20, … 640 ms and 1 s.
const restLevels = 8

// slotBlock is how many slots are made at a time where they are made on demand.
const slotBlock = 64

// newSlots makes n empty slots for a pipeline so deep, in two pieces of memory.
func newSlots(n, depth int) []slot {
	slots := make([]slot, n)
	rings := make([]request, n*depth)
	for i := range slots {
		s := &slots[i]
		s.place.of = s
		s.ring = rings[i*depth : (i+1)*depth : (i+1)*depth]
		for j := range s.ring {
			r := &s.ring[j]
			r.slot, r.place.of = s, r
		}
	}
	return slots
}
