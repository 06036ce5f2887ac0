package serve

import (
	"strings"
	"testing"
)

func TestParseRequest(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     request // target apart
		target   string
		status   int
	}{
		{"plain", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", request{size: 28}, "/a", 0},
		{"no fields", "GET / HTTP/1.1\r\n\r\n", request{size: 18}, "/", 0},
		{"with the next behind it", "GET /a HTTP/1.1\r\n\r\nGET /b", request{size: 19}, "/a", 0},
		{"blank lines before", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", request{size: 22}, "/", 0},
		{"head", "HEAD / HTTP/1.1\r\n\r\n", request{size: 19, head: true}, "/", 0},
		{"body", "POST / HTTP/1.1\r\ncontent-length:  5\t\r\n\r\n12345", request{size: 40, body: 5}, "/", 0},
		{"close", "GET / HTTP/1.1\r\nconnection: Close\r\n\r\n", request{size: 37, last: true}, "/", 0},
		{"close among others", "GET / HTTP/1.1\r\nConnection: foo ,close\r\n\r\n", request{size: 42, last: true}, "/", 0},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", request{size: 18, old: true, last: true}, "/", 0},
		{"1.0 kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", request{size: 42, old: true}, "/", 0},
		{"1.0, both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", request{size: 49, last: true}, "/", 0},
		{"1.0, both the other way", "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", request{size: 49, last: true}, "/", 0},

		{"nothing", "", request{}, "", 0},
		{"half a line", "GET / HT", request{}, "", 0},
		{"half an end", "GET / HTTP/1.1\r\nHost: x\r\n\r", request{}, "", 0},

		{"no version", "GET /\r\n\r\n", request{}, "", 400},
		{"no target", "GET  HTTP/1.1\r\n\r\n", request{}, "", 400},
		{"space in the target", "GET /a b HTTP/1.1\r\n\r\n", request{}, "", 400},
		{"other version", "GET / HTTP/2.0\r\n\r\n", request{}, "", 505},
		{"other protocol", "GET / ICY\r\n\r\n", request{}, "", 400},
		{"no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", request{}, "", 400},
		{"no name", "GET / HTTP/1.1\r\n: x\r\n\r\n", request{}, "", 400},
		{"space before the colon", "GET / HTTP/1.1\r\nContent-Length : 3\r\n\r\n", request{}, "", 400},
		{"folded", "GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n", request{}, "", 400},
		{"signed length", "GET / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", request{}, "", 400},
		{"no length", "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", request{}, "", 400},
		{"two lengths", "GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", request{}, "", 400},
		{"a length twice", "GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", request{size: 56, body: 3}, "/", 0},
		{"immense", "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", request{}, "", 400},
		{"chunked", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", request{}, "", 501},
		{"endless head", "GET /" + strings.Repeat("a", maxHead), request{}, "", 431},
	} {
		got, status := parseRequest([]byte(c.in))
		target := string(got.target)
		got.target = nil
		if status != c.status || target != c.target || got.size != c.want.size || got.body != c.want.body ||
			got.head != c.want.head || got.old != c.want.old || got.last != c.want.last {
			t.Errorf("%s: %+v %q, status %d; want %+v %q, %d", c.name, got, target, status, c.want, c.target, c.status)
		}
	}
}

// However the bytes are cut into reads, the first request in them is the same,
// and is found as soon as it is whole.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
		"\r\nPOST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
		"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET\r\n\r\n", "\r\n\r\n\r\n", "GET / HTTP/1.1\r\n: \r\n\r\n", "HEAD / HTTP/1.1\nA: b\n\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		whole, wholeStatus := parseRequest(b)
		if whole.size < 0 || whole.size > len(b) || whole.body < 0 || whole.body > maxBody {
			t.Fatalf("%+v of %d bytes", whole, len(b))
		}
		for n := range b {
			part, status := parseRequest(b[:n])
			if part.size == 0 && status == 0 {
				continue
			}
			if part.size != whole.size || status != wholeStatus || string(part.target) != string(whole.target) {
				t.Fatalf("%d of %q: %+v %d; of all: %+v %d", n, b, part, status, whole, wholeStatus)
			}
			return
		}
	})
}

// The head is parsed in place.
func TestParseAllocatesNothing(t *testing.T) {
	b := []byte("GET /a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() { parseRequest(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
