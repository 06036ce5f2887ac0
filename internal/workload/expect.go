package workload

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"webdyno/internal/plan"
)

// An Expect is how a right answer looks. While a body arrives in parts, the
// caller keeps the offset: PartOK for each part, WholeOK at its end.
type Expect struct {
	Status []int  // empty: 200..399
	Body   []byte // nil: any
	Bytes  int64  // of body; -1: any
}

func buildExpect(x plan.Exact) (Expect, error) {
	e := Expect{Status: x.Expect.Status, Body: x.Expect.Body, Bytes: x.Expect.Bytes}
	for _, s := range e.Status {
		if s < 200 || s > 999 {
			return e, fmt.Errorf("status %d: want a final status, 200 to 999", s)
		}
	}
	switch x.Expect.Oracle {
	case "":
	case "classifier":
		if e.Body != nil {
			return e, errors.New("both a body and an oracle: want one of them")
		}
		e.Body = Classify([]byte(x.Path))
	default:
		return e, fmt.Errorf("%q is no oracle: want one of %s", x.Expect.Oracle, strings.Join(Oracles(), ", "))
	}
	if e.Bytes < -1 {
		return e, fmt.Errorf("%d bytes: want 0 or more", e.Bytes)
	}
	if e.Body != nil && e.Bytes >= 0 && e.Bytes != int64(len(e.Body)) {
		return e, fmt.Errorf("%d bytes, but the body expected has %d", e.Bytes, len(e.Body))
	}
	if x.Method == "HEAD" && (len(e.Body) > 0 || e.Bytes > 0) {
		return e, errors.New("a body, but the answer to HEAD has none")
	}
	return e, nil
}

// StatusOK tells whether status is one of a right answer.
func (e *Expect) StatusOK(status int) bool {
	if len(e.Status) == 0 {
		return 200 <= status && status <= 399
	}
	return slices.Contains(e.Status, status)
}

// PartOK tells whether part may be what a right body has at offset.
func (e *Expect) PartOK(offset int64, part []byte) bool {
	if e.Body == nil {
		return true
	}
	if offset < 0 || offset > int64(len(e.Body)) {
		return false
	}
	rest := e.Body[offset:]
	return len(part) <= len(rest) && bytes.Equal(part, rest[:len(part)])
}

// WholeOK tells whether a body of n bytes, all of whose parts were right, is
// a right one: whether it is long enough, and no longer.
func (e *Expect) WholeOK(n int64) bool {
	if e.Body != nil && n != int64(len(e.Body)) {
		return false
	}
	return e.Bytes < 0 || n == e.Bytes
}

// A WrongError says in what an answer is not the right one.
type WrongError struct {
	What string // "status 500, want 200–399"
}

func (e *WrongError) Error() string { return e.What }

// Differs says in what part, which PartOK refused at offset, is wrong.
func (e *Expect) Differs(offset int64, part []byte) *WrongError {
	rest := e.Body[min(max(offset, 0), int64(len(e.Body))):]
	i := firstDifference(part, rest)
	if i < 0 {
		return &WrongError{fmt.Sprintf("body goes on after the %d bytes wanted: %s", len(e.Body), quote(part, min(len(rest), len(part))))}
	}
	return &WrongError{fmt.Sprintf("body differs at byte %d: got %s, want %s", offset+int64(i), quote(part, i), quote(rest, i))}
}

// Wrong returns what is wrong with an answer of a status, and n bytes of body
// beginning with begin; nil if nothing is. Begin may be shorter than the body:
// what lies beyond it is taken to be right.
func (e *Expect) Wrong(status int, begin []byte, n int64) *WrongError {
	if !e.StatusOK(status) {
		return &WrongError{fmt.Sprintf("status %d, want %s", status, e.statusText())}
	}
	if e.Body != nil && firstDifference(begin, e.Body) >= 0 {
		return e.Differs(0, begin)
	}
	if !e.WholeOK(n) {
		want := e.Bytes
		if e.Body != nil {
			want = int64(len(e.Body))
		}
		return &WrongError{fmt.Sprintf("body has %d bytes, want %d", n, want)}
	}
	return nil
}

// Check returns a *WrongError if a is not a right answer.
func (e *Expect) Check(a *Answer) error {
	if wrong := e.Wrong(a.Status, a.Body, a.Bytes); wrong != nil {
		return wrong
	}
	return nil
}

func (e *Expect) statusText() string {
	if len(e.Status) == 0 {
		return "200–399"
	}
	texts := make([]string, len(e.Status))
	for i, s := range e.Status {
		texts[i] = strconv.Itoa(s)
	}
	return strings.Join(texts, " or ")
}

// firstDifference returns the index of the first byte in which two bodies
// differ as far as both go, -1 if in none.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// quote shows some bytes of a body from i on.
func quote(body []byte, i int) string {
	const most = 24
	rest := body[i:]
	if len(rest) > most {
		return strconv.Quote(string(rest[:most])) + "…"
	}
	return strconv.Quote(string(rest))
}
