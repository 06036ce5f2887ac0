package httpwire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome is all that a caller can learn from a parser.
type outcome struct {
	Status    int
	Version   Version
	Body      string
	Done      bool
	Err       string
	KeepAlive bool
	Started   bool
	Length    int64 // Content-Length
	Header    int   // bytes of head
	Interim   int
	HasDate   bool
	Left      string // bytes after the end
}

// read feeds a parser pieces as they might come from a socket, each followed by
// calls for its rest, and then ends the connection.
func read(t testing.TB, head bool, pieces ...string) outcome {
	t.Helper()
	var p Parser
	p.Reset(head)
	return readWith(t, &p, pieces...)
}

func readWith(t testing.TB, p *Parser, pieces ...string) outcome {
	t.Helper()
	var (
		body strings.Builder
		done bool
		err  error
		left string
	)
	for _, piece := range pieces {
		b := []byte(piece)
		for len(b) > 0 && !done && err == nil {
			var n int
			n, done, err = p.Feed(b)
			body.Write(p.Body())
			if n < 0 || n > len(b) {
				t.Fatalf("Feed read %d of %d bytes", n, len(b))
			}
			if n == 0 && !done && err == nil {
				t.Fatalf("Feed makes no progress on %q", b)
			}
			checkBody(t, p.Body(), b[:n])
			b = b[n:]
		}
		if done {
			left += string(b)
		}
	}
	if !done && err == nil {
		done, err = p.End()
	}
	o := outcome{
		Status: p.Status(), Version: p.Version(), Body: body.String(), Done: done,
		KeepAlive: p.KeepAlive(), Started: p.Started(), Length: p.ContentLength(),
		Interim: p.Interim(), HasDate: p.HasDate(), Left: left,
	}
	if p.BodyBytes() != int64(body.Len()) {
		t.Fatalf("BodyBytes is %d, but %d were delivered", p.BodyBytes(), body.Len())
	}
	if err != nil {
		o.Err = err.Error()
		return o
	}
	o.Header = p.HeaderBytes()
	return o
}

// checkBody makes sure that body is a slice of what was read.
func checkBody(t testing.TB, body, read []byte) {
	t.Helper()
	if len(body) == 0 {
		return
	}
	for i := range len(read) - len(body) + 1 {
		if &read[i] == &body[0] {
			return
		}
	}
	t.Fatalf("Body is not within the %d bytes read", len(read))
}

// Every answer, whole, must be read as the table says.
func TestAnswers(t *testing.T) {
	for _, a := range answers() {
		t.Run(a.name, func(t *testing.T) {
			got := read(t, a.head, a.text)
			want := a.want
			if want.Err == "" {
				got.Header = 0 // has a test of its own
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reading %q (- want, + got):\n%s", a.text, diff)
			}
		})
	}
}

// How an answer is cut into reads is up to kernels and networks, and must make
// no difference: not with one cut anywhere, nor with two, nor byte by byte.
func TestEveryCutting(t *testing.T) {
	for _, a := range answers() {
		t.Run(a.name, func(t *testing.T) {
			whole := read(t, a.head, a.text)
			check := func(pieces ...string) {
				t.Helper()
				if got := read(t, a.head, pieces...); got != whole {
					t.Fatalf("cut into %q (- whole, + cut):\n%s", pieces, cmp.Diff(whole, got))
				}
			}
			check(strings.Split(a.text, "")...)
			for i := range len(a.text) {
				check(a.text[:i], a.text[i:])
				for j := i + 1; j < len(a.text); j++ {
					check(a.text[:i], a.text[i:j], a.text[j:])
				}
			}
		})
	}
}

// A parser that has read anything, or failed at it, is as good as new after
// Reset.
func TestResetForgets(t *testing.T) {
	var used Parser
	for _, before := range answers() {
		for _, a := range answers() {
			used.Reset(before.head)
			readWith(t, &used, before.text[:len(before.text)/2], before.text[len(before.text)/2:])
			used.Reset(a.head)
			if got, want := readWith(t, &used, a.text), read(t, a.head, a.text); got != want {
				t.Fatalf("%s after %s (- fresh, + used):\n%s", a.name, before.name, cmp.Diff(want, got))
			}
		}
	}
}

