package httpwire

import (
	"errors"
	"fmt"
	"strconv"
)

// A Header is one field of a request.
type Header struct{ Name, Value string }

// A Request is what is asked, before it is bytes.
type Request struct {
	Method string // GET if empty
	Target string // "/path?query", or "*"
	Host   string // value of the Host field

	// Headers are written in their order. A Host among them with an empty value
	// says where Host stands, which is otherwise first.
	Headers []Header

	// Body is sent with its length. A request without one says so with
	// Content-Length: 0 only for POST, PUT and PATCH (RFC 9110 8.6).
	Body []byte

	Version10 bool // HTTP/1.0
	Close     bool // ask the server to end the connection: replaces a Connection among Headers
}

// Append appends the request as bytes to b and returns the extended buffer.
// What Check refuses, it writes as it stands.
func (r *Request) Append(b []byte) []byte {
	b = append(b, r.method()...)
	b = append(b, ' ')
	b = append(b, r.Target...)
	if r.Version10 {
		b = append(b, " HTTP/1.0\r\n"...)
	} else {
		b = append(b, " HTTP/1.1\r\n"...)
	}
	if !r.has("host") {
		b = appendField(b, "Host", r.Host)
	}
	for _, h := range r.Headers {
		b = appendField(b, h.Name, r.valueOf(h))
	}
	if r.Close && !r.Version10 && !r.has("connection") {
		b = appendField(b, "Connection", "close")
	}
	if r.sendsLength() && !r.has("content-length") {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.Body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, r.Body...)
}

// Check refuses what would not arrive as the one request it is meant to be:
// line ends and controls anywhere, spaces in the target, names that are no
// tokens, a second Host, a length that is not the body's, a transfer coding.
// Bytes from 0x80 pass: servers get them in life, too.
func (r *Request) Check() error {
	if bad(r.method(), isNoToken) >= 0 {
		return fmt.Errorf("method %q: want letters only, such as GET", r.Method)
	}
	if r.Method == "CONNECT" {
		return errors.New("method CONNECT: it opens a tunnel and asks nothing")
	}
	if err := r.checkTarget(); err != nil {
		return err
	}
	if i := bad(r.Host, isNoHost); i >= 0 || r.Host == "" {
		return fmt.Errorf("host %q: want a host and a port, such as 127.0.0.1:8080", r.Host)
	}
	for _, h := range r.Headers {
		if err := r.checkHeader(h); err != nil {
			return err
		}
	}
	for _, name := range []string{"host", "content-length"} {
		if r.count(name) > 1 {
			return fmt.Errorf("header %s: given %d times, want it once", name, r.count(name))
		}
	}
	return nil
}

func (r *Request) checkTarget() error {
	if r.Target != "*" && (r.Target == "" || r.Target[0] != '/') {
		return fmt.Errorf("path %q: must begin with \"/\" (or be \"*\")", shorten(r.Target))
	}
	if i := bad(r.Target, isNoTarget); i >= 0 {
		return fmt.Errorf("path %q: byte %d is %q: write it as %%%02X", shorten(r.Target), i, r.Target[i], r.Target[i])
	}
	return nil
}

func (r *Request) checkHeader(h Header) error {
	if h.Name == "" || bad(h.Name, isNoToken) >= 0 {
		return fmt.Errorf("header %q: its name must consist of letters, digits and hyphens", shorten(h.Name))
	}
	if i := bad(h.Value, isNoValue); i >= 0 {
		return fmt.Errorf("header %s: byte %d of its value is %q: a value must be one line without controls", h.Name, i, h.Value[i])
	}
	switch {
	case isText([]byte(h.Name), "transfer-encoding"):
		return fmt.Errorf("header %s: requests are sent with their length: leave it out", h.Name)
	case isText([]byte(h.Name), "content-length") && h.Value != strconv.Itoa(len(r.Body)):
		return fmt.Errorf("header %s: %s: the body has %d bytes: leave the header out", h.Name, h.Value, len(r.Body))
	}
	return nil
}

func (r *Request) method() string {
	if r.Method == "" {
		return "GET"
	}
	return r.Method
}

func (r *Request) sendsLength() bool {
	switch r.Method {
	case "POST", "PUT", "PATCH":
		return true
	}
	return len(r.Body) > 0
}

// valueOf returns the value h is written with.
func (r *Request) valueOf(h Header) string {
	switch {
	case r.Close && isText([]byte(h.Name), "connection"):
		return "close"
	case h.Value == "" && isText([]byte(h.Name), "host"):
		return r.Host
	}
	return h.Value
}

func (r *Request) has(name string) bool { return r.count(name) > 0 }

func (r *Request) count(name string) (n int) {
	for _, h := range r.Headers {
		if isText([]byte(h.Name), name) {
			n++
		}
	}
	return n
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// bad returns the index of the first byte of s that is refused, -1 if none is.
func bad(s string, refused func(byte) bool) int {
	for i := range len(s) {
		if refused(s[i]) {
			return i
		}
	}
	return -1
}

func isNoToken(c byte) bool  { return !isToken[c] }
func isNoTarget(c byte) bool { return c <= ' ' || c == 0x7f }
func isNoValue(c byte) bool  { return c < ' ' && c != '\t' || c == 0x7f }
func isNoHost(c byte) bool   { return c <= ' ' || c >= 0x7f || c == '/' || c == '@' || c == ',' }

// shorten keeps an error on one line.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
