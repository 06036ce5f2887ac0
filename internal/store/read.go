package store

import (
	"math"
	"time"
)

// A wish is one stream of an XREAD, and beyond which of its entries.
type wish struct {
	key   []byte
	after id
}

// xread answers with what there is beyond given ids, and waits for it if asked
// to: XREAD [COUNT n] [BLOCK ms] STREAMS key … id …
func xread(c *client, args [][]byte) error {
	count, block, waits := int64(0), time.Duration(0), false
	i := 1
	for ; i < len(args); i += 2 {
		if is(args[i], "streams") {
			break
		}
		if i+1 == len(args) {
			return errSyntax
		}
		var err error
		switch {
		case is(args[i], "count"):
			count, err = parseInteger(args[i+1])
		case is(args[i], "block"):
			block, err = parseMillis(args[i+1])
			waits = true
		default:
			err = errSyntax
		}
		if err != nil {
			return err
		}
	}
	if i >= len(args) {
		return errSyntax
	}
	if rest := len(args) - i - 1; rest == 0 || rest%2 != 0 {
		return failure("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
	}
	wishes, err := c.wishes(args[i+1:])
	if err != nil {
		return err
	}
	if found, err := c.read(wishes, count); found || err != nil {
		return err
	}
	if !waits {
		c.out.nullArray()
		return nil
	}
	return c.await(wishes, count, block)
}

// wishes reads the second half of an XREAD. A dollar stands for the last entry
// there is now.
func (c *client) wishes(args [][]byte) ([]wish, error) {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	n := len(args) / 2
	wishes := make([]wish, n)
	for i := range wishes {
		wishes[i].key = args[i]
		s, err := d.stream(args[i])
		if err != nil {
			return nil, err
		}
		if string(args[n+i]) == "$" {
			if s != nil {
				wishes[i].after = s.last
			}
			continue
		}
		if wishes[i].after, err = parseID(args[n+i], 0); err != nil {
			return nil, err
		}
	}
	return wishes, nil
}

// read answers with what there is, if there is anything.
func (c *client) read(wishes []wish, count int64) (bool, error) {
	type stock struct {
		key     []byte
		entries []entry
	}
	var found []stock
	d := c.server.data
	d.mu.RLock()
	for _, w := range wishes {
		from, ok := following(w.after)
		s, err := d.stream(w.key)
		if err != nil {
			d.mu.RUnlock()
			return false, err
		}
		if s == nil || !ok {
			continue
		}
		entries := s.between(from, id{MS: math.MaxUint64, Seq: math.MaxUint64})
		if count > 0 && count < int64(len(entries)) {
			entries = entries[:count]
		}
		if len(entries) > 0 {
			found = append(found, stock{w.key, entries})
		}
	}
	d.mu.RUnlock()
	if len(found) == 0 {
		return false, nil
	}
	if c.out.v == 3 {
		c.out.pairs(len(found))
	} else {
		c.out.array(len(found))
	}
	for _, s := range found {
		if c.out.v != 3 {
			c.out.array(2)
		}
		c.out.bytes(s.key)
		c.out.array(len(s.entries))
		for _, e := range s.entries {
			e.write(&c.out)
		}
	}
	return true, nil
}

// await waits until there is something, the time is over (0 never is), the
// client has gone or the store stops.
func (c *client) await(wishes []wish, count int64, block time.Duration) error {
	began := time.Now()
	defer func() { c.waited = time.Since(began) }()
	keys := make([][]byte, len(wishes))
	for i := range wishes {
		keys[i] = wishes[i].key
	}
	// The arguments lie in the reader's buffer, which watching the connection
	// may move.
	keys = cloneAll(keys)
	for i := range wishes {
		wishes[i].key = keys[i]
	}
	w := &waiter{rung: make(chan struct{}, 1)}
	c.server.data.enlist(w, keys)
	defer c.server.data.dismiss(w, keys)
	if err := c.flush(); err != nil {
		return nil // the next read tells
	}
	gone, stop := c.watch()
	defer stop()
	var over <-chan time.Time
	if block > 0 {
		timer := time.NewTimer(block)
		defer timer.Stop()
		over = timer.C
	}
	for {
		// Something may have come between the first look and enlisting.
		if found, err := c.read(wishes, count); found || err != nil {
			return err
		}
		select {
		case <-w.rung:
		case <-over:
			c.out.nullArray()
			return nil
		case <-gone:
			return nil
		case <-c.server.stopping:
			c.out.nullArray()
			return nil
		}
	}
}
