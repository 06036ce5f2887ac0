package serve

import (
	"bytes"
	"net/http"
)

// A request is the head of one, as far as our own loops care about it.
type request struct {
	target []byte // as it was sent; part of the bytes that were parsed
	size   int    // bytes of the head, its empty line included; 0 if it is not complete yet
	body   int64  // bytes of the body that follows
	head   bool   // only the head of the answer is wanted
	old    bool   // HTTP/1.0: to be kept, the connection needs our word
	last   bool   // the connection ends after the answer
}

// maxHead is how long a request's head may be, in bytes. A loop reads as much
// at once.
const maxHead = 64 << 10

// parseRequest parses the head that b begins with. A head that is not complete
// yet yields size 0. One that cannot be served yields the status that says so;
// where the next request begins is then unknown, and the connection must end.
//
// It knows HTTP/1.0 and 1.1 and bodies of a given length. A chunked body is
// answered 501: no engine of ours sends any.
func parseRequest(b []byte) (request, int) {
	blank := 0 // empty lines before a request are forgiven, RFC 9112, 2.2
	for bytes.HasPrefix(b[blank:], crlf) {
		blank += len(crlf)
	}
	end := bytes.Index(b[blank:], []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) >= maxHead {
			return request{}, http.StatusRequestHeaderFieldsTooLarge
		}
		return request{}, 0
	}
	line, fields, _ := bytes.Cut(b[blank:blank+end+len(crlf)], crlf)
	r, status := parseLine(line)
	if status != 0 {
		return request{}, status
	}
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, crlf)
		if status := r.field(line); status != 0 {
			return request{}, status
		}
	}
	r.body = max(r.body, 0)
	r.size = blank + end + 2*len(crlf)
	return r, 0
}

var crlf = []byte("\r\n")

// parseLine parses "GET /path HTTP/1.1".
func parseLine(line []byte) (request, int) {
	method, rest, ok := bytes.Cut(line, []byte(" "))
	target, version, ok2 := bytes.Cut(rest, []byte(" "))
	if !ok || !ok2 || len(method) == 0 || len(target) == 0 {
		return request{}, http.StatusBadRequest
	}
	r := request{target: target, body: -1, head: string(method) == "HEAD"}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		r.old, r.last = true, true
	default:
		if bytes.HasPrefix(version, []byte("HTTP/")) {
			return request{}, http.StatusHTTPVersionNotSupported
		}
		return request{}, http.StatusBadRequest
	}
	return r, 0
}

// field takes note of one header line. Lengths of names come first because
// nearly every line can be left at that.
func (r *request) field(line []byte) int {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || bytes.ContainsAny(line[:colon], " \t") {
		return http.StatusBadRequest
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	switch {
	case len(name) == len("Connection") && bytes.EqualFold(name, []byte("Connection")):
		r.connection(value)
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		n, ok := decimal(value)
		if !ok || r.body >= 0 && r.body != n {
			return http.StatusBadRequest
		}
		r.body = n
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		return http.StatusNotImplemented
	}
	return 0
}

// connection heeds the options of a Connection field. Of the two that matter
// close is the stronger, whichever comes first.
func (r *request) connection(options []byte) {
	for option := range bytes.SplitSeq(options, []byte(",")) {
		option = bytes.Trim(option, " \t")
		switch {
		case bytes.EqualFold(option, []byte("close")):
			r.last, r.old = true, false
		case bytes.EqualFold(option, []byte("keep-alive")) && r.old:
			r.last = false
		}
	}
}

// maxBody is the longest body that is read over, in bytes: a terabyte.
const maxBody = 1 << 40

// decimal reads a number of digits alone, up to maxBody.
func decimal(b []byte) (int64, bool) {
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' || n > maxBody {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(b) > 0 && n <= maxBody
}
