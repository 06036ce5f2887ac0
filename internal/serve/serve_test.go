package serve

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long anything here may take before it counts as hanging.
const limit = 10 * time.Second

// up runs the server called name until the test ends, and returns its address.
func up(t *testing.T, name string, args ...string) string {
	t.Helper()
	if s, _ := Lookup(name); runtime.GOOS != "linux" && (s.Name == "null" || s.Name == "truth") {
		t.Skip(name + " needs Linux")
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Run(ctx, name, Options{Addr: "127.0.0.1:0", Args: args, Out: w})
		w.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(limit):
			t.Error("it runs on")
		}
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
}

// A client is one connection to a server under test.
type client struct {
	t    *testing.T
	conn net.Conn
	*bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(limit))
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads an answer to a request of the given method, and its body.
func (c *client) answer(method string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.ReadResponse(c.Reader, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r, string(body)
}

// get asks for path on a connection that is kept.
func (c *client) get(path string) string {
	c.t.Helper()
	c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
	_, body := c.answer("GET")
	return body
}

// ended checks that the server ended the connection in order.
func (c *client) ended() {
	c.t.Helper()
	if b, err := c.ReadByte(); !errors.Is(err, io.EOF) {
		c.t.Errorf("read %q, %v; want the end", b, err)
	}
}

// What every server must do with connections, whoever wrote its HTTP.
func TestEveryServer(t *testing.T) {
	bodies := map[string]string{
		"null": "x", "hello": "hello", "truth": "7", "payload": "XXXXXXX",
		"classifier": "navytux.spb.ru:\t1\nwww.nexedi.com:\t1\nlab.nexedi.com:\t1\nwww.erp5.com:\t1\ntotal:\t2\n",
	}
	for _, name := range Names() {
		want, ok := bodies[name]
		if !ok && (name == "store" || name == "bus") {
			continue // they answer no path with a page: bus_test.go
		}
		t.Run(name, func(t *testing.T) {
			addr := up(t, name)
			const get = "GET /7 HTTP/1.1\r\nHost: a\r\n\r\n"

			c := dial(t, addr)
			for range 3 {
				if got := c.get("/7"); got != want {
					t.Fatalf("body %q, want %q", got, want)
				}
			}
			c.send(get + get + get + "POST /7 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get)
			for range 5 {
				if r, got := c.answer("GET"); got != want || r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/plain" {
					t.Fatalf("pipelined: %v %q, want %q", r.Status, got, want)
				}
			}
			for _, b := range []byte("POST /7 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get) {
				c.send(string(b))
			}
			for range 2 {
				if _, got := c.answer("GET"); got != want {
					t.Fatalf("in pieces: %q, want %q", got, want)
				}
			}
			c.send("HEAD /7 HTTP/1.1\r\nHost: a\r\n\r\n")
			if r, got := c.answer("HEAD"); got != "" || r.ContentLength != int64(len(want)) {
				t.Errorf("HEAD: %q, length %d", got, r.ContentLength)
			}
			c.send("GET /7 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
			if r, got := c.answer("GET"); got != want || r.Header.Get("Connection") != "keep-alive" {
				t.Errorf("HTTP/1.0, kept: %q, %q", got, r.Header)
			}
			c.send("GET /7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if r, got := c.answer("GET"); got != want || !r.Close {
				t.Errorf("close: %q, %q", got, r.Header)
			}
			c.ended()

			c = dial(t, addr)
			c.send("GET /7 HTTP/1.0\r\n\r\n")
			if _, got := c.answer("GET"); got != want {
				t.Errorf("HTTP/1.0: %q", got)
			}
			c.ended()

			c = dial(t, addr)
			c.send("no HTTP at all\r\n\r\n")
			if r, _ := c.answer("GET"); r.StatusCode != 400 {
				t.Errorf("no HTTP: %s, want 400", r.Status)
			}
			c.ended()

			// A client that has sent all it will is answered all the same.
			c = dial(t, addr)
			c.send(get)
			c.conn.(*net.TCPConn).CloseWrite()
			if _, got := c.answer("GET"); got != want {
				t.Errorf("after a half close: %q", got)
			}
			c.ended()
		})
	}
}

// A server that has been told to stop leaves no descriptor and no goroutine,
// whatever its connections were doing.
func TestStopLeavesNothing(t *testing.T) {
	for _, name := range Names() {
		before := descriptors(t)
		t.Run(name, func(t *testing.T) {
			addr := up(t, name)
			dial(t, addr)
			dial(t, addr).send("GET /ha")
			c := dial(t, addr)
			if name != "store" { // which speaks no HTTP
				c.get("/7")
			}
			c.send("POST /7 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
		})
		if after := descriptors(t); after > before {
			t.Errorf("%s: %d descriptors before, %d after", name, before, after)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func TestRunComplains(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, c := range []struct {
		name string
		opt  Options
		want string
	}{
		{"nul", Options{Addr: "127.0.0.1:0"}, "want one of " + strings.Join(Names(), ", ")},
		{"hello", Options{Addr: ln.Addr().String()}, "address already in use"},
		{"hello", Options{Addr: "nonsense"}, "nonsense"},
		{"hello", Options{Addr: "127.0.0.1:0", Args: []string{"-fast"}}, "-fast"},
		{"hello", Options{Addr: "127.0.0.1:0", Args: []string{"fast"}}, `"fast" is more`},
		{"null", Options{Addr: "127.0.0.1:0", Args: []string{"-bytes", "-1"}}, "0 to 1000000"},
		{"null", Options{Addr: "127.0.0.1:0", Args: []string{"-loops", "0"}}, "1 to 1024"},
		{"truth", Options{Addr: "127.0.0.1:0", Args: []string{"-law", "pareto"}}, "constant"},
		{"truth", Options{Addr: "127.0.0.1:0", Args: []string{"-service", "-1s"}}, "0 to 1h"},
		{"truth", Options{Addr: "127.0.0.1:0", Args: []string{"-stall", "2s"}}, "-stall"},
		{"truth", Options{Addr: "127.0.0.1:0", Args: []string{"-stall", "2s/2s"}}, "S < P"},
	} {
		err := Run(t.Context(), c.name, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: error %v, want one with %q", c.name, c.opt.Args, err, c.want)
		}
	}
}

// A context that is done already ends a server as soon as it has begun.
func TestRunEndedBeforehand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range Names() {
		if err := Run(ctx, name, Options{Addr: "127.0.0.1:0"}); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServersDescribeThemselves(t *testing.T) {
	for _, name := range Names() {
		s, ok := Lookup(name)
		if !ok || s.Name != name || !strings.HasSuffix(s.About, ".") {
			t.Errorf("Lookup(%q) = %+v, %v", name, s, ok)
		}
	}
	if _, ok := Lookup("nonsense"); ok {
		t.Error("Lookup finds what there is not")
	}
	if s, _ := Lookup("truth"); !strings.Contains(s.Flags(), "-stall S/P") {
		t.Errorf("truth's flags:\n%s", s.Flags())
	}
	if s, _ := Lookup("hello"); s.Flags() != "" {
		t.Errorf("hello's flags:\n%s", s.Flags())
	}
}

// isReset tells whether the other side reset the connection.
func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
