package engine

import (
	"webdyno/internal/load"
	"webdyno/internal/sys"
	"webdyno/internal/workload"
)

// A reel is the bytes of a loop's requests, in the order in which it sends
// them, round and round. They lie end to end, in memory that the kernel may hold
// on to, so that several successive requests go out as one send.
type reel struct {
	requests []*workload.Request // in the loop's order; one turn of the reel
	mem      []byte
	begin    []int // of request i in mem, beyond one turn by depth-1; one more for the end
	last     []stretch
	lastMem  []byte
	sheet    int // the longest of those with blanks, which are not sent from here; 0 if there is none
}

// A stretch is a part of memory.
type stretch struct{ from, to int }

// longestReel bounds the memory that is spent on laying requests end to end
// more than once, for the sake of pipelining.
const longestReel = 4 << 20

// newReel lays out the requests of share s of a job.
func newReel(job *Job, s load.Share) (*reel, error) {
	depth := job.Load.Usage().Depth()
	r := &reel{requests: inOpen(job.Requests.Requests, s)}
	if _, closed := job.Load.(load.Closed); closed {
		r.requests = inClosed(job.Requests.Requests, s)
	}
	turn, last := 0, 0
	for _, q := range r.requests {
		turn += len(q.Bytes)
		last += len(q.Last)
	}
	extra := 0 // requests beyond one turn, so that a batch need not wrap
	for size := turn; extra < depth-1; extra++ {
		if size += len(r.requests[extra%len(r.requests)].Bytes); size > longestReel {
			break
		}
		turn = size
	}
	var err error
	if r.mem, err = sys.Map(turn); err != nil {
		return nil, err
	}
	if r.lastMem, err = sys.Map(last); err != nil {
		r.free()
		return nil, err
	}
	at := 0
	for i := range len(r.requests) + extra {
		r.begin = append(r.begin, at)
		at += copy(r.mem[at:], r.requests[i%len(r.requests)].Bytes)
	}
	r.begin = append(r.begin, at)
	at = 0
	for _, q := range r.requests {
		end := at + copy(r.lastMem[at:], q.Last)
		r.last = append(r.last, stretch{at, end})
		at = end
		if len(q.Blanks) > 0 {
			r.sheet = max(r.sheet, len(q.Bytes), len(q.Last))
		}
	}
	return r, nil
}

// inOpen returns the requests that share s of an open load sends, until they
// repeat: request number k of all shares together is k modulo the size of the set.
func inOpen(all []workload.Request, s load.Share) []*workload.Request {
	var turn []*workload.Request
	for i := s.Nth % len(all); ; {
		turn = append(turn, &all[i])
		i = (i + max(s.Of, 1)) % len(all)
		if i == s.Nth%len(all) {
			return turn
		}
	}
}

// inClosed returns those of a share of a closed load: all of them, from a place of
// its own on. Were they dealt out, the share with the quick ones would send far
// more of them than they weigh, since answers release requests.
func inClosed(all []workload.Request, s load.Share) []*workload.Request {
	turn := make([]*workload.Request, len(all))
	from := s.Nth * len(all) / max(s.Of, 1)
	for i := range turn {
		turn[i] = &all[(from+i)%len(all)]
	}
	return turn
}

// after returns the position that follows i.
func (r *reel) after(i int32) int32 {
	if i++; int(i) == len(r.requests) {
		return 0
	}
	return i
}

// hasBlanks tells whether request i differs each time it is sent.
func (r *reel) hasBlanks(i int32) bool { return r.sheet > 0 && len(r.requests[i].Blanks) > 0 }

// bytes returns the bytes of n successive requests from position i on. It
// returns fewer than n where they do not lie end to end; at least one.
func (r *reel) bytes(i int32, n int) (b []byte, have int) {
	have = min(n, len(r.begin)-1-int(i))
	return r.mem[r.begin[i]:r.begin[int(i)+have]], have
}

// closing returns the bytes of request i as the last one of a connection.
func (r *reel) closing(i int32) []byte {
	s := r.last[i]
	if s.from == s.to {
		b, _ := r.bytes(i, 1)
		return b
	}
	return r.lastMem[s.from:s.to]
}

func (r *reel) free() {
	sys.Unmap(r.mem)
	sys.Unmap(r.lastMem)
}
