package serve

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// Far more may be asked for than the kernel takes in one go, by a client that
// does not read yet: the server must wait with the rest and lose nothing.
func TestNullUnderBackPressure(t *testing.T) {
	addr := up(t, "null", "-bytes", "20000")
	c := dial(t, addr)
	const n = 2000
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		io.WriteString(c.conn, strings.Repeat("GET / HTTP/1.1\r\n\r\n", n))
	}()
	for i := range n {
		if _, body := c.answer("GET"); len(body) != 20000 || strings.Trim(body, "x") != "" {
			t.Fatalf("answer %d has %d bytes", i, len(body))
		}
	}
	<-sent
}

// Connections are dealt out to the loops; each must be served by its own.
func TestNullWithManyConnections(t *testing.T) {
	addr := up(t, "null", "-loops", "3")
	var clients []*client
	for range 60 {
		clients = append(clients, dial(t, addr))
	}
	for range 3 {
		for _, c := range clients {
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		}
		for _, c := range clients {
			if _, body := c.answer("GET"); body != "x" {
				t.Fatalf("body %q", body)
			}
		}
	}
	for _, c := range clients {
		c.conn.Close()
		again := dial(t, addr) // most likely by the descriptor that has just been freed
		if got := again.get("/"); got != "x" {
			t.Fatalf("body %q", got)
		}
	}
}

// What cannot be served is told, and ends its connection only.
func TestNullRefuses(t *testing.T) {
	addr := up(t, "null")
	kept := dial(t, addr)
	for want, text := range map[int]string{
		400: "GET / HTTP/1.1\r\nno colon\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		431: "GET /" + strings.Repeat("a", 2*maxHead),
		501: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		505: "GET / HTTP/3.0\r\n\r\n",
	} {
		c := dial(t, addr)
		c.send(text)
		if r, _ := c.answer("GET"); r.StatusCode != want || !r.Close {
			t.Errorf("%d: %s", want, r.Status)
		}
	}
	if got := kept.get("/"); got != "x" {
		t.Errorf("another connection: %q", got)
	}
}

// The answer to a keep-alive request over one connection, client included.
func BenchmarkNull(b *testing.B) {
	s, _ := Lookup("null")
	serve, err := s.prepare("null", []string{"-loops", "1"})
	if err != nil {
		b.Skip(err)
	}
	ln, err := listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(b.Context(), ln) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for b.Loop() {
		io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
	}
}
