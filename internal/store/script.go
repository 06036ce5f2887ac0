package store

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"time"

	"webdyno/internal/bus"
)

// There is no Lua here. The store knows one script, by its text or its hash:
// the one by which the bus posts an event once however often it is sent.

func eval(c *client, args [][]byte) error {
	if string(args[1]) != bus.AppendOnce {
		return failure("ERR this store knows no script but the bus's own; use Redis for others")
	}
	return c.appendOnce(args)
}

func evalSHA(c *client, args [][]byte) error {
	sum := sha1.Sum([]byte(bus.AppendOnce))
	if !bytes.EqualFold(args[1], []byte(hex.EncodeToString(sum[:]))) {
		return errScript
	}
	return c.appendOnce(args)
}

// appendOnce does what the script says.
func (c *client) appendOnce(args [][]byte) error {
	if len(args) != 7 || string(args[2]) != "2" {
		return failure("ERR the bus's script takes 2 keys and 2 arguments")
	}
	stream, key, event := args[3], args[4], args[5]
	seconds, err := parseInteger(args[6])
	if err != nil || seconds < 1 || seconds > int64(1<<62)/int64(time.Second) {
		return errInteger
	}
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	fields := newEntryFields([][]byte{[]byte("e"), event})
	if !d.room(int64(len(fields)+len(stream)+len(key)) + perEntry + 3*perKey) {
		return errMemory
	}
	var text []byte
	repeated := int64(1)
	switch old := d.find(key); {
	case old == nil:
		if text, err = d.appendKeyed(stream, key, fields, time.Duration(seconds)*time.Second); err != nil {
			return err
		}
		repeated = 0
	case old.stream != nil:
		return errType
	default:
		text = old.text
	}
	c.out.array(2)
	c.out.bytes(text)
	c.out.integer(repeated)
	return nil
}

// appendKeyed adds an entry to a stream and keeps its id, which it returns,
// under a key.
func (d *database) appendKeyed(stream, key, fields []byte, life time.Duration) ([]byte, error) {
	s, err := d.stream(stream)
	if err != nil {
		return nil, err
	}
	got, err := d.append(stream, s, newID{anyMS: true, anySeq: true}, fields, trim{})
	if err != nil {
		return nil, err
	}
	text := []byte(got.String())
	d.set(key, text, life)
	return text, nil
}
