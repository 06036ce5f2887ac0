package store

import (
	"math"
	"slices"
	"strings"

	"webdyno/internal/bus"
)

// An id is the place of an entry in its stream.
type id = bus.Marker

// An entry is one message. Its fields are kept as they are sent: an array of
// texts, encoded.
type entry struct {
	id     id
	fields []byte
}

// perEntry and perKey are what an entry and a key are taken to cost beside
// their texts.
const (
	perEntry = 48
	perKey   = 128
)

// A stream is a list of entries in the order of their ids.
//
// The list is only ever appended to, cut at its beginning, or replaced, so that
// a part of it can be read after the lock has been given back.
type stream struct {
	entries []entry
	last    id // the largest id there ever was
}

// at returns the index of the first entry with at least the given id.
func (s *stream) at(x id) int {
	i, _ := slices.BinarySearchFunc(s.entries, x, func(e entry, x id) int { return e.id.Compare(x) })
	return i
}

// between returns the entries from one id to another, both included.
func (s *stream) between(from, to id) []entry {
	first, end := s.at(from), len(s.entries)
	if next, ok := following(to); ok {
		end = s.at(next)
	}
	return s.entries[first:max(first, end):max(first, end)]
}

// cut forgets the first n entries, and returns the bytes they took.
func (s *stream) cut(n int) int64 {
	var freed int64
	for _, e := range s.entries[:n] {
		freed += e.size()
	}
	s.entries = s.entries[n:]
	if n > 0 && cap(s.entries) > 2*len(s.entries)+64 {
		s.entries = slices.Clone(s.entries) // or what was cut would never be freed
	}
	return freed
}

// remove forgets the entries with the given ids, and returns how many there
// were, and the bytes they took.
func (s *stream) remove(ids []id) (int, int64) {
	gone := make(map[id]bool, len(ids))
	for _, x := range ids {
		gone[x] = true
	}
	kept := make([]entry, 0, len(s.entries))
	var freed int64
	for _, e := range s.entries {
		if gone[e.id] {
			freed += e.size()
		} else {
			kept = append(kept, e)
		}
	}
	n := len(s.entries) - len(kept)
	s.entries = kept
	return n, freed
}

func (s *stream) size() int64 {
	var n int64
	for _, e := range s.entries {
		n += e.size()
	}
	return n
}

func (e entry) size() int64 { return int64(len(e.fields) + perEntry) }

func (e entry) write(r *reply) {
	r.array(2)
	r.bulk(e.id.String())
	r.b = append(r.b, e.fields...)
}

// newEntryFields encodes the fields of an entry.
func newEntryFields(args [][]byte) []byte {
	n := 16
	for _, a := range args {
		n += len(a) + 16
	}
	r := reply{b: make([]byte, 0, n)}
	r.array(len(args))
	for _, a := range args {
		r.bytes(a)
	}
	return slices.Clip(r.b)
}

// following returns the smallest id beyond x, unless x is the largest of all.
func following(x id) (id, bool) {
	if x == (id{MS: math.MaxUint64, Seq: math.MaxUint64}) {
		return id{}, false
	}
	return x.After(0), true
}

// preceding returns the largest id before x, unless x is the smallest of all.
func preceding(x id) (id, bool) {
	switch {
	case x == id{}:
		return id{}, false
	case x.Seq == 0:
		return id{MS: x.MS - 1, Seq: math.MaxUint64}, true
	}
	return id{MS: x.MS, Seq: x.Seq - 1}, true
}

// parseID reads MS-SEQ, or MS alone, whose sequence is then the one given.
func parseID(arg []byte, seq uint64) (id, error) {
	text := string(arg)
	if text == "" {
		return id{}, errID
	}
	x, err := bus.ParseMarker(text)
	if err != nil {
		return id{}, errID
	}
	if !strings.Contains(text, "-") {
		x.Seq = seq
	}
	return x, nil
}

// parseBound reads one end of an interval: an id, one that is excluded, or - or
// + for the ends of all ids.
func parseBound(arg []byte, upper bool) (id, error) {
	seq := uint64(0)
	if upper {
		seq = math.MaxUint64
	}
	switch text := string(arg); {
	case text == "-":
		return id{}, nil
	case text == "+":
		return id{MS: math.MaxUint64, Seq: math.MaxUint64}, nil
	case !strings.HasPrefix(text, "("):
		return parseID(arg, seq)
	}
	x, err := parseID(arg[1:], seq)
	if err != nil {
		return id{}, err
	}
	if upper {
		if x, ok := preceding(x); ok {
			return x, nil
		}
		return id{}, failure("ERR invalid end ID for the interval")
	}
	if x, ok := following(x); ok {
		return x, nil
	}
	return id{}, failure("ERR invalid start ID for the interval")
}
