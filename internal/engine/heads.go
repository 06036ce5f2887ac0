package engine

import (
	"bytes"

	"webdyno/internal/httpwire"
)

// heads remembers the head of an answer, and how a parser stands after it. A
// server's answers mostly have the same head, byte for byte, until the second in
// its Date field turns; to compare a head costs a tenth of reading it.
//
// Equal bytes leave equal parsers, so that nothing is taken on trust. Only a
// head that lies whole in one read is skipped.
type heads struct {
	bytes  []byte
	isHead bool            // it was the answer to a HEAD request
	after  httpwire.Parser // having read bytes, and nothing before
	done   bool            // the answer ends there

	useful bool // it was met again since it was learned
	misses int  // since then
	wait   int  // misses that are let pass before another one is learned
}

const (
	longestHead = 1 << 10 // longer ones are read
	longestWait = 1 << 12
)

var headEnd = []byte("\r\n\r\n")

// skip makes p stand after the head that data begins with, if it is the one
// remembered, and returns its length. Else it makes p ready for the answer, and
// returns 0.
func (h *heads) skip(p *httpwire.Parser, data []byte, isHead bool) (n int, done bool) {
	if len(h.bytes) > 0 && isHead == h.isHead && bytes.HasPrefix(data, h.bytes) {
		h.useful, h.misses, h.wait = true, 0, 0
		*p = h.after
		return len(h.bytes), h.done
	}
	p.Reset(isHead)
	if h.misses++; h.misses > h.wait {
		h.learn(data, isHead)
	}
	return 0, false
}

// learn remembers the head that data begins with. Heads that are never met
// again are learned ever more rarely.
func (h *heads) learn(data []byte, isHead bool) {
	if !h.useful {
		h.wait = min(2*h.wait+1, longestWait)
	}
	h.useful, h.misses = false, 0
	h.bytes = h.bytes[:0]
	end := bytes.Index(data[:min(len(data), longestHead)], headEnd) + len(headEnd)
	if end < len(headEnd) {
		return
	}
	// A parser of its own: it has read whole lines only and hence holds no
	// memory that two parsers would share.
	h.after = httpwire.Parser{}
	h.after.Reset(isHead)
	n, done, err := h.after.Feed(data[:end])
	if err != nil || n != end {
		return
	}
	h.bytes = append(h.bytes, data[:end]...)
	h.isHead, h.done = isHead, done
}
