package serve

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Conducts describes what truth answers to which path, a line each, for people.
const Conducts = `/17                 request number 17 of the queue; any other path counts up by itself
/status/503         that status, 200 to 599
/bytes/1000         a body of that many bytes, up to 16777216
/chunked/1000       the same in chunks
/unsized/1000       the same, ended by the end of the connection
/slow               200; say ?ms=N, here or with any other but the queue's, to have it N ms later
/close              says Connection: close, and does
/leave              answers as if to stay, and ends the connection
/cut                half an answer, and the end of the connection
/drop               no answer, and the end of the connection
/reset              no answer, and a reset
/garbage            bytes that are not HTTP, and the end of the connection
/silent             no answer, ever
/stats              the books, as JSON
/restart            the books, set to zero; the queue and the clock of the stalls begin anew
`

// A conduct is how one request is answered.
type conduct struct {
	status  int    // 0: nothing is sent but body, as it is
	body    []byte // or, if nil,
	size    int    // so many x
	media   string // its content type; empty means text/plain
	framing framing
	ends    ending

	headOnly bool // the request asked for no body
	kept     bool // the client needs to be told that the connection stays
	last     bool // the client is told that it does not
}

// framing is how the end of a body is told.
type framing uint8

const (
	byLength framing = iota
	byChunks
	byEnd
)

// ending is what becomes of the connection.
type ending uint8

const (
	stays   ending = iota
	byFIN          // it ends when the answer is out
	byReset        // it is reset
	never          // it stays, but is never answered on again
)

// conductOf returns the conduct that a path asks for, and whether it asks for
// one at all. An argument out of range is a 404.
func conductOf(path string) (conduct, bool) {
	name, arg, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	ok := conduct{status: http.StatusOK}
	switch name {
	case "status":
		ok.status = within(arg, 200, 599)
	case "bytes":
		ok.size = within(arg, 0, maxBytes)
	case "chunked":
		ok.size, ok.framing = within(arg, 0, maxBytes), byChunks
	case "unsized":
		ok.size, ok.framing, ok.ends, ok.last = within(arg, 0, maxBytes), byEnd, byFIN, true
	case "slow":
		ok.body = []byte("slow")
	case "close":
		ok.last = true
	case "leave":
		ok.ends = byFIN
	case "cut":
		return conduct{body: []byte("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf:"), ends: byFIN}, true
	case "drop":
		return conduct{ends: byFIN}, true
	case "reset":
		return conduct{ends: byReset}, true
	case "garbage":
		return conduct{body: []byte("this is no HTTP\r\n\r\n"), ends: byFIN}, true
	case "silent":
		return conduct{ends: never}, true
	default:
		return conduct{}, false
	}
	if ok.size < 0 || ok.status < 0 {
		return conduct{status: http.StatusNotFound}, true
	}
	return ok, true
}

// maxBytes is the largest body that may be asked for.
const maxBytes = 16 << 20

// within reads a number from lo to hi; anything else yields -1.
func within(text string, lo, hi int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		return -1
	}
	return n
}

// answers tells whether a whole answer is sent.
func (d *conduct) answers() bool { return d.status != 0 }

// appendTo appends the answer to out.
func (d *conduct) appendTo(out []byte) []byte {
	if d.status == 0 {
		return append(out, d.body...)
	}
	media := d.media
	if media == "" {
		media = "text/plain"
	}
	text := http.StatusText(d.status)
	out = fmt.Appendf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n", d.status, text, media)
	switch {
	case d.last:
		out = append(out, "Connection: close\r\n"...)
	case d.kept:
		out = append(out, "Connection: keep-alive\r\n"...)
	}
	bodiless := d.status == http.StatusNoContent || d.status == http.StatusNotModified
	switch {
	case bodiless:
	case d.framing == byLength:
		out = fmt.Appendf(out, "Content-Length: %d\r\n", max(len(d.body), d.size))
	case d.framing == byChunks:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	out = append(out, crlf...)
	if bodiless || d.headOnly {
		return out
	}
	return d.appendBody(out)
}

func (d *conduct) appendBody(out []byte) []byte {
	if d.body != nil {
		return append(out, d.body...)
	}
	if d.framing != byChunks {
		return appendX(out, d.size)
	}
	for left := d.size; left > 0; {
		n := min(left, chunk)
		out = fmt.Appendf(out, "%x\r\n", n)
		out = append(appendX(out, n), crlf...)
		left -= n
	}
	return append(out, "0\r\n\r\n"...)
}

// chunk is the length of every chunk but the last, in bytes.
const chunk = 1000

// appendX appends n times x.
func appendX(out []byte, n int) []byte {
	const xs = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	for ; n > len(xs); n -= len(xs) {
		out = append(out, xs...)
	}
	return append(out, xs[:n]...)
}
