package workload

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"webdyno/internal/plan"
)

// A server that answers before it has read the body of a request is told from one
// that waits for it.
func TestHold(t *testing.T) {
	set, err := Build(plan.Exact{Method: "POST", Path: "/", Body: []byte("some text"), Expect: plan.ExactExpect{Bytes: -1}}, "example.org")
	if err != nil {
		t.Fatal(err)
	}
	ask := &set.Requests[0]
	const right = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, c := range []struct {
		name   string
		reads  int // bytes of the request, before it answers
		answer string
		unread bool
	}{
		{"waits for all of it", len(ask.Bytes), right, false},
		{"answers after the head", len(ask.Bytes) - 9, right, true},
		{"refuses after the head", len(ask.Bytes) - 9, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := tcpPair(t)
			answered := make(chan error, 1)
			go func() {
				_, err := io.ReadFull(theirs, make([]byte, c.reads))
				if err == nil {
					_, err = theirs.Write([]byte(c.answer))
				}
				answered <- err
			}()
			unread, err := Hold(context.Background(), ours, ask)
			if err != nil || unread != c.unread {
				t.Errorf("unread %v, %v; want %v", unread, err, c.unread)
			}
			if err := <-answered; err != nil {
				t.Errorf("the server's side: %v", err)
			}
		})
	}
}

func tcpPair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ours, err = net.DialTimeout("tcp", l.Addr().String(), time.Second); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}
