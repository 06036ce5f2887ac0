package httpwire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppend(t *testing.T) {
	const host = "127.0.0.1:8080"
	for _, tc := range []struct {
		name string
		r    Request
		want string
	}{
		{"least", Request{Target: "/", Host: host},
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
		{"close", Request{Target: "/", Host: host, Close: true},
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n"},
		{"close replaces in place", Request{Target: "/", Host: host, Close: true, Headers: []Header{{"connection", "keep-alive"}, {"X", "y"}}},
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nconnection: close\r\nX: y\r\n\r\n"},
		{"1.0 closes of itself", Request{Target: "/", Host: host, Version10: true, Close: true},
			"GET / HTTP/1.0\r\nHost: 127.0.0.1:8080\r\n\r\n"},
		{"the place of Host", Request{Target: "/", Host: host, Headers: []Header{{"A", "b"}, {"Host", ""}}},
			"GET / HTTP/1.1\r\nA: b\r\nHost: 127.0.0.1:8080\r\n\r\n"},
		{"another Host", Request{Target: "/", Host: host, Headers: []Header{{"host", "example.org"}}},
			"GET / HTTP/1.1\r\nhost: example.org\r\n\r\n"},
		{"a body", Request{Method: "POST", Target: "/a?b=c", Host: host, Body: []byte("hello")},
			"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 5\r\n\r\nhello"},
		{"a body of a GET", Request{Target: "/", Host: host, Body: []byte("x")},
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 1\r\n\r\nx"},
		{"a POST of nothing", Request{Method: "POST", Target: "/", Host: host},
			"POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 0\r\n\r\n"},
		{"a length of its own", Request{Method: "PUT", Target: "/", Host: host, Body: []byte("ab"), Headers: []Header{{"Content-Length", "2"}, {"X", "y"}}},
			"PUT / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 2\r\nX: y\r\n\r\nab"},
		{"options of the server", Request{Method: "OPTIONS", Target: "*", Host: host},
			"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.r.Check(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tc.want, string(tc.r.Append(nil))); diff != "" {
				t.Errorf("- want, + got:\n%s", diff)
			}
		})
	}
}

// A text of a plan must not become a second header, or a second request.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		change func(*Request)
		want   string
	}{
		{func(r *Request) { r.Target = "/\r\nX: y" }, "byte 1 is '\\r': write it as %0D"},
		{func(r *Request) { r.Target = "/a b" }, "byte 2 is ' ': write it as %20"},
		{func(r *Request) { r.Target = "/\x7f" }, "write it as %7F"},
		{func(r *Request) { r.Target = "/\x00" }, "write it as %00"},
		{func(r *Request) { r.Target = "" }, `must begin with "/"`},
		{func(r *Request) { r.Target = "helloworld" }, `path "helloworld": must begin with "/" (or be "*")`},
		{func(r *Request) { r.Target = "http://x/" }, `must begin with "/"`},
		{func(r *Request) { r.Method = "GET /x HTTP/1.1\r\n" }, "want letters only"},
		{func(r *Request) { r.Method = "CONNECT" }, "tunnel"},
		{func(r *Request) { r.Host = "" }, "want a host and a port"},
		{func(r *Request) { r.Host = "a\r\nX: y" }, "want a host and a port"},
		{func(r *Request) { r.Host = "a/b" }, "want a host and a port"},
		{func(r *Request) { r.Headers = []Header{{"", "x"}} }, "its name must consist of"},
		{func(r *Request) { r.Headers = []Header{{"A b", "x"}} }, "its name must consist of"},
		{func(r *Request) { r.Headers = []Header{{"A:", "x"}} }, "its name must consist of"},
		{func(r *Request) { r.Headers = []Header{{"A\r\nB", "x"}} }, "its name must consist of"},
		{func(r *Request) { r.Headers = []Header{{"A", "x\r\nB: y"}} }, "header A: byte 1 of its value is '\\r'"},
		{func(r *Request) { r.Headers = []Header{{"A", "x\ny"}} }, "must be one line"},
		{func(r *Request) { r.Headers = []Header{{"A", "x\x00"}} }, "must be one line"},
		{func(r *Request) { r.Headers = []Header{{"Host", "a"}, {"HOST", "b"}} }, "header host: given 2 times"},
		{func(r *Request) { r.Headers = []Header{{"Content-Length", "7"}} }, "the body has 0 bytes"},
		{func(r *Request) { r.Headers = []Header{{"transfer-encoding", "chunked"}} }, "leave it out"},
	} {
		r := Request{Target: "/", Host: "127.0.0.1:8080"}
		tc.change(&r)
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want one with %q", r, err, tc.want)
		}
	}
}

// What a plan may well hold must pass.
func TestCheckPasses(t *testing.T) {
	for _, r := range []Request{
		{Target: "/ä?q=a|b#c", Host: "[::1]:8080"},
		{Method: "PROPFIND", Target: "/", Host: "localhost"},
		{Target: "/", Host: "h", Headers: []Header{{"A", ""}, {"a", "ü\tx"}, {"A", "\"'{};"}}},
	} {
		if err := r.Check(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// FuzzRequest: a request that Check passes arrives at net/http's server as that
// one request, and nothing after it.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/", "X", "y", []byte(nil), false)
	f.Add("POST", "/a?b", "Content-Type", "text/plain", []byte("hello"), true)
	f.Add("PUT", "/", "Connection", "keep-alive", []byte("\r\n\r\n"), true)
	f.Add("GET", "/\r\nX: y", "A", "b\r\nC: d", []byte("GET / HTTP/1.1\r\n\r\n"), false)
	f.Fuzz(func(t *testing.T, method, target, name, value string, body []byte, last bool) {
		r := Request{Method: method, Target: target, Host: "h:1", Headers: []Header{{name, value}}, Body: body, Close: last}
		if r.Check() != nil {
			return
		}
		text := r.Append(nil)
		reader := bufio.NewReader(bytes.NewReader(text))
		got, err := http.ReadRequest(reader)
		if err != nil {
			t.Skip("net/http is stricter: ", err)
		}
		arrived, err := io.ReadAll(got.Body)
		if err != nil || !bytes.Equal(arrived, body) {
			t.Fatalf("%q: body %q, %v; want %q", text, arrived, err, body)
		}
		if left, _ := io.ReadAll(reader); len(left) > 0 {
			t.Errorf("%q: %q is left after the request", text, left)
		}
		if got.Method != r.method() || got.RequestURI != target {
			t.Errorf("%q: arrived as %s %q", text, got.Method, got.RequestURI)
		}
		if most := 4; len(got.Header) > most {
			t.Errorf("%q: arrived with headers %v", text, got.Header)
		}
	})
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	r := Request{Target: "/", Host: "h"}
	if got, want := string(r.Append([]byte("before "))), fmt.Sprintf("before %s", r.Append(nil)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
