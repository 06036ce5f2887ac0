package workload

import (
	"bytes"
	"errors"

	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// A Blank is a place in a request that is filled in each time it is sent: a
// number that no other request has ({seq}), or a random one ({random}). A value
// is as long as its mark, so that nothing else in the request depends on it.
type Blank struct {
	At, AtLast int  // where it begins in Bytes, and in Last
	Random     bool // else it is a number in sequence
	Nth        int  // among the request's random ones
}

// Fill writes the value that the blank has in request n of a job into b, which
// is the request's Bytes, or its Last.
func (k *Blank) Fill(b []byte, last bool, job int, seed uint64, n int64) {
	at := k.At
	if last {
		at = k.AtLast
	}
	if k.Random {
		load.PutRandom(b[at:], seed, n, k.Nth)
	} else {
		load.PutSeq(b[at:], job, n)
	}
}

// findBlanks finds the marks of a request and puts the first values in their
// place.
func (r *Request) findBlanks(x plan.Exact) error {
	at, atLast := marksIn(r.Bytes), marksIn(r.Last)
	if len(at) != len(marksIn([]byte(x.Path)))+len(marksIn(x.Body)) {
		return errors.New("{seq} and {random} can stand in the path and in the body, and nowhere else")
	}
	if len(at) > 0 && x.Expect.Oracle != "" {
		return errors.New("{seq} or {random} beside an oracle: the right answer is computed once, and is the same for every request")
	}
	random := 0
	for i, k := range at {
		k.AtLast = atLast[i].At
		if k.Random {
			k.Nth = random
			random++
		}
		r.Blanks = append(r.Blanks, k)
	}
	for i := range r.Blanks {
		r.Blanks[i].Fill(r.Bytes, false, 0, 0, 0)
		r.Blanks[i].Fill(r.Last, true, 0, 0, 0)
	}
	return nil
}

// marksIn returns where the marks of values are in b, as blanks.
func marksIn(b []byte) []Blank {
	var found []Blank
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], load.SeqMark[0])
		if i < 0 {
			return found
		}
		at += i
		switch {
		case bytes.HasPrefix(b[at:], []byte(load.SeqMark)):
			found = append(found, Blank{At: at})
			at += len(load.SeqMark)
		case bytes.HasPrefix(b[at:], []byte(load.RandomMark)):
			found = append(found, Blank{At: at, Random: true})
			at += len(load.RandomMark)
		default:
			at++
		}
	}
}
