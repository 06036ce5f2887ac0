package httpwire

import "bytes"

// HeaderLimit is how many bytes the head of an answer, those of its interim
// answers and its trailers may have together. Servers themselves take 8 to
// 32 KiB of header; an answer beyond twice that is a fault, not a page.
const HeaderLimit = 64 << 10

const (
	maxInterim = 100

	// scratchKept is how much of a line that was cut by a read is kept if its
	// value will not be looked at.
	scratchKept = 512

	// scratchLeft is the largest scratch that survives Reset: ten thousand
	// connections must not each keep the longest line they ever saw.
	scratchLeft = 2 << 10
)

// stage is where in an answer a parser stands:
//
//	inStatus --> inFields --> inCounted, inRest ----------------> complete
//	   ^            |  |                                             ^
//	   +-- 1xx -----+  +--> inChunkSize --> inChunk --> inChunkEnd   |
//	                          |  ^                          |        |
//	                          |  +--------------------------+        |
//	                          +-- size 0 --> inTrailers -------------+
//
// and failed, from anywhere. An answer without a body is complete after its
// fields.
type stage uint8

const (
	inStatus     stage = iota // the status line
	inFields                  // the header
	inCounted                 // a body of known length
	inRest                    // a body that ends with the connection
	inChunkSize               // the digits of a chunk's size
	inChunkExt                // what follows them, until CR
	inChunkLF                 // the LF of the size line
	inChunk                   // a chunk's data
	inChunkEnd                // the CR after it
	inChunkEndLF              // the LF after that
	inTrailers                // fields after the last chunk
	complete
	failed
)

// A Version is a version of HTTP/1.
type Version uint8

// The versions a Parser knows. An answer of a later HTTP/1 counts as 1.1.
const (
	HTTP10 Version = iota
	HTTP11
)

func (v Version) String() string { return [...]string{"1.0", "1.1"}[v] }

// A Parser reads one answer at a time. The zero Parser is ready for the answer
// to any method but HEAD. It is not safe for concurrent use.
type Parser struct {
	stage   stage
	field   field // the field line read last
	version Version

	head       bool // the answer is to HEAD
	started    bool
	date       bool
	close      bool // a Connection field lists close
	keepAlive  bool // a Connection field lists keep-alive
	coded      bool // there is a Transfer-Encoding
	chunked    bool // its last coding is chunked
	untilClose bool
	hasLength  bool // there is a Content-Length
	digits     bool // the chunk's size has digits

	status    uint16
	interim   uint8
	chunkLine uint16 // bytes of the chunk's size line so far
	header    int32  // bytes of heads and trailers so far
	trailers  int32  // of these, bytes of trailers

	length    int64 // Content-Length
	left      int64 // of the counted body or the chunk
	bodyBytes int64

	line []byte // a line that was cut by the end of a read
	body []byte // what Body returns
	err  *Error
}

// Reset makes p ready for the next answer. Head tells whether it will be one
// to a HEAD request, which has no body whatever its header says.
func (p *Parser) Reset(head bool) {
	line := p.line[:0]
	if cap(line) > scratchLeft {
		line = nil
	}
	*p = Parser{head: head, line: line}
}

// Feed reads a prefix of b and returns its length. It stops at the end of the
// answer, at a fault, and before a second part of the body, so that Body can
// be one slice of b: as long as there is neither done nor an error, feed it
// the rest of b. It makes progress whenever b is not empty.
//
// An error is an [*Error] and final. What is left of b after done belongs to
// the next answer, if one is awaited; see [ErrSurplus].
func (p *Parser) Feed(b []byte) (n int, done bool, err error) {
	p.body = nil
	if len(b) > 0 && p.stage < complete {
		p.started = true
	}
	for n < len(b) && p.stage < complete {
		switch p.stage {
		case inStatus, inFields, inTrailers:
			n += p.feedLine(b[n:])
		case inCounted, inChunk:
			if p.body != nil {
				return n, false, nil
			}
			n += p.feedCounted(b[n:])
		case inRest:
			p.deliver(b[n:])
			n = len(b)
		default:
			n += p.feedChunkFrame(b[n:])
		}
	}
	if p.stage == failed {
		return n, false, p.err
	}
	return n, p.stage == complete, nil
}

// Body returns the part of the body that lay in the bytes read by the last
// Feed: a slice of what it was given, nil if there was none.
func (p *Parser) Body() []byte { return p.body }

// End tells p that the server ended the connection in an orderly way. The
// answer is either done or cut: ErrCut. Whether any byte of it had arrived,
// Started tells. A connection that was reset is not ended; do not call it.
func (p *Parser) End() (done bool, err error) {
	p.body = nil
	switch p.stage {
	case complete:
		return true, nil
	case inRest:
		p.stage = complete
		return true, nil
	case failed:
		return false, p.err
	}
	return false, ErrCut
}

// Started tells whether any byte of the answer has arrived.
func (p *Parser) Started() bool { return p.started }

// Status returns the status, 0 before it is known. While interim answers are
// read it is theirs.
func (p *Parser) Status() int { return int(p.status) }

// Version returns the version the answer claims.
func (p *Parser) Version() Version { return p.version }

// KeepAlive tells whether the connection may be used again after the answer.
// It is to be asked when the answer is done.
func (p *Parser) KeepAlive() bool {
	if p.stage != complete || p.untilClose || p.close {
		return false
	}
	if p.version == HTTP10 {
		// A 1.0 server knows no transfer codings: its framing is in doubt.
		return p.keepAlive && !p.coded
	}
	return true
}

// UntilClose tells whether the body ends with the connection.
func (p *Parser) UntilClose() bool { return p.untilClose }

