package workload

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"webdyno/internal/httpwire"
	"webdyno/internal/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A sound server's answer arrives as it was sent.
func TestAsk(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(Classify([]byte(r.URL.Path)))
	}))
	defer server.Close()
	address := server.Listener.Addr().String()
	for _, name := range HeaderSets() {
		r := build(t, asked("/helloworld", withSet(name), func(x *plan.Exact) { x.Expect.Oracle = "classifier" }))
		a, err := Ask(t.Context(), "tcp", address, &r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := r.Expect.Check(&a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		set, _ := Headers(name)
		if a.Status != 200 || a.Bytes != 83 || !a.HasDate || a.KeepAlive == set.Version10 {
			t.Errorf("%s: got %+v", name, a)
		}
		if head := string(a.Header); !strings.HasPrefix(head, "HTTP/1.") || !strings.HasSuffix(head, "\r\n\r\n") {
			t.Errorf("%s: head %q, want the whole head and no more", name, head)
		}
	}
}

func TestAskUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Listener.Close()
	server.Listener = l
	server.Start()
	defer server.Close()

	r := build(t, asked("/"))
	a, err := Ask(t.Context(), "unix", path, &r)
	if err != nil || a.Status != 404 {
		t.Errorf("status %d, %v; want 404", a.Status, err)
	}
}

// Nobody there is an error of dialing, which callers ask about.
func TestAskNobody(t *testing.T) {
	r := build(t, asked("/"))
	_, err := Ask(t.Context(), "unix", filepath.Join(t.TempDir(), "none"), &r)
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		t.Errorf("got %v, want an error of dialing", err)
	}
}

// serving answers what is asked over one end of a pipe with what serve writes
// to the other, once it has read the request.
func serving(ctx context.Context, t *testing.T, r *Request, serve func(net.Conn)) (Answer, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	served := make(chan bool)
	go func() {
		defer close(served)
		serve(theirs)
	}()
	a, err := AskOn(ctx, ours, r)
	ours.Close()
	<-served
	return a, err
}

// saying reads a request and says text, then ends the connection.
func saying(text string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, text)
		}
		c.Close()
	}
}

func TestAskBadAnswers(t *testing.T) {
	for _, tc := range []struct{ name, text, cause string }{
		{"garbage", "hello\n", "bad status line"},
		{"surplus", "HTTP/1.1 204 No Content\r\n\r\nmore", "bytes after the answer"},
		{"chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", "bad chunk size"},
		{"endless", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 20_000), "header too large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := build(t, asked("/"))
			_, err := serving(t.Context(), t, &r, saying(tc.text))
			var malformed *httpwire.Error
			if !errors.As(err, &malformed) || malformed.Cause != tc.cause {
				t.Errorf("got %v, want malformed for %q", err, tc.cause)
			}
		})
	}
}

func TestAskCut(t *testing.T) {
	for _, text := range []string{"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell"} {
		r := build(t, asked("/"))
		if _, err := serving(t.Context(), t, &r, saying(text)); !errors.Is(err, httpwire.ErrCut) {
			t.Errorf("after %q: %v, want it cut", text, err)
		}
	}
}

// An answer of any size is counted, and its beginning kept: at least as much
// as is expected.
func TestAskLarge(t *testing.T) {
	const size = 3 << 20
	answer := "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", size)
	r := build(t, asked("/"))
	a, err := serving(t.Context(), t, &r, saying(answer))
	if err != nil || a.Bytes != size || len(a.Body) != bodyKept {
		t.Errorf("%d bytes, %d kept, %v; want %d, %d", a.Bytes, len(a.Body), err, size, bodyKept)
	}

	r.Expect.Body = []byte(answer[len(answer)-size:])
	a, err = serving(t.Context(), t, &r, saying(answer))
	if err != nil || len(a.Body) != size || r.Expect.Check(&a) != nil {
		t.Errorf("%d of %d bytes kept, %v; want all", len(a.Body), size, err)
	}
}

// A server that never answers, or drips, is waited for as long as asked.
func TestAskEndsWithItsContext(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"silent": func(c net.Conn) { io.Copy(io.Discard, c) },
		"deaf":   func(c net.Conn) { c.Read(make([]byte, 1)); time.Sleep(time.Minute) },
		"dripping": func(c net.Conn) {
			go io.Copy(io.Discard, c)
			for io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); ; time.Sleep(time.Second) {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				r := build(t, asked("/"))
				_, err := serving(ctx, t, &r, func(c net.Conn) {
					serve(c)
					c.Close()
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want the deadline", err)
				}
				if name != "deaf" && time.Since(start) > 11*time.Second {
					t.Errorf("it took %v, want 10 s", time.Since(start))
				}
			})
		})
	}
}

// A server may refuse a large body before it has read it: that is an answer.
func TestAskAnsweredEarly(t *testing.T) {
	r := build(t, asked("/", func(x *plan.Exact) { x.Method, x.Body = "POST", make([]byte, 1<<20) }))
	a, err := serving(t.Context(), t, &r, func(c net.Conn) {
		c.Read(make([]byte, 10))
		io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
	})
	if err != nil || a.Status != 413 || a.KeepAlive {
		t.Errorf("status %d, kept %v, %v; want 413 on a connection not kept", a.Status, a.KeepAlive, err)
	}
}

// Several requests over one connection, as a check of keep-alive needs.
func TestAskOnAgain(t *testing.T) {
	r := build(t, asked("/"))
	ours, theirs := net.Pipe()
	go func() {
		in := bufio.NewReader(theirs)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			io.WriteString(theirs, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	}()
	defer ours.Close()
	for i := range 3 {
		a, err := AskOn(t.Context(), ours, &r)
		if err != nil || !a.KeepAlive || string(a.Body) != "ok" {
			t.Fatalf("request %d: %+v, %v", i, a, err)
		}
	}
}

// How an answer is framed, and what its fields are called, is what subjects are
// held against each other by.
func TestAnswerShape(t *testing.T) {
	for _, c := range []struct {
		says    string
		framing Framing
		names   string
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: x\r\n\r\nok", ByLength, "Content-Length Date"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ByChunks, "Transfer-Encoding"},
		{"HTTP/1.0 200 OK\r\nSERVER: a:b\r\n\r\nok", ByClose, "SERVER"},
		{"HTTP/1.1 204 No Content\r\n\r\n", NoBody, ""},
		{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", ByLength, "content-length"},
		{"HTTP/1.1 200 OK\nX: y\nContent-Length: 0\n\n", ByLength, "X Content-Length"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			conn.Read(make([]byte, 4096))
			conn.Write([]byte(c.says))
		}()
		r := build(t, asked("/"))
		a, err := Ask(t.Context(), "tcp", l.Addr().String(), &r)
		l.Close()
		if err != nil {
			t.Errorf("%q: %v", c.says, err)
			continue
		}
		if got := strings.Join(a.HeaderNames(), " "); a.Framing != c.framing || got != c.names {
			t.Errorf("%q: framing %d, fields %q; want %d, %q", c.says, a.Framing, got, c.framing, c.names)
		}
	}
}
