package store

import (
	"bytes"
	"strconv"
	"time"
)

// A trim says what to forget of a stream: nothing, all but the newest n, or all
// below an id. That it may be done roughly (~) is taken as leave, not as a wish.
type trim struct {
	kind  string // "", "maxlen" or "minid"
	keep  int64
	below id
	limit int64 // entries to forget at most, 0 for any number
}

// parseTrim reads the options of a trim that begin at args[i], and returns
// where they end.
func parseTrim(args [][]byte, i int) (trim, int, error) {
	var t trim
	var err error
	t.kind = string(bytes.ToLower(args[i]))
	i++
	roughly := false
	if i+1 < len(args) && (is(args[i], "~") || is(args[i], "=")) {
		roughly = is(args[i], "~")
		i++
	}
	if i >= len(args) {
		return t, i, errSyntax
	}
	if t.kind == "maxlen" {
		t.keep, err = parseInteger(args[i])
		if err == nil && t.keep < 0 {
			err = failure("ERR The MAXLEN argument must be >= 0.")
		}
	} else {
		t.below, err = parseID(args[i], 0)
	}
	if i++; err != nil || i+1 >= len(args) || !is(args[i], "limit") {
		return t, i, err
	}
	t.limit, err = parseInteger(args[i+1])
	switch {
	case err == nil && t.limit < 0:
		err = failure("ERR The LIMIT argument must be >= 0.")
	case err == nil && !roughly:
		err = failure("ERR syntax error, LIMIT cannot be used without the special ~ option")
	}
	return t, i + 2, err
}

// apply trims a stream. It returns how many entries went.
func (t trim) apply(d *database, s *stream) int {
	n := 0
	switch t.kind {
	case "maxlen":
		n = max(0, len(s.entries)-int(min(t.keep, int64(len(s.entries)))))
	case "minid":
		n = s.at(t.below)
	}
	if t.limit > 0 {
		n = int(min(int64(n), t.limit))
	}
	d.used -= s.cut(n)
	return n
}

// xadd appends an entry: XADD key [NOMKSTREAM] [MAXLEN|MINID …] *|id field value …
func xadd(c *client, args [][]byte) error {
	var t trim
	var err error
	make, i := true, 2
	for ; i < len(args); i++ {
		switch {
		case is(args[i], "nomkstream"):
			make = false
			continue
		case is(args[i], "maxlen"), is(args[i], "minid"):
			if t, i, err = parseTrim(args, i); err != nil {
				return err
			}
			i--
			continue
		}
		break
	}
	if fields := len(args) - i - 1; fields < 2 || fields%2 != 0 {
		return failure("ERR wrong number of arguments for 'xadd' command")
	}
	want, err := parseNewID(args[i])
	if err != nil {
		return err
	}
	fields := newEntryFields(args[i+1:])

	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.room(int64(len(fields) + len(args[1]) + perEntry + perKey)) {
		return errMemory
	}
	s, err := d.stream(args[1])
	if err != nil {
		return err
	}
	if s == nil && !make {
		c.out.null()
		return nil
	}
	got, err := d.append(args[1], s, want, fields, t)
	if err != nil {
		return err
	}
	c.out.bulk(got.String())
	return nil
}

// append adds an entry to the stream of a key, which it makes if s is nil. The
// caller has made sure that there is room.
func (d *database) append(key []byte, s *stream, want newID, fields []byte, t trim) (id, error) {
	var last id
	if s != nil {
		last = s.last
	}
	got, err := want.after(last, uint64(d.now().UnixMilli()))
	if err != nil {
		return id{}, err
	}
	e := entry{got, fields}
	if s == nil {
		s = new(stream)
		d.put(key, &value{stream: s})
	}
	s.entries, s.last = append(s.entries, e), got
	d.used += e.size()
	t.apply(d, s)
	d.ring(key)
	return got, nil
}

// A newID is what a client asks an entry's id to be.
type newID struct {
	id
	anyMS, anySeq bool
}

// parseNewID reads *, MS-* or an id.
func parseNewID(arg []byte) (newID, error) {
	if string(arg) == "*" {
		return newID{anyMS: true, anySeq: true}, nil
	}
	if ms, ok := bytes.CutSuffix(arg, []byte("-*")); ok && !bytes.Contains(ms, []byte("-")) {
		x, err := parseID(ms, 0)
		return newID{id: x, anySeq: true}, err
	}
	x, err := parseID(arg, 0)
	if err == nil && x == (id{}) {
		err = errZero
	}
	return newID{id: x}, err
}