// BodyBytes returns how many bytes of body have been delivered, without the
// framing of chunks.
func (p *Parser) BodyBytes() int64 { return p.bodyBytes }

// ContentLength returns what the header says of the body's length, -1 if
// nothing. It may differ from BodyBytes only in answers without a body.
func (p *Parser) ContentLength() int64 {
	if !p.hasLength {
		return -1
	}
	return p.length
}

// HeaderBytes returns the bytes of the head read so far, line ends and interim
// answers included, trailers not.
func (p *Parser) HeaderBytes() int { return int(p.header - p.trailers) }

// Interim returns how many interim answers (1xx) came first.
func (p *Parser) Interim() int { return int(p.interim) }

// HasDate tells whether the answer has a Date field, which a server with a
// clock owes (RFC 9110 6.6.1) and which costs it time.
func (p *Parser) HasDate() bool { return p.date }

func (p *Parser) fail(e *Error) {
	p.stage = failed
	p.err = e
}

func (p *Parser) deliver(part []byte) {
	p.body = part
	p.bodyBytes += int64(len(part))
}

// feedCounted reads what there is of a counted body or a chunk.
func (p *Parser) feedCounted(b []byte) int {
	if int64(len(b)) < p.left {
		p.left -= int64(len(b))
		p.deliver(b)
		return len(b)
	}
	n := int(p.left)
	p.left = 0
	p.deliver(b[:n:n])
	if p.stage == inChunk {
		p.stage = inChunkEnd
	} else {
		p.stage = complete
	}
	return n
}

// feedLine reads one line, or as much of it as there is.
func (p *Parser) feedLine(b []byte) int {
	n := bytes.IndexByte(b, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(b)
	}
	// Before the limit, so that a stranger's endless line is called what it is.
	if p.stage == inStatus && !p.startsRight(b[:n]) {
		return 0
	}
	if n > HeaderLimit-int(p.header) {
		p.fail(errHeaderSize)
		return 0
	}
	p.header += int32(n)
	if p.stage == inTrailers {
		p.trailers += int32(n)
	}
	if !whole {
		p.keep(b)
		return n
	}
	line := b[:n-1]
	if len(p.line) > 0 {
		p.line = append(p.line, line...)
		line = p.line
		p.line = p.line[:0]
	}
	if k := len(line) - 1; k >= 0 && line[k] == '\r' {
		line = line[:k]
	}
	p.readLine(line)
	return n
}

// keep puts the beginning of a line aside until its end arrives. Lines whose
// value nobody looks at are not kept whole.
func (p *Parser) keep(b []byte) {
	p.line = append(p.line, b...)
	if len(p.line) > scratchKept && p.endIsIdle() {
		p.line = p.line[:scratchKept]
	}
}

// endIsIdle tells whether all that matters of the kept line lies in its first
// scratchKept bytes.
func (p *Parser) endIsIdle() bool {
	if p.stage == inStatus {
		return true
	}
	if isSpace(p.line[0]) {
		return p.field != connection
	}
	name := fieldName(p.line[:scratchKept])
	return name != nil && fieldNamed(name) == otherField
}

func (p *Parser) readLine(line []byte) {
	if p.stage == inStatus {
		p.readStatus(line)
		return
	}
	if len(line) > 0 {
		p.readField(line)
		return
	}
	if p.stage == inTrailers {
		p.stage = complete
		return
	}
	p.endHead()
}

// startsRight checks the first bytes of the status line as soon as they are
// there: an answer that is no HTTP may never have a line end.
func (p *Parser) startsRight(b []byte) bool {
	const want = "HTTP/1."
	have := len(p.line)
	if have >= len(want) || have == 0 && len(b) >= len(want) && string(b[:len(want)]) == want {
		return true
	}
	b = b[:min(len(b), len(want)-have)]
	if string(b) == want[have:have+len(b)] {
		return true
	}
	for i, c := range b {
		if c == want[have+i] {
			continue
		}
		if have+i == len("HTTP/") && isDigit(c) {
			p.fail(errVersion)
		} else {
			p.fail(errStatusLine)
		}
		break
	}
	return false
}

// readStatus reads a status line of which the first seven bytes are right.
func (p *Parser) readStatus(line []byte) {
	const least = "HTTP/1.1 200"
	if len(line) < len(least) || !isDigit(line[7]) || line[8] != ' ' ||
		line[9] == '0' || !isDigit(line[9]) || !isDigit(line[10]) || !isDigit(line[11]) ||
		len(line) > len(least) && line[12] != ' ' {
		p.fail(errStatusLine)
		return
	}
	p.version = HTTP11
	if line[7] == '0' {
		p.version = HTTP10
	}
	p.status = uint16(line[9]-'0')*100 + uint16(line[10]-'0')*10 + uint16(line[11]-'0')
	p.stage = inFields
}

// endHead decides how the answer goes on: the table in the package's comment.
func (p *Parser) endHead() {
	switch {
	case p.status == 101:
		p.fail(errSwitched)
	case p.status < 200:
		p.endInterim()
	case p.coded && p.hasLength:
		p.fail(errLengthCoding)
	case p.head, p.status == 204, p.status == 304:
		p.stage = complete
	case p.chunked:
		p.stage = inChunkSize
	case p.coded, !p.hasLength:
		p.untilClose = true
		p.stage = inRest
	case p.length == 0:
		p.stage = complete
	default:
		p.left = p.length
		p.stage = inCounted
	}
}

// endInterim forgets an interim answer: its fields say nothing of the next.
func (p *Parser) endInterim() {
	if p.interim == maxInterim {
		p.fail(errManyInterim)
		return
	}
	*p = Parser{
		head: p.head, started: true, interim: p.interim + 1, header: p.header,
		status: p.status, line: p.line,
	}
}
