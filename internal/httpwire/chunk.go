package httpwire

// chunkLineLimit is how many bytes a chunk's size line may have, extensions
// included. Nobody sends extensions of this length; an endless one must end.
const chunkLineLimit = 4 << 10

// maxChunk is the largest chunk, so that one more digit cannot overflow.
const maxChunk = 1<<63 - 1

// feedChunkFrame reads one byte of what lies between the data of two chunks.
// That is some ten bytes a chunk; byte by byte nothing has to be kept when a
// read ends among them.
func (p *Parser) feedChunkFrame(b []byte) int {
	c := b[0]
	switch p.stage {
	case inChunkEnd:
		p.expect(c, '\r', inChunkEndLF, errChunkEnd)
	case inChunkEndLF:
		p.expect(c, '\n', inChunkSize, errChunkEnd)
	case inChunkLF:
		if p.expect(c, '\n', inChunk, errChunkSize); p.stage == inChunk {
			p.startChunk()
		}
	case inChunkSize:
		p.chunkSize(c)
	case inChunkExt:
		p.chunkExt(c)
	}
	return 1
}

func (p *Parser) expect(c, want byte, next stage, otherwise *Error) {
	if c != want {
		p.fail(otherwise)
		return
	}
	p.stage = next
}

// chunkSize reads a hexadecimal digit of a size, or what ends it.
func (p *Parser) chunkSize(c byte) {
	digit, ok := hexDigit(c)
	switch {
	case ok && p.left > maxChunk>>4:
		p.fail(errChunkSize)
	case ok:
		p.left = p.left<<4 | int64(digit)
		p.digits = true
		p.countChunkLine()
	case !p.digits:
		p.fail(errChunkSize)
	case c == '\r':
		p.stage = inChunkLF
	case c == ';' || isSpace(c):
		p.stage = inChunkExt
	default:
		p.fail(errChunkSize)
	}
}

// chunkExt passes over an extension, or the space some servers pad sizes with.
func (p *Parser) chunkExt(c byte) {
	switch c {
	case '\r':
		p.stage = inChunkLF
	case '\n':
		p.fail(errChunkSize)
	default:
		p.countChunkLine()
	}
}

func (p *Parser) countChunkLine() {
	if p.chunkLine++; p.chunkLine > chunkLineLimit {
		p.fail(errChunkLineSize)
	}
}

// startChunk begins the chunk whose size line has been read.
func (p *Parser) startChunk() {
	p.digits = false
	p.chunkLine = 0
	if p.left == 0 {
		p.field = noField
		p.stage = inTrailers
	}
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