// after returns the id that an entry gets behind the last.
func (n newID) after(last id, ms uint64) (id, error) {
	x := n.id
	switch {
	case n.anyMS:
		x = last.After(ms)
	case n.anySeq && n.MS == last.MS:
		x = last.After(0)
		if x.MS != last.MS {
			return id{}, errSmall
		}
	}
	if x.Compare(last) <= 0 {
		return id{}, errSmall
	}
	return x, nil
}

func xlen(c *client, args [][]byte) error {
	d := c.server.data
	d.mu.RLock()
	defer d.mu.RUnlock()
	s, err := d.stream(args[1])
	if err != nil {
		return err
	}
	if s == nil {
		s = new(stream)
	}
	c.out.integer(int64(len(s.entries)))
	return nil
}

func xrange(c *client, args [][]byte) error {
	return c.between(args, args[2], args[3], func(found []entry) {
		for _, e := range found {
			e.write(&c.out)
		}
	}, func(found []entry, n int) []entry { return found[:n] })
}

func xrevrange(c *client, args [][]byte) error {
	return c.between(args, args[3], args[2], func(found []entry) {
		for i := range found {
			found[len(found)-1-i].write(&c.out)
		}
	}, func(found []entry, n int) []entry { return found[len(found)-n:] })
}

// between answers with the entries of an interval. write writes them in the
// order asked for, first picks those that a COUNT leaves.
func (c *client) between(args [][]byte, lo, hi []byte, write func([]entry), first func([]entry, int) []entry) error {
	from, err := parseBound(lo, false)
	if err != nil {
		return err
	}
	to, err := parseBound(hi, true)
	if err != nil {
		return err
	}
	count := int64(-1)
	if len(args) > 4 {
		if len(args) != 6 || !is(args[4], "count") {
			return errSyntax
		}
		if count, err = parseInteger(args[5]); err != nil {
			return err
		}
		count = max(count, 0)
	}
	d := c.server.data
	d.mu.RLock()
	s, err := d.stream(args[1])
	var found []entry
	if s != nil {
		found = s.between(from, to)
	}
	d.mu.RUnlock()
	switch {
	case err != nil:
		return err
	case count == 0:
		c.out.nullArray()
		return nil
	case count > 0 && count < int64(len(found)):
		found = first(found, int(count))
	}
	c.out.array(len(found))
	write(found)
	return nil
}

func xtrim(c *client, args [][]byte) error {
	if !is(args[2], "maxlen") && !is(args[2], "minid") {
		return errSyntax
	}
	t, end, err := parseTrim(args, 2)
	if err == nil && end != len(args) {
		err = errSyntax
	}
	if err != nil {
		return err
	}
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.stream(args[1])
	if err != nil {
		return err
	}
	n := 0
	if s != nil {
		n = t.apply(d, s)
	}
	c.out.integer(int64(n))
	return nil
}

func xdel(c *client, args [][]byte) error {
	ids := make([]id, len(args)-2)
	for i, a := range args[2:] {
		x, err := parseID(a, 0)
		if err != nil {
			return err
		}
		ids[i] = x
	}
	d := c.server.data
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.stream(args[1])
	if err != nil {
		return err
	}
	n := 0
	if s != nil {
		var freed int64
		n, freed = s.remove(ids)
		d.used -= freed
	}
	c.out.integer(int64(n))
	return nil
}

func parseInteger(arg []byte) (int64, error) {
	n, err := strconv.ParseInt(string(arg), 10, 64)
	if err != nil {
		return 0, errInteger
	}
	return n, nil
}

// parseMillis reads a time in milliseconds.
func parseMillis(arg []byte) (time.Duration, error) {
	ms, err := parseInteger(arg)
	switch {
	case err != nil || ms > int64(1<<62)/int64(time.Millisecond):
		return 0, failure("ERR timeout is not an integer or out of range")
	case ms < 0:
		return 0, failure("ERR timeout is negative")
	}
	return time.Duration(ms) * time.Millisecond, nil
}
