package profile

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// An unmarshaller reads the part of Python's marshal format that profiles use:
// numbers, strings, tuples and dictionaries, and references to what came before
// (CPython's Python/marshal.c, versions 2 to 4).
type unmarshaller struct {
	data []byte
	at   int
	refs []any
}

// A tuple is a Python tuple; a dict a dictionary in the order written.
type (
	tuple []any
	dict  []entry
	entry struct{ key, value any }
)

// unresolved stands for a value that is referred to before it is complete.
type unresolved struct{}

const flagRef = 0x80

func (u *unmarshaller) fail(format string, args ...any) error {
	return &ReadError{Format: CProfile, Place: fmt.Sprintf("byte %d", u.at), What: fmt.Sprintf(format, args...)}
}

func (u *unmarshaller) bytes(n int) ([]byte, error) {
	if n < 0 || n > len(u.data)-u.at {
		return nil, u.fail("the file ends within a value")
	}
	b := u.data[u.at : u.at+n]
	u.at += n
	return b, nil
}

func (u *unmarshaller) long() (int, error) {
	b, err := u.bytes(4)
	if err != nil {
		return 0, err
	}
	return int(int32(binary.LittleEndian.Uint32(b))), nil
}

// end is what the code '0' stands for: the end of a dictionary.
type end struct{}

// value reads the next value.
func (u *unmarshaller) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, u.fail("values within values, more than %d deep", maxDepth)
	}
	b, err := u.bytes(1)
	if err != nil {
		return nil, err
	}
	code, keep := b[0]&^flagRef, b[0]&flagRef != 0
	slot := len(u.refs)
	if keep {
		u.refs = append(u.refs, unresolved{})
	}
	v, err := u.content(code, depth)
	if err != nil {
		return nil, err
	}
	if keep {
		u.refs[slot] = v
	}
	return v, nil
}

func (u *unmarshaller) content(code byte, depth int) (any, error) {
	switch code {
	case '0':
		return end{}, nil
	case 'N':
		return nil, nil
	case 'i':
		n, err := u.long()
		return int64(n), err
	case 'I': // PyPy's
		b, err := u.bytes(8)
		if err != nil {
			return nil, err
		}
		return int64(binary.LittleEndian.Uint64(b)), nil
	case 'l':
		return u.bigInt()
	case 'g':
		b, err := u.bytes(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
	case 'f':
		return u.textFloat()
	case 'z', 'Z':
		return u.short()
	case 'a', 'A', 'u', 't', 's':
		n, err := u.long()
		if err != nil {
			return nil, err
		}
		b, err := u.bytes(n)
		return string(b), err
	case 'r':
		return u.reference()
	case ')':
		n, err := u.bytes(1)
		if err != nil {
			return nil, err
		}
		return u.tuple(int(n[0]), depth)
	case '(':
		n, err := u.long()
		if err != nil {
			return nil, err
		}
		return u.tuple(n, depth)
	case '{':
		return u.dict(depth)
	}
	u.at--
	return nil, u.fail("%q is no type that a profile is made of", code)
}

// bigInt reads an integer of 15-bit digits, as far as an int64 holds it.
func (u *unmarshaller) bigInt() (any, error) {
	n, err := u.long()
	if err != nil {
		return nil, err
	}
	digits := max(n, -n)
	b, err := u.bytes(2 * digits)
	if err != nil {
		return nil, err
	}
	var sum int64
	for i := digits - 1; i >= 0; i-- {
		if sum > math.MaxInt64>>15 {
			return nil, u.fail("an integer beyond 63 bits")
		}
		sum = sum<<15 | int64(binary.LittleEndian.Uint16(b[2*i:])&0x7fff)
	}
	if n < 0 {
		sum = -sum
	}
	return sum, nil
}

func (u *unmarshaller) short() (any, error) {
	n, err := u.bytes(1)
	if err != nil {
		return nil, err
	}
	b, err := u.bytes(int(n[0]))
	return string(b), err
}

func (u *unmarshaller) textFloat() (any, error) {
	s, err := u.short()
	if err != nil {
		return nil, err
	}
	f, err := strconv.ParseFloat(s.(string), 64)
	if err != nil {
		return nil, u.fail("%q is no number", s)
	}
	return f, nil
}

func (u *unmarshaller) reference() (any, error) {
	n, err := u.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(u.refs) {
		return nil, u.fail("a reference to value %d of %d", n, len(u.refs))
	}
	if _, open := u.refs[n].(unresolved); open {
		return nil, u.fail("a value that holds itself")
	}
	return u.refs[n], nil
}

func (u *unmarshaller) tuple(n, depth int) (any, error) {
	if n < 0 || n > len(u.data)-u.at {
		return nil, u.fail("a tuple of %d values in a file of %d bytes", n, len(u.data))
	}
	t := make(tuple, 0, min(n, 16))
	for range n {
		v, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		t = append(t, v)
	}
	return t, nil
}

func (u *unmarshaller) dict(depth int) (any, error) {
	d := dict{}
	for {
		key, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, last := key.(end); last {
			return d, nil
		}
		value, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d = append(d, entry{key, value})
	}
}
