package engine

import (
	"bytes"

	"webdyno/internal/httpwire"
	"webdyno/internal/workload"
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

	patience patience

	whole wholeAnswer
}

// A wholeAnswer is one that was right, byte by byte: what has the same bytes, in
// answer to the same request, is right as well. To see that costs a third of
// reading a small answer after its head.
type wholeAnswer struct {
	bytes    []byte
	expect   *workload.Expect // what it was held against
	status   int
	patience patience
}

const (
	longestHead = 1 << 10 // longer ones are read
	longestWait = 1 << 12
)

// A patience decides when something else is learned. What is never met again is
// learned ever more rarely.
type patience struct {
	useful bool // it was met again since it was learned
	misses int  // since then
	wait   int  // misses that are let pass
}

func (p *patience) met() { *p = patience{useful: true} }

// over tells, at a miss, whether it is time to learn.
func (p *patience) over() bool {
	if p.misses++; p.misses <= p.wait {
		return false
	}
	if !p.useful {
		p.wait = min(2*p.wait+1, longestWait)
	}
	p.useful, p.misses = false, 0
	return true
}

var headEnd = []byte("\r\n\r\n")

// skip makes p stand after the head that data begins with, if it is the one
// remembered, and returns its length. Else it makes p ready for the answer, and
// returns 0.
func (h *heads) skip(p *httpwire.Parser, data []byte, isHead bool) (n int, done bool) {
	if len(h.bytes) > 0 && isHead == h.isHead && bytes.HasPrefix(data, h.bytes) {
		h.patience.met()
		*p = h.after
		return len(h.bytes), h.done
	}
	p.Reset(isHead)
	if h.patience.over() {
		h.learn(data, isHead)
	}
	return 0, false
}

// learn remembers the head that data begins with.
func (h *heads) learn(data []byte, isHead bool) {
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

// repeats tells whether data begins with the answer remembered, and nothing
// follows it unless something may. Only connections that stay open ask.
func (w *wholeAnswer) repeats(data []byte, expect *workload.Expect, mayFollow bool) bool {
	if expect != w.expect || !bytes.HasPrefix(data, w.bytes) || len(data) > len(w.bytes) && !mayFollow {
		return false
	}
	w.patience.met()
	return true
}

// learn remembers an answer that was right, has come in one read and has left p
// at its end; if it is short, all of it was looked at, and the connection stays.
func (w *wholeAnswer) learn(answer []byte, k *look, p *httpwire.Parser) {
	looked := k.compare || k.expect.Body == nil
	if len(answer) > longestHead+smallBody || !looked || !p.KeepAlive() || !w.patience.over() {
		return
	}
	w.bytes = append(w.bytes[:0], answer...)
	w.expect, w.status = k.expect, p.Status()
}
