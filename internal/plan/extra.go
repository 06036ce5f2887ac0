package plan

import (
	"fmt"
	"strings"

	"webdyno/internal/unit"
)

// Extra is so many further headers of one length, of which a factor may vary
// either: what a header costs a server, and a byte of one. The zero Extra is
// none.
type Extra struct {
	Count string // a number, or "{factor}"
	Bytes string // of each, from its name to its line end; a number, or "{factor}"
}

const (
	maxExtraCount = 1000 // names have three digits
	maxExtraBytes = 64 << 10

	// leastExtra holds a name, a colon, a space, one byte of value and the line
	// end.
	leastExtra = int64(len("X-000: v\r\n"))
)

func extraCount() quantity { return counted(0, maxExtraCount) }

func extraBytes() quantity { return bytesFrom(leastExtra, maxExtraBytes) }

// grammar is of a mapping that says both: neither means anything by itself.
func (e *Extra) grammar() mapping {
	return mapping{what: "`extra:`", keys: []key{
		{"count", "How many there are: a number, or a factor.", amount{into: &e.Count, quantity: extraCount()}, true},
		{"bytes", "How long each is, from its name to its line end: a number, or a factor.",
			amount{into: &e.Bytes, quantity: extraBytes()}, true},
	}}
}

// amounts returns how many headers there are with these values, and how long
// each is.
func (e Extra) amounts(v map[string]string) (count, bytes int64, err error) {
	if e == (Extra{}) {
		return 0, 0, nil
	}
	if count, err = resolve(e.Count, v, unit.ParseCount); err != nil {
		return 0, 0, fmt.Errorf("count: %w", err)
	}
	if bytes, err = resolve(e.Bytes, v, unit.ParseBytes); err != nil {
		return 0, 0, fmt.Errorf("bytes: %w", err)
	}
	switch {
	case count < 0 || count > maxExtraCount:
		return 0, 0, fmt.Errorf("count: %d is out of range: want a whole number from 0 to %d", count, maxExtraCount)
	case bytes < leastExtra || bytes > maxExtraBytes:
		return 0, 0, fmt.Errorf("bytes: %d is out of range: want from %d to %s", bytes, leastExtra, unit.Bytes(maxExtraBytes))
	case count*bytes > maxExtraBytes:
		return 0, 0, fmt.Errorf("%d headers of %d bytes are more than any server takes: want %s at most together",
			count, bytes, unit.Bytes(maxExtraBytes))
	}
	return count, bytes, nil
}

// size returns how many bytes the headers have together.
func (e Extra) size(v map[string]string) (int64, error) {
	count, bytes, err := e.amounts(v)
	if err != nil {
		return 0, fmt.Errorf("headers.extra: %w", err)
	}
	return count * bytes, nil
}

// make returns the headers: and so on, whose names are all of one
// length, so that the tenth costs what the first does.
func (e Extra) make(v map[string]string) ([]Var, error) {
	count, bytes, err := e.amounts(v)
	if err != nil {
		return nil, fmt.Errorf("headers.extra: %w", err)
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var all []Var
	for i := range count {
		n := int(bytes - leastExtra + 1)
		value := strings.Repeat(letters, n/len(letters)+1)[:n]
		all = append(all, Var{Name: fmt.Sprintf("X-%03d", i), Value: value})
	}
	return all, nil
}
