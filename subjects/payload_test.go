package subjects_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Every implementation must answer alike, or comparing them compares nothing.
func TestPayload(t *testing.T) {
	for _, impl := range []struct {
		name    string
		command []string // after the interpreter
		python  string   // modules that a CPython must have; or
		program string   // the interpreter, found on the PATH
		head    int      // head of the answer to /1024, bytes
	}{
		{name: "asyncio", python: "httptools", command: []string{"payload_httptools.py"}, head: 67},
		{name: "uvloop", python: "httptools, uvloop", command: []string{"payload_httptools.py", "--loop=uvloop"}, head: 67},
		{name: "tornado", python: "tornado", command: []string{"payload_tornado.py"}, head: 131},
		{name: "tornado-pypy", program: "pypy3", command: []string{"payload_tornado.py"}, head: 131},
		{name: "gevent", python: "gevent", command: []string{"payload_gevent.py"}, head: 104},
		{name: "node", program: "node", command: []string{"payload.js"}, head: 128},
	} {
		t.Run(impl.name, func(t *testing.T) {
			wanted(t)
			t.Parallel()
			program, err := interpreter(impl.program, impl.python)
			if err != nil {
				missing(t, err)
			}
			s := materialized(t, "payload").start(t, program, impl.command)
			pays(t, s.addr, impl.head)
			idle, half := dial(t, s.addr), dial(t, s.addr)
			idle.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
			idle.answer("GET", "X")
			half.send("GET /10")
			s.ends(t)
		})
	}
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		pays(t, startOurs(t, "payload"), 104)
	})
}

// pays puts everything that README.md promises to the server at addr.
func pays(t *testing.T, addr string, head int) {
	t.Helper()
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }
	c := dial(t, addr)
	for _, size := range []int{1024, 0, 1, 10240, 102400, 1 << 20} {
		before := c.received - c.reader.Buffered()
		c.send(get("/" + strconv.Itoa(size)))
		r := c.answer("GET", strings.Repeat("X", size))
		if r.ContentLength != int64(size) {
			t.Errorf("/%d: length %d", size, r.ContentLength)
		}
		if got := c.received - c.reader.Buffered() - before - size; size == 1024 && got != head {
			t.Errorf("a head of %d bytes, want %d as README.md says", got, head)
		}
	}
	c.send(get("/1024") + get("/7"))
	c.answer("GET", strings.Repeat("X", 1024))
	c.answer("GET", "XXXXXXX")
	for _, path := range []string{"/", "/x", "/-1", "/1048577", "/99999999999999999999"} {
		c.send(get(path))
		r, err := http.ReadResponse(c.reader, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		r.Body.Close()
		if r.StatusCode != 404 {
			t.Errorf("%s: status %d, want 404", path, r.StatusCode)
		}
	}
	c.send("GET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	c.answer("GET", "XXXXX")
	c.ended()
}
