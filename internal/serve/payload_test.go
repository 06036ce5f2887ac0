package serve

import (
	"strings"
	"testing"
)

// Every size comes with its length, and never in chunks.
func TestPayload(t *testing.T) {
	c := dial(t, up(t, "payload"))
	for path, n := range map[string]int64{"/0": 0, "/1": 1, "/1024": 1024, "/102400": 102400, "/1048576": 1 << 20} {
		c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		r, body := c.answer("GET")
		if body != strings.Repeat("X", int(n)) || r.ContentLength != n || r.TransferEncoding != nil {
			t.Errorf("%s: %d bytes, length %d, %q", path, len(body), r.ContentLength, r.TransferEncoding)
		}
	}
	for _, path := range []string{"/", "/1048577", "/-1", "/+1", "/1/", "/x", "/99999999999999999999"} {
		c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		if r, _ := c.answer("GET"); r.StatusCode != 404 {
			t.Errorf("%s: %s, want 404", path, r.Status)
		}
	}
}
