package httpwire

import "errors"

// An Error says why bytes are not an HTTP answer.
type Error struct {
	Cause string // a few words, the same for every answer with this fault: "bad chunk size"
}

func (e *Error) Error() string { return "malformed answer: " + e.Cause }

// ErrCut is returned by [Parser.End] where the server ended the connection
// before its answer was complete.
var ErrCut = errors.New("connection ended before the answer was complete")

// ErrSurplus is for callers that find bytes after the end of an answer where
// no further answer is awaited. No Parser returns it: only the caller knows
// how many answers it awaits.
var ErrSurplus = &Error{Cause: "bytes after the answer"}

// Every fault has its own value, made once: a server whose answers are all
// malformed must not make the instrument allocate.
var (
	errStatusLine    = &Error{Cause: "bad status line"}
	errVersion       = &Error{Cause: "unsupported version"}
	errHeaderSize    = &Error{Cause: "header too large"}
	errHeaderLine    = &Error{Cause: "bad header line"}
	errFolded        = &Error{Cause: "folded length header"}
	errLength        = &Error{Cause: "bad content length"}
	errTwoLengths    = &Error{Cause: "two content lengths"}
	errCoding        = &Error{Cause: "bad transfer coding"}
	errLengthCoding  = &Error{Cause: "content length and transfer coding"}
	errSwitched      = &Error{Cause: "protocol switched unasked"}
	errManyInterim   = &Error{Cause: "too many interim answers"}
	errChunkSize     = &Error{Cause: "bad chunk size"}
	errChunkLineSize = &Error{Cause: "chunk size line too long"}
	errChunkEnd      = &Error{Cause: "bad chunk end"}
)
