package httpwire

import "math"

// field is a field a parser looks at.
type field uint8

const (
	noField field = iota // none yet
	otherField
	connection
	contentLength
	transferEncoding
	date
)

// fieldNamed returns the field with a name, in any case. The usual spellings
// come first: comparing them whole takes a third of the time.
func fieldNamed(name []byte) field {
	switch string(name) {
	case "Date", "date":
		return date
	case "Connection", "connection":
		return connection
	case "Content-Length", "content-length":
		return contentLength
	case "Transfer-Encoding", "transfer-encoding":
		return transferEncoding
	}
	switch {
	case isText(name, "date"):
		return date
	case isText(name, "connection"):
		return connection
	case isText(name, "content-length"):
		return contentLength
	case isText(name, "transfer-encoding"):
		return transferEncoding
	}
	return otherField
}

// fieldName returns the name a field line begins with, nil if it does not
// begin with a token and a colon.
func fieldName(line []byte) []byte {
	for i, c := range line {
		if isToken[c] {
			continue
		}
		if c == ':' && i > 0 {
			return line[:i]
		}
		return nil
	}
	return nil
}

// readField reads one line of the header or the trailers.
func (p *Parser) readField(line []byte) {
	value := line
	if isSpace(line[0]) {
		if p.field == noField {
			p.fail(errHeaderLine)
			return
		}
	} else {
		name := fieldName(line)
		if name == nil {
			p.fail(errHeaderLine)
			return
		}
		p.field = fieldNamed(name)
		value = line[len(name)+1:]
	}
	if p.stage == inTrailers {
		return // trailers say nothing of framing (RFC 9110 6.5.1)
	}
	folded := len(value) == len(line)
	switch p.field {
	case date:
		p.date = true
	case connection:
		p.readConnection(value)
	case contentLength, transferEncoding:
		switch {
		case folded:
			// The fold would have to be undone before the value is read.
			// No server sends this by accident.
			p.fail(errFolded)
		case p.field == contentLength:
			p.readLength(value)
		default:
			p.readCodings(value)
		}
	}
}

func (p *Parser) readConnection(list []byte) {
	for len(list) > 0 {
		var option []byte
		option, list = nextElement(list)
		switch {
		case isText(option, "close"):
			p.close = true
		case isText(option, "keep-alive"):
			p.keepAlive = true
		}
	}
}

// readLength reads a length, or a list of equal ones.
func (p *Parser) readLength(list []byte) {
	for again := true; again && p.stage != failed; again = len(list) > 0 {
		var digits []byte
		digits, list = nextElement(list)
		n, ok := decimal(digits)
		switch {
		case !ok:
			p.fail(errLength)
		case p.hasLength && p.length != n:
			p.fail(errTwoLengths)
		default:
			p.length, p.hasLength = n, true
		}
	}
}

// readCodings reads a list of transfer codings, of which the last one counts.
// Nothing may follow chunked, itself included.
func (p *Parser) readCodings(list []byte) {
	for len(list) > 0 {
		var coding []byte
		coding, list = nextElement(list)
		if len(coding) == 0 {
			continue
		}
		if p.chunked {
			p.fail(errCoding)
			return
		}
		p.coded = true
		p.chunked = isText(coding, "chunked")
	}
	if !p.coded {
		p.fail(errCoding)
	}
}

// nextElement cuts the first element off a comma-separated list and trims it.
func nextElement(list []byte) (element, rest []byte) {
	for i, c := range list {
		if c == ',' {
			return trim(list[:i]), list[i+1:]
		}
	}
	return trim(list), nil
}

func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// decimal returns the number that digits are, and whether they are one that
// an int64 holds.
func decimal(digits []byte) (int64, bool) {
	if len(digits) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if !isDigit(c) || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// isText tells whether b is text, which is in lower case, in any case.
func isText(b []byte, text string) bool {
	if len(b) != len(text) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != text[i] {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return c-'0' < 10 }

// isToken tells which bytes a token may have (RFC 9110 5.6.2).
var isToken = [256]bool{
	'!': true, '#': true, '$': true, '%': true, '&': true, '\'': true, '*': true,
	'+': true, '-': true, '.': true, '^': true, '_': true, '`': true, '|': true, '~': true,
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'A': true, 'B': true, 'C': true, 'D': true, 'E': true, 'F': true, 'G': true, 'H': true, 'I': true,
	'J': true, 'K': true, 'L': true, 'M': true, 'N': true, 'O': true, 'P': true, 'Q': true, 'R': true,
	'S': true, 'T': true, 'U': true, 'V': true, 'W': true, 'X': true, 'Y': true, 'Z': true,
	'a': true, 'b': true, 'c': true, 'd': true, 'e': true, 'f': true, 'g': true, 'h': true, 'i': true,
	'j': true, 'k': true, 'l': true, 'm': true, 'n': true, 'o': true, 'p': true, 'q': true, 'r': true,
	's': true, 't': true, 'u': true, 'v': true, 'w': true, 'x': true, 'y': true, 'z': true,
}
