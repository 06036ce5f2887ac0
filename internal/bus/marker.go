package bus

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Marker is the place of an event in its channel. Events are ordered by it,
// and a reader that hands back the last one it has seen is given what came
// after. It is written MS-SEQ, as the entries of a Redis stream are.
//
// The zero Marker lies before every event.
type Marker struct {
	MS  uint64 // milliseconds since 1970 at which the event was accepted
	Seq uint64 // counts events within a millisecond, from 0
}

// PrimedBelow is the MS below which markers belong to primed events, which
// never expire. No clock shows so early a time.
const PrimedBelow = 1_000_000

// ParseMarker reads MS-SEQ or MS alone. The empty text is the zero Marker.
func ParseMarker(text string) (Marker, error) {
	if text == "" {
		return Marker{}, nil
	}
	ms, seq, both := strings.Cut(text, "-")
	var m Marker
	var err error
	if m.MS, err = parseDigits(ms); err == nil && both {
		m.Seq, err = parseDigits(seq)
	}
	if err != nil {
		return Marker{}, fmt.Errorf("marker %q: want MS-SEQ, two whole numbers, as an answer's \"marker\" has it", text)
	}
	return m, nil
}

// parseDigits is ParseUint without its leading plus sign.
func parseDigits(s string) (uint64, error) {
	if strings.HasPrefix(s, "+") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(s, 10, 64)
}

func (m Marker) String() string { return string(m.append(nil)) }

func (m Marker) append(b []byte) []byte {
	b = strconv.AppendUint(b, m.MS, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, m.Seq, 10)
}

// Compare orders markers as their events are ordered.
func (m Marker) Compare(n Marker) int {
	return cmp.Or(cmp.Compare(m.MS, n.MS), cmp.Compare(m.Seq, n.Seq))
}

// IsPrimed tells whether the marker belongs to a primed event.
func (m Marker) IsPrimed() bool { return m.MS < PrimedBelow }

// After returns the marker of an event accepted at ms after one with marker m:
// at ms if that is later, else the next in m's own millisecond. A clock that
// was set back therefore does not take markers back with it.
func (m Marker) After(ms uint64) Marker {
	switch {
	case ms > m.MS:
		return Marker{MS: ms}
	case m.Seq == math.MaxUint64:
		return Marker{MS: m.MS + 1}
	}
	return Marker{m.MS, m.Seq + 1}
}
