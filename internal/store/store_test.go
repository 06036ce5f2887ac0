package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long anything here may take before it counts as hanging.
const limit = 20 * time.Second

// up runs a store until the test ends, and returns its address.
func up(t *testing.T, c Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(c).Serve(ctx, ln) }()
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
	return ln.Addr().String()
}

// A store holds back each answer for exactly its delay from when the request
// was read, and in the meantime reads on: ten requests that come together are
// answered together.
func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay = 5 * time.Millisecond
		s := New(Config{Delay: delay})
		near, far := net.Pipe()
		other, farOther := net.Pipe()
		var wg sync.WaitGroup
		wg.Go(func() { s.serve(far); far.Close() })
		wg.Go(func() { s.serve(farOther); farOther.Close() })
		began := time.Now()
		wg.Go(func() { io.WriteString(near, strings.Repeat(request("PING"), 10)) })

		answers := make([]byte, len("+PONG\r\n"))
		for i := range 10 {
			if _, err := io.ReadFull(near, answers); err != nil || string(answers) != "+PONG\r\n" {
				t.Fatalf("%q, %v", answers, err)
			}
			if took := time.Since(began); took != delay {
				t.Errorf("answer %d came after %v, want %v", i, took, delay)
			}
		}
		// Another connection, and a later request, have a delay of their own.
		wg.Go(func() { io.WriteString(other, request("PING")) })
		io.ReadFull(other, answers)
		if took := time.Since(began); took != 2*delay {
			t.Errorf("the second after %v, want %v", took, 2*delay)
		}
		near.Close()
		other.Close()
		wg.Wait()
	})
}

// A client that leaves while it waits is noticed, and so is the end.
func TestBlockedReads(t *testing.T) {
	s := New(Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	dial := func() *wire {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(limit))
		t.Cleanup(func() { conn.Close() })
		return &wire{Conn: conn, Reader: newBuffered(conn)}
	}
	forever := []string{"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}
	leaver, stayer, piper, poster := dial(), dial(), dial(), dial()
	leaver.send(t, forever)
	stayer.send(t, forever)
	// Requests behind one that waits are carried out after it.
	piper.Write([]byte(request(forever...) + request("PING")))
	until(t, s, 3)
	leaver.Close()
	until(t, s, 2)
	poster.ask(t, []string{"XADD", "s", "1-1", "e", "x"})
	const want = "*1 *2 $1 s *1 *2 $3 1-1 *2 $1 e $1 x"
	if got := stayer.answer(t); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, next := piper.answer(t), piper.answer(t); got != want || next != "+PONG" {
		t.Errorf("%q, then %q", got, next)
	}
	stayer.send(t, forever)
	until(t, s, 1)
	cancel()
	if got := stayer.answer(t); got != "*-1" {
		t.Errorf("at the end: %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// until waits until n clients wait for the stream s.
func until(t *testing.T, s *Server, n int) {
	t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		s.data.mu.RLock()
		got := len(s.data.waiters["s"])
		s.data.mu.RUnlock()
		if got == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d wait, want %d", got, n)
		}
	}
}

// A store takes no more than it may, and takes more once there is room.
func TestMemory(t *testing.T) {
	w := dialOwn(t, Config{Memory: 100_000})
	fill := func() (n int) {
		for ; n < 1000; n++ {
			if got := w.ask(t, []string{"XADD", "s", "*", "e", strings.Repeat("x", 1000)}); got[0] == '-' {
				if !strings.HasPrefix(got, "-OOM ") {
					t.Errorf("%q", got)
				}
				return n
			}
		}
		return n
	}
	n := fill()
	if n < 80 || n > 100 {
		t.Errorf("%d entries of 1000 bytes in 100,000", n)
	}
	if got := w.ask(t, []string{"SET", "k", strings.Repeat("x", 1000)}); !strings.HasPrefix(got, "-OOM ") {
		t.Errorf("SET: %q", got)
	}
	w.ask(t, []string{"XTRIM", "s", "MAXLEN", "0"})
	if again := fill(); again != n {
		t.Errorf("%d entries after a trim, %d before", again, n)
	}
	w.ask(t, []string{"DEL", "s"})
	for i := range 1000 { // what has expired makes room
		key := fmt.Sprint("k", i)
		if got := w.ask(t, []string{"SET", key, strings.Repeat("x", 1000), "PX", "1"}); got != "+OK" {
			time.Sleep(2 * time.Millisecond)
			if got = w.ask(t, []string{"SET", key, "x"}); got != "+OK" {
				t.Fatalf("%s: %q", key, got)
			}
		}
	}
	// Every byte that was counted is given back.
	w.ask(t, []string{"FLUSHALL"})
	if again := fill(); again != n {
		t.Errorf("%d entries after all, %d at first", again, n)
	}
}

func TestTooManyConnections(t *testing.T) {
	addr := up(t, Config{Connections: 2})
	var conns []*wire
	for range 3 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(limit))
		conns = append(conns, &wire{conn, newBuffered(conn)})
	}
	for _, c := range conns[:2] {
		if got := c.ask(t, []string{"PING"}); got != "+PONG" {
			t.Errorf("%q", got)
		}
	}
	if got := conns[2].answer(t); got != "-ERR max number of clients reached" {
		t.Errorf("the third: %q", got)
	}
}