// A parser needs no Reset before its first answer.
func TestZeroParser(t *testing.T) {
	var p Parser
	got := readWith(t, &p, "HTTP/1.1 200 OK\r\n\r\nto the end")
	if !got.Done || got.Body != "to the end" {
		t.Errorf("got %+v, want the body up to the end", got)
	}
}

// Answers on one connection follow each other without a gap; each Feed must
// leave the next answer alone.
func TestPipelined(t *testing.T) {
	const one = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
	const two = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
	const three = "HTTP/1.1 204 No Content\r\n\r\n"
	text := []byte(one + two + three)

	var p Parser
	var bodies []string
	for range 3 {
		p.Reset(false)
		body := ""
		for done := false; !done; {
			n, d, err := p.Feed(text)
			if err != nil {
				t.Fatal(err)
			}
			body += string(p.Body())
			text, done = text[n:], d
		}
		bodies = append(bodies, body)
	}
	if diff := cmp.Diff([]string{"ab", "x", ""}, bodies); diff != "" || len(text) > 0 {
		t.Errorf("%q left over, bodies (- want, + got):\n%s", text, diff)
	}
}

// What is done stays done, and what has failed keeps its cause: a caller may
// ask again without harm.
func TestFeedAfterTheEnd(t *testing.T) {
	var p Parser
	p.Feed([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
	if n, done, err := p.Feed([]byte("HTTP")); n != 0 || !done || err != nil {
		t.Errorf("after done: %d, %v, %v; want 0, true, none", n, done, err)
	}
	if done, err := p.End(); !done || err != nil {
		t.Errorf("ended after done: %v, %v; want true, none", done, err)
	}

	p.Reset(false)
	p.Feed([]byte("garbage"))
	if n, done, err := p.Feed([]byte("HTTP")); n != 0 || done || !errors.Is(err, errStatusLine) {
		t.Errorf("after a fault: %d, %v, %v; want 0, false, the fault", n, done, err)
	}
	if done, err := p.End(); done || !errors.Is(err, errStatusLine) {
		t.Errorf("ended after a fault: %v, %v; want false, the fault", done, err)
	}
}

// Nothing at all is not a cut answer that began: an engine asks the question
// again on a new connection.
func TestStarted(t *testing.T) {
	var p Parser
	p.Feed(nil)
	if done, err := p.End(); p.Started() || done || !errors.Is(err, ErrCut) {
		t.Errorf("nothing fed: started %v, done %v, %v; want false, false, cut", p.Started(), done, err)
	}
	p.Feed([]byte("H"))
	if done, err := p.End(); !p.Started() || done || !errors.Is(err, ErrCut) {
		t.Errorf("one byte fed: started %v, done %v, %v; want true, false, cut", p.Started(), done, err)
	}
}

// A head of 64 KiB is read; one byte more is too large, however it comes.
func TestHeaderLimit(t *testing.T) {
	const begin, end = "HTTP/1.1 200 OK\r\nX: ", "\r\nContent-Length: 0\r\n\r\n"
	for _, tc := range []struct {
		size int
		err  string
	}{{HeaderLimit, ""}, {HeaderLimit + 1, "malformed answer: header too large"}} {
		text := begin + strings.Repeat("x", tc.size-len(begin)-len(end)) + end
		for _, read := range []outcome{
			read(t, false, text),
			read(t, false, pieces(text, 1000)...),
			read(t, false, pieces(text, 1)...),
		} {
			if read.Err != tc.err || read.Done != (tc.err == "") {
				t.Errorf("%d bytes: done %v, error %q; want %q", tc.size, read.Done, read.Err, tc.err)
			}
			if tc.err == "" && read.Header != tc.size {
				t.Errorf("HeaderBytes is %d, want %d", read.Header, tc.size)
			}
		}
	}
}

// Header, interim answers and trailers have one limit together, so that none
// of them can go on for ever.
func TestEndless(t *testing.T) {
	for _, tc := range []struct{ name, begin, again, want string }{
		{"header line", "HTTP/1.1 200 OK\r\nX: ", "x", "header too large"},
		{"header name", "HTTP/1.1 200 OK\r\n", "x", "header too large"},
		{"header lines", "HTTP/1.1 200 OK\r\n", "X: y\r\n", "header too large"},
		{"connection", "HTTP/1.1 200 OK\r\nConnection: ", "x,", "header too large"},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: ", "5,", "header too large"},
		{"fold", "HTTP/1.1 200 OK\r\nX: y\r\n", " z\r\n", "header too large"},
		{"reason", "HTTP/1.1 200 ", "O", "header too large"},
		{"interim", "", "HTTP/1.1 100 Continue\r\n\r\n", "too many interim answers"},
		{"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", "header too large"},
		{"chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0", "chunk size line too long"},
		{"chunk extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", "chunk size line too long"},
		{"status line", "", "HTTP/1.", "header too large"},
		{"garbage", "", "\x00", "bad status line"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := tc.begin + strings.Repeat(tc.again, 5*HeaderLimit/4/len(tc.again))
			want := "malformed answer: " + tc.want
			for _, size := range []int{1, 7, 4096, len(text)} {
				var p Parser
				got := readWith(t, &p, pieces(text, size)...)
				if got.Done || got.Err != want {
					t.Errorf("in pieces of %d: done %v, error %q; want %q", size, got.Done, got.Err, want)
				}
				if p.Reset(false); cap(p.line) > scratchLeft {
					t.Errorf("in pieces of %d: %d bytes kept after Reset", size, cap(p.line))
				}
			}
		})
	}
}

// A long line whose value says nothing must not be put aside whole, once for
// each of ten thousand connections.
func TestIdleLinesAreNotKept(t *testing.T) {
	for _, begin := range []string{
		"HTTP/1.1 200 ",
		"HTTP/1.1 200 OK\r\nSet-Cookie: ",
		"HTTP/1.1 200 OK\r\nSet-Cookie: x\r\n ",
	} {
		var p Parser
		readWith(t, &p, pieces(begin+strings.Repeat("x", 60_000), 100)...)
		if cap(p.line) > 2*scratchKept {
			t.Errorf("after %q %d bytes are kept, want at most %d", begin, cap(p.line), 2*scratchKept)
		}
	}
}

// Ten thousand of them must be cheap.
func TestParserIsSmall(t *testing.T) {
	if size := reflect.TypeFor[Parser]().Size(); size > 192 {
		t.Errorf("a Parser has %d bytes, want at most 192", size)
	}
}

// A body may be larger than any memory: nothing of it is kept.
func TestHugeBody(t *testing.T) {
	const length = 1 << 36
	var p Parser
	p.Feed(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", int64(length)))
	part := make([]byte, 64<<20)
	for i := range length / len(part) {
		n, done, err := p.Feed(part)
		if n != len(part) || err != nil || done != (i == length/len(part)-1) {
			t.Fatalf("part %d: read %d, done %v, %v", i, n, done, err)
		}
	}
	if p.BodyBytes() != length || cap(p.line) > 0 {
		t.Errorf("%d bytes of body, %d kept; want %d, 0", p.BodyBytes(), cap(p.line), int64(length))
	}
}

// HeaderBytes counts heads, interim ones included, and not trailers.
func TestHeaderBytes(t *testing.T) {
	const head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	got := read(t, false, head+"1\r\nx\r\n0\r\nTrailer: yes\r\n\r\n")
	if got.Header != len(head) {
		t.Errorf("HeaderBytes is %d, want %d", got.Header, len(head))
	}
}

// The path of a request allocates nothing, even where the end of a read cuts
// header lines, once the first cut line has made room for itself.
func TestParserAllocatesNothing(t *testing.T) {
	text := []byte(strings.Repeat(goAnswer+chunkedAnswer, 20))
	var p Parser
	run := func() {
		p.Reset(false)
		for b := text; len(b) > 0; {
			piece := b[:min(len(b), 97)]
			n, done, err := p.Feed(piece)
			if err != nil {
				t.Fatal(err)
			}
			if b = b[n:]; done {
				p.Reset(false)
			}
		}
	}
	run()
	if allocs := testing.AllocsPerRun(10, run); allocs != 0 {
		t.Errorf("%v allocations for 40 answers, want 0", allocs)
	}
}

func pieces(text string, size int) []string {
	var all []string
	for len(text) > size {
		all = append(all, text[:size])
		text = text[size:]
	}
	return append(all, text)
}
