package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"webdyno/internal/bus"
)

const (
	markerSize = 16
	sumSize    = 4
)

// encodeMarker writes a marker so that the order of the bytes is that of the
// markers.
func encodeMarker(m bus.Marker) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, markerSize), m.MS)
	return binary.BigEndian.AppendUint64(b, m.Seq)
}

func decodeMarker(b []byte) bus.Marker {
	return bus.Marker{MS: binary.BigEndian.Uint64(b), Seq: binary.BigEndian.Uint64(b[8:])}
}

// encode writes an event's text behind its checksum, which is taken over the
// channel and the marker too: an event in the wrong place is a wrong event.
func encode(channel, key, text []byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, sumSize+len(text)), sum(channel, key, text))
	return append(b, text...)
}

// decode reads an event, into memory of its own.
func decode(channel, key, value []byte) (bus.Event, error) {
	if len(key) != markerSize || len(value) < sumSize {
		return bus.Event{}, fmt.Errorf("%w: channel %s has an entry of %d and %d bytes", bus.ErrDamaged, channel, len(key), len(value))
	}
	m, text := decodeMarker(key), value[sumSize:]
	if sum(channel, key, text) != binary.BigEndian.Uint32(value) {
		return bus.Event{}, fmt.Errorf("%w: event %v of channel %s is not as it was written", bus.ErrDamaged, m, channel)
	}
	return bus.Event{Marker: m, JSON: bytes.Clone(text)}, nil
}

func sum(parts ...[]byte) uint32 {
	var s uint32
	for _, p := range parts {
		s = crc32.Update(s, crc32.MakeTable(crc32.Castagnoli), p)
	}
	return s
}

// keyName is an idempotency key within its channel, in whose name is no 0.
func keyName(channel, key string) []byte { return []byte(channel + "\x00" + key) }

// encodeKeyed is what is kept of a post with a key.
func encodeKeyed(m bus.Marker, expires uint64) []byte {
	return binary.BigEndian.AppendUint64(encodeMarker(m), expires)
}

// decodeKeyed reads it; ok is false if it is no such thing.
func decodeKeyed(b []byte) (m bus.Marker, expires uint64, ok bool) {
	if len(b) != markerSize+8 {
		return bus.Marker{}, 0, false
	}
	return decodeMarker(b), binary.BigEndian.Uint64(b[markerSize:]), true
}

// expiryName orders keys by when they expire.
func expiryName(expires uint64, name []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, expires), name...)
}