// INFO counts what was asked, in Redis's own form, until it is reset.
func TestCommandStats(t *testing.T) {
	w := dialOwn(t, Config{})
	w.ask(t, []string{"CONFIG", "RESETSTAT"})
	for range 3 {
		w.ask(t, []string{"XRANGE", "s", "-", "+"})
	}
	w.ask(t, []string{"xrange", "s", "x", "+"})
	w.ask(t, []string{"XRANGE", "s"})
	got := w.ask(t, []string{"INFO", "commandstats"})
	for _, want := range []string{"cmdstat_xrange:calls=4,usec=", ",rejected_calls=1,failed_calls=1\r\n", "cmdstat_config|resetstat:calls=1,"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q has no %q", got, want)
		}
	}
	w.ask(t, []string{"CONFIG", "RESETSTAT"})
	if got := w.ask(t, []string{"INFO", "commandstats"}); strings.Contains(got, "xrange") {
		t.Errorf("after a reset: %q", got)
	}
}

// What no client sends ends the connection, and says why.
func TestProtocolErrors(t *testing.T) {
	for sent, want := range map[string]string{
		"*1\r\n:5\r\n":                               "expected '$', got ':'",
		"*x\r\n":                                     "invalid multibulk length",
		"*9000000000000000000\r\n":                   "invalid multibulk length",
		"*1\r\n$x\r\n":                               "invalid bulk length",
		"*1\r\n$-1\r\n":                              "invalid bulk length",
		"*1\r\n$9223372036854775807\r\na\r\n":        "invalid bulk length",
		"*" + strings.Repeat("1", 40) + "\r\n":       "invalid multibulk length",
		strings.Repeat("x", maxInline+1):             "too big inline request",
		"*1\r\n$" + strings.Repeat("1", 40) + "\r\n": "invalid bulk length",
	} {
		w := dialOwn(t, Config{})
		io.WriteString(w.Conn, sent)
		if got := w.answer(t); got != "-ERR Protocol error: "+want {
			t.Errorf("%.40q: %q, want %q", sent, got, want)
		}
		if _, err := w.ReadByte(); err == nil {
			t.Errorf("%.40q: it goes on", sent)
		}
	}
}

// However a stream of requests is cut into reads, they are the same requests.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(request("XADD", "s", "*", "e", "{}")+"PING\r\n*0\r\n"+request("PING")), uint64(1))
	f.Add([]byte("*2\r\n$1\r\na\r\n$-1\r\n"), uint64(2))
	f.Add([]byte("*9000000000000000000\r\n"), uint64(3))
	f.Add([]byte("*1\r\n$9223372036854775807\r\na\r\n"), uint64(4))
	f.Add([]byte("\r\n\r\n  a  b\n*-1\r\n"), uint64(5))
	f.Fuzz(func(t *testing.T, sent []byte, seed uint64) {
		whole, wholeErr := readAll(bytes.NewReader(sent))
		cut, cutErr := readAll(&pieces{rest: sent, rng: rand.New(rand.NewPCG(seed, 0))})
		if !slices.Equal(whole, cut) || fmt.Sprint(wholeErr) != fmt.Sprint(cutErr) {
			t.Errorf("whole: %q, %v\ncut: %q, %v", whole, wholeErr, cut, cutErr)
		}
	})
}

func readAll(r io.Reader) ([]string, error) {
	in := newReader(r, func() error { return nil })
	var all []string
	for {
		args, err := in.next()
		if err != nil {
			return all, err
		}
		all = append(all, fmt.Sprintf("%q", args))
	}
}

// pieces yields a text a few bytes at a time.
type pieces struct {
	rest []byte
	rng  *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(1+p.rng.IntN(9), len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

// Whatever is asked, the answer is one whole answer, the memory that is counted
// is what is there, and the streams are in order.
func FuzzCommands(f *testing.F) {
	for line := range strings.Lines(strings.TrimSpace(script)) {
		f.Add(line + "XADD s * a b\nXRANGE s - +\n" + line)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		s := New(Config{Memory: 1 << 20})
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		c := &client{server: s, conn: far, out: reply{v: 2}}
		c.in = newReader(far, func() error { return nil })
		close(s.stopping) // reads that would wait end at once
		for line := range strings.Lines(lines) {
			args := words(strings.TrimSpace(line))
			if len(args) == 0 || len(args) > 50 {
				continue
			}
			raw := make([][]byte, len(args))
			for i, a := range args {
				raw[i] = []byte(a)
			}
			c.out.b = nil
			c.execute(raw)
			w := &wire{far, newBuffered(bytes.NewReader(c.out.b))}
			w.answer(t)
			if _, err := w.ReadByte(); !errors.Is(err, io.EOF) {
				t.Fatalf("%q: more than one answer: %q", args, c.out.b)
			}
		}
		s.data.check(t)
	})
}

// check makes sure that a database is in order.
func (d *database) check(t *testing.T) {
	t.Helper()
	var used int64
	for key, v := range d.values {
		used += v.size(key)
		if v.stream == nil {
			continue
		}
		last := id{}
		for _, e := range v.stream.entries {
			if e.id.Compare(last) <= 0 {
				t.Errorf("%s: entry %v behind %v", key, e.id, last)
			}
			last = e.id
		}
		if last.Compare(v.stream.last) > 0 {
			t.Errorf("%s: entry %v, and the last is %v", key, last, v.stream.last)
		}
	}
	if used != d.used {
		t.Errorf("%d bytes counted, %d are used", d.used, used)
	}
	for key := range d.expires {
		if d.values[key] == nil {
			t.Errorf("%s expires, and is not there", key)
		}
	}
}
