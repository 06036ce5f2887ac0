package screen

// A Key is a key that was pressed: a small letter, or one of those below. 0 is
// none that means anything.
type Key byte

// The keys that are no letters.
const (
	Up Key = 128 + iota
	Down
	Left
	Right
	Escape
	Redraw // Ctrl-L
)

// arrows are the last bytes of the sequences that arrow keys send.
var arrows = [...]Key{'A': Up, 'B': Down, 'C': Right, 'D': Left}

// decode returns the keys that a terminal sent. Sequences it does not know are
// passed over whole; one that is torn counts as Escape and what it is made of.
func decode(b []byte) []Key {
	var keys []Key
	for len(b) > 0 {
		n := sequence(b)
		if k := keyOf(b[:n]); k != 0 {
			keys = append(keys, k)
		}
		b = b[n:]
	}
	return keys
}

// sequence returns how many bytes the first key of b is: an escape sequence ends
// with the first byte from @ to ~ after its introducer.
func sequence(b []byte) int {
	if len(b) < 3 || b[0] != 0x1b || b[1] != '[' && b[1] != 'O' {
		return 1
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= '@' && b[i] <= '~' {
			return i + 1
		}
	}
	return 1
}

func keyOf(b []byte) Key {
	last := b[len(b)-1]
	switch {
	case len(b) == 3 && int(last) < len(arrows):
		return arrows[last]
	case len(b) > 1:
		return 0
	case last == 0x1b:
		return Escape
	case last == 0x0c:
		return Redraw
	case last >= 'A' && last <= 'Z':
		return Key(last - 'A' + 'a')
	case last >= 'a' && last <= 'z':
		return Key(last)
	}
	return 0
}
