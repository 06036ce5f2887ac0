package store

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"time"
)

func get(c *client, args [][]byte) error {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	switch v := d.find(args[1]); {
	case v == nil:
		c.out.null()
	case v.stream != nil:
		return errType
	default:
		c.out.bytes(v.text)
	}
	return nil
}

// set sets a text: SET key value [NX|XX] [EX seconds|PX milliseconds]
func set(c *client, args [][]byte) error {
	var life time.Duration
	var onlyNew, onlyOld bool
	for i := 3; i < len(args); i++ {
		switch {
		case is(args[i], "nx") && !onlyOld:
			onlyNew = true
		case is(args[i], "xx") && !onlyNew:
			onlyOld = true
		case (is(args[i], "ex") || is(args[i], "px")) && i+1 < len(args) && life == 0:
			unit := time.Second
			if is(args[i], "px") {
				unit = time.Millisecond
			}
			i++
			n, err := parseInteger(args[i])
			if err != nil {
				return err
			}
			if n <= 0 || n > int64(1<<62)/int64(unit) {
				return failure("ERR invalid expire time in 'set' command")
			}
			life = time.Duration(n) * unit
		default:
			return errSyntax
		}
	}
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.room(int64(len(args[1])+len(args[2])) + perKey) {
		return errMemory
	}
	old := d.find(args[1])
	if onlyNew && old != nil || onlyOld && old == nil {
		c.out.null()
		return nil
	}
	d.set(args[1], args[2], life)
	c.out.simple("OK")
	return nil
}

// set sets a key to a text, for a time if life is not 0.
func (d *database) set(key, text []byte, life time.Duration) {
	d.put(key, &value{text: bytes.Clone(text)})
	if life > 0 {
		d.expires[string(key)] = d.now().Add(life)
	}
}

func del(c *client, args [][]byte) error {
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, key := range args[1:] {
		there := d.find(key) != nil
		d.drop(string(key))
		if there {
			n++
		}
	}
	c.out.integer(int64(n))
	return nil
}

func exists(c *client, args [][]byte) error {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	n := 0
	for _, key := range args[1:] {
		if d.find(key) != nil {
			n++
		}
	}
	c.out.integer(int64(n))
	return nil
}

func expire(c *client, args [][]byte) error {
	seconds, err := parseInteger(args[2])
	if err != nil {
		return err
	}
	if limit := int64(1<<62) / int64(time.Second); seconds > limit || seconds < -limit {
		return failure("ERR invalid expire time in 'expire' command")
	}
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.find(args[1]) == nil {
		c.out.integer(0)
		return nil
	}
	d.expires[string(args[1])] = d.now().Add(time.Duration(seconds) * time.Second)
	c.out.integer(1)
	return nil
}

func ttl(c *client, args [][]byte) error {
	return c.left(args[1], func(d time.Duration) int64 { return int64((d + time.Second/2) / time.Second) })
}

func pttl(c *client, args [][]byte) error {
	return c.left(args[1], time.Duration.Milliseconds)
}

// left answers with the time that a key has left.
func (c *client) left(key []byte, in func(time.Duration) int64) error {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	at, expires := d.expires[string(key)]
	switch {
	case d.find(key) == nil:
		c.out.integer(-2)
	case !expires:
		c.out.integer(-1)
	default:
		c.out.integer(in(at.Sub(d.now())))
	}
	return nil
}

func typeOf(c *client, args [][]byte) error {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	if v := d.find(args[1]); v != nil {
		c.out.simple(v.kind())
	} else {
		c.out.simple("none")
	}
	return nil
}

func dbsize(c *client, _ [][]byte) error {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	c.out.integer(int64(len(d.values)))
	return nil
}

func flushAll(c *client, args [][]byte) error {
	if len(args) > 2 || len(args) == 2 && !is(args[1], "sync") && !is(args[1], "async") {
		return errSyntax
	}
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flush()
	c.out.simple("OK")
	return nil
}

// scan walks over the keys in their order: SCAN cursor [MATCH glob] [COUNT n]
// [TYPE kind]. The cursor is the number of keys that lie behind it, so keys that
// come and go meanwhile may be met twice or not at all.
func scan(c *client, args [][]byte) error {
	cursor, err := strconv.ParseUint(string(args[1]), 10, 64)
	if err != nil {
		return failure("ERR invalid cursor")
	}
	glob, kind, count := "*", "", int64(10)
	for i := 2; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return errSyntax
		case is(args[i], "match"):
			glob = string(args[i+1])
		case is(args[i], "type"):
			kind = strings.ToLower(string(args[i+1]))
		case is(args[i], "count"):
			if count, err = parseInteger(args[i+1]); err != nil {
				return err
			}
			if count < 1 {
				return errSyntax
			}
		default:
			return errSyntax
		}
	}
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	keys := d.keys()
	from := min(cursor, uint64(len(keys)))
	to := from + min(uint64(count), uint64(len(keys))-from)
	var found []string
	for _, k := range keys[from:to] {
		if ok, _ := path.Match(glob, k); ok && (kind == "" || kind == d.values[k].kind()) {
			found = append(found, k)
		}
	}
	if to == uint64(len(keys)) {
		to = 0
	}
	c.out.array(2)
	c.out.bulk(strconv.FormatUint(to, 10))
	c.out.array(len(found))
	for _, k := range found {
		c.out.bulk(k)
	}
	return nil
}
