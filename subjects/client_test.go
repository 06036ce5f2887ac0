package subjects_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// A client is one connection to a server under test.
type client struct {
	t        *testing.T
	conn     net.Conn
	reader   *bufio.Reader
	received int
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(limit))
	c := &client{t: t, conn: conn}
	c.reader = bufio.NewReader(c)
	return c
}

func (c *client) Read(p []byte) (int, error) {
	n, err := c.conn.Read(p)
	c.received += n
	return n, err
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads an answer of status 200 and plain text whose length is told, and
// checks its body.
func (c *client) answer(method, body string) *http.Response {
	c.t.Helper()
	r, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != body {
		c.t.Fatalf("body %q, error %v; want %q", got, err, body)
	}
	if kind := r.Header.Get("Content-Type"); r.StatusCode != 200 || kind != "text/plain" {
		c.t.Errorf("status %d, %q; want 200, text/plain", r.StatusCode, kind)
	}
	if r.TransferEncoding != nil || r.ContentLength < int64(len(body)) {
		c.t.Errorf("transfer encoding %q, length %d; want a length only", r.TransferEncoding, r.ContentLength)
	}
	return r
}

// ended checks that the server ended the connection.
func (c *client) ended() {
	c.t.Helper()
	if b, err := c.reader.ReadByte(); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Errorf("read %q, %v after the last answer; want the end", b, err)
	}
}

// refused sends what is no HTTP and checks that it is not answered as if it were.
func (c *client) refused() {
	c.t.Helper()
	c.send("\x16\x03\x01 no HTTP at all\r\n\r\n")
	all, err := io.ReadAll(c.reader)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("%v: want the connection ended", err)
	}
	if len(all) > 0 && !bytes.HasPrefix(all, []byte("HTTP/1.1 400 ")) {
		c.t.Errorf("answered %q, want 400 or nothing", all)
	}
}
