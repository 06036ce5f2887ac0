package serve

import (
	"context"
	"flag"
	"fmt"
	"net"
	"runtime"
	"strings"

	"webdyno/internal/mono"
)

// prepareNull prepares the server that answers a constant.
func prepareNull(name string, args []string) (serveFunc, error) {
	var bytes, loops int
	err := parseArgs(name, args, func(fs *flag.FlagSet) {
		fs.IntVar(&bytes, "bytes", 1, "length of the answer's `body`, up to a million")
		fs.IntVar(&loops, "loops", runtime.NumCPU(), "`threads` that serve; the CPUs it may use")
	})
	if err != nil {
		return nil, err
	}
	if bytes < 0 || bytes > 1e6 {
		return nil, fmt.Errorf("-bytes %d: want 0 to 1000000", bytes)
	}
	if loops < 1 || loops > 1024 {
		return nil, fmt.Errorf("-loops %d: want 1 to 1024", loops)
	}
	return func(ctx context.Context, ln net.Listener) error {
		services := make([]func(*loop) service, loops)
		for i := range services {
			services[i] = func(*loop) service { return newNull(bytes) }
		}
		return serveLoops(ctx, ln, mono.Start(), services...)
	}, nil
}

// A null answers every request alike: 200, and a body of x. The answers are
// made once. They carry no Date, which would have to be made anew every second.
type null struct {
	keep, kept, last []byte // kept says to an HTTP/1.0 client that the connection is
	body             int    // length, at the end of each of the above
}

func newNull(body int) *null {
	answer := func(field string) []byte {
		return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s",
			body, field, strings.Repeat("x", body))
	}
	return &null{
		keep: answer(""),
		kept: answer("Connection: keep-alive\r\n"),
		last: answer("Connection: close\r\n"),
		body: body,
	}
}

func (n *null) answer(c *conn, r request) {
	a := n.keep
	switch {
	case r.last:
		a = n.last
	case r.old:
		a = n.kept
	}
	if r.head {
		a = a[:len(a)-n.body]
	}
	c.out = append(c.out, a...)
}

func (n *null) turn() mono.Time { return mono.Never }
func (n *null) opened(*conn)    {}
func (n *null) ended(*conn)     {}
