package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"webdyno/internal/httpwire"
)

// bodyKept is how much of an answer's body Ask keeps at least.
const bodyKept = 1 << 20

// An Answer is what a server said to one request.
type Answer struct {
	Status    int
	Version   httpwire.Version
	Header    []byte // the head as it came, interim answers included; trailers are not
	Body      []byte // its first MiB, or as much as was expected, whichever is more
	Bytes     int64  // of body, in all
	Framing   Framing
	KeepAlive bool // the connection could have been used again
	HasDate   bool
}

// A Framing is how an answer says where its body ends.
type Framing uint8

const (
	NoBody   Framing = iota // by its status or its request there is none
	ByLength                // Content-Length
	ByChunks                // Transfer-Encoding: chunked
	ByClose                 // the end of the connection
)

// Ask sends one request over a fresh connection and returns its answer, right
// or wrong; [Expect.Check] tells which. It ends with ctx. An error means that
// there was no complete and well-formed answer: it wraps what dialing said, an
// [*httpwire.Error] or [httpwire.ErrCut].
func Ask(ctx context.Context, network, address string, r *Request) (Answer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return Answer{}, err
	}
	defer conn.Close()
	return AskOn(ctx, conn, r)
}

// AskOn is Ask over a connection that is open, TLS perhaps. It leaves the
// connection open, and fit for another request if KeepAlive says so.
func AskOn(ctx context.Context, conn net.Conn, r *Request) (Answer, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(longAgo()) })
	defer stop()

	// Apart, because a server may answer, and wait for its answer to be read,
	// before it has taken all of a large body.
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(r.Bytes)
		sent <- err
	}()
	a, err := receive(conn, r)

	// What of the request has not got out by now will not be missed.
	conn.SetWriteDeadline(longAgo())
	if <-sent != nil {
		a.KeepAlive = false
	}
	if err == nil {
		conn.SetWriteDeadline(time.Time{})
		return a, nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return a, fmt.Errorf("ask %s: %w", conn.RemoteAddr(), err)
}

// longAgo is a deadline that ends whatever is under way.
func longAgo() time.Time { return time.Unix(1, 0) }

func receive(conn net.Conn, r *Request) (Answer, error) {
	var (
		a      Answer
		parser httpwire.Parser
		buf    = make([]byte, 64<<10)
	)
	parser.Reset(r.Head)
	kept := max(bodyKept, len(r.Expect.Body))
	for {
		n, readErr := conn.Read(buf)
		done, err := a.take(&parser, buf[:n], kept)
		if !done && err == nil && errors.Is(readErr, io.EOF) {
			done, err = parser.End()
		} else if !done && err == nil {
			err = readErr
		}
		if err != nil || done {
			a.finish(r, &parser)
			return a, err
		}
	}
}

// take reads b, all of which must belong to the answer, and keeps so much of
// its body.
func (a *Answer) take(p *httpwire.Parser, b []byte, kept int) (done bool, err error) {
	for len(b) > 0 && !done {
		before := p.HeaderBytes()
		var n int
		if n, done, err = p.Feed(b); err != nil {
			return false, err
		}
		a.Header = append(a.Header, b[:p.HeaderBytes()-before]...)
		part := p.Body()
		a.Body = append(a.Body, part[:min(len(part), kept-len(a.Body))]...)
		b = b[n:]
	}
	if len(b) > 0 {
		return false, httpwire.ErrSurplus
	}
	return done, nil
}

func (a *Answer) finish(r *Request, p *httpwire.Parser) {
	a.Status = p.Status()
	a.Version = p.Version()
	a.Bytes = p.BodyBytes()
	a.KeepAlive = p.KeepAlive()
	a.HasDate = p.HasDate()
	switch {
	case r.Head, a.Status == 204, a.Status == 304:
	case p.UntilClose():
		a.Framing = ByClose
	case p.ContentLength() >= 0:
		a.Framing = ByLength
	default:
		a.Framing = ByChunks
	}
}

// HeaderNames returns the names of the answer's fields, in order, as they are
// written; those of interim answers aside.
func (a *Answer) HeaderNames() []string {
	head := strings.TrimRight(string(a.Header), "\r\n")
	if i := strings.LastIndex(head, "\n\r\n"); i >= 0 {
		head = head[i+3:]
	} else if i := strings.LastIndex(head, "\n\n"); i >= 0 {
		head = head[i+2:]
	}
	var names []string
	_, fields, _ := strings.Cut(head, "\n")
	for line := range strings.Lines(fields) {
		if name, _, ok := strings.Cut(line, ":"); ok && name != "" && name[0] != ' ' && name[0] != '\t' {
			names = append(names, strings.TrimRight(name, " \t"))
		}
	}
	return names
}
