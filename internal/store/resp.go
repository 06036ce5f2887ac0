package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// What a request may be. Redis's own limits are wider; nothing that a bus has
// to say comes near these.
const (
	maxArgs    = 16 << 10
	maxBulk    = 1 << 20
	maxRequest = 4 << 20
	maxInline  = 64 << 10
)

// A protocolError ends a connection: where the next request would begin is not
// known any more.
type protocolError string

func (e protocolError) Error() string { return "Protocol error: " + string(e) }

// A reader takes requests off a connection. It never holds more than one
// request at its largest and one read beyond it.
type reader struct {
	source io.Reader
	before func() error // called when a request is waited for

	buf        []byte
	start, end int // what is in buf and not taken yet
	args       [][]byte

	// What is known of a request that is not complete, so that what has been
	// looked at need not be again; all counted from start.
	spans []int // beginning and end of each argument
	left  int   // arguments that are still to come
	at    int   // where to look on
}

func newReader(source io.Reader, before func() error) *reader {
	return &reader{source: source, before: before, buf: make([]byte, 16<<10)}
}

// next returns the next request's arguments, of which there is at least one.
// They are valid until the call after. It returns io.EOF at the end of a
// connection that ends between requests.
func (r *reader) next() ([][]byte, error) {
	for {
		n, err := r.parse()
		switch {
		case err != nil:
			return nil, err
		case n == 0:
			if err := r.before(); err != nil {
				return nil, err
			}
			if err := r.fill(); err != nil {
				return nil, err
			}
			continue
		}
		r.args = r.args[:0]
		for i := 0; i < len(r.spans); i += 2 {
			r.args = append(r.args, r.buf[r.start+r.spans[i]:r.start+r.spans[i+1]])
		}
		r.start += n
		r.spans, r.left, r.at = r.spans[:0], 0, 0
		if len(r.args) > 0 {
			return r.args, nil
		}
	}
}

// parse finds the arguments of the request at the beginning of what is there,
// and returns its length, 0 if it is not complete.
func (r *reader) parse() (int, error) {
	b := r.buf[r.start:r.end]
	if len(b) == 0 {
		return 0, nil
	}
	if b[0] != '*' {
		return r.parseInline(b)
	}
	if r.at == 0 {
		count, at, err := number(b, 0, maxArgs)
		if errors.Is(err, errNumber) {
			err = protocolError("invalid multibulk length")
		}
		if at == 0 || err != nil {
			return 0, err
		}
		r.left, r.at = count, at
	}
	for ; r.left > 0; r.left-- {
		if r.at == len(b) {
			return 0, nil
		}
		if b[r.at] != '$' {
			return 0, protocolError(fmt.Sprintf("expected '$', got '%c'", b[r.at]))
		}
		size, text, err := number(b, r.at, maxBulk)
		if errors.Is(err, errNumber) || size < 0 {
			err = protocolError("invalid bulk length")
		}
		if text == 0 || err != nil {
			return 0, err
		}
		end := text + size
		if end+2 > maxRequest {
			return 0, protocolError("too large a request")
		}
		if end+2 > len(b) {
			return 0, nil
		}
		r.spans = append(r.spans, text, end)
		r.at = end + 2
	}
	return r.at, nil
}

var errNumber = errors.New("no number in range")

// number reads the number on the line that begins at b[at] with a mark, and
// returns it and where the line after begins: 0 if the line is not complete.
func number(b []byte, at, limit int) (n, next int, err error) {
	line := b[at+1:]
	const longest = 32
	end := bytes.IndexByte(line[:min(len(line), longest)], '\n')
	switch {
	case end < 0 && len(line) >= longest:
		return 0, 0, errNumber
	case end < 0:
		return 0, 0, nil
	case end == 0 || line[end-1] != '\r':
		return 0, 0, errNumber
	}
	n, err = strconv.Atoi(string(line[:end-1]))
	if err != nil || n > limit {
		return 0, 0, errNumber
	}
	return n, at + 1 + end + 1, nil
}

// parseInline reads a line of words, as typed into a terminal. There is no
// quoting.
func (r *reader) parseInline(b []byte) (int, error) {
	end := bytes.IndexByte(b[r.at:min(len(b), maxInline)], '\n')
	if end < 0 {
		if r.at = len(b); len(b) >= maxInline {
			return 0, protocolError("too big inline request")
		}
		return 0, nil
	}
	end += r.at
	for at := 0; at < end; {
		from := at
		for at < end && b[at] > ' ' {
			at++
		}
		if at > from {
			r.spans = append(r.spans, from, at)
		}
		at = max(at, from+1)
	}
	return end + 1, nil
}

// fill reads more, and makes room for it if it must.
func (r *reader) fill() error {
	if r.start == r.end {
		r.start, r.end = 0, 0
		if len(r.buf) > 256<<10 {
			r.buf = make([]byte, 16<<10) // one large request is no reason to keep it
		}
	}
	if r.end == len(r.buf) {
		if r.start > 0 {
			r.end = copy(r.buf, r.buf[r.start:r.end])
			r.start = 0
		} else {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
	}
	n, err := r.source.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if errors.Is(err, io.EOF) && r.start < r.end {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A reply is what answers a request, in version 2 or 3 of the protocol.
type reply struct {
	b []byte
	v int // 2 or 3
}

func (r *reply) line(mark byte, text string) {
	r.b = append(r.b, mark)
	for i := range len(text) {
		c := text[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		r.b = append(r.b, c)
	}
	r.b = append(r.b, '\r', '\n')
}

func (r *reply) simple(text string) { r.line('+', text) }
func (r *reply) failed(text string) { r.line('-', text) }

func (r *reply) count(mark byte, n int64) {
	r.b = append(r.b, mark)
	r.b = strconv.AppendInt(r.b, n, 10)
	r.b = append(r.b, '\r', '\n')
}

func (r *reply) integer(n int64) { r.count(':', n) }
func (r *reply) array(n int)     { r.count('*', int64(n)) }

// pairs begins a map of n pairs, which version 2 writes as a flat list.
func (r *reply) pairs(n int) {
	if r.v == 3 {
		r.count('%', int64(n))
	} else {
		r.array(2 * n)
	}
}

func (r *reply) bulk(text string) {
	r.count('$', int64(len(text)))
	r.b = append(r.b, text...)
	r.b = append(r.b, '\r', '\n')
}

func (r *reply) bytes(text []byte) { r.bulk(string(text)) }

// verbatim is a text for people.
func (r *reply) verbatim(text string) {
	if r.v != 3 {
		r.bulk(text)
		return
	}
	r.count('=', int64(len(text)+4))
	r.b = append(r.b, "txt:"...)
	r.b = append(r.b, text...)
	r.b = append(r.b, '\r', '\n')
}

func (r *reply) null() {
	if r.v == 3 {
		r.b = append(r.b, "_\r\n"...)
	} else {
		r.b = append(r.b, "$-1\r\n"...)
	}
}

// nullArray is the null that stands for no list.
func (r *reply) nullArray() {
	if r.v == 3 {
		r.null()
	} else {
		r.b = append(r.b, "*-1\r\n"...)
	}
}
