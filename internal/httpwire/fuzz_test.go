package httpwire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzSplit: any bytes, in any cutting into reads, give the same result as in
// one piece.
func FuzzSplit(f *testing.F) {
	for i, a := range answers() {
		f.Add([]byte(a.text), a.head, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, head bool, seed uint64) {
		whole := read(t, head, string(text))
		if cut := read(t, head, randomPieces(string(text), seed)...); cut != whole {
			t.Errorf("%q cut with seed %d (- whole, + cut):\n%s", text, seed, cmp.Diff(whole, cut))
		}
	})
}

// FuzzNoPanic: whatever comes, and in whatever way it is fed, a parser neither
// panics nor stands still, delivers only what it read, keeps no more than a
// header may have, and is as good as new after Reset. (read checks the first
// three.)
func FuzzNoPanic(f *testing.F) {
	for _, a := range answers() {
		f.Add([]byte(a.text), a.head)
		f.Add([]byte(a.text+a.text), a.head)
	}
	f.Fuzz(func(t *testing.T, text []byte, head bool) {
		var p Parser
		for rest := string(text); rest != ""; {
			p.Reset(head)
			got := readWith(t, &p, pieces(rest, 3)...)
			if cap(p.line) > 2*HeaderLimit {
				t.Fatalf("%d bytes kept", cap(p.line))
			}
			if got.Done == (got.Err != "") {
				t.Fatalf("done %v and error %q", got.Done, got.Err)
			}
			if !got.Done || len(got.Left) >= len(rest) {
				break
			}
			rest = got.Left
		}
		p.Reset(false)
		if got := readWith(t, &p, goAnswer); got != read(t, false, goAnswer) {
			t.Fatalf("after Reset a good answer gives %+v", got)
		}
	})
}

// FuzzAgree: where both this parser and net/http's find a complete answer, it
// is the same one.
func FuzzAgree(f *testing.F) {
	for _, a := range answers() {
		f.Add([]byte(a.text), a.head)
	}
	f.Fuzz(func(t *testing.T, text []byte, head bool) {
		got := read(t, head, string(text))
		if !got.Done || got.Interim > 0 || got.Version == HTTP10 && strings.Contains(strings.ToLower(string(text)), "transfer-encoding") {
			return // net/http leaves interim answers to its caller, and ignores codings of 1.0
		}
		want, err := standard(text, head)
		if err != nil {
			return // this parser is the more tolerant one in places
		}
		if got.Status != want.Status || got.Body != want.Body {
			t.Errorf("%q: status %d, body %q; net/http has %d, %q", text, got.Status, got.Body, want.Status, want.Body)
		}
	})
}

// FuzzWellFormed: what a sound server sends is read as it was meant, by this
// parser and by net/http alike.
func FuzzWellFormed(f *testing.F) {
	f.Add(uint64(1), uint16(200), []byte("hello"), "Server", "x")
	f.Add(uint64(2), uint16(404), []byte(""), "X-Y", "")
	f.Add(uint64(3), uint16(304), []byte("0\r\n\r\n"), "Set-Cookie", "a=b; path=/")
	for seed := range uint64(40) {
		f.Add(seed, uint16(200+seed), []byte(body83), "Vary", "*")
	}
	f.Fuzz(func(t *testing.T, seed uint64, status uint16, body []byte, name, value string) {
		g := rand.New(rand.NewPCG(seed, 1))
		s := sent{status: 200 + int(status)%400, body: body, head: g.IntN(8) == 0, old: g.IntN(4) == 0}
		text := s.text(g, name, value)

		got := read(t, s.head, randomPieces(text, seed)...)
		want, err := standard([]byte(text), s.head)
		if err != nil {
			t.Skip("not well-formed to net/http: ", err)
		}
		if !got.Done || got.Left != "" {
			t.Fatalf("%q: done %v, error %q, left %q; want it done", text, got.Done, got.Err, got.Left)
		}
		if got.Status != want.Status || got.Body != want.Body || got.KeepAlive != want.KeepAlive {
			t.Errorf("%q: status %d, body %q, kept %v; net/http has %d, %q, %v",
				text, got.Status, got.Body, got.KeepAlive, want.Status, want.Body, want.KeepAlive)
		}
		if got.Status != s.status || got.Body != string(s.wanted()) {
			t.Errorf("%q: status %d, body %q; sent were %d, %q", text, got.Status, got.Body, s.status, s.wanted())
		}
	})
}

// standard reads an answer with net/http.
func standard(text []byte, head bool) (outcome, error) {
	req := &http.Request{Method: "GET"}
	if head {
		req.Method = "HEAD"
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), req)
	if err != nil {
		return outcome{}, err
	}
	body, err := io.ReadAll(r.Body)
	return outcome{Status: r.StatusCode, Body: string(body), KeepAlive: !r.Close}, err
}

// sent is an answer before it is bytes.
type sent struct {
	status int
	body   []byte
	head   bool // to a HEAD request
	old    bool // of HTTP/1.0
}

// wanted returns the body that arrives.
func (s sent) wanted() []byte {
	if s.head || s.status == 204 || s.status == 304 {
		return nil
	}
	return s.body
}

// text writes the answer in one of the ways in which a server may.
func (s sent) text(g *rand.Rand, name, value string) string {
	version := "1.1"
	if s.old {
		version = "1.0"
	}
	fields := []string{"Date: Thu, 05 Jul 2018 10:00:00 GMT"}
	if isField(name, value) {
		fields = append(fields, name+": "+value)
	}
	switch g.IntN(4) {
	case 0:
		fields = append(fields, "Connection: close")
	case 1:
		fields = append(fields, "connection: Keep-Alive")
	}
	body := string(s.body)
	switch kind := g.IntN(3); {
	case kind == 0 && !s.old:
		fields = append(fields, "Transfer-Encoding: chunked")
		body = chunks(g, s.body)
	case kind <= 1:
		fields = append(fields, fmt.Sprintf("Content-Length: %d", len(s.body)))
	}
	if s.wanted() == nil {
		body = ""
	}
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return fmt.Sprintf("HTTP/%s %d OK\r\n%s\r\n\r\n%s", version, s.status, strings.Join(fields, "\r\n"), body)
}

// chunks cuts a body into chunks.
func chunks(g *rand.Rand, body []byte) string {
	var b strings.Builder
	for len(body) > 0 {
		n := 1 + g.IntN(len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n")
	if g.IntN(2) == 0 {
		b.WriteString("X-Sum: 1\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// isField tells whether a field is well-formed and says nothing of framing.
func isField(name, value string) bool {
	framing := []string{"connection", "content-length", "transfer-encoding", "trailer"}
	return name != "" && bad(name, isNoToken) < 0 && bad(value, isNoValue) < 0 &&
		!slices.Contains(framing, strings.ToLower(name))
}

// randomPieces cuts text somewhere.
func randomPieces(text string, seed uint64) []string {
	g := rand.New(rand.NewPCG(seed, 2))
	var all []string
	for len(text) > 0 {
		n := 1 + g.IntN(min(len(text), 1<<g.IntN(8)))
		all = append(all, text[:n])
		text = text[n:]
	}
	return all
}
